"""Preparing the tiny copy of NSD, and the same by plain loops over everything in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from cortiscope.core.brain import Hemisphere
from cortiscope.core.datasets.nsd.prepare import prepare_subject
from tests.data import tiny_nsd as tiny

LONG = {"lh": Hemisphere.LEFT, "rh": Hemisphere.RIGHT}


def prepare(root: Path, out: Path, **settings) -> Path:
    pictures = settings.pop("images", None) or root.parent / "pictures"
    if not pictures.is_dir():  # a copied tree has none of its own
        pictures.mkdir()
        for number in tiny.images_of(1):
            Image.new("RGB", (8, 8), (number % 256, 0, 0)).save(
                pictures / f"nsd-{number - 1:05d}.png"
            )
    settings = {**tiny.SETTINGS, "images": pictures, **settings}
    return prepare_subject(root, settings.pop("subject", "subj01"), out, **settings)


def in_memory(root: Path, short: str, n_sessions: int = tiny.SESSIONS):
    """Z-scores (n_trials, n_kept), and image -> mean response, by loops."""
    trials = tiny.read_trials(root, short, n_sessions)
    scores = np.zeros_like(trials)
    for session in range(n_sessions):
        rows = slice(session * tiny.TRIALS, (session + 1) * tiny.TRIALS)
        for v in range(trials.shape[1]):
            x = trials[rows, v]
            scores[rows, v] = 0 if x.max() == x.min() else (x - x.mean()) / x.std()
    images = [tiny.images_of(1)[k - 1] - 1 for k in tiny.ORDER[: len(trials)]]
    means = {i: scores[[j == i for j in images]].mean(axis=0) for i in set(images)}
    return scores, np.array(images), means


def everything_below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
