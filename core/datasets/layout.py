"""What a dataset layout brings along: one object that finds, opens, checks and explains folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cortiscope.core.datasets.check.report import Candidate, SubjectReport
from cortiscope.core.datasets.subject import Subject


@dataclass(frozen=True)
class Guide:
    """How a folder has to look, for people.

    Parameters
    ----------
    title : the layout's name, as on a tab.
    tree : the folder, one entry per line, indented by two; after two blanks, what the entry is.
    notes : what else to know; Markdown.
    """

    title: str
    tree: str
    notes: str


@dataclass(frozen=True)
class Layout:
    """A way in which data lie in a folder.

    Parameters
    ----------
    name : as in reports of ``check`` and in runs; also ``Subject.layout`` of what ``load`` opens.
    words : what a subject's folder is, in a sentence: "Algonauts 2023 folder".
    example : in a few words what the folder holds, for the person whose folder is not recognised.
    guide : the folder's tree, for the Data page.
    recognise : whether a folder looks like one subject of this layout; reads no array.
    load : opens a subject's folder, raising a ``CoreError`` that names the file. None for data that
        have to be prepared first.
    find : lists a data folder's subjects for ``check``, those that are packed or incomplete among
        them; empty if the folder is of another layout. Without it: the folder itself or the folders
        in it that are recognised.
    check : (subject's folder, its id, deep=, progress=) -> everything that is wrong with it;
        decodes a sample of the images, or all if ``deep``; raises nothing that is in the data.
        Without it: what can be said of a subject that opens.
    preparing : of data that have to be prepared first: why, and how. ``{folder}`` is their folder.
    levels : folders between a data folder and its deepest files, to find it from within.
    variants : other values of ``Subject.layout`` that it may give -> their words.
    for_ceiling : files that would make noise ceilings known, as Markdown; empty if there is no
        place for them.
    challenge : whether its subjects' vertices are those of Algonauts 2023, so that predictions can
        be submitted there.
    """

    name: str
    words: str
    example: str
    guide: Guide
    recognise: Callable[[Path], bool]
    load: Callable[[Path], Subject] | None
    find: Callable[[Path], Sequence[Candidate]] | None = None
    check: Callable[..., SubjectReport] | None = None
    preparing: tuple[str, str] | None = None
    levels: int = 1
    variants: Mapping[str, str] = field(default_factory=dict)
    for_ceiling: str = ""
    challenge: bool = False

    def candidates(self, folder: Path) -> Sequence[Candidate]:
        """List what is, or was meant to be, a subject in a data folder."""
        if self.find is not None:
            return self.find(folder)
        if self.recognise(folder):
            return [Candidate(folder.resolve().name, folder)]
        return [
            Candidate(p.name, p)
            for p in sorted(folder.iterdir())
            if p.is_dir() and os.access(p, os.R_OK | os.X_OK) and self.recognise(p)
        ]
