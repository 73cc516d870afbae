"""What is predicted of a photograph, ROI by ROI, beside what is of images that were not fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from cortiscope import services, state
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import group_percentile, percentile_among, percentile_words
from cortiscope.core.pipeline.picture import (
    prediction_words,
    reference_images,
    without,
)
from cortiscope.core.runs import Run
from cortiscope.markup import show_html, signed
from cortiscope.panels.detail import locations_on_screen
from cortiscope.panels.roi_responses import roi_places, rows_as_csv, take_roi
from cortiscope.roi_chart import Axis, Mark, RoiRow, Series, roi_chart
from cortiscope.subject.model_menu import model_title
from cortiscope.work.photographs import Photograph

# Of other photographs in the chart: there to be seen, not to be read.
_FAINT = ("#b3b8c0", "#5b616b")
_MOST_SERIES = 6


@dataclass(frozen=True)
class Beside:
    """The images that predictions for a photograph are set beside: not fitted, and not itself.

    Parameters
    ----------
    kept : which (n,) of the run's reference predictions they are.
    which : ``held-out images`` or ``validation images``.
    """

    subject: Subject
    run: Run
    kept: np.ndarray
    which: str

    @classmethod
    def of(cls, subject: Subject, run: Run, photograph: Photograph) -> Beside:
        """Find them."""
        split, rows, which = reference_images(run, subject)
        return cls(subject, run, without(rows, split, photograph.stimulus), f"{which} images")

    @property
    def words(self) -> str:
        """How many of which."""
        return f"{self.kept.sum()} {self.which}"

    def percentiles(self, predicted: np.ndarray) -> dict[tuple[str, str], tuple[float, float]]:
        """Return ROI and hemisphere -> mean prediction and its percentile, NaN without images."""
        usual = _usual(self.run.id, self.subject.id, self.subject.state)[self.kept]
        present = [p for p in roi_places(self.subject) if len(p.vertices)]
        means = [float(predicted[p.vertices].mean()) for p in present]
        return {
            (p.roi, p.hemisphere.value): (own, percentile_among(own, column))
            for p, own, column in zip(present, means, usual.T, strict=True)
        }

    def farthest(self, predicted: np.ndarray) -> list[tuple[str, str]]:
        """Return of each kind of area the ROI and hemisphere that is farthest from its median."""
        found: dict[str, tuple[str, str]] = {}
        shares = self.percentiles(predicted)
        for roi, side in sorted(shares, key=lambda place: -abs(shares[place][1] - 50)):
            group = self.subject.parcellation.class_of(roi)
            if group.startswith("floc-"):
                found.setdefault(group, (roi, side))
        return list(found.values())


@lru_cache(maxsize=16)
def _usual(run_id: str, subject_id: str, data: str) -> np.ndarray:
    """Average what is predicted for images that were not fitted: (n_images, n_rois present)."""
    others, _ = services.reference_predictions(run_id)
    present = [p.vertices for p in roi_places(services.subject(subject_id)) if len(p.vertices)]
    means = [others[:, vertices].mean(axis=1) for vertices in present]
    return np.stack(means, axis=1) if means else np.empty((len(others), 0))


def show_sentence(beside: Beside, predicted: np.ndarray) -> None:
    """Say in a sentence what is predicted."""
    shares = {place: share for place, (_, share) in beside.percentiles(predicted).items()}
    if shares and (words := prediction_words(beside.subject.parcellation, shares, beside.words)):
        show_html('<p class="cs-says">{words}</p>', words=words)


def show_place(beside: Beside, predicted: np.ndarray) -> None:
    """Say what is predicted of the vertex, ROI or region that was picked last."""
    locations = locations_on_screen(beside.subject)
    if locations is None or not beside.kept.any():
        return
    others, _ = services.reference_predictions(beside.run.id)
    columns = np.asarray(others[:, locations.positions])[beside.kept]
    own = predicted[locations.positions]
    mean, share = group_percentile(own, columns, np.arange(len(own)))
    n = len(own)
    unit = beside.subject.space.unit
    show_html(
        '<p class="cs-title">{title}</p><p class="cs-score"><b>{mean}</b> predicted{over}, '
        "{place}</p>",
        title=locations.title,
        mean=beside.subject.conventions.with_unit(signed(mean)),
        over=f", mean over {n:,} {unit}" if n > 1 else "",
        place=percentile_words(share, beside.words),
    )


def show_percentiles(
    beside: Beside,
    photograph: Photograph,
    predicted: np.ndarray,
    others: Sequence[tuple[str, np.ndarray]],
    *,
    redraws: Sequence[str],
) -> None:
    """Draw the percentile of each ROI, those of the other photographs of the tray as faint dots.

    Parameters
    ----------
    others : of each other photograph its name and (n_vertices,) predicted.
    redraws : the regions that follow a ROI.
    """
    subject, run = beside.subject, beside.run
    names = [name for name, _ in others][1 - _MOST_SERIES :]
    maps = [*[one for _, one in others][1 - _MOST_SERIES :], predicted]
    shares = [beside.percentiles(one) for one in maps]
    rows = []
    for roi, group, title, colour, h, vertices in roi_places(subject):
        marks: list[Mark | None] = [None] * len(shares)
        note = ""
        if len(vertices):
            found = [own[roi, h.value] for own in shares]
            marks = [Mark(share) if beside.kept.any() else None for _, share in found]
            mean = subject.conventions.with_unit(signed(found[-1][0]))
            note = f"predicted mean response {mean}"
        rows.append(
            RoiRow(roi, group, title, colour, h.value, len(vertices), tuple(marks), None, note)
        )
    definition = (
        f"percentile of the predicted mean response of each ROI to {photograph.name} among the "
        f"predictions for {beside.words} of {subject.id}; {model_title(run)}"
    )
    name = photograph.name if names else "predicted"
    roi_chart(
        rows,
        [
            *(Series(_short(other), role="b", colour=_FAINT) for other in names),
            Series(_short(name), role="predicted", mark="ring"),
        ],
        Axis("percentile among predictions", "%", 0, 100, zero_line=False),
        key="photo-rois",
        height=340,
        title="How strongly each ROI is predicted to respond",
        definition=definition,
        stamp=subject.stamp,
        focus=state.current().roi_name,
        on_pick=partial(take_roi, redraws=redraws),
        csv=rows_as_csv(
            rows,
            [*(f"percentile of {other}" for other in names), "percentile"],
            f"{subject.stamp} {definition}".strip(),
        ),
    )


def _short(name: str, longest: int = 18) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
