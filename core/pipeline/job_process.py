"""The process of a job: what it says, how it is stopped, and what its end means."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cortiscope.core.pipeline.jobs import DONE, FAILED, Job
from cortiscope.core.pipeline.pace import Pace
from cortiscope.core.progress import Stage
from cortiscope.core.storage.locks import FileLock

_GRACE = 0.6  # seconds in which a command may put its things in order
_WRITTEN = 1.0


THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Environment variables that say how many threads compute in a process."""


def cores_here() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def workers_here(cores: int | None = None) -> int:
    """Return how many fits run at a time: one for every four cores, which each makes use of."""
    return max(1, (cores or cores_here()) // 4)


class Process:
    """A job at work: its process, what it says, and how it ends."""

    def __init__(
        self, job: Job, held: FileLock, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.held = held
        self._pace, self._share, self._message = Pace(), 0.0, "starting"
        self._runs: tuple[str, ...] = ()
        self._curves: dict[str, list[float | None]] = {}
        self._stops = False
        self._given = job.given
        # A pipe would hold 64 KiB: a longer answer would wait for a reader who waits for its end.
        self._answer = tempfile.TemporaryFile(  # noqa: SIM115
            mode="w+", encoding="utf-8", errors="replace"
        )
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=self._answer,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",  # a library's complaint in another encoding must not end the watch
            env=dict(environment),
            # Its own group, so that what it has started ends with it.
            start_new_session=True,
            pass_fds=(held.handle,) if os.name == "posix" else (),
        )
        self._name = f"job {job.id}"
        self.watcher: threading.Thread | None = None

    def watch(self, heard: Callable[[], None], ended: Callable[[dict[str, Any]], None]) -> None:
        """Listen to it from now on, in a thread of its own.

        Parameters
        ----------
        heard : called now and then while it reports.
        ended : called once, with what its end changes in the job's record.
        """
        self.watcher = threading.Thread(
            target=self._watch, args=(heard, ended), name=self._name, daemon=True
        )
        self.watcher.start()

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self._process.pid

    def now(self, job: Job) -> Job:
        """Return a job's record with how far it is."""
        return replace(
            job,
            share=self._share,
            message="stopping" if self._stops else self._message,
            runs=self._runs,
            curves=self._curves,
            left=None if self._stops else self._pace.left(time.monotonic()),
        )

    def stop(self) -> None:
        """End it and all that it has started; at once, where it does not end by itself."""
        if self._stops:
            return
        self._stops = True
        end_group(self.pid, signal.SIGINT)
        later = threading.Timer(_GRACE, end_group, (self.pid, signal.SIGKILL))
        later.daemon = True
        later.start()

    def _watch(self, heard: Callable[[], None], ended: Callable[[dict[str, Any]], None]) -> None:
        assert self._process.stdin is not None  # noqa: S101 - by construction, for the checker
        assert self._process.stderr is not None  # noqa: S101
        # A command that ended at once has closed it; why is in its last words.
        with contextlib.suppress(BrokenPipeError), self._process.stdin as stream:
            stream.write(self._given)
        last_words, written = "", time.monotonic()
        for line in self._process.stderr:
            if not self._hear(line):
                last_words = line.strip() or last_words
            elif time.monotonic() - written > _WRITTEN:
                written = time.monotonic()
                heard()
        code = self._process.wait()
        with self._answer as answer:
            answer.seek(0)
            lines = answer.read().strip().splitlines()
        ended(_outcome(code, lines[-1] if lines else "", last_words))

    def _hear(self, line: str) -> bool:
        try:
            said = json.loads(line)
            self._share, self._message = min(float(said["progress"]), 1.0), str(said["message"])
            stage = Stage(*said["stage"]) if said.get("stage") else None
        except (ValueError, KeyError, TypeError):
            return False
        self._pace.hear(time.monotonic(), self._share, stage)
        self._curves = said.get("curves") or {}
        if said.get("run"):
            self._runs = (*self._runs, str(said["run"]))
        return True


def _outcome(code: int, last_line: str, last_words: str) -> dict[str, Any]:
    """Return what a command's end changes in its job."""
    try:
        answer = json.loads(last_line)
    except ValueError:
        answer = {}
    if code == 0 and isinstance(answer, dict) and answer and "error" not in answer:
        return {"state": DONE, "result": answer, "share": 1.0}
    answer = answer if isinstance(answer, dict) else {}
    said = answer.pop("error", {})
    message = said.get("message") or last_words or f"It ended with status {code}."
    # A sweep of which a part has failed says what became of the rest.
    return {
        "state": FAILED,
        "error": message,
        "hint": said.get("hint", ""),
        "result": answer or None,
    }


def end_group(process: int, sign: signal.Signals) -> None:
    """Send a signal to a process and all that it has started; it may have ended."""
    if process <= 0:
        return
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(process, sign)
        else:
            os.kill(process, signal.SIGTERM)


def end_left_behind(job: Job, lock: Path) -> None:
    """End the process of a server that was killed on this machine: nobody else will.

    Parameters
    ----------
    lock : of the job, which the process has. A free one says that the process has ended already,
        and its number may be another's by now.
    """
    if job.host != socket.gethostname() or _lives(job.holder):
        return
    held = FileLock.take(lock)
    if held is None:
        end_group(job.process, signal.SIGKILL)
    else:
        held.release()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
