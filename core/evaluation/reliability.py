"""Whether probabilities mean what they say: how often the picture that was named was the right one.

Patterns are sorted by the posterior of the picture that is named, its confidence, and put into bins
of equal numbers. Were every confidence right, the hits in a bin would be a sum of independent draws
of unequal probabilities, whose distribution is computed exactly: the band of a bin holds it with
all bins together in 95 %.

References
----------
Guo et al. 2017, ICML (expected calibration error of the named class). Broecker and Smith 2007,
Weather Forecast. 22:651 (a band around what a calibrated forecast would give).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_LEAST_IN_A_BIN, _MOST_BINS = 40, 10


@dataclass(frozen=True)
class Reliability:
    """Confidence beside the share that was right, in bins of ascending confidence.

    Parameters
    ----------
    count : (n_bins,) patterns in each.
    confidence, accuracy : (n_bins,) mean posterior of the pictures named, share that was right.
    low, high : (n_bins,) between which the share lies if all confidences are right.
    error : expected calibration error: mean over patterns of how far both are apart in their bin.
    error_if_calibrated : what it would be on average if all confidences were right; it is not 0,
        as bins hold few patterns.
    """

    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray
    error: float
    error_if_calibrated: float

    @property
    def within(self) -> bool:
        """Whether every bin lies in its band."""
        return bool(np.all((self.low <= self.accuracy) & (self.accuracy <= self.high)))

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        values = {name: np.asarray(value).tolist() for name, value in vars(self).items()}
        return {**values, "within_band": self.within}


def reliability(confidence: np.ndarray, right: np.ndarray, *, level: float = 0.95) -> Reliability:
    """Compare confidences (n_patterns,), 0 to 1, with which patterns were named rightly (bool)."""
    order = np.argsort(confidence, kind="stable")
    n_bins = int(np.clip(len(order) // _LEAST_IN_A_BIN, 1, _MOST_BINS))
    # Both ends of every bin share what may be outside.
    tail = (1 - level) / (2 * n_bins)
    rows = []
    for own in np.array_split(order, n_bins):
        p, n = confidence[own], len(own)
        chances = hits_distribution(p)
        below = np.cumsum(chances)
        low = int(np.searchsorted(below, tail, side="right"))
        high = int(np.searchsorted(below, 1 - tail))
        apart = float((chances * np.abs(np.arange(n + 1) / n - p.mean())).sum())
        rows.append((n, p.mean(), right[own].mean(), low / n, min(high, n) / n, apart))
    count, mean, accuracy, low_ends, high_ends, expected = np.array(rows).T
    share = count / len(order)
    return Reliability(
        *(count.astype(int), mean, accuracy, low_ends, high_ends),
        float((share * np.abs(accuracy - mean)).sum()),
        float((share * expected).sum()),
    )


def hits_distribution(p: np.ndarray) -> np.ndarray:
    """Return the probability of 0 to n hits, (n + 1,), in draws of probabilities (n,)."""
    chances = np.ones(1)
    for own in np.clip(p, 0, 1):
        chances = np.append(chances, 0) * (1 - own) + np.append(0, chances) * own
    return chances
