"""A picture by the name that another file gives it, where it is certain which one is meant.

Names are the same if they differ in how accents are stored, in the folder before them, in the
suffix (captions of ``a.jpg`` for ``a.png``), or in the form of a COCO number (``391895``,
``000000391895``, ``COCO_train2014_000000391895``), as long as only one picture fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from core.stimuli.listing import IMAGE_SUFFIXES, composed

_COCO = re.compile(r"(?:COCO_[a-z]+[0-9]{4}_)?0*([0-9]{1,12})")


class NameIndex:
    """Names that are known, to be found by other names.

    Parameters
    ----------
    known : each once; a name's position is what is found.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self.names = tuple(known)
        self._by_form: list[tuple[Callable[[str], str | None], dict[str, list[int]]]] = []
        for form in (str, composed, _without_folder, _stem, _coco_number):
            found: dict[str, list[int]] = {}
            for k, name in enumerate(self.names):
                if (key := form(name)) is not None:
                    found.setdefault(key, []).append(k)
            self._by_form.append((form, found))

    def find(self, wanted: str) -> int | None:
        """Return the position of the one name that is meant; None if none or several are."""
        for form, found in self._by_form:
            key = form(wanted)
            positions = found.get(key, []) if key is not None else []
            if positions:
                return positions[0] if len(positions) == 1 else None
        return None


def _without_folder(name: str) -> str:
    return PurePosixPath(composed(name).replace("\\", "/")).name


def _stem(name: str) -> str:
    last = PurePosixPath(_without_folder(name))
    return last.stem if last.suffix.lower() in IMAGE_SUFFIXES else last.name


def _coco_number(name: str) -> str | None:
    """Return the number of a name in one of COCO's forms."""
    match = _COCO.fullmatch(_stem(name))
    return match[1] if match else None


def taken_for(pairs: Iterable[tuple[str, str]], source: str) -> str:
    """Say which names of a file were taken for which pictures where they differ; empty if none do.

    Parameters
    ----------
    pairs : a name in the file, and the picture's.
    source : the file.
    """
    changed = [(given, own) for given, own in pairs if given != own]
    if not changed:
        return ""
    given, own = changed[0]
    if composed(given) == composed(own):
        return f"{source}: {len(changed):,} names differ from the files' in how accents are stored."
    return f"{source}: {len(changed):,} names were taken for others, as {given} for {own}."
