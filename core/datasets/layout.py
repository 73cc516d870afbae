"""What a layout has to bring along to be checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cortiscope.core.datasets.check.report import SubjectReport


@dataclass(frozen=True)
class Candidate:
    """Something in a data folder that is, or was meant to be, a subject.

    Parameters
    ----------
    folder : None where there is no folder yet, only an archive of it.
    problems : what was seen on finding it.
    """

    id: str
    folder: Path | None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayoutCheck:
    """A layout as ``check`` knows it.

    Parameters
    ----------
    name : as in the command line's contract.
    expected : what a folder of it looks like, for the person whose folder is none.
    find : data folder -> candidates; empty if the folder is not of this layout.
    check : (subject's folder, its id, deep=, progress=) -> report; decodes a sample of the images,
        or all if ``deep``; raises nothing that is in the data.
    """

    name: str
    expected: str
    find: Callable[[Path], Sequence[Candidate]]
    check: Callable[..., SubjectReport]
