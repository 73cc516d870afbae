"""On which pictures two models disagree most, and on whose side the measurement is.

Pictures are chosen by the predictions alone, so that the measurement has no say in which are looked
at. Predictions and measurement are z-scored over the held-out images first: a regularised model
predicts too small responses, and by plain distance the one that shrinks more would be nearer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation.resampling import LEAST_STIMULI

# In SD: what rounding leaves between two predictions that are one but for unit and offset.
_ALIKE = 1e-6


@dataclass(frozen=True)
class Disagreement:
    """The pictures on which A and B differ most.

    Parameters
    ----------
    images : (k,) positions among the held-out images, the largest difference first; of copies of
        one picture the first.
    a, b, measured : (n_images,) mean response of the vertices, z-scored over the images.
    with_a : (k,) 1 where the measurement is nearer to A, 0 where to B, .5 where as near to both.
    rate : mean of ``with_a``: .5 where both models are equally good.
    low, high : its 95 % interval (Wilson), over images chosen alike.
    """

    images: np.ndarray
    a: np.ndarray
    b: np.ndarray
    measured: np.ndarray
    with_a: np.ndarray
    rate: float
    low: float
    high: float


def disagreement(
    predicted_a: np.ndarray,
    predicted_b: np.ndarray,
    measured: np.ndarray,
    *,
    k: int = 40,
    stimuli: np.ndarray | None = None,
) -> Disagreement:
    """Find the pictures on which two models differ most in the mean response of some vertices.

    Parameters
    ----------
    predicted_a, predicted_b, measured : (n_images, n_vertices) of a ROI or region, the same
        held-out images in one order.
    k : how many pictures; at most half of them, since beyond that they are no special ones.
    stimuli : (n_images,) labels, equal for copies of one picture; None where each is its own.

    Raises
    ------
    InvalidInput : too few pictures, or a mean response that never changes.

    References
    ----------
    Golan, Raju and Kriegeskorte 2020, PNAS 117:29330 (controversial stimuli, which are made and not
    found). Wilson 1927, J. Am. Stat. Assoc. 22:209.
    """
    if not predicted_a.shape == predicted_b.shape == measured.shape:
        raise IncompatibleSpace(
            f"Predictions {predicted_a.shape} and {predicted_b.shape} and responses "
            f"{measured.shape} must all be (n_images, n_vertices), for the same images."
        )
    if k < 1:
        raise InvalidInput(f"At least one picture is looked for; got {k}.")
    n = len(measured)
    own = np.arange(n) if stimuli is None else np.unique(stimuli, return_index=True)[1]
    k = min(k, len(own) // 2)
    if k < LEAST_STIMULI:
        raise InvalidInput(
            f"{len(own)} held-out pictures are too few: of half of them, {LEAST_STIMULI} at least, "
            "it is asked with which model the measurement sides."
        )
    a, b, m = (_z(x, name) for x, name in ((predicted_a, "A"), (predicted_b, "B"), (measured, "")))
    between = np.abs(a - b)[own]
    images = own[np.argsort(-between, kind="stable")[:k]]
    if between.max() < _ALIKE:
        raise InvalidInput("A and B predict the same here: there is no picture to tell them apart.")
    to_a, to_b = np.abs(m - a)[images], np.abs(m - b)[images]
    with_a = np.where(to_a == to_b, 0.5, to_a < to_b)
    rate = float(with_a.mean())
    return Disagreement(images, a, b, m, with_a, rate, *_wilson(rate, k))


def _z(responses: np.ndarray, model: str) -> np.ndarray:
    """Average over vertices and z-score over images."""
    mean = np.asarray(responses, dtype=np.float64).mean(axis=1)
    if (mean == mean[0]).all():
        whose = f"The prediction of {model}" if model else "The measured response"
        raise InvalidInput(f"{whose} is the same for all pictures here.", "Choose another place.")
    return np.asarray((mean - mean.mean()) / mean.std())


def _wilson(rate: float, n: int) -> tuple[float, float]:
    z = float(ndtri(0.975))
    centre = rate + z**2 / (2 * n)
    half = z * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    low, high = ((centre + sign * half) / (1 + z**2 / n) for sign in (-1, 1))
    return max(0.0, float(low)), min(1.0, float(high))
