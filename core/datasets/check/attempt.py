"""A step of a loader, taken on its own: what it gives, or its refusal among the problems."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from cortiscope.core.datasets.check.report import Tell
from cortiscope.core.errors import CoreError, unforeseen

_Made = TypeVar("_Made")


def tried(step: Callable[[], _Made], tell: Tell) -> _Made | None:
    """Return what a step gives, or tell why not and return None; the other steps go on."""
    try:
        return step()
    except CoreError as error:
        tell(str(error))
    except Exception as error:  # one odd file must not hide what is wrong with the others
        logging.getLogger(__name__).debug("A check failed.", exc_info=True)
        tell(str(unforeseen(error, "A part of this subject")))
    return None
