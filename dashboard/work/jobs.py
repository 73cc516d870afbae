"""Work in other processes: making the demo, fitting models. Survives a page reload.

A job is a command line of ``cortiscope`` with JSON progress on stderr. The registry is shared
by all sessions: two browser tabs that ask for the same watch one job instead of starting two. One
that asks for something else meanwhile is refused in words, never dropped.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from cortiscope.core.errors import WorkFailed


class Job:
    """One running or finished command.

    Attributes
    ----------
    title : for people.
    arguments, given : the command's words, and what it reads from its input.
    progress, message : share done and what is being done.
    result : the command's JSON, once finished.
    error : message and hint, if it failed.
    started_at : local time of day, as in 14:05.
    """

    def __init__(self, title: str, arguments: Sequence[str], given: str = "") -> None:
        self.title = title
        self.arguments, self.given = tuple(arguments), given
        self.progress, self.message = 0.0, "starting"
        self.result: dict[str, Any] | None = None
        self.error: tuple[str, str] | None = None
        self.cancelled = False
        self.started = time.monotonic()
        self.started_at = time.strftime("%H:%M")
        # A pipe would hold 64 KiB: a longer answer would wait for a reader who waits for its end.
        self._answer = tempfile.TemporaryFile(mode="w+", encoding="utf-8")  # noqa: SIM115
        command = [
            sys.executable,
            "-m",
            "cortiscope.core",
            *arguments,
            "--json",
            "--progress",
            "json",
        ]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=self._answer,
            stderr=subprocess.PIPE,
            text=True,
            # Offline labs: a look-up of weights must fail at once instead of after retries.
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        assert self._process.stdin is not None  # noqa: S101 - by construction, for the checker
        # A command that ended at once has closed it; why is in its last words.
        with contextlib.suppress(BrokenPipeError), self._process.stdin as stream:
            stream.write(given)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    @property
    def running(self) -> bool:
        """Whether the command is still at work."""
        return self._watcher.is_alive()

    @property
    def so_far(self) -> str:
        """Say what is at work, since when, and how far it is."""
        return (
            f"“{self.title}” has been running since {self.started_at} and is "
            f"{100 * self.progress:.0f} % done."
        )

    @property
    def seconds_left(self) -> float | None:
        """Estimate the remaining time from the share done; None while it says nothing."""
        passed = time.monotonic() - self.started
        if not self.running or self.progress < 0.05 or passed < 2:
            return None
        return passed * (1 - self.progress) / self.progress

    def cancel(self) -> None:
        """Stop it; what it has finished is kept."""
        self.cancelled = True
        self._process.terminate()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended."""
        self._watcher.join(timeout)

    def _watch(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - by construction, for the checker
        last_words = ""
        for line in self._process.stderr:
            try:
                report = json.loads(line)
                self.progress, self.message = report["progress"], report["message"]
            except (ValueError, KeyError, TypeError):
                last_words = line.strip() or last_words
        code = self._process.wait()
        with self._answer as answer:
            answer.seek(0)
            lines = answer.read().strip().splitlines()
        self._conclude(code, lines[-1] if lines else "", last_words)

    def _conclude(self, code: int, last_line: str, last_words: str) -> None:
        try:
            answer = json.loads(last_line)
        except ValueError:
            answer = {}
        if code == 0 and "error" not in answer:
            self.result, self.progress = answer, 1.0
        elif self.cancelled:
            self.error = ("Stopped.", "Finished parts are kept.")
        else:
            said = answer.get("error", {})
            message = said.get("message") or last_words or f"It ended with status {code}."
            self.error = (message, said.get("hint", ""))


class JobRegistry:
    """All jobs of this server, by name."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, name: str, title: str, arguments: Sequence[str], given: str = "") -> Job:
        """Start a job, or return the one that does the same already.

        Parameters
        ----------
        given : what the command reads from its input.

        Raises
        ------
        WorkFailed : one of that name does something else; what, and since when.
        """
        with self._lock:
            known = self._jobs.get(name)
            if known is None or not known.running:
                self._jobs[name] = Job(title, arguments, given)
            elif (known.arguments, known.given) != (tuple(arguments), given):
                raise WorkFailed(
                    f"“{title}” was not started: only one at a time. {known.so_far}",
                    "Start it again when that has ended, or cancel that one.",
                )
            return self._jobs[name]

    def get(self, name: str) -> Job | None:
        """Return the latest job of a name."""
        return self._jobs.get(name)

    def all(self) -> dict[str, Job]:
        """Return all jobs, oldest first."""
        return dict(self._jobs)

    def forget(self, name: str) -> None:
        """Take a finished job off the list."""
        with self._lock:
            self._jobs.pop(name, None)


@st.cache_resource(show_spinner=False)
def registry() -> JobRegistry:
    """Return the server's jobs."""
    return JobRegistry()
