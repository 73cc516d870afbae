"""A picture by the name that another file gives it, where it is certain which one is meant.

Names are the same if they differ in how accents are stored, in the folder before them, in the
suffix (captions of ``a.jpg`` for ``a.png``), or in the form of a COCO number (``391895``,
``000000391895``, ``COCO_train2014_000000391895``), as long as only one picture fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from cortiscope.core.stimuli.listing import IMAGE_SUFFIXES, composed

# A file's name in COCO, and its bare number. Two bare numbers are not the same name: one may
# count rows.
_COCO_FILE = re.compile(r"(?:COCO_[a-z]+[0-9]{4}_)?(?=[0-9]{12}\Z)0*([0-9]+)")
_BARE = re.compile(r"0*([0-9]{1,12})")


class NameIndex:
    """Names that are known, to be found by other names.

    Parameters
    ----------
    known : each once; a name's position is what is found.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self.names = tuple(known)
        self._by_form: list[tuple[Callable[[str], str], dict[str, list[int]]]] = []
        for form in (str, composed, _without_folder, _stem):
            found: dict[str, list[int]] = {}
            for k, name in enumerate(self.names):
                found.setdefault(form(name), []).append(k)
            self._by_form.append((form, found))
        numbers = [_number(_COCO_FILE, n) or _number(_BARE, n) for n in self.names]
        self._by_number: dict[str, list[int]] = {}
        for k, number in enumerate(numbers):
            if number is not None:
                self._by_number.setdefault(number, []).append(k)

    def find(self, wanted: str) -> int | None:
        """Return the position of the one name that is meant; None if none or several are."""
        for form, found in self._by_form:
            if positions := found.get(form(wanted)):
                return positions[0] if len(positions) == 1 else None
        return self._by_coco_number(wanted)

    def _by_coco_number(self, wanted: str) -> int | None:
        is_file = _number(_COCO_FILE, wanted) is not None
        number = _number(_COCO_FILE if is_file else _BARE, wanted)
        positions = self._by_number.get(number or "", [])
        if len(positions) != 1:
            return None
        known = self.names[positions[0]]
        return positions[0] if is_file or _number(_COCO_FILE, known) is not None else None


def _without_folder(name: str) -> str:
    return PurePosixPath(composed(name).replace("\\", "/")).name


def _stem(name: str) -> str:
    last = PurePosixPath(_without_folder(name))
    return last.stem if last.suffix.lower() in IMAGE_SUFFIXES else last.name


def _number(form: re.Pattern[str], name: str) -> str | None:
    match = form.fullmatch(_stem(name))
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
