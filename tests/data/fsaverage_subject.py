"""The demo's subject drawn finer: plain arrays on full fsaverage, for the app to look at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np

SHORT = {"left": "lh", "right": "rh"}


def write_subject(folder: Path, demo: Path, nearest: np.ndarray, n_images: int = 40) -> Path:
    """Write a subject whose vertices are all those nearest to one of the demo's.

    Parameters
    ----------
    demo : an opened demo subject's folder.
    nearest : (163842,) fsaverage5 vertex of each vertex.
    """
    from cortiscope.core.brain import HEMISPHERES
    from cortiscope.core.datasets import open_subject

    subject = open_subject(demo)
    images = folder / "images"
    images.mkdir(parents=True)
    for row in range(n_images):
        path = subject.train.images.paths[row]
        shutil.copy(path, images / f"image-{row + 1:03d}{path.suffix}")
    coarse = subject.train.response_rows(np.arange(n_images))
    classes: dict[str, dict[str, int]] = {}
    for name in subject.parcellation.roi_names:
        own = classes.setdefault(subject.parcellation.class_of(name), {})
        own[name] = len(own) + 1
    (folder / "rois.json").write_text(json.dumps(classes))
    rng = np.random.default_rng(1)
    for h in HEMISPHERES:
        index = subject.cortex().index[h]
        vertices = np.flatnonzero(np.isin(nearest, index))
        at = np.searchsorted(index, nearest[vertices])
        values = coarse[:, subject.space.slice_of(h)][:, at]
        values = values + rng.normal(0, 0.5, values.shape)
        np.save(folder / f"{SHORT[h]}.npy", values.astype(np.float32))
        np.save(folder / f"{SHORT[h]}.vertices.npy", vertices)
        for class_name, names in classes.items():
            labels = np.zeros(len(index), dtype=np.int64)
            for name, label in names.items():
                labels[subject.parcellation.vertices(name, h)] = label
            np.save(folder / f"{SHORT[h]}.{class_name}.npy", labels[at])
    test = [f"image-{row + 1:03d}{path.suffix}" for row in range(n_images - 10, n_images)]
    (folder / "test.json").write_text(json.dumps(test))
    return folder
