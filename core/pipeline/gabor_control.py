"""The low-level control of a contrast: what Gabor energy of the pictures explains by itself."""

from __future__ import annotations

import numpy as np

from cortiscope.core.backbones import resolve_weights
from cortiscope.core.datasets import Subject
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.runs.spec import GRID

MOST_AXES, PICTURES_PER_AXIS = 20, 10


def gabor_spec() -> FeatureSpec:
    """Return the features that are partialled out: contrast energy on a grid of 5 x 5 places."""
    return FeatureSpec("gabor", resolve_weights("gabor"), "energy", GRID)


def gabor_energy(subject: Subject, store: FeatureStore, progress: Progress = silent) -> np.ndarray:
    """Return the Gabor energy of a subject's training, then test images, (n_pictures, n_values)."""
    spec, found = gabor_spec(), []
    splits = [s for s in (subject.train, subject.test) if len(s)]
    for k, split in enumerate(splits):
        step = part(progress, k / len(splits), (k + 1) / len(splits))
        values = store.get([spec], split.images, step)[spec.layer]
        found.append(np.asarray(values, dtype=np.float64).reshape(len(split), -1))
    return np.concatenate(found)


def has_gabor_energy(subject: Subject, store: FeatureStore) -> bool:
    """Whether these features need no computing."""
    return all(store.has(gabor_spec(), s.images) for s in (subject.train, subject.test) if len(s))


def leading_axes(energy: np.ndarray) -> np.ndarray:
    """Return the scores (n_pictures, k) of standardised energy on its leading principal axes."""
    centred = energy - energy.mean(axis=0)
    sd = centred.std(axis=0)
    centred = centred[:, sd > 0] / sd[sd > 0]
    k = min(MOST_AXES, len(energy) // PICTURES_PER_AXIS)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    return np.asarray(u[:, :k] * s[:k])
