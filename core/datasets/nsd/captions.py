"""COCO's captions of NSD's images: about five each, from files that the user has.

``captions_train2017.json`` and ``captions_val2017.json`` of COCO 2017 (annotations, CC BY 4.0);
NSD's images are of both. Captions are of the whole pictures, of which NSD shows a square.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.nsd.stimulus_info import StimulusInfo
from cortiscope.core.errors import DamagedFile, MissingData
from cortiscope.core.storage.foreign import is_there, read_json


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
