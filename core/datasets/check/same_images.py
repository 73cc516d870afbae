"""One image under two names: within a split, and in both splits."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable
from pathlib import Path

from core.datasets.check.image_names import NumberedImage
from core.datasets.check.report import Tell
from core.datasets.check.wording import count, first_of


def check_same_images(
    train: tuple[NumberedImage, ...], test: tuple[NumberedImage, ...], tell: Tell
) -> None:
    """Tell images that are there twice, by their NSD number or byte for byte."""
    trained = set(train)
    groups = [*_same_number((*train, *test)), *_same_bytes((*train, *test))]
    across: dict[str, str] = {}
    for group in groups:
        inside = [i for i in group if i in trained]
        outside = [i for i in group if i not in trained]
        for own in (inside, outside):
            if len(own) > 1:
                names = first_of(i.path.name for i in own)
                tell(f"{own[0].path.parent.name} has one image {len(own)} times: {names}.")
        if inside:
            across.update({i.path.name: inside[0].path.name for i in outside})
    if across:
        pairs = first_of(f"{test_name} is {name}" for test_name, name in sorted(across.items()))
        what = count(
            len(across),
            "test image is also a training image",
            "test images are also training images",
        )
        tell(f"{what}: {pairs}. Scores on them would not be held out.")


def _same_number(images: Iterable[NumberedImage]) -> list[list[NumberedImage]]:
    return _groups((i.nsd, i) for i in images if i.nsd is not None)


def _same_bytes(images: Iterable[NumberedImage]) -> list[list[NumberedImage]]:
    """Group equal files; only files of equal size are read."""
    sized = _groups((i.path.stat().st_size, i) for i in images if i.path.is_file())
    found = []
    for group in sized:
        found += _groups((_digest(i.path), i) for i in group)
    # Empty files are equal to one another and told as pictures that do not decode.
    return [group for group in found if group[0].path.stat().st_size]


def _groups(keyed: Iterable[tuple[Hashable, NumberedImage]]) -> list[list[NumberedImage]]:
    by_key: dict[Hashable, list[NumberedImage]] = {}
    for key, image in keyed:
        by_key.setdefault(key, []).append(image)
    return [group for group in by_key.values() if len(group) > 1]


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
