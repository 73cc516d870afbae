"""The images of a folder of plain arrays, in the order of the rows, and which are for testing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.errors import DamagedFile, InvalidInput, MissingData
from core.stimuli import IMAGE_SUFFIXES, StimulusImages

TRAINING_FOLDERS = ("images", "train_images")
TEST_IMAGES, TEST_LIST = "test_images", "test.json"


def training_folders(folder: Path) -> list[Path]:
    """Return which of ``images`` and ``train_images`` are there."""
    return [folder / name for name in TRAINING_FOLDERS if (folder / name).is_dir()]


def training_images(folder: Path) -> StimulusImages:
    """List the images that the rows of the responses belong to.

    Raises
    ------
    InvalidInput, MissingData : it is unclear which file belongs to which row.
    """
    found = training_folders(folder)
    if not found:
        raise MissingData(f"{folder.name} has neither images/ nor train_images/.")
    if len(found) > 1:
        raise InvalidInput(
            f"{folder.name} has both images/ and train_images/; expected one.",
            "Move one of them elsewhere.",
        )
    return _in_order(found[0], folder / "images.txt")


def test_images(folder: Path) -> StimulusImages | None:
    """List the images of ``test_images/``; None if there is no such folder."""
    where = folder / TEST_IMAGES
    return _in_order(where, folder / "images_test.txt") if where.is_dir() else None


def _in_order(where: Path, names_file: Path) -> StimulusImages:
    if not names_file.is_file():
        return StimulusImages.from_folder(where)
    try:
        names = names_file.read_text(encoding="utf-8-sig").rstrip().splitlines()
    except ValueError as error:
        raise DamagedFile(f"{names_file.name} is not text in UTF-8: {error}.") from error
    names = [name.strip() for name in names]
    _check_names(names, where, names_file.name)
    return StimulusImages.from_paths(where / name for name in names)


def _check_names(names: list[str], where: Path, source: str) -> None:
    """Refuse names that are no pictures of the folder, or occur twice."""
    seen: dict[str, int] = {}
    for row, name in enumerate(names, start=1):
        if Path(name).name != name:
            raise InvalidInput(
                f"{source} has {name!r} in row {row}; expected a file name without a folder."
            )
        if Path(name).suffix.lower() not in IMAGE_SUFFIXES:
            raise InvalidInput(
                f"{source} has {name!r} in row {row}; allowed are {', '.join(IMAGE_SUFFIXES)}."
            )
        if not (where / name).is_file():
            raise MissingData(
                f"{source} names {name} in row {row}, which is not in {where.name}/.",
                "Put the picture there, or correct the name.",
            )
        if name in seen:
            raise InvalidInput(
                f"{source} names {name} in rows {seen[name]} and {row}; names must be unique.",
                "Average the repeats of an image to one row.",
            )
        seen[name] = row


def test_rows(folder: Path, images: StimulusImages) -> np.ndarray | None:
    """Return the rows (n,) that ``test.json`` names, increasing; None without such a file."""
    path = folder / TEST_LIST
    if not path.is_file():
        return None
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DamagedFile(f"{path.name} is not JSON: {error}.") from error
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise InvalidInput(
            f"{path.name} must be a list of image file names.", 'Write it like ["img3.png"].'
        )
    rows = {p.name: row for row, p in enumerate(images.paths)}
    unknown = [n for n in names if n not in rows]
    if unknown:
        raise InvalidInput(
            f"{path.name} names {unknown[0]!r}, which is no image of a row "
            f"({len(unknown)} of {len(names)} are unknown).",
            "Name files of the image folder, with their suffix.",
        )
    chosen = np.array(sorted({rows[n] for n in names}))
    if len(chosen) < len(names):
        raise InvalidInput(f"{path.name} names an image twice.", "Name each test image once.")
    if len(chosen) == len(images):
        raise InvalidInput(
            f"{path.name} names all {len(images)} images; none is left for training.",
            "Name the test images only.",
        )
    return chosen
