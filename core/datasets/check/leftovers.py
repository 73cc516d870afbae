"""Subjects that are not whole: archives still packed, unfinished downloads, second copies.

``candidates_with`` lists the subjects of a data folder: unpacked, packed, or one folder too deep.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from cortiscope.core.datasets.check.report import Candidate, Report

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar", ".npy.gz", ".npz")
_UNFINISHED = (".part", ".crdownload", ".partial", ".download", ".opdownload", ".aria2", ".!qb")
_SECOND_COPY = re.compile(r"^(?P<stem>.+?)(?: \(\d+\)| - copy| copy)(?P<suffix>\.\w+)$", re.I)


def is_unfinished(path: Path) -> bool:
    """Whether a browser or a download program gave the file its name for the time being."""
    return path.name.lower().endswith(_UNFINISHED)


def is_archive(path: Path) -> bool:
    """Whether the name is that of a packed file."""
    return path.name.lower().endswith(_ARCHIVES)


def is_leftover(path: Path) -> bool:
    """Whether ``check_leftovers`` reports the file, so that nothing else has to."""
    return is_unfinished(path) or is_archive(path) or _SECOND_COPY.match(path.name) is not None


def stem_of(path: Path) -> str:
    """Return ``subj01`` of ``subj01.zip.part``."""
    return path.name.split(".", 1)[0]


def check_leftovers(folder: Path, report: Report, own: Collection[str] = ()) -> None:
    """Report every such file below a subject's folder.

    Parameters
    ----------
    own : names that belong to the layout, though they look packed.
    """
    for path in (p for p in _files(folder) if p.name not in own):
        where = path.parent.relative_to(folder).as_posix()
        if is_unfinished(path):
            report(unfinished_words(path, where))
        elif is_archive(path) and not (path.parent / stem_of(path)).is_dir():
            report(archive_words(path, where))
        elif match := _SECOND_COPY.match(path.name):
            original = match["stem"] + match["suffix"]
            report(
                f"{path.name} in {where}/ looks like a second download of {original}; keep the "
                "one that is right, under that name."
            )


def unfinished_words(path: Path, where: str) -> str:
    """Say that a download did not finish."""
    return (
        f"{path.name} in {where}/ is a download that did not finish "
        f"({path.stat().st_size:,} bytes so far); start it again."
    )


def archive_words(path: Path, where: str) -> str:
    """Say that an archive is still packed, or cannot be unpacked."""
    if path.suffix.lower() == ".zip" and not zipfile.is_zipfile(path):
        return (
            f"{path.name} in {where}/ is cut short or not a zip archive ({path.stat().st_size:,} "
            "bytes); download it again."
        )
    return f"{path.name} in {where}/ has not been unpacked; unpack it there."


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(parent) / name


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
        # A folder that may not be looked into is reported with the data folder.
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
