"""Statistics of patterns over vertices in the registry: identification and RSA, over each ROI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cortiscope.core.evaluation.metrics import Group, Metric, Scored, distinct_rows
from cortiscope.core.evaluation.patterns import (
    chance,
    compare_rdms,
    compute_rdm,
    identified_in_sets,
    identify,
)
from cortiscope.core.evaluation.resampling import image_counts

_N_DRAWS = 1000


def _identification(models: Sequence[Scored], groups: Sequence[Group]) -> list[Any]:
    (one,) = models
    rows = distinct_rows(one)
    n = len(rows)
    sizes = np.unique(np.rint(np.geomspace(min(2, n), n, 6)).astype(int))
    drawn = image_counts(n, _N_DRAWS, seed=0)
    found: list[Any] = []
    for group in groups:
        v = one.groups[group]
        if len(v) < 2:
            found.append(None)
            continue
        own = identify(one.measured[rows], one.predicted[rows], v)
        each = identified_in_sets(own.rank, n, sizes)
        low, high = np.quantile(drawn @ each / n, [0.025, 0.975], axis=0)
        found.append(
            {
                "n_vertices": own.n_vertices,
                "set_size": sizes.tolist(),
                "rate": each.mean(axis=0).tolist(),
                "low": low.tolist(),
                "high": high.tolist(),
                "chance": chance(sizes).tolist(),
            }
        )
    return found


def _rsa(models: Sequence[Scored], groups: Sequence[Group]) -> list[Any]:
    (one,) = models
    rows = distinct_rows(one)
    found: list[Any] = []
    for group in groups:
        v = one.groups[group]
        if len(v) < 2:
            found.append(None)
            continue
        rdms = (compute_rdm(values[rows][:, v]) for values in (one.predicted, one.measured))
        rho = compare_rdms(*rdms)
        found.append({"rho": float(rho) if np.isfinite(rho) else None, "n_vertices": len(v)})
    return found


IDENTIFICATION = Metric(
    name="identification",
    title="identification",
    definition="share of images whose measured pattern correlates best with its own prediction, "
    "among random sets of each size, exactly; by guessing 1 / size; 95 % bootstrap interval over "
    "images, the candidates staying; a picture's copies count once",
    per_group=_identification,
    question="Can it tell which image was seen?",
    shape="curve",
    limits=(0, 1),
    source="Kay et al. 2008, Nature 452:352",
)
RSA = Metric(
    name="rsa",
    title="representational similarity",
    definition="Spearman correlation of the predicted with the measured representational "
    "dissimilarity matrix (1 - Pearson r of the patterns of every two images)",
    per_group=_rsa,
    question="Are the same images alike to it?",
    shape="roi",
    limits=(-1, 1),
    source="Kriegeskorte et al. 2008, Front. Syst. Neurosci. 2:4",
)
