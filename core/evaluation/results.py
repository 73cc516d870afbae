"""Any member of the registry, computed over everything and per ROI, with its definition beside it.

What ``cortiscope evaluate`` prints and ``cs.statistic`` returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation.metrics import ARITIES, WHOLE, Group, Metric, Scored, Value
from cortiscope.core.evaluation.report import ALL_VERTICES


@dataclass(frozen=True)
class Computed:
    """A metric of some models.

    Parameters
    ----------
    said : as ``results`` returns it.
    maps : name -> (n_vertices,), those of ``Metric.maps``; NaN where a vertex has none.
    """

    said: dict[str, Any]
    maps: Mapping[str, np.ndarray] = field(default_factory=dict)


def results(metric: Metric, models: Sequence[Scored]) -> dict[str, Any]:
    """Compute a metric over everything and in each ROI, with definition, n and split beside it.

    Parameters
    ----------
    models : as many as the metric's arity asks for; of a pair A first.

    Returns
    -------
    result : ``definition``, ``unit``, ``source``, ``n_images``, ``split``, ``all``, ``rois`` (by
        hemisphere ``lh`` and ``rh``, and name): plain values, None where there is none.
    """
    return compute(metric, models).said


def compute(metric: Metric, models: Sequence[Scored]) -> Computed:
    """Compute a metric as ``results`` does, with the maps that come of it."""
    _check(metric, models)
    first = models[0]
    groups = list(dict.fromkeys(g for own in models for g in own.groups))
    maps: Mapping[str, np.ndarray] = {}
    if metric.with_maps is not None:
        found, maps = metric.with_maps(models, groups)
    elif metric.per_group is not None:
        found = list(metric.per_group(models, groups))
    else:
        found = [_plain(metric.of_group(first, *group), first, metric, group) for group in groups]
    by_group = dict(zip(groups, found, strict=True))
    short = {"left": "lh", "right": "rh"}
    report = first.report
    n_images, split = (
        (report.n_images, report.split) if metric.images is None else metric.images(first)
    )
    said = {
        "definition": f"{metric.definition}; per ROI: {metric.group_definition}"
        if metric.shape == "vertex"
        else metric.definition,
        "unit": metric.unit,
        "source": metric.source,
        "n_images": n_images,
        "split": split,
        "all": by_group[WHOLE],
        "rois": {
            side: {
                roi: value
                for (roi, h), value in by_group.items()
                if h == hemisphere and roi != ALL_VERTICES and value is not None
            }
            for hemisphere, side in short.items()
        },
    }
    return Computed(said, maps)


def _check(metric: Metric, models: Sequence[Scored]) -> None:
    """Refuse another number of models than the metric takes, or what it lacks."""
    n = len(models)
    fits = {"one": n == 1, "pair": n == 2, "several": n >= 2, "subjects": n >= 2}[metric.arity]
    if not fits:
        raise InvalidInput(
            f"The statistic {metric.name} takes {ARITIES[metric.arity]}; got {n}.",
            "Name that many (--run).",
        )
    for scored in models:
        if lack := metric.missing(scored.report, scored.model):
            raise InvalidInput(f"{metric.title} cannot be computed: {lack}.")


def _plain(value: Value | None, scored: Scored, metric: Metric, group: Group) -> Any:
    if value is None:
        return None
    n = int(np.isfinite(scored.values(metric)[scored.groups[group]]).sum())
    ends = {} if value.low is None else {"low_95": value.low, "high_95": value.high}
    return {"value": value.value, **ends, "n_vertices": n}
