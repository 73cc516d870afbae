"""How far the workers of a sweep are, told to the process that waits for them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

from cortiscope.core.progress import Progress

_SECONDS = 1.0


class WorkersProgress:
    """The mean over steps that run in other processes, each step counting the same.

    Parameters
    ----------
    steps : names of all steps.
    progress : told the mean share, never less than before, with what a step says.
    """

    def __init__(self, steps: Sequence[str], progress: Progress) -> None:
        self.topic = f"cortiscope-{uuid.uuid4()}"
        self._shares = dict.fromkeys(steps, 0.0)
        self._progress = progress
        # Told by the client's own thread as well as by the one that waits for results.
        self._lock = threading.Lock()

    def listen(self, client: Any) -> None:
        """Hear from every worker of a Dask client."""
        client.subscribe_topic(self.topic, self._heard)

    def say(self, message: str) -> None:
        """Say something between the steps."""
        with self._lock:
            self._tell(message)

    def ended(self, step: str, message: str) -> None:
        """Count a step as done, whatever became of it."""
        with self._lock:
            self._shares[step] = 1.0
            self._tell(message)

    def _heard(self, event: tuple[float, dict[str, Any]]) -> None:
        told = event[1]
        with self._lock:
            before = self._shares[told["step"]]
            self._shares[told["step"]] = max(before, told["share"])
            # A step that has ended has had its last word.
            if before < 1:
                self._tell(f"{told['step']}: {told['message']}")

    def _tell(self, message: str) -> None:
        self._progress(sum(self._shares.values()) / max(len(self._shares), 1), message)


def from_worker(topic: str, step: str) -> Progress:
    """Return a callback, for use inside a task, that tells the listener of ``topic`` of a step."""
    from distributed import get_worker

    worker = get_worker()
    last = -_SECONDS

    def report(share: float, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS or share >= 1:
            last = now
            worker.log_event(topic, {"step": step, "share": float(share), "message": message})

    return report
