"""The registry's statistics beside metrics per vertex.

Each is computed from models on the held-out images of their reports, over everything and per ROI
and hemisphere. What is said of single statistics is in the modules that compute them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from cortiscope.core.encoding import REGRESSORS, TrainingData, fit_regressor
from cortiscope.core.encoding.denoising import denoised
from cortiscope.core.encoding.scopes import vertex_table
from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation.comparison import require_same_images
from cortiscope.core.evaluation.correlation import pearson_r
from cortiscope.core.evaluation.learning_curve import learning_curve
from cortiscope.core.evaluation.metrics import (
    FittedModel,
    Group,
    Metric,
    Scored,
    distinct_rows,
    mean_of_defined,
)
from cortiscope.core.evaluation.partition import PARTS, partition_fits, partition_report
from cortiscope.core.evaluation.resampling import Jackknifed, jackknife_mean_r
from cortiscope.core.evaluation.roi_mean import roi_mean_score
from cortiscope.core.evaluation.significance import permutation_test
from cortiscope.core.storage import Home

_N_PERMUTATIONS, _N_DRAWS, _FOUND_AT = 1000, 200, 0.05


def _roi_mean(models: Sequence[Scored], groups: Sequence[Group]) -> list[Any]:
    (one,) = models
    ceiling = one.report.ceiling
    found = []
    for group in groups:
        v = one.groups[group]
        own = None if ceiling is None else np.asarray(ceiling)[v]
        score = roi_mean_score(one.predicted[:, v], one.measured[:, v], ceiling=own)
        found.append(asdict(score) if len(v) else None)
    return found


def _permutation(
    models: Sequence[Scored], groups: Sequence[Group]
) -> tuple[list[Any], dict[str, np.ndarray]]:
    (one,) = models
    rows = distinct_rows(one)
    test = permutation_test(one.predicted[rows], one.measured[rows], n_permutations=_N_PERMUTATIONS)
    found = []
    for group in groups:
        p, adjusted = (values[one.groups[group]] for values in (test.p, test.p_fdr))
        tested = np.isfinite(p)
        n = int((adjusted[tested] <= _FOUND_AT).sum())
        found.append(
            {
                "n_tested": int(tested.sum()),
                "n_found": n,
                "share_found": n / int(tested.sum()),
                "smallest_p": float(p[tested].min()),
            }
            if tested.any()
            else None
        )
    is_found = np.where(np.isfinite(test.p_fdr), test.p_fdr <= _FOUND_AT, np.nan)
    return found, {"significant": is_found, "p": test.p, "q": test.p_fdr}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _learning_curve(models: Sequence[Scored], groups: Sequence[Group]) -> list[Any]:
    (one,) = models
    model, subject = _model(one), one.subject
    spec = model.spec
    entry = REGRESSORS.get(spec.encoder.name)
    of_runs = entry is not None and entry.of_runs
    apart = spec.reduction.kind == "places" or of_runs or bool(model.facts.finetuning)
    whole = spec.scope == "both" and spec.spaces == "one" and not apart
    if subject is None or not whole or spec.with_subjects:
        raise InvalidInput(
            f"A learning curve is fitted again from stored designs, which {model.id} does not "
            "allow: it needs one feature space, one scope for all vertices, one subject and a "
            "network that was not finetuned to all these images.",
            "Give a model fitted with --spaces one, --scope both, without --with or --finetune, "
            "and with a reduction that keeps no places; a vote is not fitted.",
        )
    fit, split = np.asarray(model.array("fit_rows")), model.reported[0]
    design, responses = (
        np.asarray(model.array("design_train"))[fit],
        subject.train.response_rows(fit),
    )
    labels = subject.train.images.groups()[fit]
    surfaces = Home.from_environment().surfaces if entry and entry.uses_positions else None
    table = vertex_table(subject, surfaces) if subject.space.is_placed else None
    held = np.asarray(model.array(f"design_{split}"))[model.reported[1]]
    places = [one.groups[group] for group in groups]

    def score(rows: np.ndarray) -> np.ndarray:
        data = TrainingData(design[rows], responses[rows], vertices=table, groups=labels[rows])
        fitted = fit_regressor(denoised(data, spec.denoise), spec.encoder)
        predicted = fitted.predict(held)
        r = pearson_r(predicted, one.measured)
        means = [mean_of_defined(r[place]) for place in places]
        left = jackknife_mean_r(predicted, one.measured, places, stimuli=one.stimuli)
        sizes.append(left.sizes)
        return np.vstack([[np.nan if mean is None else mean for mean in means], left.without])

    sizes: list[np.ndarray] = []
    curve = learning_curve(len(fit), score)
    # The mean over orders is one statistic of the held-out images, which all fits share.
    ends = [Jackknifed(own[0], own[1:], sizes[0]) for own in curve.mean]
    found: list[Any] = []
    for k, place in enumerate(places):
        own = {"n_train": curve.sizes.tolist(), "mean_r": [_known(v) for v in curve.mean[:, 0, k]]}
        if ends[0].calibrated:
            both = np.array([at.interval() for at in ends])[:, :, k]
            own |= {"low": [_known(v) for v in both[:, 0]], "high": [_known(v) for v in both[:, 1]]}
        found.append(own if len(place) else None)
    return found


def _model(one: Scored) -> FittedModel:
    if one.model is None:
        raise InvalidInput("This statistic is of fitted models; got arrays.")
    return one.model


def _partition(
    models: Sequence[Scored], groups: Sequence[Group]
) -> tuple[list[Any], dict[str, np.ndarray]]:
    a, b = models
    require_same_images(models)
    subject, of_a, of_b = a.subject, _model(a), _model(b)
    fit = np.asarray(of_a.array("fit_rows"))
    if subject is None or not np.array_equal(fit, np.asarray(of_b.array("fit_rows"))):
        raise InvalidInput(
            f"{of_a.id} and {of_b.id} were not fitted on the same images.",
            "Fit both with the same seed and split.",
        )
    split, rows = of_a.reported

    def both(name: str, chosen: np.ndarray) -> np.ndarray:
        return np.hstack([np.asarray(m.array(f"design_{name}"))[chosen] for m in (of_a, of_b)])

    n_a, design = of_a.array("design_train").shape[1], both("train", fit)
    predicted = partition_fits(
        *(design, subject.train.response_rows(fit), slice(0, n_a), slice(n_a, design.shape[1])),
        both(split, rows),
        groups=subject.train.images.groups()[fit],
    )
    report = partition_report(
        *(*predicted, a.measured), [a.groups[group] for group in groups], n_draws=_N_DRAWS
    )
    found = [
        {
            "n_vertices": own.n - own.n_undefined,
            **{part: asdict(getattr(own, part)) for part in PARTS},
        }
        if own.joint is not None
        else None
        for own in report.groups
    ]
    return found, {part: getattr(report.vertices, part) for part in PARTS}


ROI_MEAN = Metric(
    name="roi_mean",
    title="ROI mean",
    definition="median r over an ROI's vertices, and r of its mean predicted with its mean "
    "measured response; medians of the ceilings' square roots beside the first, no ceiling for "
    "the second without single trials",
    per_group=_roi_mean,
    question="How right is the mean of a ROI?",
    shape="roi",
    limits=(-1, 1),
    source="Allen et al. 2022, Nat. Neurosci. 25:116 (ceilings)",
)
PERMUTATION = Metric(
    name="permutation",
    title="better than chance",
    definition=f"vertices whose r is above that of shuffled images ({_N_PERMUTATIONS} shuffles, "
    f"one-sided) at a false discovery rate of {_FOUND_AT:g} over all vertices; a picture's copies "
    "count once",
    with_maps=_permutation,
    maps={
        "significant": f"1 where r is better than chance at a false discovery rate of "
        f"{_FOUND_AT:g}, 0 where it is not",
        "p": "one-sided p of r by shuffled images",
        "q": "smallest false discovery rate at which the vertex is found (Benjamini-Hochberg)",
    },
    question="Where is it better than chance?",
    shape="roi",
    limits=(0, 1),
    long=True,
    source="Phipson and Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39; Benjamini and Hochberg "
    "1995, J. R. Stat. Soc. B 57:289",
)
LEARNING_CURVE = Metric(
    name="learning_curve",
    title="learning curve",
    definition="mean r over vertices after fitting the regressor anew on nested random subsets of "
    "the fit images (mean over 3 orders), with a 95 % jackknife interval over held-out images; "
    "scaling and PCA stay those of all fit images",
    per_group=_learning_curve,
    question="Would more images help?",
    shape="curve",
    limits=(-1, 1),
    needs=("model",),
    long=True,
    source="Cortes et al. 1993, NIPS 6:327",
)
PARTITION = Metric(
    name="partition",
    title="variance partition",
    definition="mean over vertices of the held-out R² that only A, only B or either of the two "
    "feature spaces explains, from fits of A, of B and of both (one penalty each); 95 % bootstrap "
    "interval over images; nothing is clipped",
    with_maps=_partition,
    maps={
        "unique_a": "held-out R² that only A explains, not clipped",
        "unique_b": "held-out R² that only B explains, not clipped",
        "shared": "held-out R² that either explains, not clipped",
        "joint": "held-out R² of both together",
    },
    question="What does one explain that the other does not?",
    arity="pair",
    shape="roi",
    limits=(-np.inf, 1),
    needs=("model",),
    long=True,
    source="Lescroart et al. 2015, Front. Comput. Neurosci. 9:135",
)
