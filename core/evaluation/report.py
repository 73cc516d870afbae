"""A model's report: per vertex and per ROI, with ceiling, interval, n and split beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from cortiscope.core.brain import Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import IncompatibleSpace
from cortiscope.core.evaluation.ceiling import subject_ceiling
from cortiscope.core.evaluation.challenge import independent_images, summarize_scores
from cortiscope.core.evaluation.correlation import pearson_r
from cortiscope.core.evaluation.resampling import LEAST_STIMULI, jackknife_mean_r

if TYPE_CHECKING:
    import pandas as pd

ALL_VERTICES = "all vertices"

# What ``low`` and ``high`` are; a report that says otherwise was made by other rules.
STATISTIC = "mean r over vertices; 95 % t interval by a leave-one-stimulus-out jackknife"


@dataclass(frozen=True)
class RoiScore:
    """The scores of one ROI in one hemisphere, or of all vertices.

    Parameters
    ----------
    hemisphere : ``left``, ``right``, or ``both`` for everything that a subject has.
    n : vertices; 0 where the ROI is absent, and every score is None then.
    n_undefined : vertices without a correlation (constant), left out of median and mean.
    mean_r : over vertices, of Pearson r over the held-out images: what is tested.
    low, high : 95 % interval of ``mean_r``; see ``STATISTIC``. None with too few stimuli.
    median_r : over the same vertices, as a description.
    ceiling_r : mean over the same vertices of the square root of the noise ceiling, the ``mean_r``
        that a perfect model would reach; None if unknown.
    noise_normalized, challenge_score, n_zero_ceiling, chance, bias_corrected : see
        ``ScoreSummary``; None without ceilings.
    """

    roi: str
    hemisphere: str
    n: int
    n_undefined: int = 0
    median_r: float | None = None
    mean_r: float | None = None
    low: float | None = None
    high: float | None = None
    ceiling_r: float | None = None
    noise_normalized: float | None = None
    challenge_score: float | None = None
    n_zero_ceiling: int | None = None
    chance: float | None = None
    bias_corrected: float | None = None

    @property
    def present(self) -> bool:
        """Whether the subject has this ROI in this hemisphere."""
        return self.n > 0

    def in_words(self) -> str:
        """Say mean r with its interval, median r, the noise-normalised score, and over how many."""
        if self.mean_r is None:
            return f"r undefined at all {self.n:,}"
        ends = "" if self.low is None else f" (95 % {self.low:.3f} to {self.high:.3f})"
        words = f"mean r {self.mean_r:.3f}{ends}, median r {self.median_r:.3f}"
        if self.noise_normalized is not None:
            words += f", noise-normalised {self.noise_normalized:.1f} %"
        return f"{words} over {self.n - self.n_undefined:,}"


@dataclass(frozen=True)
class Evaluation:
    """Scores on one set of held-out images.

    Parameters
    ----------
    split : ``test``, ``validation``, or ``report`` (training images put aside for it).
    n_images : held-out images behind every number.
    r : (n_vertices,) float32, in the space's order; NaN where undefined.
    ceiling : (n_vertices,) fractions of variance, or None where unknown.
    ceiling_source : how the ceiling came to be, in words.
    rois : one entry per ROI and hemisphere, plus "all vertices" per hemisphere and over both; of
        responses without positions the last one only.
    statistic : what is tested, in words: ``STATISTIC``, or empty where the report was made before
        that was decided; its entries have no intervals then (``core.pipeline.scoring`` makes them).
    n_stimuli : different pictures among the images, whose number intervals rest on; None where it
        was not counted.
    stamp : the words that mark simulated data, else empty.
    further : returns numbers of further metrics, by name, one for each of ``rois``: where the
        responses are at hand (``core.evaluation.metrics.further_scores``).
    """

    split: str
    n_images: int
    r: np.ndarray
    ceiling: np.ndarray | None
    ceiling_source: str
    rois: tuple[RoiScore, ...]
    statistic: str = STATISTIC
    n_stimuli: int | None = None
    stamp: str = ""
    further: Callable[[], Mapping[str, Sequence[float | None]]] | None = field(
        default=None, compare=False
    )

    def of(self, roi: str, hemisphere: Hemisphere | str) -> RoiScore:
        """Return one ROI's scores; hemisphere ``both`` exists for all vertices only."""
        wanted = str(hemisphere)
        for score in self.rois:
            if score.roi == roi and score.hemisphere == wanted:
                return score
        raise KeyError(f"No scores for {roi} in {wanted}.")

    @property
    def overall(self) -> RoiScore:
        """All vertices of both hemispheres, or all voxels, pooled."""
        return self.of(ALL_VERTICES, "both")

    def to_json(self) -> dict[str, object]:
        """Everything but the arrays."""
        return {
            "split": self.split,
            "statistic": self.statistic,
            "n_images": self.n_images,
            "n_stimuli": self.n_stimuli,
            "ceiling_source": self.ceiling_source,
            "rois": [asdict(score) for score in self.rois],
        }

    def table(self) -> pd.DataFrame:
        """Return a row per ROI and hemisphere that exists (columns: ``RoiScore``).

        Further metrics stand beside these, each as ``mean_NAME``, where the report knows the
        responses: of a model that was fitted or loaded in a notebook it does.
        ``attrs`` say what the numbers are: ``statistic``, ``split``, ``n_images``, ``ceiling`` and,
        of simulated data, ``stamp``.
        """
        import pandas as pd

        rows = [{**vars(score)} for score in self.rois]
        for name, column in (self.further() if self.further else {}).items():
            for row, value in zip(rows, column, strict=True):
                row[f"mean_{name}"] = value
        table = pd.DataFrame(
            [row for row, score in zip(rows, self.rois, strict=True) if score.present]
        )
        table.attrs = {
            "statistic": self.statistic,
            "split": self.split,
            "n_images": self.n_images,
            "n_stimuli": self.n_stimuli,
            "ceiling": self.ceiling_source,
            **({"stamp": self.stamp} if self.stamp else {}),
        }
        return table

    def __repr__(self) -> str:
        """Three lines: of which images, the scores over everything, where the ceiling is from."""
        whole, n_rois = self.overall, sum(s.present and s.roi != ALL_VERTICES for s in self.rois)
        stamp = f", {self.stamp}" if self.stamp else ""
        return (
            f"<Evaluation of {self.n_images} {self.split} images{stamp}: {whole.in_words()}\n"
            f" ceiling: {self.ceiling_source}\n"
            f" .table(): {n_rois} ROIs, left and right counted apart; .r: {self.r.shape}>"
        )


def evaluate(
    subject: Subject,
    predicted: np.ndarray,
    *,
    split: str,
    rows: np.ndarray,
    label: str,
    keep: np.ndarray | None = None,
) -> Evaluation:
    """Score predictions for held-out images.

    Parameters
    ----------
    predicted : (n_rows, n_vertices over all parts).
    split, rows : which images of the subject they are for.
    label : what the report calls them: ``test``, ``validation`` or ``report``.
    keep : (n_vertices,) bool, the vertices to report on, chosen without looking at any prediction:
        picking them by r and then summarising their r is circular (``ncsnr`` comes from repeats
        alone). The others are NaN in ``r`` and not counted in any ROI's ``n``.
    """
    # It answers to everything that is asked of it: shape and indexing.
    measured = cast(np.ndarray, subject.split(split).rows_on_disk(rows))
    ceiling, source = subject_ceiling(subject, split, rows)
    kept = np.ones(measured.shape[1], bool) if keep is None else keep
    scored = evaluate_arrays(
        predicted,
        measured,
        ceiling=ceiling,
        stimuli=subject.split(split).images.groups()[rows],
        places=[(roi, h, vertices[kept[vertices]]) for roi, h, vertices in places_of(subject)],
    )
    r = np.where(kept, scored.r, np.nan).astype(np.float32)
    return replace(scored, split=label, r=r, ceiling_source=source, stamp=subject.stamp)


def evaluate_arrays(
    predicted: np.ndarray,
    measured: np.ndarray,
    *,
    ceiling: np.ndarray | None = None,
    stimuli: np.ndarray | None = None,
    places: Iterable[tuple[str, str, np.ndarray]] | None = None,
) -> Evaluation:
    """Score predicted against measured responses, whatever they come from.

    Parameters
    ----------
    predicted, measured : (n_images, n_vertices), the same images in one order.
    ceiling : (n_vertices,) fractions of variance, or None.
    stimuli : (n_images,) labels, equal for copies of one picture; None where each is its own.
    places : ROI, hemisphere and positions (n,) of each line of the report; all vertices without.
    """
    r = pearson_r(predicted, measured)
    if ceiling is not None and np.shape(ceiling) != r.shape:
        raise IncompatibleSpace(
            f"{len(r):,} vertices have {np.size(ceiling):,} ceilings of shape {np.shape(ceiling)}.",
            "Give one for each vertex, a fraction of variance from 0 to 1.",
        )
    listed = list(places or [(ALL_VERTICES, "both", np.arange(len(r)))])
    tested = jackknife_mean_r(predicted, measured, [v for _, _, v in listed], stimuli=stimuli)
    low, high = tested.interval()
    scores = tuple(
        _score(roi, h, r[v], None if ceiling is None else ceiling[v], tested.sizes, ends)
        for (roi, h, v), *ends in zip(listed, low, high, strict=True)
    )
    return Evaluation(
        split="given",
        n_images=len(measured),
        r=r.astype(np.float32),
        ceiling=ceiling,
        ceiling_source="unknown: none was given" if ceiling is None else "given",
        rois=scores,
        n_stimuli=len(tested.sizes),
    )


def places_of(subject: Subject) -> Iterator[tuple[str, str, np.ndarray]]:
    """Name what a report has a line for: ROI, hemisphere, (n,) positions of its vertices."""
    space = subject.space
    for hemisphere in (Hemisphere(p) for p in space.parts if space.is_placed):
        where = space.slice_of(hemisphere)
        yield ALL_VERTICES, hemisphere.value, np.arange(where.start, where.stop)
        for roi in subject.parcellation.roi_names:
            yield roi, hemisphere.value, subject.roi_vertices(roi, hemisphere)
    yield ALL_VERTICES, "both", np.arange(space.n_vertices())


def _score(
    roi: str,
    hemisphere: str,
    r: np.ndarray,
    ceiling: np.ndarray | None,
    sizes: np.ndarray,
    interval: Sequence[float],
) -> RoiScore:
    """Summarise a place's r (n,) and ceilings (n,), with the interval of its mean r.

    Parameters
    ----------
    sizes : (n_stimuli,) images of each stimulus behind r.
    """
    if not len(r):
        return RoiScore(roi, hemisphere, 0)
    defined = np.isfinite(r)
    n_images = None if ceiling is None else independent_images(ceiling, sizes)
    own = summarize_scores(r, ceiling, n_images)
    low, high = (float(end) if np.isfinite(end) else None for end in interval)
    return RoiScore(
        roi=roi,
        hemisphere=hemisphere,
        n=own.n_vertices,
        n_undefined=own.n_undefined,
        median_r=own.median_r,
        mean_r=own.mean_r,
        low=low,
        high=high,
        ceiling_r=float(np.sqrt(ceiling[defined]).mean())
        if ceiling is not None and defined.any()
        else None,
        noise_normalized=own.noise_normalized,
        challenge_score=own.challenge_score,
        n_zero_ceiling=own.n_zero_ceiling,
        chance=own.chance,
        bias_corrected=own.bias_corrected,
    )


def interval_words(report: Evaluation) -> str:
    """Say how the report's intervals come about and what they cover, or why there are none."""
    n, what = report.n_images, "image"
    if report.n_stimuli not in (None, n):
        # Copies of one picture leave together: they are one stimulus.
        n, what = report.n_stimuli, "stimulus"
    if n < LEAST_STIMULI:
        return (
            f"No intervals and no p: {n} {'stimuli' if what == 'stimulus' else 'images'} are fewer "
            f"than the {LEAST_STIMULI} for which they were calibrated."
        )
    return (
        f"Intervals: 95 %, leave-one-{what}-out jackknife with Student’s t "
        f"({n - 1} degrees of freedom), of the mean r; they apply to further images "
        "like these, for these responses and this fitted model."
    )


def images_of(report: Evaluation, subject: Subject) -> str:
    """Say what the images behind a report are."""
    if report.split == "test":
        return "held-out test images"
    if report.split == "report":
        return "training images kept for this report alone"
    why = subject.conventions.why_no_test_scores
    return f"validation images ({why})" if why else "validation images"
