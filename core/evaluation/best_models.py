"""Which of several models, or layers of a network, may be the best at each vertex.

A best one always exists, also for a vertex that all predict alike; so a map is coloured only where
the models that may be the best agree. One rule, for models as for layers.

References
----------
Hsu 1984, Ann. Stat. 12:1136 (multiple comparisons with the best). Sidak 1967, J. Am. Stat. Assoc.
62:626. Guclu and van Gerven 2015, J. Neurosci. 35:10005 (assigning vertices to their best layer).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation.comparison import require_same_images
from cortiscope.core.evaluation.layers import preferred_layer_report
from cortiscope.core.evaluation.metrics import Group, Metric, Scored
from cortiscope.core.evaluation.resampling import Jackknifed, jackknife_r

# Of r without each stimulus, of all models: some megabytes a model.
_VERTICES_AT_ONCE = 512
# How often a truly best model may be left out of a vertex's set. Of two that are alike either may
# be, so that with 2 % each a vertex seems to have a single best one in 4 %: the t of a difference
# of r is a little liberal for few images.
_LEFT_OUT = 0.02
_N_DRAWS = 200
# A choice of layer is none where those that may be the best lie further apart.
_STEPS = 2


@dataclass(frozen=True)
class BestSet:
    """Which of several models may be the best at each vertex, in the order in which they came.

    Parameters
    ----------
    scores : (n_models, n_vertices) r; NaN where a model has none.
    members : (n_models, n_vertices) bool: not worse than the best. Of a vertex the truly best one
        is among them with a probability of 98 %, and both of two that are equally good with 96 %.
    late_less_early : (n_vertices,) mean r of the later half of the models less that of the earlier
        half (of an odd number the middle one is left out); NaN where one of them has no r.
    low, high : (n_vertices,) its 95 % interval over images (paired jackknife, t); NaN with too few.
    """

    scores: np.ndarray
    members: np.ndarray
    late_less_early: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def best_model(self) -> np.ndarray:
        """(n_vertices,) number of the best model from 1; NaN where another may be the best."""
        return np.where(self.members.sum(axis=0) == 1, 1 + self.members.argmax(axis=0), np.nan)

    @property
    def preferred_layer(self) -> np.ndarray:
        """(n_vertices,) the middle of the layers that may be the best, numbered from 1.

        NaN where they lie more than two steps apart, or where fewer than two steps would already
        be as far as all layers do: of three layers one step, of two none.
        """
        n = len(self.members)
        numbers = np.arange(1, n + 1)[:, None]
        first = np.where(self.members, numbers, n + 1).min(axis=0)
        last = np.where(self.members, numbers, 0).max(axis=0)
        known = np.isfinite(self.scores).sum(axis=0)
        near = (last >= first) & (last - first <= np.minimum(_STEPS, known - 2))
        return np.where(near, (first + last) / 2, np.nan)

    @property
    def late_or_early(self) -> np.ndarray:
        """(n_vertices,) ``late_less_early`` where its interval excludes 0, else NaN."""
        sure = (self.low > 0) | (self.high < 0)
        return np.where(sure, self.late_less_early, np.nan)


def best_set(
    predicted: Sequence[np.ndarray], measured: np.ndarray, *, stimuli: np.ndarray | None = None
) -> BestSet:
    """Compare every model with each vertex's best by a paired jackknife over images.

    A model is left out of a vertex's set where its r is below the best one's by more than t of the
    standard error of their difference, with t so large that all comparisons of a vertex together
    go wrong in 2 % (Sidak, which holds for differences from one and the same model, as these are
    positively dependent). So where models are alike a vertex seems to have a single best one in
    less than 5 %.

    Parameters
    ----------
    predicted : per model or layer, early before late, (n_images, n_vertices) for the same held-out
        images in one order; read some vertices at a time.
    measured : (n_images, n_vertices).
    stimuli : (n_images,) labels, equal for copies of one picture; None where each is its own.

    Notes
    -----
    With fewer stimuli than an interval needs (``resampling.LEAST_STIMULI``), every model that has
    a correlation stays in the set. About a vertex whose best one is chosen by these very images
    nothing is said of other images but this.
    """
    if not predicted:
        raise InvalidInput("A best model needs at least one model.")
    if any(own.shape != measured.shape for own in predicted):
        raise IncompatibleSpace(
            f"Predictions {[own.shape for own in predicted]} and responses {measured.shape} must "
            "all be (n_images, n_vertices), for the same images."
        )
    n, n_vertices = len(predicted), measured.shape[1]
    scores = np.full((n, n_vertices), np.nan)
    members = np.zeros((n, n_vertices), bool)
    contrast = np.full((3, n_vertices), np.nan)
    for start in range(0, n_vertices, _VERTICES_AT_ONCE):
        block = slice(start, start + _VERTICES_AT_ONCE)
        responses = np.asarray(measured[:, block])
        own = [jackknife_r(np.asarray(p[:, block]), responses, stimuli=stimuli) for p in predicted]
        scores[:, block] = np.stack([one.estimate for one in own])
        members[:, block] = _not_worse(own)
        if n > 1:
            late, early = _mean(own[n - n // 2 :]), _mean(own[: n // 2])
            contrast[:, block] = (late - early).estimate, *(late - early).interval()
    return BestSet(scores, members, *contrast)


def _not_worse(models: Sequence[Jackknifed]) -> np.ndarray:
    """Return (n_models, n_vertices) bool: whose r is not below that of the best."""
    scores = np.stack([one.estimate for one in models])
    known = np.isfinite(scores)
    best = np.where(known, scores, -np.inf).argmax(axis=0)
    sizes, columns = models[0].sizes, np.arange(scores.shape[1])
    without = np.stack([one.without for one in models])
    leading = Jackknifed(scores[best, columns], without[best, :, columns].T, sizes)
    n_compared = np.maximum(known.sum(axis=0) - 1, 1)
    most = stdtrit(len(sizes) - 1, (1 - _LEFT_OUT) ** (1 / n_compared))
    members = known.copy()
    for k, one in enumerate(models):
        behind = leading - one
        with np.errstate(invalid="ignore"):
            members[k] &= ~(behind.estimate > most * behind.standard_error)
    return members


def _mean(models: Sequence[Jackknifed]) -> Jackknifed:
    """Average r over models."""
    return Jackknifed(
        np.mean([one.estimate for one in models], axis=0),
        np.mean([one.without for one in models], axis=0),
        models[0].sizes,
    )


@dataclass(frozen=True)
class ModelsMap:
    """A number per vertex that several models of one subject have together.

    Parameters
    ----------
    definition : what it is, and where it is grey; a fragment.
    of : returns (n_vertices,), NaN where nothing is sure.
    of_layers : whether the models are the layers of one network, early before late.
    """

    name: str
    title: str
    definition: str
    of: Callable[[BestSet], np.ndarray]
    of_layers: bool = False


_SET = (
    "those not worse than the best, paired over images, at 95 % and corrected for the number of "
    "comparisons"
)
MODELS_MAPS = {
    own.name: own
    for own in (
        ModelsMap(
            "best_model",
            "best model",
            "number of the model with the largest r, in the order in which they are named; grey "
            f"where more than one may be the best ({_SET})",
            lambda found: found.best_model,
        ),
        ModelsMap(
            "preferred_layer",
            "preferred layer",
            "middle of the layers that may be the best, numbered from 1 in the order in which they "
            f"are named ({_SET}); grey where these lie more than two steps apart, or as far as "
            "all do",
            lambda found: found.preferred_layer,
            of_layers=True,
        ),
        ModelsMap(
            "late_early",
            "late less early layers",
            "mean r of the later half of the layers less that of the earlier half; grey where its "
            "95 % interval over images (paired jackknife, t) holds 0",
            lambda found: found.late_or_early,
            of_layers=True,
        ),
    )
}
"""Name -> map of several models, in the order of menus."""


def best_set_of(models: Sequence[Scored]) -> BestSet:
    """Return which of some models of one subject may be the best at each vertex.

    Raises
    ------
    InvalidInput : they were not scored on the same images of one subject.
    """
    require_same_images(models)
    first = models[0]
    return best_set([one.predicted for one in models], first.measured, stimuli=first.stimuli)


def _preferred_layer(models: Sequence[Scored], groups: Sequence[Group]) -> list[Any]:
    require_same_images(models)
    names = [f"{k + 1} {one.model.title if one.model else ''}" for k, one in enumerate(models)]
    report = preferred_layer_report(
        [one.predicted for one in models], models[0].measured, n_draws=_N_DRAWS
    )
    sets = best_set_of(models)
    found = []
    for group in groups:
        v = models[0].groups[group]
        chosen = report.layer[v]
        n = int((chosen >= 0).sum())
        contrast = sets.late_or_early[v]
        found.append(
            {
                "n_vertices": n,
                "n_clear": int((report.low[v] > 0).sum()),
                "n_single_best": int(np.isfinite(sets.best_model[v]).sum()),
                "n_within_two_steps": int(np.isfinite(sets.preferred_layer[v]).sum()),
                "n_late": int((contrast > 0).sum()),
                "n_early": int((contrast < 0).sum()),
                "share": {name: float((chosen == k).sum() / n) for k, name in enumerate(names)},
            }
            if n
            else None
        )
    return found


PREFERRED_LAYER = Metric(
    name="preferred_layer",
    title="preferred layer",
    definition="share of vertices that each model predicts best by r; clear where the 95 % "
    "bootstrap interval of its margin over the best other is above 0; and, corrected for the "
    "number of models, at how many vertices one alone may be the best, those that may be lie "
    "within two steps, the later or the earlier half has the larger mean r",
    per_group=_preferred_layer,
    question="Which is best where?",
    arity="several",
    shape="roi",
    limits=(0, 1),
    needs=("model",),
    source="Guclu and van Gerven 2015, J. Neurosci. 35:10005; Hsu 1984, Ann. Stat. 12:1136",
)
