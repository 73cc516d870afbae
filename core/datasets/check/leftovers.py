"""Archives that were not unpacked, downloads that did not finish, second copies."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

from cortiscope.core.datasets.check.report import Tell

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar", ".npy.gz", ".npz")
_UNFINISHED = (".part", ".crdownload", ".partial", ".download", ".opdownload", ".aria2", ".!qb")
_SECOND_COPY = re.compile(r"^(?P<stem>.+?)(?: \(\d+\)| - copy| copy)(?P<suffix>\.\w+)$", re.I)


def is_unfinished(path: Path) -> bool:
    """Whether a browser or a download program gave the file its name for the time being."""
    return path.name.lower().endswith(_UNFINISHED)


def is_archive(path: Path) -> bool:
    """Whether the name is that of a packed file."""
    return path.name.lower().endswith(_ARCHIVES)


def is_leftover(path: Path) -> bool:
    """Whether ``check_leftovers`` tells the file, so that nothing else has to."""
    return is_unfinished(path) or is_archive(path) or _SECOND_COPY.match(path.name) is not None


def stem_of(path: Path) -> str:
    """Return ``subj01`` of ``subj01.zip.part``."""
    return path.name.split(".", 1)[0]


def check_leftovers(folder: Path, tell: Tell, own: Collection[str] = ()) -> None:
    """Tell every such file below a subject's folder.

    Parameters
    ----------
    own : names that belong to the layout, though they look packed.
    """
    for path in (p for p in _files(folder) if p.name not in own):
        where = path.parent.relative_to(folder).as_posix()
        if is_unfinished(path):
            tell(unfinished_words(path, where))
        elif is_archive(path) and not (path.parent / stem_of(path)).is_dir():
            tell(archive_words(path, where))
        elif match := _SECOND_COPY.match(path.name):
            original = match["stem"] + match["suffix"]
            tell(
                f"{path.name} in {where}/ looks like a second download of {original}; keep the "
                "one that is right, under that name."
            )


def unfinished_words(path: Path, where: str) -> str:
    """Say that a download did not finish."""
    return (
        f"{path.name} in {where}/ is a download that did not finish "
        f"({path.stat().st_size:,} bytes so far); start it again."
    )


def archive_words(path: Path, where: str) -> str:
    """Say that an archive is still packed, or cannot be unpacked."""
    if path.suffix.lower() == ".zip" and not zipfile.is_zipfile(path):
        return (
            f"{path.name} in {where}/ is cut short or no zip archive ({path.stat().st_size:,} "
            "bytes); download it again."
        )
    return f"{path.name} in {where}/ has not been unpacked; unpack it there."


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(parent) / name
