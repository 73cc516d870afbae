"""Two sets of a subject's pictures: what differs in the responses, measured and predicted.

Measured over all pictures of both sets, with p and q. A prediction has no p: it is set beside the
measurement over the held-out pictures alone, each with its interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.brain import Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.picture_sets import picture_set
from cortiscope.core.datasets.responses import StackedResponses
from cortiscope.core.errors import InvalidInput, MissingData, check_option
from cortiscope.core.evaluation.contrast import LEAST_PICTURES, Contrast, contrast
from cortiscope.core.evaluation.metrics import WHOLE, Group
from cortiscope.core.evaluation.report import ALL_VERTICES, images_of, places_of
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.gabor_control import (
    MOST_AXES,
    PICTURES_PER_AXIS,
    gabor_energy,
    leading_axes,
)
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.runs import Run
from cortiscope.core.stimuli import groups_over

if TYPE_CHECKING:
    import pandas as pd

CONTROLS = ("none", "gabor")

DEFINITION = (
    "mean response to A less that to B per vertex, with Welch's t test (variances and sizes of the "
    "sets may differ), two-sided; q: Benjamini and Hochberg over vertices, or over the ROIs of "
    "both hemispheres"
)


@dataclass(frozen=True, eq=False)
class PictureContrast:
    """What differs between two sets of pictures.

    Parameters
    ----------
    a, b : the sets, as they were named.
    n_both : pictures of both sets, which count for neither.
    control : what was partialled out, of ``CONTROLS``.
    measured : over all pictures whose responses are known.
    predicted, held_out : of a model, and measured, over its held-out pictures alone; None without a
        model, or where too few of these are in a set.
    model : name of the model; empty without one.
    images : which the held-out pictures are, in words.
    lacks : why there is no prediction; empty where there is one.
    stamp : the words that mark simulated data, else empty.
    """

    a: str
    b: str
    n_both: int
    control: str
    measured: Contrast
    predicted: Contrast | None = None
    held_out: Contrast | None = None
    model: str = ""
    images: str = ""
    lacks: str = ""
    stamp: str = ""

    @property
    def halves(self) -> float | None:
        """Mean r between the maps of random halves of both sets; None with sets too small."""
        return float(self.measured.halves.mean()) if len(self.measured.halves) else None

    @property
    def n_found(self) -> int:
        """Vertices that differ at q < .05."""
        return int((self.measured.vertices.q < 0.05).sum())

    def of(self, place: Group) -> dict[str, Any] | None:
        """Return all numbers of a ROI and hemisphere, None each where unknown."""
        own = self.measured.of(place)
        if own is None:
            return None
        q = self.measured.q_of_rois[self.measured.places.index(place)]
        found: dict[str, Any] = {"measured": own.pop("difference"), **own, "q": float(q)}
        for name, other in (("predicted", self.predicted), ("held_out", self.held_out)):
            values = None if other is None else other.of(place)
            found[name] = None if values is None else values["difference"]
            for end in ("low", "high"):
                found[f"{name}_{end}"] = None if values is None else values[end]
        return {k: None if v is None or np.isnan(v) else v for k, v in found.items()}

    def to_json(self) -> dict[str, Any]:
        """Return everything but the maps as plain values."""
        rois: dict[str, dict[str, Any]] = {"lh": {}, "rh": {}}
        for roi, side in self.measured.places:
            if roi != ALL_VERTICES:
                rois[Hemisphere(side).short][roi] = self.of((roi, side))
        held = self.held_out
        return {
            "a": self.a,
            "b": self.b,
            "n_a": self.measured.n_a,
            "n_b": self.measured.n_b,
            "n_both": self.n_both,
            "control": self.control,
            "definition": DEFINITION,
            "n_significant": self.n_found,
            "halves_r": self.halves,
            "model": self.model or None,
            "held_out": None
            if held is None
            else {"images": self.images, "n_a": held.n_a, "n_b": held.n_b},
            "lacks": self.lacks,
            "all": self.of(WHOLE),
            "rois": rois,
        }

    def maps(self) -> dict[str, np.ndarray]:
        """Return the maps by name, each (n_vertices,)."""
        own = self.measured.vertices
        found = {"measured": own.difference, "t": own.t, "p": own.p, "q": own.q}
        for name, other in (("predicted", self.predicted), ("held_out", self.held_out)):
            if other is not None:
                found[name] = other.vertices.difference
        return {name: np.asarray(values, dtype=np.float32) for name, values in found.items()}

    def table(self) -> pd.DataFrame:
        """Return a row per ROI and hemisphere, and one for each whole."""
        import pandas as pd

        rows = [{"roi": r, "hemisphere": h, **(self.of((r, h)) or {})} for r, h in self._order()]
        table = pd.DataFrame(rows)
        table.attrs = {"definition": DEFINITION, "a": self.a, "b": self.b, "stamp": self.stamp}
        return table

    def _order(self) -> list[Group]:
        return sorted(self.measured.places, key=lambda place: place[0] == ALL_VERTICES)

    def __repr__(self) -> str:
        """Three lines: the sets, what is found, how alike halves are."""
        stamp = f", {self.stamp}" if self.stamp else ""
        n = len(self.measured.vertices.t)
        alike = "unknown" if self.halves is None else f"{self.halves:.2f}"
        return (
            f"<PictureContrast A {self.a} ({self.measured.n_a}) | B {self.b} "
            f"({self.measured.n_b}){stamp}\n"
            f" differ at q < .05 at {self.n_found:,} of {n:,} vertices; maps of random halves "
            f"correlate {alike}\n"
            f" {self.lacks or f'predicted over {self.images}'}; .table()>"
        )


def contrast_of(
    subject: Subject,
    a: str,
    b: str,
    run: Run | None = None,
    *,
    control: str = "none",
    store: FeatureStore | None = None,
    files: bool = True,
    progress: Progress = silent,
) -> PictureContrast:
    """Compare the responses to two sets of a subject's pictures.

    Copies of a picture are averaged and count once; a picture of both sets counts for neither.

    Parameters
    ----------
    a, b : sets (``core.datasets.picture_sets``).
    run : a model whose prediction is set beside the measurement.
    control : ``gabor`` partials the leading axes of the pictures' Gabor energy out.
    store : where that is, or is kept once computed.
    files : whether sets may name files of this machine.

    Raises
    ------
    InvalidInput, MissingData : a set cannot be read or is too small; no responses are known.
    """
    check_option("control", control, CONTROLS)
    pictures = _Pictures.of(subject, a, b, files=files, progress=part(progress, 0.0, 0.2))
    energy = None
    if control == "gabor":
        if store is None:
            raise ValueError("The control by Gabor energy needs a store of features.")
        energy = gabor_energy(subject, store, part(progress, 0.2, 0.8))
    progress(0.8, "comparing responses")
    places = {(roi, side): v for roi, side, v in places_of(subject)}
    known = [s.responses is not None and len(s) > 0 for s in (subject.train, subject.test)]
    if not any(known):
        raise MissingData(f"No responses of {subject.id} are known.", "A contrast needs them.")
    all_known = np.repeat(known, [len(subject.train), len(subject.test)])

    def compared(rows: np.ndarray, read: Callable[[slice], np.ndarray]) -> Contrast:
        own = _Once.of(rows, pictures.labels)
        axes = None if energy is None else leading_axes(energy[own.first])
        return contrast(own.averaging(read), pictures.in_a[own.first], places, covariates=axes)

    rows = pictures.rows(all_known)
    measured = compared(rows, _measured(subject, rows))
    found = PictureContrast(
        *(pictures.words[0], pictures.words[1], pictures.n_both, control, measured),
        stamp=subject.stamp,
        lacks="no model was named",
    )
    if run is None:
        return found
    return _with_prediction(found, subject, run, pictures, compared)


def _with_prediction(
    found: PictureContrast,
    subject: Subject,
    run: Run,
    pictures: _Pictures,
    compared: Callable[[np.ndarray, Callable[[slice], np.ndarray]], Contrast],
) -> PictureContrast:
    split, reported = run.reported
    start = 0 if split == "train" else len(subject.train)
    held = np.zeros(len(pictures.in_a), dtype=bool)
    held[start + reported] = True
    rows = pictures.rows(held)
    images = f"held-out pictures ({images_of(run.report, subject)})"
    shared: dict[str, Any] = {**vars(found), "model": run.id, "images": images, "lacks": ""}
    counts = [len(np.unique(pictures.labels[rows[of]])) for of in _both(pictures.in_a[rows])]
    if min(counts) < LEAST_PICTURES:
        shared["lacks"] = (
            f"only {counts[0]} pictures of A and {counts[1]} of B are among the {images}; "
            f"{LEAST_PICTURES} of each are needed for a prediction"
        )
        return PictureContrast(**shared)
    design = np.asarray(run.array(f"design_{split}")[rows - start])
    fitted = run.fitted

    def predicted(block: slice) -> np.ndarray:
        return fitted.predict(design, np.arange(block.start, block.stop))

    shared["predicted"] = compared(rows, predicted)
    shared["held_out"] = compared(rows, _measured(subject, rows))
    return PictureContrast(**shared)


def _both(in_a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return in_a, ~in_a


@dataclass(frozen=True, eq=False)
class _Pictures:
    """Both sets over the training images, then the test images, each (n_pictures,)."""

    words: tuple[str, str]
    in_a: np.ndarray
    in_one: np.ndarray
    labels: np.ndarray
    n_both: int

    @classmethod
    def of(cls, subject: Subject, a: str, b: str, *, files: bool, progress: Progress) -> _Pictures:
        sets = [picture_set(subject, words, files=files) for words in (a, b)]
        for letter, own in zip("AB", sets, strict=True):
            if not len(own):
                raise InvalidInput(
                    f"{letter} ({own.words}) has no picture of {subject.id}.", "Name another set."
                )
        labels = np.concatenate(groups_over([subject.train.images, subject.test.images], progress))
        # What a copy is in, a picture is in.
        in_a, in_b = (np.isin(labels, labels[own.members]) for own in sets)
        n_both = len(np.unique(labels[in_a & in_b]))
        return cls((sets[0].words, sets[1].words), in_a, in_a ^ in_b, labels, n_both)

    def rows(self, among: np.ndarray) -> np.ndarray:
        """Return the rows (n,) of both sets among some pictures (n_pictures,) bool."""
        return np.flatnonzero(self.in_one & among)


@dataclass(frozen=True, eq=False)
class _Once:
    """Each picture of some rows once: the first of its rows, and how to average over them."""

    first: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, labels: np.ndarray) -> _Once:
        order = np.argsort(labels[rows], kind="stable")
        _, starts, counts = np.unique(labels[rows][order], return_index=True, return_counts=True)
        return cls(rows[order][starts], order, starts, counts)

    def averaging(self, read: Callable[[slice], np.ndarray]) -> Callable[[slice], np.ndarray]:
        """Return responses (n_pictures, n_columns) in the order of ``first``."""

        def averaged(block: slice) -> np.ndarray:
            values = np.asarray(read(block), dtype=np.float64)[self.order]
            if len(self.starts) == len(values):
                return values
            sums = np.add.reduceat(values, self.starts, axis=0)
            return np.asarray(sums / self.counts[:, None])

        return averaged


def _measured(subject: Subject, rows: np.ndarray) -> Callable[[slice], np.ndarray]:
    """Return what reads the responses to rows over both splits, training images first."""
    n_train = len(subject.train)
    parts = [
        split.rows_on_disk(own)
        for split, own in (
            (subject.train, rows[rows < n_train]),
            (subject.test, rows[rows >= n_train] - n_train),
        )
        if len(own)
    ]
    stacked = StackedResponses(parts)
    return lambda block: stacked[:, block]


def contrast_methods_text(subject: Subject, found: PictureContrast) -> str:
    """Say in a paragraph how the numbers came about."""
    own, held = found.measured, found.held_out
    parts = [
        f"Responses of {subject.id} to two sets of pictures were compared: A, {found.a} "
        f"({own.n_a}), and B, {found.b} ({own.n_b}).",
        f"{found.n_both} pictures of both sets were left out." if found.n_both else "",
        "Per vertex and for the mean response of each ROI: mean(A) - mean(B), Welch's t test over "
        "pictures, two-sided, false discovery rate (Benjamini and Hochberg) over vertices, or over "
        "the ROIs of both hemispheres.",
        "Gabor energy of the pictures (5 frequencies, 8 orientations, 5 x 5 places; its leading "
        f"principal components, at most {MOST_AXES} and one for every {PICTURES_PER_AXIS} "
        "pictures) was partialled out in a linear model, with variances that may differ between "
        "the sets (HC2)."
        if found.control == "gabor"
        else "",
        ""
        if held is None
        else f"Predictions of {found.model} are compared with the measurement over its "
        f"{found.images} alone ({held.n_a} of A, {held.n_b} of B), each with a 95 % t interval "
        "over pictures.",
        ""
        if found.halves is None
        else f"Maps of random halves of both sets correlate {found.halves:.2f} over vertices (mean "
        f"of {len(own.halves)} splits).",
    ]
    return " ".join(words for words in parts if words)
