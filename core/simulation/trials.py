"""From noise-free signal to measured responses: trials, sessions, noise, averaging, ceilings.

Follows what was done to the real data: single trials in sessions, z-scored per vertex within each
session, then averaged over an image's repeats; the noise-ceiling signal-to-noise ratio (ncsnr)
comes from the spread between repeats.

References
----------
Allen et al. 2022, Nat. Neurosci. 25:116 (z-scored betas, ncsnr, noise ceiling).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.simulation.anatomy import HemisphereAnatomy

# Shares of the noise variance: a vertex's own, its neighbourhood's, and the whole brain's. The
# last two do not average out over an ROI, so ROI means are no cleaner than real ones.
_SMOOTH_SHARE = 0.22
_GLOBAL_SHARE = 0.10
_SMOOTH_PASSES = 4
_GAIN_SPREAD = 0.15
_OFFSET_SPREAD = 0.6
_SLOPE_SPREAD = 0.25


@dataclass(frozen=True)
class TrialPlan:
    """Which image is shown when.

    Parameters
    ----------
    image : (n_trials,) row of the image, in order of presentation.
    session : (n_trials,) session number from 0, non-decreasing.
    """

    image: np.ndarray
    session: np.ndarray

    @property
    def n_sessions(self) -> int:
        """Number of sessions."""
        return int(self.session.max()) + 1


def plan_trials(repeats: np.ndarray, n_sessions: int, rng: np.random.Generator) -> TrialPlan:
    """Shuffle all presentations over sessions of equal length.

    Parameters
    ----------
    repeats : (n_images,) presentations of each image.
    """
    image = rng.permutation(np.repeat(np.arange(len(repeats)), repeats))
    session = np.arange(len(image)) * n_sessions // len(image)
    return TrialPlan(image, session)


@dataclass(frozen=True)
class Measured:
    """One split of a hemisphere after measurement.

    Parameters
    ----------
    responses : (n_images, n_vertices) float32, session z-scores averaged over repeats.
    truth : (n_images, n_vertices) float32, the noise-free part of the same, in the same units.
    noise_variance : (n_vertices,) variance between repeats of an image, in squared z units.
    degrees : how many degrees of freedom that variance has.
    """

    responses: np.ndarray
    truth: np.ndarray
    noise_variance: np.ndarray
    degrees: int


def measure(
    signal: np.ndarray,
    ncsnr: np.ndarray,
    plan: TrialPlan,
    anatomy: HemisphereAnatomy,
    global_noise: np.ndarray,
    rng: np.random.Generator,
) -> Measured:
    """Scan: show each image as planned, add noise and drift, z-score per session, average.

    Parameters
    ----------
    signal : (n_images, n_vertices) noise-free, SD about 1 over images.
    ncsnr : (n_vertices,) signal SD over noise SD; 0 for dead vertices.
    global_noise : (n_trials,) standard normal, shared by both hemispheres.
    """
    alive = ncsnr > 0
    trials = signal[plan.image] * ncsnr
    trials += _noise(len(plan.image), anatomy, global_noise, rng)
    trials = _drift(trials, plan, rng)
    scores = _score_by_session(trials, plan)
    scores[:, ~alive] = 0.0

    n_images, n = signal.shape
    counts = np.bincount(plan.image, minlength=n_images)
    sums = np.zeros((n_images, n))
    np.add.at(sums, plan.image, scores)
    means = sums / counts[:, None]
    squares = ((scores - means[plan.image]) ** 2).sum(axis=0)
    degrees = int((counts - 1).sum())
    # Within a session a trial has the variance of signal plus noise, whatever the day's gain.
    shown = signal[plan.image] * ncsnr
    truth = (signal * ncsnr - shown.mean(axis=0)) / np.sqrt(shown.var(axis=0) + 1.0)
    return Measured(
        means.astype(np.float32),
        (truth * alive).astype(np.float32),
        squares / max(degrees, 1),
        degrees,
    )


def _noise(
    n_trials: int, anatomy: HemisphereAnatomy, shared: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw (n_trials, n_vertices) noise of variance 1."""
    n = anatomy.n_vertices
    own = rng.standard_normal((n_trials, n))
    neighbourhood = rng.standard_normal((n, n_trials))
    kernel = anatomy.averaging
    for _ in range(_SMOOTH_PASSES):
        neighbourhood = anatomy.averaging @ neighbourhood
    for _ in range(_SMOOTH_PASSES - 1):
        kernel = anatomy.averaging @ kernel
    # The kernel's row norms are the SD that averaging left.
    left = np.sqrt(np.asarray(kernel.multiply(kernel).sum(axis=1)).ravel())
    loading = np.clip(1 + 0.3 * rng.standard_normal(n), 0.2, 1.8) / np.sqrt(1.09)
    own_share = 1 - _SMOOTH_SHARE - _GLOBAL_SHARE
    return (
        np.sqrt(own_share) * own
        + np.sqrt(_SMOOTH_SHARE) * (neighbourhood / left[:, None]).T
        + np.sqrt(_GLOBAL_SHARE) * shared[:, None] * loading
    )


def _drift(trials: np.ndarray, plan: TrialPlan, rng: np.random.Generator) -> np.ndarray:
    """Let gain and offset differ between sessions, and the baseline slope within them."""
    n = trials.shape[1]
    out = np.empty_like(trials)
    for session in range(plan.n_sessions):
        rows = np.flatnonzero(plan.session == session)
        # Half of the gain is the day's, half the vertex's.
        gain = np.exp(_GAIN_SPREAD * (rng.standard_normal() + rng.standard_normal(n)) / np.sqrt(2))
        offset = _OFFSET_SPREAD * rng.standard_normal(n)
        slope = _SLOPE_SPREAD * rng.standard_normal(n)
        time = np.linspace(-0.5, 0.5, len(rows))[:, None]
        out[rows] = gain * (trials[rows] + offset + slope * time)
    return out


def _score_by_session(trials: np.ndarray, plan: TrialPlan) -> np.ndarray:
    """Z-score (n_trials, n_vertices) within each session."""
    scores = np.empty_like(trials)
    for session in range(plan.n_sessions):
        rows = plan.session == session
        some = trials[rows]
        scores[rows] = (some - some.mean(axis=0)) / np.maximum(some.std(axis=0), 1e-9)
    return scores


def estimate_ncsnr(noise_variance: np.ndarray) -> np.ndarray:
    """Estimate ncsnr from the variance between repeats of z-scored trials (total variance 1).

    Returns
    -------
    ncsnr : (n_vertices,); 0 where the spread between repeats leaves no signal, and for vertices
        without any variance.
    """
    signal = np.maximum(0.0, 1.0 - noise_variance)
    usable = noise_variance > 1e-9
    return np.where(usable, np.sqrt(signal / np.where(usable, noise_variance, 1.0)), 0.0)


def noise_ceiling(ncsnr: np.ndarray, n_repeats: float) -> np.ndarray:
    """Return the share of variance (0..1) that is signal after averaging ``n_repeats`` trials."""
    return ncsnr**2 / (ncsnr**2 + 1.0 / n_repeats)
