"""An encoder's report: per vertex and per ROI, with ceiling, interval, n and split beside it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np

from core.brain import Hemisphere
from core.datasets import Subject
from core.evaluation.bootstrap import bootstrap_r, percentile_interval
from core.evaluation.ceiling import noise_ceiling
from core.evaluation.challenge import challenge_scores
from core.evaluation.correlation import pearson_r

ALL_VERTICES = "all vertices"

# Draws whose medians are taken together: copies stay small beside the draws themselves.
_DRAWS_AT_ONCE = 64


@dataclass(frozen=True)
class RoiScore:
    """The scores of one ROI in one hemisphere, or of all vertices.

    Parameters
    ----------
    hemisphere : ``left``, ``right``, or ``both`` for everything that a subject has.
    n : vertices; 0 where the ROI is absent, and every score is None then.
    n_undefined : vertices without a correlation (constant), left out of median and mean.
    median_r, mean_r : over vertices, of Pearson r over the held-out images.
    low, high : 95 % bootstrap interval over images of ``median_r``.
    ceiling_r : median over vertices of the square root of the noise ceiling; None if unknown.
    noise_normalized : the challenge's score over these vertices, 0 to 100; None without ceiling.
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

    @property
    def present(self) -> bool:
        """Whether the subject has this ROI in this hemisphere."""
        return self.n > 0


@dataclass(frozen=True)
class Evaluation:
    """Scores on one set of held-out images.

    Parameters
    ----------
    split : ``test`` or ``validation``.
    n_images : held-out images behind every number.
    r : (n_vertices,) float32, in the space's order; NaN where undefined.
    ceiling : (n_vertices,) fractions of variance, or None where unknown.
    ceiling_source : how the ceiling came to be, in words.
    rois : one entry per ROI and hemisphere, plus "all vertices" per hemisphere and over both; of
        responses without positions the last one only.
    """

    split: str
    n_images: int
    r: np.ndarray
    ceiling: np.ndarray | None
    ceiling_source: str
    rois: tuple[RoiScore, ...]

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
            "n_images": self.n_images,
            "ceiling_source": self.ceiling_source,
            "rois": [asdict(score) for score in self.rois],
        }


def subject_ceiling(
    subject: Subject, split: str, rows: np.ndarray
) -> tuple[np.ndarray | None, str]:
    """Return the noise ceiling of some images of a subject, and where it comes from.

    Parameters
    ----------
    split : ``train`` or ``test``.
    rows : row numbers within the split.
    """
    part = subject.split(split)
    if subject.ncsnr is not None and part.repeats is not None:
        repeats = part.repeats[rows]
        shown = ", ".join(f"{np.sum(repeats == k)} shown {k}x" for k in np.unique(repeats))
        formula = "ncsnr^2 / (ncsnr^2 + mean(1 / repeats))"
        return noise_ceiling(subject.ncsnr, repeats), f"{formula}; {shown}"
    if split == "test" and subject.test_ceiling is not None and len(rows) == len(part):
        return subject.test_ceiling, "noise ceiling files of the test split"
    return None, "unknown: the folder has neither ncsnr with repeats nor ceiling files"


def evaluate(
    subject: Subject,
    predicted: np.ndarray,
    *,
    split: str,
    rows: np.ndarray,
    label: str,
    n_draws: int = 1000,
) -> Evaluation:
    """Score predictions for held-out images.

    Parameters
    ----------
    predicted : (n_rows, n_vertices over all parts).
    split, rows : which images of the subject they are for.
    label : what the report calls them: ``test`` or ``validation``.
    n_draws : bootstrap draws behind the intervals; 0 leaves them out.
    """
    # It answers to everything that is asked of it here: shape and indexing.
    measured = cast(np.ndarray, subject.split(split).rows_on_disk(rows))
    r = pearson_r(predicted, measured)
    draws = bootstrap_r(predicted, measured, n_draws=n_draws) if n_draws else None
    ceiling, source = subject_ceiling(subject, split, rows)
    scores = tuple(
        score_vertices(roi, hemisphere, vertices, r, draws, ceiling)
        for roi, hemisphere, vertices in places_of(subject)
    )
    return Evaluation(label, len(rows), r.astype(np.float32), ceiling, source, scores)


def places_of(subject: Subject) -> Iterator[tuple[str, str, np.ndarray]]:
    """Name what a report has a line for: ROI, hemisphere, (n,) positions of its vertices."""
    space = subject.space
    for hemisphere in (Hemisphere(p) for p in space.parts if space.is_placed):
        where = space.slice_of(hemisphere)
        yield ALL_VERTICES, hemisphere.value, np.arange(where.start, where.stop)
        for roi in subject.parcellation.roi_names:
            yield roi, hemisphere.value, subject.roi_vertices(roi, hemisphere)
    yield ALL_VERTICES, "both", np.arange(space.n_vertices())


def score_vertices(
    roi: str,
    hemisphere: str,
    vertices: np.ndarray,
    r: np.ndarray,
    draws: np.ndarray | None,
    ceiling: np.ndarray | None,
) -> RoiScore:
    """Summarise vertices (n,) of r and ceiling (n_vertices,) and draws (n_draws, n_vertices)."""
    own = r[vertices]
    defined = np.isfinite(own)
    n_undefined = int((~defined).sum())
    if not defined.any():
        return RoiScore(roi, hemisphere, len(vertices), n_undefined)
    median = float(np.median(own[defined]))
    low, high = None, None
    if draws is not None:
        low, high = _median_interval(median, draws, vertices[defined])
    own_ceiling = None if ceiling is None else ceiling[vertices]
    return RoiScore(
        roi=roi,
        hemisphere=hemisphere,
        n=len(vertices),
        n_undefined=n_undefined,
        median_r=median,
        mean_r=float(np.mean(own[defined])),
        low=low,
        high=high,
        ceiling_r=None if own_ceiling is None else float(np.median(np.sqrt(own_ceiling))),
        noise_normalized=(
            None if own_ceiling is None else float(challenge_scores(own, own_ceiling).mean())
        ),
    )


def _median_interval(median: float, draws: np.ndarray, vertices: np.ndarray) -> tuple[float, float]:
    """Return the interval of the median over vertices that have a correlation.

    It has the spread of the draws and the estimate in its middle. The draws themselves may all
    lie on one side of the estimate: a resample holds fewer distinct images, so r of each vertex
    varies more, and with few images and many vertices the median moves by more than its spread.
    """
    medians = [
        _row_medians(draws[start : start + _DRAWS_AT_ONCE].take(vertices, axis=1))
        for start in range(0, len(draws), _DRAWS_AT_ONCE)
    ]
    drawn = np.concatenate(medians)
    drawn = drawn[np.isfinite(drawn)]
    return percentile_interval(drawn + (median - np.median(drawn)) if len(drawn) else drawn)


def _row_medians(values: np.ndarray) -> np.ndarray:
    """Return the median of each row over what is defined; NaN where nothing is."""
    n = values.shape[1]
    if np.isfinite(values).all():  # half the work of numpy's, which also looks for NaN
        middle = [n // 2] if n % 2 else [n // 2 - 1, n // 2]
        return np.partition(values, middle, axis=1)[:, middle].mean(axis=1)
    with warnings.catch_warnings():
        # A draw in which every vertex is constant has no median; it drops out of the interval.
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=1))
