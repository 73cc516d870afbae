"""An ROI in two numbers: the median r of its vertices, and the r of its mean response.

They answer different questions and have different ceilings. Averaging over vertices removes
noise that is not shared between them, so the mean is usually predicted better. How much noise is
shared is not in the vertices' ncsnr: the ceiling of the mean can only be had from single trials
and is otherwise unknown (None), never borrowed from the vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.errors import IncompatibleSpace
from cortiscope.core.evaluation.ceiling import ncsnr_from_repeats, noise_ceiling
from cortiscope.core.evaluation.correlation import pearson_r


@dataclass(frozen=True)
class RoiMeanScore:
    """Both numbers of one ROI; everything is None where it has no vertices.

    Parameters
    ----------
    n : vertices.
    n_undefined : constant ones, left out of the median.
    median_r : over vertices.
    median_ceiling_r : median over the same vertices of the square root of the noise ceiling;
        None where the ceilings are unknown.
    r_of_mean : of the mean predicted with the mean measured response; None if one is constant.
    ceiling_r_of_mean : square root of the mean's own noise ceiling; None without single trials.
    """

    n: int
    n_undefined: int
    median_r: float | None = None
    median_ceiling_r: float | None = None
    r_of_mean: float | None = None
    ceiling_r_of_mean: float | None = None


def roi_mean_score(
    predicted: np.ndarray,
    measured: np.ndarray,
    *,
    ceiling: np.ndarray | None = None,
    ceiling_of_mean: float | None = None,
) -> RoiMeanScore:
    """Score an ROI by its vertices and by its mean.

    Parameters
    ----------
    predicted, measured : (n_stimuli, n_vertices) of the ROI, the same held-out images.
    ceiling : (n_vertices,) noise ceilings, fractions of variance 0 to 1.
    ceiling_of_mean : of the mean response, fraction of variance; see ``ceiling_of_roi_mean``.
    """
    r = pearson_r(predicted, measured)
    if ceiling is not None and np.shape(ceiling) != r.shape:
        raise IncompatibleSpace(f"{r.size} vertices, {np.size(ceiling)} ceilings.")
    defined = np.isfinite(r)
    n, n_undefined = r.size, int((~defined).sum())
    if not defined.any():
        return RoiMeanScore(n, n_undefined)
    of_mean = float(pearson_r(_mean_column(predicted), _mean_column(measured))[0])
    return RoiMeanScore(
        n,
        n_undefined,
        float(np.median(r[defined])),
        None if ceiling is None else float(np.median(np.sqrt(np.asarray(ceiling)[defined]))),
        of_mean if np.isfinite(of_mean) else None,
        None if ceiling_of_mean is None else float(np.sqrt(ceiling_of_mean)),
    )


def ceiling_of_roi_mean(trials: np.ndarray, stimulus: np.ndarray, repeats: np.ndarray) -> float:
    """Estimate the noise ceiling of an ROI's mean response from repeated trials.

    Parameters
    ----------
    trials : (n_trials, n_vertices) of the ROI, z-scored per session and vertex.
    stimulus : (n_trials,) which image each trial showed; some must be shown more than once.
    repeats : (n_stimuli,) trials averaged for each image that is scored.

    Returns
    -------
    ceiling : fraction of variance, 0 to 1; 0 for a constant mean.

    Notes
    -----
    The mean over vertices is taken per trial, so shared noise stays in; its ncsnr then follows
    as for a vertex (``ncsnr_from_repeats``, Allen et al. 2022). It is scaled to unit variance
    over all trials first, as averaging takes variance away.
    """
    mean = _mean_column(trials)
    if (mean == mean[:1]).all():
        return 0.0
    ncsnr = ncsnr_from_repeats((mean - mean.mean()) / mean.std(), stimulus)
    return float(noise_ceiling(ncsnr, repeats)[0])


def _mean_column(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=np.float64).mean(axis=1)[:, None]
