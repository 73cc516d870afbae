"""Two models of one subject on the same images: where one predicts better, ROI by ROI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation.metrics import WHOLE, FittedModel, Group, Metric, Scored
from cortiscope.core.evaluation.report import ALL_VERTICES
from cortiscope.core.evaluation.significance import (
    PairedDifference,
    adjusted_p,
    paired_difference,
)

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05
"""Largest adjusted p at which two models are called distinguishable."""

DEFINITION = (
    "difference of mean r over vertices, with a 95 % t interval and a two-sided p by a jackknife "
    "that leaves out the same images of both in turn; p_adjusted: Benjamini and Hochberg over the "
    "ROIs of both hemispheres"
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models A and B over every ROI and hemisphere that exists.

    Parameters
    ----------
    places : ROI and hemisphere of each entry.
    differences : one per place.
    adjusted : (n_places,) p after Benjamini and Hochberg; NaN where nothing was tested.
    overall : over all vertices; not one of the corrected tests.
    models : names of A and B.
    titles : of A and B, in words.
    images : how many images of which split, in words.
    """

    places: tuple[Group, ...]
    differences: tuple[PairedDifference, ...]
    adjusted: np.ndarray
    overall: PairedDifference
    models: tuple[str, str] = ("A", "B")
    titles: tuple[str, str] = ("A", "B")
    images: str = ""

    @classmethod
    def of_result(cls, said: Mapping[str, Any], a: FittedModel, b: FittedModel) -> Comparison:
        """Read it off what ``evaluate --what paired`` says of A and B."""
        sides = {"left": said["rois"]["lh"], "right": said["rois"]["rh"]}
        names = dict.fromkeys(name for own in sides.values() for name in own)
        places = [(roi, side) for roi in names for side, own in sides.items() if roi in own]
        entries = [sides[side][roi] for roi, side in places]
        adjusted = [own["p_adjusted"] for own in entries]
        return cls(
            tuple(places),
            tuple(map(_difference, entries)),
            np.array([np.nan if q is None else q for q in adjusted]),
            _difference(said["all"]),
            (a.id, b.id),
            (a.title, b.title),
            f"{said['n_images']} {said['split']} images",
        )

    def of(self, roi: str, hemisphere: str) -> tuple[PairedDifference, float] | None:
        """Return a ROI's difference and its adjusted p, or None where it is absent."""
        if (roi, hemisphere) not in self.places:
            return None
        k = self.places.index((roi, hemisphere))
        return self.differences[k], float(self.adjusted[k])

    @property
    def found(self) -> np.ndarray:
        """Which differences are distinguishable from none."""
        return self.adjusted <= LEVEL  # NaN compares as False

    def counts(self) -> tuple[int, int, int]:
        """Return in how many places A is better, B is better, and how many were tested."""
        above = np.array([(d.difference or 0) > 0 for d in self.differences], dtype=bool)
        a = int((self.found & above).sum())
        return a, int(self.found.sum()) - a, int(np.isfinite(self.adjusted).sum())

    def table(self) -> pd.DataFrame:
        """Return a row per ROI and hemisphere, and one over all vertices, which is not adjusted."""
        import pandas as pd

        entries = [*zip(self.places, self.differences, self.adjusted, strict=True)]
        entries.append((WHOLE, self.overall, np.nan))
        table = pd.DataFrame(
            {"roi": roi, "hemisphere": side, **asdict(one), "p_adjusted": q}
            for (roi, side), one, q in entries
        )
        table.attrs = {
            "definition": DEFINITION,
            "images": self.images,
            "a": self.models[0],
            "b": self.models[1],
        }
        return table

    def __repr__(self) -> str:
        """Three lines: of what, the difference over everything, in how many ROIs it is certain."""
        one, (a, b, n) = self.overall, self.counts()
        words = "no vertex has a correlation for both"
        if one.difference is not None:
            ends = "" if one.low is None else f" [{one.low:.3f}, {one.high:.3f}]"
            words = f"A - B {one.difference:+.3f}{ends} in mean r, {self.images}"
        return (
            f"<Comparison A {self.titles[0]} | B {self.titles[1]}\n"
            f" {words}\n"
            f" different at q < .05 in {a + b} of {n} ROIs (left, right); .table()>"
        )


def _difference(said: Mapping[str, Any]) -> PairedDifference:
    return PairedDifference(**{f.name: said[f.name] for f in fields(PairedDifference)})


def same_images(a: FittedModel, b: FittedModel) -> bool:
    """Whether both reports are of the same images, so that they can be paired."""
    (split_a, rows_a), (split_b, rows_b) = (model.reported for model in (a, b))
    return split_a == split_b and np.array_equal(rows_a, rows_b)


def require_same_images(models: Sequence[Scored]) -> None:
    """Refuse models of several subjects, or whose reports are of different images.

    Raises
    ------
    InvalidInput : they cannot be paired.
    """
    first, *others = models
    for one in others:
        if first.model is None or one.model is None or first.subject is None or one.subject is None:
            raise InvalidInput("Only fitted models can be compared; got arrays.")
        if first.subject.id != one.subject.id or not same_images(first.model, one.model):
            raise InvalidInput(
                f"{first.model.id} and {one.model.id} were not scored on the same images.",
                "Name models of one subject whose reports are on the same split.",
            )


def compare_models(a: Scored, b: Scored) -> Comparison:
    """Compare two models of one subject on the images of their reports.

    Raises
    ------
    InvalidInput : they were scored on different images.
    """
    require_same_images((a, b))
    assert a.model is not None and b.model is not None and a.subject is not None  # noqa: S101, PT018
    places = [group for group in rois_of(a) if len(a.groups[group])]
    *differences, overall = paired_difference(
        *(a.predicted, b.predicted, a.measured),
        [*(a.groups[group] for group in places), a.groups[WHOLE]],
        stimuli=a.stimuli,
    )
    p = np.array([np.nan if d.p is None else d.p for d in differences])
    stamp = f"; {a.subject.stamp}" if a.subject.stamp else ""
    return Comparison(
        tuple(places),
        tuple(differences),
        adjusted_p(p),
        overall,
        (a.model.id, b.model.id),
        (a.model.title, b.model.title),
        f"{a.report.n_images} {a.report.split} images{stamp}",
    )


def rois_of(scored: Scored) -> list[Group]:
    """List ROIs in visual order, left and right of each."""
    names = dict.fromkeys(roi for roi, _ in scored.groups if roi != ALL_VERTICES)
    sides = dict.fromkeys(side for _, side in scored.groups)
    return [(roi, side) for roi in names for side in sides if (roi, side) in scored.groups]


def _paired(models: Sequence[Scored], groups: Sequence[Group]) -> list[dict[str, Any] | None]:
    compared = compare_models(*models)
    found: dict[Group, dict[str, Any]] = {
        place: {**asdict(one), "p_adjusted": None if np.isnan(q) else float(q)}
        for place, one, q in zip(
            compared.places, compared.differences, compared.adjusted, strict=True
        )
    }
    found[WHOLE] = asdict(compared.overall)
    return [found.get(group) for group in groups]


PAIRED = Metric(
    name="paired",
    title="paired difference",
    definition=f"of the first model less the second: {DEFINITION}",
    per_group=_paired,
    question="Is one better than the other?",
    arity="pair",
    shape="roi",
    unit="r",
    limits=(-2, 2),
    needs=("model",),
    source="Efron and Stein 1981, Ann. Stat. 9:586; Benjamini and Hochberg 1995, J. R. Stat. Soc. "
    "B 57:289",
)
