"""The registry of metrics and statistics: menus, tables, CSV files and the command line read it.

A metric of one model that gives a number per vertex needs one function from ``Scored`` to an array
(``per_vertex``); everything else of it is words and ends of scales. A statistic of another shape,
or of several models, gives one entry per ROI and hemisphere instead (``per_group``). One call of
``register_metric`` and it is on Accuracy and Compare, in their CSV files, in ``list metrics``,
``fit --json``, ``evaluate`` and a notebook's ``report.table()``: see ``docs/add-a-metric.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from cortiscope.core.datasets import Subject
from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation.report import ALL_VERTICES, Evaluation, RoiScore, places_of

Arity = Literal["one", "pair", "several", "subjects"]
Shape = Literal["vertex", "roi", "curve", "matrix"]
Group = tuple[str, str]
"""ROI and hemisphere, as in a report; ``all vertices`` and ``both`` is everything."""

WithMaps = Callable[
    ["Sequence[Scored]", Sequence[Group]], tuple[Sequence[Any], Mapping[str, np.ndarray]]
]

WHOLE: Group = (ALL_VERTICES, "both")

ARITIES: dict[Arity, str] = {
    "one": "one model",
    "pair": "two models",
    "several": "at least two models",
    "subjects": "models of at least two subjects",
}


class FittedModel(Protocol):
    """What a statistic may ask of a fitted encoding model (``core.runs.Run``)."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def title(self) -> str:
        """What it is, in words."""

    @property
    def spec(self) -> Any:
        """What was asked for (``core.runs.EncodingSpec``)."""

    @property
    def report(self) -> Evaluation:
        """Its scores on held-out images."""

    @property
    def reported(self) -> tuple[str, np.ndarray]:
        """Split and rows of these images."""

    @property
    def facts(self) -> Any:
        """What its record says of its fit (``core.runs.facts.RunFacts``)."""

    @property
    def notes(self) -> Mapping[str, Mapping[str, str]]:
        """Names of the arrays that its fit noted: part of the vertices -> note -> name."""

    def array(self, name: str) -> np.ndarray:
        """Read a stored array, such as ``design_train`` or ``fit_rows``."""

    def predict_rows(self, split: str, rows: np.ndarray | slice) -> np.ndarray:
        """Predict (n_rows, n_vertices) for images of the subject."""


@dataclass(frozen=True, eq=False)
class Scored:
    """A model on the held-out images of its report: what metrics are computed from.

    Parameters
    ----------
    report : its scores.
    groups : ROI and hemisphere -> positions (n,) of the vertices.
    responses : returns predicted and measured (n_images, n_vertices), read when they are needed.
    stimuli : (n_images,) labels, equal for copies of one picture; None where each is its own.
    subject, model : where they are known; metrics of arrays alone need neither.
    keep : (n_vertices,) bool, the vertices that are reported on; all without.
    """

    report: Evaluation
    groups: Mapping[Group, np.ndarray]
    responses: Callable[[], tuple[np.ndarray, np.ndarray]]
    stimuli: np.ndarray | None = None
    subject: Subject | None = None
    model: FittedModel | None = None
    keep: np.ndarray | None = None
    _read: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of_model(
        cls,
        model: FittedModel,
        subject: Subject,
        *,
        report: Evaluation | None = None,
        responses: Callable[[], tuple[np.ndarray, np.ndarray]] | None = None,
        keep: np.ndarray | None = None,
    ) -> Scored:
        """Put a fitted model beside the responses of its subject.

        Parameters
        ----------
        report : over the vertices that are kept; the model's own without.
        responses : where they are in memory already.
        keep : (n_vertices,) bool, chosen without looking at any prediction.
        """
        split, rows = model.reported

        def read() -> tuple[np.ndarray, np.ndarray]:
            return model.predict_rows(split, rows), subject.split(split).response_rows(rows)

        groups = {(roi, h): v if keep is None else v[keep[v]] for roi, h, v in places_of(subject)}
        stimuli = subject.split(split).images.groups()[rows]
        own = model.report if report is None else report
        return cls(own, groups, responses or read, stimuli, subject, model, keep)

    @property
    def predicted(self) -> np.ndarray:
        """(n_images, n_vertices)."""
        return self._both[0]

    @property
    def measured(self) -> np.ndarray:
        """(n_images, n_vertices)."""
        return self._both[1]

    @property
    def _both(self) -> tuple[np.ndarray, np.ndarray]:
        if "" not in self._read:
            self._read[""] = self.responses()
        both: tuple[np.ndarray, np.ndarray] = self._read[""]
        return both

    def values(self, metric: Metric) -> np.ndarray:
        """Return a metric's (n_vertices,) values, NaN where undefined or not kept."""
        if metric.name not in self._read:
            self._read[metric.name] = metric.vertex_values(self)
        values: np.ndarray = self._read[metric.name]
        return values

    def remember(self, metric: Metric, values: np.ndarray) -> None:
        """Take over a metric's values (n_vertices,) that were computed before."""
        self._read[metric.name] = values


@dataclass(frozen=True)
class Value:
    """One number with its 95 % interval, where it has one."""

    value: float
    low: float | None = None
    high: float | None = None


def distinct_rows(one: Scored) -> np.ndarray:
    """Return the rows (n,) of a model's images, in order, each picture once."""
    if one.stimuli is None:
        return np.arange(len(one.measured))
    return np.sort(np.unique(one.stimuli, return_index=True)[1])


def mean_of_defined(values: np.ndarray) -> float | None:
    """Average what is defined; None where nothing is."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if defined.size else None


@dataclass(frozen=True)
class Metric:
    """One way to judge encoding models.

    Parameters
    ----------
    name : in lists, addresses and on the command line.
    title : in menus.
    definition : what one number is, with its rule for undefined and negative values; a fragment
        that can follow "Per vertex: ".
    per_vertex : of a metric with a number per vertex: returns them, (n_vertices,).
    per_group : of every other: takes the models and the groups, returns one mapping of plain
        numbers for each group, None where it has none.
    with_maps : in place of ``per_group``, where numbers per vertex come with them: returns the
        same, and each of ``maps``, (n_vertices,) of the first model's subject.
    maps : name -> what one number of that map is.
    question : that it answers, as a person would ask it.
    arity : how many models it takes.
    shape : of what it gives for one group: a number per ``vertex``, numbers (``roi``), a ``curve``
        or a ``matrix``.
    summary : how the number of a group comes from its vertices' defined ones.
    of_score : reads the number of a group, with its interval, off the report instead.
    group_definition : that rule in words; a fragment that can follow "Per ROI: ".
    group_title : what the number of a group is called on an axis.
    unit : after a number: ``%``, or the name of a number without one.
    limits : between which values can lie.
    scale_high : upper end of colour scales and axes, which begin at 0: the same for all models
        and subjects, so that maps compare.
    lower_is_better : of an error; Compare then calls the model with the smaller number better.
    column : its name in tables of vertices; its name without.
    needs : ``ceiling`` (noise ceilings), ``model`` (a fitted model: more than arrays).
    lacks : says what a fitted model lacks for it; nothing where it lacks nothing.
    images : how many images its numbers are of (None where that is unknown), and which in words;
        those of the report without.
    of_data : whether it is the same for all models of a subject.
    remarks : what is to be known beside the number of a group.
    chance : the number of a group that a model would have whose true r is 0.
    source : where it was published.
    long : whether it takes more than some seconds, so that an app computes it elsewhere.
    """

    name: str
    title: str
    definition: str
    per_vertex: Callable[[Scored], np.ndarray] | None = None
    per_group: Callable[[Sequence[Scored], Sequence[Group]], Sequence[Any]] | None = None
    with_maps: (
        Callable[
            [Sequence[Scored], Sequence[Group]], tuple[Sequence[Any], Mapping[str, np.ndarray]]
        ]
        | None
    ) = None
    maps: Mapping[str, str] = field(default_factory=dict)
    question: str = ""
    arity: Arity = "one"
    shape: Shape = "vertex"
    summary: Callable[[np.ndarray], float | None] = mean_of_defined
    of_score: Callable[[RoiScore], Value | None] | None = None
    group_definition: str = "mean over its vertices that have a value"
    group_title: str = ""
    unit: str = ""
    limits: tuple[float, float] = (-np.inf, np.inf)
    scale_high: float = 1.0
    lower_is_better: bool = False
    column: str = ""
    needs: tuple[str, ...] = ()
    lacks: Callable[[FittedModel], str] | None = None
    images: Callable[[Scored], tuple[int | None, str]] | None = None
    of_data: bool = False
    remarks: Callable[[RoiScore], Sequence[str]] | None = None
    chance: Callable[[RoiScore], float | None] | None = None
    source: str = ""
    long: bool = False

    def __post_init__(self) -> None:
        if not self.name.replace("_", "").isalnum() or self.name != self.name.lower():
            raise InvalidInput(
                f"A metric is called {self.name!r}; allowed are lower-case letters, digits and _.",
                "The name stands in addresses and on the command line; put words into the title.",
            )
        wanted = "per_vertex" if self.shape == "vertex" else "per_group"
        if getattr(self, wanted) is None and (self.shape == "vertex" or self.with_maps is None):
            raise InvalidInput(
                f"The metric {self.name} of shape {self.shape!r} has no function {wanted}.",
                f"Give {wanted}=..., or another shape.",
            )

    @property
    def table_column(self) -> str:
        """Its column in tables of vertices."""
        return self.column or self.name

    @property
    def axis_title(self) -> str:
        """What the number of a group is called."""
        return self.group_title or f"mean {self.title}"

    def missing(self, report: Evaluation, model: FittedModel | None = None) -> str:
        """Say what it lacks of a report, or of the model behind it; or return nothing."""
        if "ceiling" in self.needs and report.ceiling is None:
            return f"the noise ceiling is {report.ceiling_source}"
        return "" if self.lacks is None or model is None else self.lacks(model)

    def vertex_values(self, scored: Scored) -> np.ndarray:
        """Compute (n_vertices,) values, NaN where undefined or not kept."""
        if self.per_vertex is None:
            raise InvalidInput(
                f"The statistic {self.name} gives no number per vertex.",
                "'cortiscope evaluate --what', or cs.statistic in a notebook, computes it.",
            )
        if lack := self.missing(scored.report):
            raise InvalidInput(f"{self.title} cannot be computed: {lack}.")
        values = np.asarray(self.per_vertex(scored))
        if values.shape != np.shape(scored.report.r):
            raise InvalidInput(
                f"The metric {self.name} gave an array {values.shape}; one number for each of "
                f"{len(scored.report.r)} vertices is needed, {np.shape(scored.report.r)}.",
                "Reduce over images (axis 0) and not over vertices.",
            )
        return values if scored.keep is None else np.where(scored.keep, values, np.nan)

    def of_group(self, scored: Scored, roi: str, hemisphere: str) -> Value | None:
        """Return the number of a ROI and hemisphere; None where it has none."""
        if self.of_score is not None:
            return self.of_score(scored.report.of(roi, hemisphere))
        value = self.summary(scored.values(self)[scored.groups[roi, hemisphere]])
        return None if value is None else Value(value)
