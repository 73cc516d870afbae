"""How long work reports its progress: a callback, never a print."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called with the finished share (0 to 1) and a short phrase in the present tense."""


def silent(share: float, message: str) -> None:
    """Report nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Give a sub-task the stretch from ``start`` to ``stop`` of its parent's progress."""

    def report(share: float, message: str) -> None:
        progress(start + (stop - start) * min(max(share, 0.0), 1.0), message)

    return report
