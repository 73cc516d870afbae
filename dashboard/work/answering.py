"""Processes that stay and answer questions, one JSON object per line each way.

They have what the server must not have in itself: torch, or foreign files.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from typing import Any

from cortiscope.core.errors import CoreError, InvalidImage, InvalidInput, MissingWeights, WorkFailed

_KINDS = {kind.kind: kind for kind in (InvalidImage, InvalidInput, MissingWeights)}


class AnsweringProcess:
    """Talks to one ``cortiscope VERB``; starts it on demand and again if it has died."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def warm_up(self) -> None:
        """Start the process without waiting for it."""
        if self._lock.acquire(blocking=False):
            try:
                self._ensure_started()
            finally:
                self._lock.release()

    def ask(self, timeout: float = 120.0, **question: Any) -> dict[str, Any]:
        """Put one question and wait for its answer.

        Raises
        ------
        CoreError : what the worker says is wrong, or that it did not answer.
        """
        with self._lock:
            self._ensure_started()
            assert self._process is not None  # noqa: S101 - started just above
            assert self._process.stdin is not None  # noqa: S101
            number = next(self._ids)
            try:
                self._process.stdin.write(json.dumps({"id": number, **question}) + "\n")
                self._process.stdin.flush()
                while (answer := self._answers.get(timeout=timeout)) is not None:
                    if answer.get("id") == number:
                        break
            except (queue.Empty, OSError):
                answer = None
            if answer is None:
                self._stop()
                raise WorkFailed(
                    "This could not be done: the helper process did not answer.",
                    "Try again; if it happens again, the machine may be short of memory, or the "
                    "file is built to take very long.",
                )
        if "error" in answer:
            said = answer["error"]
            raise _KINDS.get(said["kind"], CoreError)(said["message"], said["hint"])
        return dict(answer["result"])

    def _ensure_started(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._answers = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cortiscope.core", self._verb, "--progress", "none"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        threading.Thread(
            target=_read_answers, args=(self._process, self._answers), daemon=True
        ).start()

    @property
    def pid(self) -> int | None:
        """The process, if it was started."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the process; the next question starts another."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None


def _read_answers(
    process: subprocess.Popen[str], answers: queue.Queue[dict[str, Any] | None]
) -> None:
    assert process.stdout is not None  # noqa: S101 - opened as a pipe
    for line in process.stdout:
        try:
            answers.put(json.loads(line))
        except ValueError:
            continue
    answers.put(None)
