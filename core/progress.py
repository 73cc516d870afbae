"""How long work reports its progress: a callback, never a print."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Progress = Callable[[float, str], None]
"""Called with the finished share (0 to 1) and a short phrase in the present tense."""


class Stage(NamedTuple):
    """Where in its plan work is, for whoever estimates when it will end.

    Parameters
    ----------
    unit : what is counted, as in "layer".
    number, of : the one at work, from 1, and how many there are.
    done : share of this one.
    even : whether ``done`` advances evenly with time, as it does over images.
    then : what follows once all of these are done, in words; empty if nothing does.
    """

    unit: str
    number: int
    of: int
    done: float
    even: bool = False
    then: str = ""


class Said(str):
    """A message that knows its stage, the run just finished, and curves of a training so far.

    It is a text to everybody who does not ask.
    """

    stage: Stage | None
    run: str
    curves: Mapping[str, Sequence[float]]

    def __new__(
        cls,
        words: str,
        stage: Stage | None = None,
        run: str = "",
        curves: Mapping[str, Sequence[float]] | None = None,
    ) -> Said:
        """Make a text with what it knows."""
        said = super().__new__(cls, words)
        said.stage, said.run, said.curves = stage, run, curves or {}
        return said


def silent(share: float, message: str) -> None:
    """Report nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Give a sub-task the stretch from ``start`` to ``stop`` of its parent's progress."""

    def report(share: float, message: str) -> None:
        progress(start + (stop - start) * min(max(share, 0.0), 1.0), message)

    return report


def staged(
    progress: Progress,
    unit: str,
    number: int = 1,
    of: int = 1,
    *,
    name: str = "",
    even: bool = False,
    then: str = "",
) -> Progress:
    """Say with every message of a sub-task which stage of the whole it is.

    Parameters
    ----------
    name : of this one, as in "block3"; the others are as in ``Stage``.
    """
    words = f"{unit} {number} of {of}" if of > 1 else ""
    lead = ", ".join(w for w in (words, name) if w)

    def report(share: float, message: str) -> None:
        stage = Stage(unit, number, of, min(max(share, 0.0), 1.0), even, then)
        text = f"{lead}: {message}" if lead else message
        more = (message.run, message.curves) if isinstance(message, Said) else ()
        progress(share, Said(text, stage, *more))

    return report
