"""A step of a loader, taken on its own: what it gives, or its refusal among the problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from core.datasets.check.report import Tell
from core.errors import CoreError

_Made = TypeVar("_Made")


def tried(step: Callable[[], _Made], tell: Tell) -> _Made | None:
    """Return what a step gives, or tell why not and return None."""
    try:
        return step()
    except CoreError as error:
        tell(str(error))
        return None
