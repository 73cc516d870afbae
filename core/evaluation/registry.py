"""The metrics and statistics there are: one registry, which menus, lists and verbs read."""

from __future__ import annotations

from cortiscope.core.errors import InvalidInput, check_kind, unknown_name
from cortiscope.core.evaluation.metrics import Metric, Scored
from cortiscope.core.evaluation.report import Evaluation

METRICS: dict[str, Metric] = {}
"""Every metric by name, in the order of menus and lists."""


def register_metric(metric: Metric) -> Metric:
    """Add a metric to every menu, table, file and list; return it.

    Registering the same name again replaces what was registered by ``register_metric`` before,
    as a notebook's cell that is run twice does.

    Raises
    ------
    InvalidInput : the name is that of one of the built-in metrics.
    """
    check_kind("metric", metric, Metric)
    if metric.name in _BUILT_IN:
        raise InvalidInput(
            f"A metric is called {metric.name!r} already: {METRICS[metric.name].definition}.",
            f"Choose another name than {', '.join(_BUILT_IN)}.",
        )
    METRICS[metric.name] = metric
    return metric


_BUILT_IN: dict[str, None] = {}


def is_built_in(metric: Metric) -> bool:
    """Whether it is the project's own as it stands."""
    return metric.name in _BUILT_IN and METRICS[metric.name] is metric


def register_built_in(*metrics: Metric) -> None:
    """Add the project's own metrics, whose names are reserved."""
    for metric in metrics:
        register_metric(metric)
        _BUILT_IN[metric.name] = None


def get_metric(name: str) -> Metric:
    """Return a metric by its name; an unknown one is an error that names the nearest."""
    if name not in METRICS:
        raise unknown_name("metric", name, METRICS, "'cortiscope list metrics' shows all.")
    return METRICS[name]


def vertex_metrics(report: Evaluation | None = None) -> tuple[Metric, ...]:
    """Return the metrics of one model with a number per vertex that a report has all for."""
    found = (m for m in METRICS.values() if m.shape == "vertex" and m.arity == "one")
    return tuple(m for m in found if report is None or not m.missing(report))


def further_metrics(report: Evaluation) -> tuple[Metric, ...]:
    """Return those of them whose numbers are computed from responses: a report has none of them."""
    return tuple(m for m in vertex_metrics(report) if m.of_score is None)


def further_scores(scored: Scored) -> dict[str, list[float | None]]:
    """Return the numbers of further metrics for each line of a report, by name."""
    found = {}
    for metric in further_metrics(scored.report):
        values = [metric.of_group(scored, s.roi, s.hemisphere) for s in scored.report.rois]
        found[metric.name] = [None if v is None else v.value for v in values]
    return found
