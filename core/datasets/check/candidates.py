"""Subjects of a data folder, known by the folders in them: unpacked, packed, or too deep."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from cortiscope.core.datasets.check.layout import Candidate
from cortiscope.core.datasets.check.leftovers import (
    archive_words,
    is_archive,
    is_unfinished,
    stem_of,
    unfinished_words,
)


def candidates_with(
    parts: Sequence[str], is_subject_name: Callable[[str], bool]
) -> Callable[[Path], Sequence[Candidate]]:
    """Return how to list what is, or was meant to be, a subject.

    Parameters
    ----------
    parts : folders of a subject, any of which gives it away.
    is_subject_name : whether an archive of this name (lower case, no suffix) is one subject's.
    """

    def looks_like_subject(folder: Path) -> bool:
        # A folder that may not be looked into is told with the data folder.
        return os.access(folder, os.X_OK) and any((folder / part).is_dir() for part in parts)

    def packed(path: Path) -> dict[str, str]:
        """Return the subjects that a packed or unfinished file is of, with the problem's words."""
        where = path.parent.name
        named = [stem_of(path)] if is_subject_name(stem_of(path).lower()) else []
        if is_unfinished(path):
            return {name: unfinished_words(path, where) for name in named}
        if not is_archive(path):
            return {}
        names = named or _subjects_in_zip(path, parts)
        return {name: archive_words(path, where) for name in names}

    def find(folder: Path) -> Sequence[Candidate]:
        if looks_like_subject(folder):
            return [Candidate(folder.resolve().name, folder)]
        children = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
        found: dict[str, Candidate] = {}
        for child in (p for p in children if p.is_dir()):
            if looks_like_subject(child):
                found[child.name] = Candidate(child.name, child)
            elif looks_like_subject(child / child.name):
                deep = (
                    f"{child.name}/{child.name} lies one folder too deep, as after unpacking into "
                    f"a folder of its own; move its content up into {child.name}."
                )
                found[child.name] = Candidate(child.name, child / child.name, (deep,))
        for child in (p for p in children if p.is_file()):
            for name, words in packed(child).items():
                known = found.get(name, Candidate(name, None))
                # An archive beside its unpacked folder is nothing amiss; half of one is.
                if known.folder is None or is_unfinished(child):
                    found[name] = Candidate(name, known.folder, (*known.problems, words))
        return [found[name] for name in sorted(found)]

    return find


def _subjects_in_zip(path: Path, parts: Sequence[str]) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.split("/") for name in archive.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile):
        return []
    inside = {n[n.index(known) - 1 :][0] for n in names for known in parts if known in n[1:]}
    return sorted(inside) or ([stem_of(path)] if any(n[0] in parts for n in names) else [])
