"""How long work will still take, by the pace that was measured; nothing until that is known.

A share of the whole says little about time: features that are stored already jump to 60 %, and
what follows may take minutes. So stages are measured each by itself: one whose share advances
evenly (over images) by its own speed, equal ones (layer 3 of 14) by those that were finished.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from cortiscope.core.progress import Stage

_SECONDS, _SHARE = 3.0, 0.04
_AGREE = 1.6  # the latest pace over that of the whole stage, or the inverse
_LATE = 2.0


class Left(NamedTuple):
    """Seconds until what is known ends, and what follows in words (empty: it is all)."""

    seconds: float
    then: str = ""

    def words(self) -> str:
        """Say it, rounded as coarsely as it is known."""
        follows = f", then {self.then}" if self.then else ""
        return f"{duration_words(self.seconds)} left{follows}"


class Pace:
    """What was heard of one piece of work."""

    def __init__(self) -> None:
        self._stage: Stage | None = None
        self._points: deque[tuple[float, float]] = deque(maxlen=512)
        self._ended: list[float] = []
        self._began = 0.0

    def hear(self, now: float, share: float, stage: Stage | None) -> None:
        """Take down a report.

        Parameters
        ----------
        now : seconds on any clock that does not go back.
        """
        before, self._stage = self._stage, stage
        if _place(before) != _place(stage):
            if before and stage and before.unit == stage.unit and before.of == stage.of:
                self._ended.append(now - self._began)
            else:
                self._ended.clear()
            self._points.clear()
        if not self._points:
            self._began = now
        self._points.append((now, share if stage is None else stage.done))

    def left(self, now: float) -> Left | None:
        """Estimate what is left; None where that is not known."""
        if not self._points:
            return None
        stage = self._stage
        if stage is not None and stage.of > 1:
            return self._of_equals(now, stage)
        if stage is not None and not stage.even:
            return None
        seconds = self._of_even(now)
        return None if seconds is None else Left(seconds, stage.then if stage else "")

    def _of_equals(self, now: float, stage: Stage) -> Left | None:
        if not self._ended:
            return None
        one, passed = sum(self._ended) / len(self._ended), now - self._began
        if passed > _LATE * one + _SECONDS:
            return None  # this one is not like the others
        return Left(max(one - passed, 0.0) + (stage.of - stage.number) * one, stage.then)

    def _of_even(self, now: float) -> float | None:
        (start, first), (last, done) = self._points[0], self._points[-1]
        if last - start < _SECONDS or done - first < _SHARE:
            return None
        whole = (done - first) / (last - start)
        middle = next(p for p in self._points if p[0] >= (start + last) / 2)
        if middle[0] == last:
            return None  # one leap is no pace
        recent = (done - middle[1]) / (last - middle[0])
        if not whole / _AGREE <= recent <= whole * _AGREE:
            return None
        silent, usual = now - last, (last - start) / (len(self._points) - 1)
        if silent > _LATE * usual + _SECONDS:
            return None
        return max((1 - done) / min(recent, whole) - silent, 0.0)


def _place(stage: Stage | None) -> tuple[str, int, int] | None:
    return None if stage is None else stage[:3]


def duration_words(seconds: float) -> str:
    """Say a duration as coarsely as an estimate is known."""
    if seconds < 8:
        return "a few seconds"
    if seconds < 55:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 3600 - 30:
        return f"about {max(round(seconds / 60), 1)} min"
    hours, minutes = divmod(round(seconds / 600), 6)
    return f"about {hours} h" + (f" {10 * minutes} min" if minutes else "")
