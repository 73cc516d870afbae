"""A tiny Algonauts-2023 folder, written independently of the loader, deliberately asymmetric.

Seven left and five right vertices, two overlapping ROI classes, one ROI absent on the right, one
dead vertex, and a mask with a value of 2 (the released ``all-vertices`` masks are sums).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

N_LEFT, N_RIGHT = 7, 5
CLASSES = {
    "prf-visualrois": {1: "V1v", 2: "V1d"},
    "floc-faces": {1: "OFA", 2: "FFA-1"},
}
LABELS = {
    ("lh", "prf-visualrois"): [1, 1, 1, 2, 2, 0, 0],
    ("rh", "prf-visualrois"): [1, 1, 2, 2, 0],
    ("lh", "floc-faces"): [0, 0, 0, 0, 2, 2, 1],
    ("rh", "floc-faces"): [0, 0, 0, 0, 1],  # no FFA-1 on the right
}
DEAD = ("lh", 6)


def write_subject(
    folder: Path,
    *,
    n_train: int = 20,
    n_test: int = 6,
    sidecar: bool = True,
    test_responses: bool = True,
    seed: int = 0,
) -> Path:
    rng = np.random.default_rng(seed)
    masks = folder / "roi_masks"
    masks.mkdir(parents=True)
    for short, n, first in (("lh", N_LEFT, 100), ("rh", N_RIGHT, 40)):
        mask = np.zeros(10_242, dtype=np.int64)
        mask[first : first + 2 * n : 2] = 1
        mask[first] = 2
        np.save(masks / f"{short}.all-vertices_fsaverage_space.npy", mask)
        for name in CLASSES:
            np.save(masks / f"{short}.{name}_challenge_space.npy", np.array(LABELS[short, name]))
    for name, labels in CLASSES.items():
        np.save(masks / f"mapping_{name}.npy", {0: "Unknown", **labels}, allow_pickle=True)
    for split, n in (("training", n_train), ("test", n_test)):
        short_split = "train" if split == "training" else "test"
        images = folder / f"{split}_split" / f"{split}_images"
        images.mkdir(parents=True)
        for k in range(n):
            pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            name = (
                f"{short_split}-{k + 1:04d}_nsd-{7 * k + (0 if split == 'test' else 1000):05d}.png"
            )
            Image.fromarray(pixels).save(images / name)
        if split == "test" and not test_responses:
            continue
        fmri = folder / f"{split}_split" / f"{split}_fmri"
        fmri.mkdir()
        for short, m in (("lh", N_LEFT), ("rh", N_RIGHT)):
            values = rng.normal(size=(n, m)).astype(np.float32)
            if short == DEAD[0]:
                values[:, DEAD[1]] = 0
            np.save(fmri / f"{short}_{split}_fmri.npy", values)
    if sidecar:
        _write_sidecar(folder / "cortiscope_sidecar", n_train, n_test, rng)
    return folder


def _write_sidecar(folder: Path, n_train: int, n_test: int, rng: np.random.Generator) -> None:
    folder.mkdir()
    header = {"format": "cortiscope-sidecar", "version": 1, "simulated": True}
    (folder / "sidecar.json").write_text(json.dumps(header))
    for short, n in (("lh", N_LEFT), ("rh", N_RIGHT)):
        ncsnr = rng.uniform(0.2, 1, n)
        if short == DEAD[0]:
            ncsnr[DEAD[1]] = 0
        np.save(folder / f"{short}.ncsnr.npy", ncsnr)
    np.save(folder / "repeats_train.npy", rng.integers(1, 4, n_train))
    np.save(folder / "repeats_test.npy", np.full(n_test, 3))
    stimuli = [
        {"split": "train", "number": k + 1, "caption": f"picture {k}", "categories": ["face"]}
        for k in range(n_train)
    ]
    (folder / "stimuli.json").write_text(json.dumps(stimuli))
