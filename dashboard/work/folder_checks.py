"""What ``check`` says about a subject's folder: run in another process, kept until files change."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cortiscope.access import Action
from cortiscope.core.pipeline.jobs import Job
from cortiscope.core.storage import Home, write_json
from cortiscope.work.jobs import submit

_FORMAT = 1
_DEPTH = 4  # subject/training_split/training_images/file


@dataclass(frozen=True)
class CheckResult:
    """A finished check.

    Parameters
    ----------
    report : the verb's JSON.
    deep : whether every image was decoded.
    when : local date and time.
    """

    report: dict[str, Any]
    deep: bool
    when: str

    @classmethod
    def at(cls, when: datetime, report: dict[str, Any], *, deep: bool) -> CheckResult:
        """Make one of what a check has said at a time."""
        return cls(report, deep, when.astimezone().strftime("%Y-%m-%d %H:%M"))

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, in one line each; with several subjects, each line names its own."""
        return (*self._lines("problems"), *map(str, self.report["problems"]))

    @property
    def notes(self) -> tuple[str, ...]:
        """What is as it may be and still good to know."""
        return self._lines("notes")

    def _lines(self, kind: str) -> tuple[str, ...]:
        subjects = self.report["subjects"]
        lead = (lambda s: f"{s['id']}: ") if len(subjects) > 1 else (lambda s: "")
        return tuple(f"{lead(s)}{line}" for s in subjects for line in s.get(kind, []))

    @property
    def n_problems(self) -> int:
        """How many."""
        return len(self.problems)


def state_of_files(folder: Path) -> str:
    """Return 16 hexadecimal digits that change with any file's name, size, dates or inode."""
    digest = hashlib.sha256(str(folder).encode("utf-8", "surrogateescape"))
    waiting = [(str(folder), 0)]
    while waiting:
        place, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda e: e.name)
        except OSError:
            digest.update(b"unreadable")
            continue
        for entry in entries:
            digest.update(entry.name.encode("utf-8", "surrogateescape") + b"\0")
            try:
                if entry.is_dir():
                    if depth < _DEPTH:
                        waiting.append((entry.path, depth + 1))
                    continue
                about = entry.stat()
            except OSError:
                digest.update(b"gone")
                continue
            times = f"{about.st_mtime_ns} {about.st_ctime_ns}"
            digest.update(f"{about.st_size} {times} {about.st_ino};".encode())
    return digest.hexdigest()[:16]


def _file(home: Home, key: str) -> Path:
    return home.root / "checks" / f"{key}.json"


def load_result(home: Home, key: str) -> CheckResult | None:
    """Return a kept result, or None."""
    try:
        stored = json.loads(_file(home, key).read_text(encoding="utf-8"))
        if stored["format"] != _FORMAT:
            return None
        return CheckResult(stored["report"], bool(stored["deep"]), str(stored["when"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never checked, or not to be read: it is checked again


def keep_result(home: Home, key: str, result: CheckResult) -> CheckResult:
    """Keep a result until a file changes, and return it."""
    write_json(_file(home, key), {"format": _FORMAT, **asdict(result)})
    return result


def start_check(folder: Path, key: str, *, deep: bool) -> Job:
    """Start the verb ``check`` in another process, or return the one that is at it.

    Raises
    ------
    NotAllowed : the visitor may not check folders.
    """
    arguments = ["check", str(folder), *(["--deep"] if deep else [])]
    title = f"checking {folder.name}"
    return submit("check", title, arguments, about=key, action=Action.CHECK)
