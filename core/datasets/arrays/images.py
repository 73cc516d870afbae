"""The images of a folder of plain arrays, in the order of the rows, and which are for testing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.conventions import PLAIN, Fact
from cortiscope.core.errors import InvalidInput, MissingData
from cortiscope.core.stimuli import IMAGE_SUFFIXES, StimulusImages, list_images
from cortiscope.core.stimuli.listing import (
    NameIndex,
    name_in,
    natural_order,
    picture_files,
    taken_for,
)
from cortiscope.core.storage.foreign import is_there, read_json, read_text

TRAINING_FOLDERS = ("images", "train_images")
TEST_IMAGES, TEST_LIST = "test_images", "test.json"


@dataclass(frozen=True)
class RowImages:
    """Images in the order of the rows, and who says that this is the order.

    Parameters
    ----------
    notes : what was taken for what, in words.
    """

    images: StimulusImages
    order: Fact[str]
    notes: tuple[str, ...] = ()


def training_folders(folder: Path) -> list[Path]:
    """Return which of ``images`` and ``train_images`` are there."""
    return [folder / name for name in TRAINING_FOLDERS if (folder / name).is_dir()]


def training_images(folder: Path, stated: str | None) -> RowImages:
    """List the images that the rows of the responses belong to.

    Parameters
    ----------
    stated : the order that the sidecar states (``natural`` or ``plain``), if it does.

    Raises
    ------
    InvalidInput, MissingData, DamagedFile : it is unclear which file belongs to which row.
    """
    found = training_folders(folder)
    if not found:
        raise MissingData(f"{folder.name} has neither images/ nor train_images/.")
    if len(found) > 1:
        raise InvalidInput(
            f"{folder.name} has both images/ and train_images/; expected one.",
            "Move one of them elsewhere.",
        )
    return _in_order(found[0], folder / "images.txt", stated)


def test_images(folder: Path, stated: str | None) -> RowImages | None:
    """List the images of ``test_images/``; None if there is no such folder."""
    where = folder / TEST_IMAGES
    return _in_order(where, folder / "images_test.txt", stated) if where.is_dir() else None


def _in_order(where: Path, names_file: Path, stated: str | None) -> RowImages:
    if is_there(names_file):
        return _as_listed(where, names_file)
    paths = list_images(where, as_text=stated == PLAIN, deeper=True)
    images, order = StimulusImages.from_files(where, paths), natural_order(paths)
    notes = (_deeper_words(where, paths),) if paths[0].parent != where else ()
    if stated == PLAIN:
        words = f"letter by letter, {paths[0].name} to {paths[-1].name}"
        return RowImages(images, Fact(words, "sidecar"), notes)
    if stated is not None:
        return RowImages(images, Fact(order.words, "sidecar"), notes)
    if order.doubt:
        return RowImages(images, Fact(f"{order.words} (assumed; {order.doubt})"), notes)
    return RowImages(images, Fact(order.words, "layout"), notes)


def _deeper_words(where: Path, paths: tuple[Path, ...]) -> str:
    n = len({p.parent for p in paths})
    what = f"{n:,} folders" if n > 1 else "one folder"
    return (
        f"{where.name}/ holds no picture but {what} of them, whose pictures were taken: "
        f"{name_in(where, paths[0])} to {name_in(where, paths[-1])}."
    )


def _as_listed(where: Path, names_file: Path) -> RowImages:
    names = [n.strip() for n in read_text(names_file).rstrip().splitlines()]
    if not names:
        raise InvalidInput(
            f"{names_file.name} is empty.", "Write one file name per row, or remove it."
        )
    pictures = picture_files(where, deeper=True)
    index = NameIndex(name_in(where, p) for p in pictures)
    rows = [
        _listed_picture(name, row, names_file.name, where, index)
        for row, name in enumerate(names, start=1)
    ]
    seen: dict[int, int] = {}
    for row, k in enumerate(rows, start=1):
        if k in seen:
            raise InvalidInput(
                f"{names_file.name} names {index.names[k]} in rows {seen[k]} and {row}; names must "
                "be unique.",
                "Average the repeats of an image to one row.",
            )
        seen[k] = row
    note = taken_for(zip(names, (index.names[k] for k in rows), strict=True), names_file.name)
    left = len(pictures) - len(rows)
    rest = f"{left:,} of {len(pictures):,} pictures in {where.name}/ are in no row." if left else ""
    words = f"as {names_file.name} lists them, {index.names[rows[0]]} to {index.names[rows[-1]]}"
    images = StimulusImages.from_files(where, (pictures[k] for k in rows))
    return RowImages(images, Fact(words, "user"), tuple(n for n in (note, rest) if n))


def _listed_picture(name: str, row: int, source: str, where: Path, index: NameIndex) -> int:
    found = index.find(name)
    if found is not None:
        return found
    if Path(name).suffix.lower() not in IMAGE_SUFFIXES:
        raise InvalidInput(
            f"{source} has {name!r} in row {row}; allowed are {', '.join(IMAGE_SUFFIXES)}."
        )
    others = sorted(p.name for p in where.iterdir() if p.stem == Path(name).stem)
    instead = f", which has it in formats that cannot be read ({others[0]})" if others else ""
    raise MissingData(
        f"{source} names {name} in row {row}, which is not in {where.name}/{instead}.",
        "Put the picture there, or correct the name.",
    )


def test_rows(
    folder: Path, images: StimulusImages, note: Callable[[str], None]
) -> np.ndarray | None:
    """Return the rows (n,) that ``test.json`` names, increasing; None without such a file.

    Parameters
    ----------
    note : called with which names were taken for which.
    """
    path = folder / TEST_LIST
    if not is_there(path):
        return None
    names = read_json(path)
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise InvalidInput(
            f"{path.name} must be a list of image file names.", 'Write it like ["img3.png"].'
        )
    root = next(w for w in training_folders(folder))
    index = NameIndex(name_in(root, p) for p in images.paths)
    rows = {n: index.find(n) for n in names}
    unknown = [n for n in names if rows[n] is None]
    if unknown:
        raise InvalidInput(
            f"{path.name} names {unknown[0]!r}, which is not an image of any row "
            f"({len(unknown)} of {len(names)} are unknown).",
            "Name files of the image folder, with their suffix.",
        )
    chosen = np.array(sorted({k for k in rows.values() if k is not None}))
    if len(chosen) < len(names):
        raise InvalidInput(f"{path.name} names an image twice.", "Name each test image once.")
    if len(chosen) == len(images):
        raise InvalidInput(
            f"{path.name} names all {len(images)} images; none is left for training.",
            "Name the test images only.",
        )
    if words := taken_for(
        ((n, index.names[k]) for n, k in rows.items() if k is not None), path.name
    ):
        note(words)
    return chosen
