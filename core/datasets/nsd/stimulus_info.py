"""``nsd_stim_info_merged.csv``: what NSD says of each of its 73,000 images.

Used are the columns nsdId (from 0), cocoId and shared1000. Source: NSD data manual, experiments.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.errors import DamagedFile
from cortiscope.core.storage.foreign import check_fetched

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
