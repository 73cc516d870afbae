"""The process that turns pictures into designs: it has torch, so that this one need not."""

from __future__ import annotations

import base64
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.errors import CoreError, InvalidInput, MissingWeights, WorkFailed

_KINDS = {"invalid_input": InvalidInput, "missing_weights": MissingWeights}


class PictureWorker:
    """Talks to one ``python -m core worker``; starts it on demand and again if it has died."""

    def __init__(self) -> None:
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
                    "The picture could not be worked on: the computing process gave no answer.",
                    "Try again; if it happens again, the machine may be short of memory.",
                )
        if "error" in answer:
            told = answer["error"]
            raise _KINDS.get(told["kind"], CoreError)(told["message"], told["hint"])
        return dict(answer["result"])

    def _ensure_started(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._answers = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core", "worker", "--progress", "none"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        threading.Thread(
            target=_read_answers, args=(self._process, self._answers), daemon=True
        ).start()

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


def read_array(packed: dict[str, Any]) -> np.ndarray:
    """Unpack float32 values sent by the worker."""
    flat = np.frombuffer(base64.b64decode(packed["base64"]), dtype=np.float32)
    return flat.reshape(packed["shape"])


@st.cache_resource(show_spinner=False)
def worker() -> PictureWorker:
    """Return the server's worker."""
    return PictureWorker()


def design_of(run_id: str, picture: Path) -> tuple[np.ndarray, float]:
    """Return the design (n_components,) of a picture for a run, and its residual."""
    answer = worker().ask(ask="design", run=run_id, image=str(picture))
    return read_array(answer["design"]), float(answer["residual"])


def occlusion_of(run_id: str, picture: Path, grid: int) -> np.ndarray:
    """Return designs (grid, grid, n_components), one patch blurred away in each."""
    answer = worker().ask(ask="occlusion", run=run_id, image=str(picture), grid=grid)
    return read_array(answer["designs"])


def first_guesses(run_id: str, picture: Path) -> list[tuple[str, float]]:
    """Return what a run's backbone itself takes the picture for, best first."""
    answer = worker().ask(ask="classes", run=run_id, image=str(picture))
    return [(str(name), float(p)) for name, p in answer["classes"]]
