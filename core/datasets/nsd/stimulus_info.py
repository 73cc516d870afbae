"""What NSD says of each of its 73,000 images, and COCO's captions of them.

``nsd_stim_info_merged.csv``: used are the columns nsdId (from 0), cocoId and shared1000. Source:
NSD data manual, experiments.

``captions_train2017.json`` and ``captions_val2017.json`` of COCO 2017 (annotations, CC BY 4.0),
about five per image, from files that the user has; NSD's images are of both. Captions are of the
whole pictures, of which NSD shows a square.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.errors import DamagedFile, MissingData
from cortiscope.core.storage.foreign import check_fetched, is_there, read_json

_COLUMNS = ("nsdId", "cocoId", "shared1000")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class StimulusInfo:
    """What is used of the table.

    Parameters
    ----------
    shared : (n_shared,) 73k numbers from 0 of the images that all subjects saw.
    coco : 73k number from 0 -> the picture's number within COCO.
    """

    shared: np.ndarray
    coco: Mapping[int, int]


def read_stimulus_info(path: Path) -> StimulusInfo:
    """Read the table.

    Raises
    ------
    DamagedFile : not such a table, no shared image in it, or an image twice.
    """
    check_fetched(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream)
            header = next(rows, [])
            absent = [name for name in _COLUMNS if name not in header]
            if absent:
                raise DamagedFile(f"{path.name} has no column {' and no column '.join(absent)}.")
            nsd, coco, shared = (header.index(name) for name in _COLUMNS)
            found = [
                (int(row[nsd]), int(row[coco]), _TRUTH[row[shared].strip().lower()])
                for row in rows
                if row
            ]
    except DamagedFile:
        raise
    except (ValueError, IndexError, KeyError, OSError, csv.Error) as error:
        raise DamagedFile(
            f"{path.name} cannot be read as the table of images: {error}.",
            "Copy or download it again.",
        ) from error
    numbers = [number for number, _, _ in found]
    if len(set(numbers)) < len(numbers):
        twice = Counter(numbers).most_common(1)[0][0]
        raise DamagedFile(f"{path.name} lists the image with nsdId {twice} twice.")
    marked = np.array(sorted(n for n, _, is_shared in found if is_shared), dtype=np.int64)
    if len(marked) == 0:
        raise DamagedFile(f"{path.name} marks no image as shared1000.")
    return StimulusInfo(marked, {number: coco_id for number, coco_id, _ in found})


def read_captions(
    files: Sequence[Path], info: StimulusInfo, ids: np.ndarray
) -> dict[int, tuple[str, ...]]:
    """Return the captions of images, in the order in which they were written.

    Parameters
    ----------
    ids : 73k numbers from 0.

    Raises
    ------
    MissingData, DamagedFile : no such file, or no such annotations; an image without any.
    """
    unknown = [int(i) for i in ids if int(i) not in info.coco]
    if unknown:
        raise DamagedFile(f"nsd_stim_info_merged.csv does not list image {unknown[0]}.")
    wanted: dict[int, list[tuple[int, str]]] = {info.coco[int(i)]: [] for i in ids}
    for path in files:
        for number, image, text in _annotations(path):
            if image in wanted:
                wanted[image].append((number, text))
    captions = {int(i): tuple(t for _, t in sorted(wanted[info.coco[int(i)]])) for i in ids}
    bare = [i for i, texts in captions.items() if not texts]
    if bare:
        raise MissingData(
            f"{len(bare):,} of {len(ids):,} images have no caption in "
            f"{' and '.join(p.name for p in files)}; the first is nsd-{bare[0]:05d}, COCO "
            f"{info.coco[bare[0]]}.",
            "NSD's images are of both parts: name captions_train2017.json and "
            "captions_val2017.json.",
        )
    return captions


def _annotations(path: Path) -> list[tuple[int, int, str]]:
    """Return (number of the caption, COCO's number of the picture, text)."""
    if not is_there(path):
        raise MissingData(f"The file of captions {path} does not exist.")
    content = read_json(path)
    try:
        items = content["annotations"]
        return [(int(a["id"]), int(a["image_id"]), " ".join(a["caption"].split())) for a in items]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedFile(
            f"{path.name} cannot be read as COCO captions: {type(error).__name__} {error}.",
            "Expected annotations with id, image_id and caption, as captions_train2017.json.",
        ) from error
