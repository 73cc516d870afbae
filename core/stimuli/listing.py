"""Which files of a folder are pictures, in which order, and which of them another file means.

Nothing is left out silently: whatever has a picture's name is listed or refused. The order is that
of people (img2 before img10); others sort letter by letter, and where the two differ the names do
not say which one the rows of an array are in.

``NameIndex`` finds a picture by the name that another file gives it, where it is certain which one
is meant. Names are the same if they differ in how accents are stored, in the folder before them, in
the suffix (captions of ``a.jpg`` for ``a.png``), or in the form of a COCO number (``391895``,
``000000391895``, ``COCO_train2014_000000391895``), as long as only one picture fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cortiscope.core.errors import DamagedFile, InvalidInput, MissingData
from cortiscope.core.storage.foreign import FETCH, is_dangling

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_OTHER_PICTURES = (".heic", ".heif", ".avif", ".jp2", ".svg", ".psd", ".raw", ".cr2", ".nef")
_SHOWN = 3


def composed(name: str) -> str:
    """Return a name with composed letters: macOS takes é apart, and both are one name."""
    return unicodedata.normalize("NFC", name)


def natural_sort_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts file names as people count: img2 before img10.

    Digits compare as numbers, letters without regard to case and to how accents are stored.
    "img2" and "img02" have equal keys: whoever needs one row per name has to refuse such a pair.
    """
    parts = re.split(r"(\d+)", composed(name))
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.casefold())
        for part in parts
        if part
    )


@dataclass(frozen=True)
class PictureOrder:
    """How a folder's pictures are ordered by their names.

    Parameters
    ----------
    words : the order, with the first and the last name.
    doubt : where letter by letter gives another order: the first row that differs, with both names.
    """

    words: str
    doubt: str = ""


def picture_files(folder: Path, *, deeper: bool = False) -> tuple[Path, ...]:
    """Return every picture of a folder, sorted letter by letter; others are passed over.

    A folder without pictures of its own, but with several whose pictures have their folder's name,
    is one folder per concept, as THINGS and ImageNet have: ``bagel/bagel_01.jpg``. These folders'
    pictures are its pictures.

    Parameters
    ----------
    deeper : enter folders whatever they and the pictures in them are called.

    Raises
    ------
    MissingData, DamagedFile, InvalidInput
        There is no such folder, or pictures that cannot be listed: links to nothing, names that
        are no text. They are named; leaving them out would shift the rows.
    """
    if not folder.is_dir():
        raise MissingData(f"There is no folder {folder}.", "Check the path of the images.")
    found = _pictures_in(folder)
    if not found:
        below = [picture for child in _folders_in(folder) for picture in _pictures_in(child)]
        found = below if deeper or _are_concepts(below) else []
    check_listed(found, folder)
    return tuple(found)


def name_in(folder: Path, picture: Path) -> str:
    """Return a picture's name, with its folder's where pictures lie one folder deeper."""
    if picture.parent == folder:  # of thousands
        return picture.name
    return picture.relative_to(folder).as_posix()


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _folders_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not _is_hidden(p))


def _are_concepts(pictures: Sequence[Path]) -> bool:
    several = len({p.parent for p in pictures}) > 1
    return several and all(p.name.casefold().startswith(p.parent.name.casefold()) for p in pictures)


def _pictures_in(folder: Path) -> list[Path]:
    # A link to nothing is no file either; it is reported later on.
    return sorted(
        p
        for p in folder.iterdir()
        if p.suffix.lower() in IMAGE_SUFFIXES and not _is_hidden(p) and not p.is_dir()
    )


def check_listed(pictures: Sequence[Path], folder: Path) -> None:
    """Refuse pictures that are links to nothing, no files, or whose names are no text.

    Raises
    ------
    DamagedFile, InvalidInput : naming them.
    """
    no_files = [p for p in pictures if not p.is_file()]
    if gone := [p for p in no_files if is_dangling(p)]:
        raise DamagedFile(
            f"{len(gone):,} of {len(pictures):,} pictures in {folder.name}/ are links to files "
            f"that are not there: {_names(gone)}.",
            FETCH.replace("its content", "their content"),
        )
    if no_files:
        raise DamagedFile(
            f"{_names(no_files)} in {folder.name}/ is not a regular file.", "Move it away."
        )
    if strange := [p for p in pictures if not is_text(name_in(folder, p))]:
        raise InvalidInput(
            f"Names of pictures must be text in UTF-8, of one line; {len(strange):,} of "
            f"{len(pictures):,} in {folder.name}/ are not: {_names(strange)}.",
            "Rename them, as with convmv -f latin1 -t utf8.",
        )


def is_text(name: str) -> bool:
    """Whether a file's name is text of one line; on disk it may be any bytes."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return len(name.splitlines()) == 1


def _names(paths: Sequence[Path]) -> str:
    shown = ", ".join(printable(p.name) for p in paths[:_SHOWN])
    return shown + (f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else "")


def printable(name: str) -> str:
    """Return a name that can be printed: of bytes that are no text, their values."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def list_images(folder: Path, *, as_text: bool = False, deeper: bool = False) -> tuple[Path, ...]:
    """Return the picture files of a folder in natural order of their names (``picture_files``).

    Hidden files and files that are not pictures (captions, tables) are passed over.

    Parameters
    ----------
    as_text : sort letter by letter instead.
    deeper : as for ``picture_files``.

    Raises
    ------
    MissingData, DamagedFile
        There is no such folder, or no picture in it, or one whose content was not fetched.
    InvalidInput
        Some pictures are in formats that cannot be read (leaving them out would shift the rows),
        or two names have the same place in the order.
    """
    images = picture_files(folder, deeper=deeper)
    unreadable = sorted(
        p.name
        for p in folder.iterdir()
        if p.suffix.lower() in _OTHER_PICTURES and not _is_hidden(p)
    )
    if not images:
        raise MissingData(
            f"There is no picture in {folder}; allowed are {', '.join(IMAGE_SUFFIXES)}.",
            _hint_for_no_images(folder, unreadable),
        )
    if unreadable:
        raise InvalidInput(
            f"{folder} holds {len(images)} pictures and {len(unreadable)} in formats that cannot "
            f"be read ({', '.join(unreadable[:3])}); rows would not match images.",
            "Convert those to JPEG or PNG, or move them elsewhere.",
        )
    return _as_text(images) if as_text else sort_images(images)


def _hint_for_no_images(folder: Path, unreadable: list[str]) -> str:
    if unreadable:
        return f"Convert {unreadable[0]} and the others to JPEG or PNG."
    near = next((child for child in _folders_in(folder) if _pictures_in(child)), None)
    if near is not None:
        return f"Did you mean the folder {near}?"
    return "Name the folder that holds the pictures themselves."


def sort_images(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Sort picture files by natural order of their names, folder by folder.

    Raises
    ------
    InvalidInput
        Two names have the same place, as img2.png and img02.png, or a.png and a.jpg.
    """
    keyed = sorted(
        ((natural_sort_key(p.parent.name), natural_sort_key(p.stem), p) for p in paths),
    )
    for (*key, path), (*next_key, next_path) in zip(keyed, keyed[1:], strict=False):
        if key == next_key:
            raise InvalidInput(
                f"{path.name} and {next_path.name} have the same place in the order of names; "
                "it is unclear which row is whose.",
                "Rename or remove one of them.",
            )
    return tuple(path for *_, path in keyed)


def _as_text(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=lambda p: (p.parent.name, p.name)))


def natural_order(paths: Sequence[Path]) -> PictureOrder:
    """Say in which order ``sort_images`` put pictures, and whether another is as likely.

    Parameters
    ----------
    paths : as ``sort_images`` returned them.
    """
    if not paths:
        return PictureOrder("no images")
    words = f"by name as people count, {paths[0].name} to {paths[-1].name}"
    # Whoever sorted, did so on a system that stores accents one way or the other.
    rivals = (
        _as_text(paths),
        tuple(sorted(paths, key=lambda p: (composed(p.parent.name), composed(p.name)))),
    )
    for rival in rivals:
        for row, (own, other) in enumerate(zip(paths, rival, strict=True), start=1):
            if own != other:
                doubt = f"sorted as text, row {row} would be {other.name} and not {own.name}"
                return PictureOrder(words, doubt)
    return PictureOrder(words)


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
