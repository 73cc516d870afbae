"""Names of a split's images: every one numbered, every number once, from 1 without a gap."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

from cortiscope.core.datasets.check.leftovers import is_leftover
from cortiscope.core.datasets.check.report import Tell
from cortiscope.core.datasets.check.wording import count, first_of
from cortiscope.core.datasets.system_files import is_system_file

_NAME = re.compile(r"^(?P<split>train|test)-(?P<number>\d+)_nsd-\d+\.(png|jpg|jpeg)$")


@dataclass(frozen=True)
class NumberedImage:
    """An image file with its place in the rows."""

    path: Path
    number: int


def list_numbered(folder: Path, split: str, tell: Tell) -> tuple[NumberedImage, ...]:
    """List the images of a folder by number and tell what is amiss with their names.

    Of several images with one number the first by name is listed.
    """
    if not folder.is_dir():
        tell(f"The folder {folder.parent.name}/{folder.name} is missing.")
        return ()
    by_number: dict[int, list[NumberedImage]] = {}
    strangers, misplaced = [], []
    for path in sorted(folder.iterdir()):
        # Archives are told with the archives; files of the system are passed over as by the loader.
        if is_system_file(path.name) or is_leftover(path):
            continue
        match = _NAME.match(path.name)
        if match is None:
            strangers.append(path.name)
        elif match["split"] != split:
            misplaced.append(path.name)
        else:
            image = NumberedImage(path, int(match["number"]))
            by_number.setdefault(image.number, []).append(image)
    _tell_names(folder.name, split, strangers, misplaced, tell)
    _tell_numbers(folder.name, by_number, tell)
    return tuple(by_number[k][0] for k in sorted(by_number))


def n_rows_expected(images: tuple[NumberedImage, ...]) -> int:
    """Return how many rows belong to the images: the highest number, also where one is missing."""
    return images[-1].number if images else 0


def _tell_names(
    folder: str, split: str, strangers: list[str], misplaced: list[str], tell: Tell
) -> None:
    if strangers:
        tell(
            f"{folder} holds {count(len(strangers), 'file')} not named like "
            f"{split}-0001_nsd-00013.png: {first_of(strangers)}. Rows are matched to images by "
            "that number; move other files away."
        )
    if misplaced:
        tell(
            f"{folder} holds {count(len(misplaced), 'image')} named as in the other "
            f"split: {first_of(misplaced)}."
        )


def _tell_numbers(folder: str, by_number: dict[int, list[NumberedImage]], tell: Tell) -> None:
    if not by_number:
        tell(f"{folder} holds no image.")
        return
    for number, images in sorted(by_number.items()):
        if len(images) > 1:
            names = first_of(i.path.name for i in images)
            tell(f"{folder} has {len(images)} images numbered {number}: {names}.")
    if 0 in by_number:
        tell(f"{by_number[0][0].path.name} in {folder} is numbered 0; numbers start at 1.")
    numbers = {n for n in by_number if n > 0}
    n_missing = max(numbers, default=0) - len(numbers)
    if n_missing:
        gaps = (n for n in itertools.count(1) if n not in numbers)
        shown = ", ".join(str(n) for n in itertools.islice(gaps, min(n_missing, 5)))
        more = f" and {n_missing - 5:,} more" if n_missing > 5 else ""
        tell(
            f"{folder} has no image numbered {shown}{more}, though numbers go to {max(numbers):,}."
        )
