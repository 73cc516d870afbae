"""What Compare shows: runs of one subject in one metric, as rows of charts and as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.backbones import card_or_name
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import Comparison, Metric, R, Scored, vertex_metrics
from cortiscope.core.evaluation.comparison import LEVEL
from cortiscope.core.evaluation.report import images_of
from cortiscope.core.runs import Run
from cortiscope.core.runs.facets import differing, distinct_words
from cortiscope.markup import signed
from cortiscope.panels.downloads import csv_text, numbering, place_columns, rounded
from cortiscope.panels.roi_responses import roi_places
from cortiscope.roi_chart import Mark, RoiRow
from cortiscope.subject.model_menu import backbone_title, model_title

LETTERS = ("A", "B", "C", "D", "E", "F")


@dataclass(frozen=True)
class Compared:
    """Two to six models of a subject.

    Parameters
    ----------
    scored : each on the images of its report.
    letters : what they are called, in their order.
    """

    subject: Subject
    runs: tuple[Run, ...]
    metric: Metric
    scored: tuple[Scored, ...]
    letters: tuple[str, ...] = LETTERS

    @property
    def values(self) -> tuple[np.ndarray, ...]:
        """(n_vertices,) of each."""
        return tuple(np.asarray(own.values(self.metric)) for own in self.scored)

    @property
    def images(self) -> str:
        """How many images of what, and whose."""
        return f"{images_of_report(self)} of {self.subject.id}"

    @property
    def titles(self) -> tuple[str, ...]:
        """Words for each; what all share besides network and layer goes without saying."""
        long = tuple(map(model_title, self.runs))
        short = tuple(f"{backbone_title(run)} · {run.layer}" for run in self.runs)
        ends = {own.removeprefix(start) for own, start in zip(long, short, strict=True)}
        if len(ends) == 1 and len(set(short)) == len(short):
            return short
        if len(set(long)) == len(long):
            return long
        apart = distinct_words(self.runs)
        return tuple(f"{own} ({words})" for own, words in zip(long, apart, strict=True))

    def pair(self, of: str) -> Pair:
        """Return two of them by their letters, the reference first."""
        first, second = (self.letters.index(letter) for letter in of)
        return Pair(
            self.subject,
            (self.runs[first], self.runs[second]),
            self.metric,
            (self.scored[first], self.scored[second]),
            (of[0], of[1]),
        )


@dataclass(frozen=True)
class Pair(Compared):
    """Two of them, which are tested against each other: the reference first."""

    letters: tuple[str, ...] = LETTERS[:2]

    @property
    def better(self) -> tuple[str, str]:
        """Which is better where the metric is larger in the first, and which in the second."""
        a, b = self.letters
        return (b, a) if self.metric.lower_is_better else (a, b)

    @property
    def less(self) -> str:
        """Words for their difference."""
        return "{} − {}".format(*self.letters)


def images_of_report(pair: Compared) -> str:
    """Say how many images of what are behind the first one's report."""
    report = pair.runs[0].report
    return f"{report.n_images} {images_of(report, pair.subject)}"


def difference_limit(difference: np.ndarray, metric: Metric) -> float:
    """Return a round end of the scale that holds all but one vertex in a hundred."""
    steps = 16 / metric.scale_high
    defined = np.abs(difference[np.isfinite(difference)])
    end = float(np.ceil(np.quantile(defined, 0.99) * steps) / steps) if len(defined) else 0.0
    return max(2 / steps, end)


def pair_rows(pair: Compared) -> list[RoiRow]:
    """Return a row per ROI and hemisphere with the numbers of each, and the ceiling of r."""
    rows = []
    for roi, group, title, colour, h, vertices in roi_places(pair.subject):
        scores = [own.report.of(roi, h) for own in pair.scored]
        values = [pair.metric.of_group(own, roi, h.value) for own in pair.scored]
        marks = tuple(None if v is None else Mark(v.value, v.low, v.high) for v in values)
        # As by the last of them that has a correlation there.
        known = [s.ceiling_r for s in scores if s.mean_r is not None]
        ceiling = known[-1] if known and pair.metric.name == "r" else None
        undefined = max(s.n_undefined for s in scores)
        note = f"{undefined} vertices without a correlation left out" if undefined else ""
        rows.append(RoiRow(roi, group, title, colour, h.value, len(vertices), marks, ceiling, note))
    return rows


def untested_rows(pair: Pair) -> list[RoiRow]:
    """Return A - B per ROI and hemisphere in a metric that is not tested."""
    rows = []
    for roi, group, title, colour, h, vertices in roi_places(pair.subject):
        a, b = (pair.metric.of_group(own, roi, h.value) for own in pair.scored)
        mark, note = None, ""
        if a is not None and b is not None:
            mark, note = (
                Mark(a.value - b.value),
                "{} {}, {} {}".format(
                    *(pair.letters[0], signed(a.value), pair.letters[1], signed(b.value))
                ),
            )
        rows.append(RoiRow(roi, group, title, colour, h.value, len(vertices), (mark,), None, note))
    return rows


_COLUMNS = (
    "roi", "hemisphere", "n_vertices", "n_undefined", "mean_r_a", "mean_r_b", "median_r_a",
    "median_r_b", "difference", "low_95", "high_95", "p", "p_adjusted", "distinguishable",
)  # fmt: skip


def differences_csv(
    pair: Pair, definition: str, comparison: Comparison, further: Sequence[Metric] = ()
) -> str:
    """Write a row per ROI and hemisphere: what was tested, then further metrics of A and B."""
    header = [*_COLUMNS, *(f"mean_{m.name}_{letter}" for m in further for letter in "ab")]
    listing = zip(comparison.places, comparison.differences, comparison.adjusted, strict=True)
    rows = []
    for place, d, q in listing:
        values = [m.of_group(own, *place) for m in further for own in pair.scored]
        rows.append(
            (*place, d.n, d.n_undefined, d.mean_a, d.mean_b, d.median_a, d.median_b, d.difference)
            + (d.low, d.high, d.p, q, q <= LEVEL)
            + tuple(None if v is None else v.value for v in values)
        )
    return csv_text(pair.subject, definition, header, rows)


def vertices_csv(models: Compared, about: str) -> str:
    """Write every metric of each model for every vertex or voxel; of two the difference, too."""
    header, places = place_columns(models.subject)
    columns: dict[str, np.ndarray] = {}
    for m in vertex_metrics():
        if m.of_data or any(m.missing(own.report) for own in models.scored):
            continue
        values = [np.asarray(own.values(m)) for own in models.scored]
        name = m.table_column
        columns |= {f"{name}_{k.lower()}": v for k, v in zip(models.letters, values, strict=False)}
        if len(values) == 2:
            difference = "difference" if m is R else f"{name}_difference"
            columns[difference] = values[0] - values[1]
    numbers = zip(*map(rounded, columns.values()), strict=True)
    rows = ((*place, *own) for place, own in zip(places, numbers, strict=True))
    words = f"{about}; {numbering(models.subject)}"
    return csv_text(models.subject, words, [*header, *columns], rows)


# Two networks differ in these by being two.
_OF_A_NETWORK = ("backbone", "weights", "layer", "framing", "precision")
# Of all layers in their order; a smaller step is a matter of how two networks are cut into layers.
_FAR = 0.25


def unlike(a: Run, b: Run) -> str:
    """Say in what two runs differ, and warn where their difference has several causes.

    Two networks count as one aspect, unless their layers are of another depth.
    """
    found = differing([a, b])
    found.pop("data", None)  # uncertain of one is no known difference
    deep = _depth(a), _depth(b)
    if "regressor" in found:
        found.pop("settings", None)  # another regressor has settings of its own
    causes = [name for name in found if name != "layer"]
    apart = None not in deep and abs((deep[0] or 0) - (deep[1] or 0)) > _FAR
    if "backbone" in found:
        causes = ["network", *(name for name in causes if name not in _OF_A_NETWORK)]
        causes += ["depth"] if apart else []
    elif "layer" in found:
        causes.append("layer")
    if len(causes) < 2:
        return ""
    words = {name: " against ".join(w or "as usual" for w in own) for name, own in found.items()}
    words["network"] = f"{backbone_title(a)} against {backbone_title(b)}"
    words["depth"] = f"{a.layer} against {b.layer}"
    named = "; ".join(f"{name} ({words[name]})" for name in causes)
    return (
        f"A and B differ in {len(causes)} aspects: {named}. Their difference cannot be attributed "
        "to one of them."
    )


def _depth(run: Run) -> float | None:
    """Return where a run's layer lies among its network's, 0 to 1; None of several or unlisted."""
    if len(run.sources) != 1:
        return None
    layers = card_or_name(run.sources[0].backbone).layers_offered
    if run.layer not in layers or len(layers) < 2:
        return None
    return layers.index(run.layer) / (len(layers) - 1)
