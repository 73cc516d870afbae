"""One kind of damage: how it is done, what ``check`` says, and what a loader makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Loading(Enum):
    """What a loader does with a damaged folder; each is tested, none is a traceback."""

    REFUSED = "opening it raises one line that names the file"
    AT_FIT = "it opens; fitting raises one line that names the file, before any work is lost"
    SOUND = "it opens and everything is as before the damage"
    AS_STORED = "it opens with what the files hold, which can be computed with"


@dataclass(frozen=True)
class Damage:
    """A way to spoil a sound subject's folder.

    Parameters
    ----------
    do : damages the folder.
    words : in exactly one line of ``check``.
    loading : what the loader does.
    file : named by the loader; by default the first word of ``words``.
    several : ``check`` also tells what follows from it; all else is told in one line and no more.
    """

    do: Callable[[Path], object]
    words: str
    loading: Loading = Loading.REFUSED
    file: str = ""
    several: bool = False

    @property
    def named(self) -> str:
        return self.file or self.words.split()[0]


REFUSED, AT_FIT, SOUND, AS_STORED = Loading
