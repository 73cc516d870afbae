"""Noise ceilings from repeats or from ncsnr, in units of explained variance (R2).

``ncsnr`` is the SD of the signal over the SD of the noise of single trials. With A images shown
three times, B twice and C once, ``NC = ncsnr^2 / (ncsnr^2 + (A/3 + B/2 + C) / (A + B + C))``.
Sources: Allen et al. 2022, Nat. Neurosci. 25:116 (Methods); Algonauts 2023 scoring code (mixed
repeats).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from cortiscope.core.datasets import Subject
from cortiscope.core.errors import InvalidInput


def noise_ceiling(ncsnr: np.ndarray, repeats: np.ndarray) -> np.ndarray:
    """Return the largest share of variance that any model can explain.

    Parameters
    ----------
    ncsnr : (n_vertices,).
    repeats : (n_stimuli,) trials averaged for each image of the split.

    Returns
    -------
    ceiling : (n_vertices,) fractions, 0 to 1. Its square root is the largest expected r.
    """
    repeats = np.asarray(repeats)
    if repeats.size == 0 or np.any(repeats < 1):
        raise InvalidInput("Every image must have been shown at least once.")
    squared = np.asarray(ncsnr, dtype=np.float64) ** 2
    return squared / (squared + np.mean(1.0 / repeats))


# Above this, a ceiling says little: a fit that explains nothing may look like a fair one.
FEW_REPEATS = 0.05


def ceiling_without_signal(repeats: np.ndarray, scored: np.ndarray) -> float:
    """Return the noise ceiling that a vertex without any signal gets on average.

    The noise variance is estimated too, and where it falls below the total variance by chance, the
    difference passes for signal (it is cut at 0, so that nothing makes up for it).

    Parameters
    ----------
    repeats : (n_images,) trials of all images behind ``ncsnr_from_repeats``.
    scored : (n_stimuli,) trials averaged for each image of the split.

    Returns
    -------
    ceiling : fraction of variance; NaN where no image was repeated.
    """
    repeats = np.asarray(repeats)
    more = repeats[repeats > 1] - 1
    if not more.size:
        return float("nan")
    # The mean of variances with k - 1 degrees of freedom each, less what it shares with the total
    # variance, to which trials are scaled.
    sd = np.sqrt(np.sum(2 / more) * (1 - more.sum() / repeats.sum())) / more.size
    noise = np.maximum(1 + sd * ndtri((np.arange(400) + 0.5) / 400), 1e-3)
    return float(noise_ceiling(np.sqrt(np.maximum(1 - noise, 0) / noise), scored).mean())


def ncsnr_from_repeats(trials: np.ndarray, stimulus: np.ndarray) -> np.ndarray:
    """Estimate ncsnr from single trials that are z-scored per session.

    Parameters
    ----------
    trials : (n_trials, n_vertices), z-scored per session, so of unit total variance.
    stimulus : (n_trials,) which image each trial showed; images shown once carry no information
        on the noise and are left out of its estimate.

    Returns
    -------
    ncsnr : (n_vertices,) float64; 0 for a constant vertex.

    Notes
    -----
    Noise variance: mean over images of the variance over repeats (ddof 1). Signal variance: what
    is left of 1, at least 0 (Allen et al. 2022).
    """
    ids, inverse, counts = np.unique(stimulus, return_inverse=True, return_counts=True)
    if not np.any(counts > 1):
        raise InvalidInput("No image was shown twice: ncsnr cannot be estimated.")
    # float32 trials: sums of squares over thousands of trials need float64.
    data = np.asarray(trials, dtype=np.float64)
    sums = np.zeros((len(ids), data.shape[1]))
    squares = np.zeros_like(sums)
    np.add.at(sums, inverse, data)
    np.add.at(squares, inverse, data**2)
    many = counts > 1
    k = counts[many][:, None]
    noise = ((squares[many] - sums[many] ** 2 / k) / (k - 1)).mean(axis=0)
    constant = (data == data[:1]).all(axis=0)
    signal = np.maximum(0, 1 - noise)
    with np.errstate(divide="ignore", invalid="ignore"):
        ncsnr = np.sqrt(signal / noise)
    return np.where(constant | (noise <= 0), 0.0, ncsnr)


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
        words = "; ".join(w for w in (formula, shown, few_repeats_words(subject, repeats)) if w)
        return noise_ceiling(subject.ncsnr, repeats), words
    if split == "test" and subject.test_ceiling is not None and len(rows) == len(part):
        return subject.test_ceiling, "noise ceiling files of the test split"
    stated = subject.conventions.ceiling
    if stated.value is not None and not stated.known:
        return None, f"unknown: {stated.value}"
    return None, "unknown: the folder has neither ncsnr with repeats nor ceiling files"


def few_repeats_words(subject: Subject, scored: np.ndarray) -> str:
    """Warn of an ncsnr that comes from few repeats, or return nothing.

    Parameters
    ----------
    scored : (n_images,) trials averaged for each image that is scored.
    """
    known = [p.repeats for p in (subject.train, subject.test) if p.repeats is not None]
    if subject.ncsnr is None or not known:
        return ""
    without = ceiling_without_signal(np.concatenate(known), scored)
    if np.isnan(without) or without <= FEW_REPEATS:
        return ""
    return (
        f"few repeats: a vertex without any signal gets a ceiling of {without:.2f} on average, if "
        "ncsnr comes from these"
    )
