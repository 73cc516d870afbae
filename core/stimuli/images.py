"""Ordered, identified collections of picture files, loaded one at a time.

The order is part of the identity: row i of every response and feature array belongs to image i.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from core.errors import InvalidInput, MissingData
from core.stimuli.decode import decode_image

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_OTHER_PICTURES = (".heic", ".heif", ".avif", ".jp2", ".svg", ".psd", ".raw", ".cr2", ".nef")

_NSD_NUMBER = re.compile(r"nsd-?(\d+)", re.IGNORECASE)

# Digest by (path, size, modification time); in memory only, so that nothing is ever written
# into a data folder. Assigning a key of a dict is atomic, so threads may share it.
_DIGESTS: dict[tuple[str, int, int], bytes] = {}


def natural_sort_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts file names as people count: img2 before img10.

    Digits compare as numbers, letters without regard to case. "img2" and "img02" have equal
    keys: whoever needs one row per name has to refuse such a pair.
    """
    parts = re.split(r"(\d+)", name)
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part.casefold()) for part in parts if part
    )


def list_images(folder: Path) -> tuple[Path, ...]:
    """Return the picture files of a folder in natural order of their names.

    Hidden files and files that are no pictures (captions, tables) are passed over; sub-folders
    are not entered.

    Raises
    ------
    MissingData
        There is no such folder, or no picture in it.
    InvalidInput
        Some pictures are in formats that cannot be read (leaving them out would shift the rows),
        or two names have the same place in the order.
    """
    if not folder.is_dir():
        raise MissingData(f"There is no folder {folder}.", "Check the path of the images.")
    files = [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
    unreadable = sorted(p.name for p in files if p.suffix.lower() in _OTHER_PICTURES)
    images = [p for p in files if p.suffix.lower() in IMAGE_SUFFIXES]
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
    return sort_images(images)


def sort_images(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Sort picture files by natural order of their names.

    Raises
    ------
    InvalidInput
        Two names have the same place, as img2.png and img02.png, or a.png and a.jpg.
    """
    keyed = sorted((natural_sort_key(p.stem), p) for p in paths)
    for (key, path), (next_key, next_path) in zip(keyed, keyed[1:], strict=False):
        if key == next_key:
            raise InvalidInput(
                f"{path.name} and {next_path.name} have the same place in the order of names; "
                "it is unclear which row is whose.",
                "Rename or remove one of them.",
            )
    return tuple(path for _, path in keyed)


def _hint_for_no_images(folder: Path, unreadable: list[str]) -> str:
    if unreadable:
        return f"Convert {unreadable[0]} and the others to JPEG or PNG."
    for child in sorted(p for p in folder.iterdir() if p.is_dir()):
        if any(p.suffix.lower() in IMAGE_SUFFIXES for p in child.iterdir()):
            return f"Did you mean the folder {child}?"
    return "Name the folder that holds the pictures themselves."


@dataclass(frozen=True)
class StimulusImages:
    """Pictures in the order of the rows of every array that belongs to them.

    Attributes
    ----------
    ids : unique identifiers, one per picture.
    paths : their files, in the same order.
    captions : per picture, what people wrote about it (none, one or several sentences); empty
        where nothing is known of any picture.
    """

    ids: tuple[str, ...]
    paths: tuple[Path, ...]
    captions: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.captions and len(self.captions) != len(self.ids):
            raise InvalidInput(f"Captions of {len(self.captions)} images for {len(self.ids)}.")
        if len(self.ids) != len(self.paths):
            raise InvalidInput(f"{len(self.ids)} image ids for {len(self.paths)} image files.")
        if len(set(self.ids)) != len(self.ids):
            twice = next(i for i in self.ids if self.ids.count(i) > 1)
            raise InvalidInput(f"The image id {twice!r} occurs twice; ids must be unique.")

    @classmethod
    def from_paths(cls, paths: Iterable[Path]) -> StimulusImages:
        """Identify files by their names without suffix; the order stays as given."""
        listed = tuple(paths)
        return cls(tuple(p.stem for p in listed), listed)

    @classmethod
    def from_folder(cls, folder: Path) -> StimulusImages:
        """Take all pictures of a folder in natural order of their names."""
        return cls.from_paths(list_images(folder))

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __repr__(self) -> str:
        return f"<StimulusImages ({len(self)})>"

    def load(self, index: int) -> Image.Image:
        """Decode picture ``index`` to upright RGB (core.stimuli.decode_image)."""
        return decode_image(self.paths[index], name=self.paths[index].name).image

    def subset(self, indices: Iterable[int]) -> StimulusImages:
        """Return the pictures at ``indices``, in that order."""
        chosen = [int(i) for i in indices]
        return StimulusImages(
            tuple(self.ids[i] for i in chosen),
            tuple(self.paths[i] for i in chosen),
            tuple(self.captions[i] for i in chosen) if self.captions else (),
        )

    def identities(self) -> tuple[frozenset[str], ...]:
        """Return what each picture is known by: its bytes, and its number within NSD if named.

        Two pictures are the same stimulus if they share any of these. The number catches one
        image that two subjects' folders hold as different files.
        """
        found = []
        for name, path in zip(self.ids, self.paths, strict=True):
            numbered = _NSD_NUMBER.search(name)
            known = {_digest(path).hex()}
            found.append(frozenset(known | ({f"nsd-{int(numbered[1])}"} if numbered else set())))
        return tuple(found)

    def captions_of(self, index: int) -> tuple[str, ...]:
        """Return the captions of picture ``index`` that are not blank; empty where it has none."""
        found = tuple(c.strip() for c in self.captions[index]) if self.captions else ()
        return tuple(c for c in found if c)

    def check_captions(self, at_least: int = 1) -> None:
        """Raise InvalidInput that names the pictures with fewer captions than ``at_least``."""
        lacking = [self.ids[i] for i in range(len(self)) if len(self.captions_of(i)) < at_least]
        if not lacking:
            return
        what = "no caption" if at_least == 1 else f"fewer than {at_least} captions"
        named = ", ".join(lacking[:5]) + (", ..." if len(lacking) > 5 else "")
        who = (
            f"The image {named} has"
            if len(lacking) == 1
            else f"{len(lacking)} of {len(self)} images ({named}) have"
        )
        raise InvalidInput(
            f"{who} {what}.",
            "Every image needs them: 'caption' or 'captions' in cortiscope_sidecar/stimuli.json "
            "of a subject's folder, or --captions FILE with a folder of images.",
        )

    def caption_key(self) -> str:
        """Return 16 hexadecimal digits of the captions, in order; pictures play no part.

        Raises
        ------
        InvalidInput
            Images have no caption; they are named.
        """
        self.check_captions()
        captions = [self.captions_of(i) for i in range(len(self))]
        return hashlib.sha256(json.dumps(captions).encode()).hexdigest()[:16]

    def content_key(self) -> str:
        """Return 16 hexadecimal digits of the files' bytes, in order; names play no part."""
        total = hashlib.sha256()
        for path in self.paths:
            total.update(_digest(path))
        return total.hexdigest()[:16]


def _digest(path: Path) -> bytes:
    try:
        status = path.stat()
        key = (str(path), status.st_size, status.st_mtime_ns)
        if key not in _DIGESTS:
            with path.open("rb") as stream:
                _DIGESTS[key] = hashlib.file_digest(stream, "sha256").digest()
    except FileNotFoundError:
        raise MissingData(
            f"The image {path.name} is missing from {path.parent}.", "Put it back, or start anew."
        ) from None
    return _DIGESTS[key]
