"""Scores over the number of training images: whether more images would help.

The subsets of one order are nested, so a curve shows images added, not images exchanged. Held-out
images are the same at every size: they are the business of the function that fits and scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress, silent

FitAndScore = Callable[[np.ndarray], float | np.ndarray]
"""Takes (n,) sorted positions of training images; returns a score, or (n_scores,) of them."""


@dataclass(frozen=True)
class LearningCurve:
    """Scores at growing training sizes.

    Parameters
    ----------
    sizes : (n_sizes,) training images, ascending.
    scores : (n_orders, n_sizes, ...) of each random order of the images. At full size all
        orders are the same set, fitted once.
    """

    sizes: np.ndarray
    scores: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """(n_sizes, ...) over orders; the spread over orders is no interval over images."""
        return self.scores.mean(axis=0)


def training_sizes(n_train: int, *, n_sizes: int = 6, smallest: int = 20) -> np.ndarray:
    """Return sizes in equal ratios from ``smallest`` to all ``n_train`` images, ascending.

    A smaller training set than ``smallest`` gives its own size alone; sizes that round to the
    same number are given once.
    """
    if n_train < 1 or n_sizes < 1 or smallest < 1:
        raise InvalidInput(
            f"Training images ({n_train}), sizes ({n_sizes}) and the smallest size ({smallest}) "
            "must all be at least 1."
        )
    if n_sizes == 1:
        return np.array([n_train])
    sizes = np.geomspace(min(smallest, n_train), n_train, n_sizes)
    return np.unique(np.rint(sizes).astype(int))


def training_subsets(n_train: int, sizes: Sequence[int], *, seed: int) -> tuple[np.ndarray, ...]:
    """Draw nested training subsets.

    Parameters
    ----------
    sizes : images of each subset, 1 to ``n_train``.

    Returns
    -------
    subsets : per size (size,) sorted positions; each holds the smaller ones.
    """
    wrong = [int(s) for s in sizes if not 1 <= s <= n_train]
    if wrong:
        raise InvalidInput(f"Training sizes go from 1 to {n_train} images; got {wrong[0]}.")
    order = np.random.default_rng(seed).permutation(n_train)
    return tuple(np.sort(order[:size]) for size in sizes)


def learning_curve(
    n_train: int,
    fit_and_score: FitAndScore,
    *,
    sizes: Sequence[int] | None = None,
    n_orders: int = 3,
    seed: int = 0,
    progress: Progress = silent,
) -> LearningCurve:
    """Fit and score on growing, nested training subsets.

    Parameters
    ----------
    n_train : training images there are.
    fit_and_score : fits on the images at the given positions, with everything that is fitted
        (scaling, PCA, penalties), and scores on held-out images of its own.
    sizes : see ``training_sizes``, the default; put into ascending order, duplicates dropped.
    n_orders : random orders of the images.
    progress : called after each fit, and may raise to stop.
    """
    if n_orders < 1:
        raise InvalidInput(f"At least 1 order of the images is needed; got {n_orders}.")
    wanted = training_sizes(n_train) if sizes is None else np.unique(np.asarray(sizes, dtype=int))
    if wanted.size == 0:
        raise InvalidInput("A learning curve needs at least one training size.")
    seeds = np.random.SeedSequence(seed).generate_state(n_orders)
    n_fits = n_orders * int((wanted < n_train).sum()) + int((wanted == n_train).any())
    done = 0
    whole: np.ndarray | None = None
    scores = []
    for own_seed in seeds:
        row = []
        for rows in training_subsets(n_train, wanted.tolist(), seed=int(own_seed)):
            score = whole if len(rows) == n_train else None
            if score is None:
                score = np.asarray(fit_and_score(rows), dtype=np.float64)
                done += 1
                progress(done / n_fits, f"fitting on {len(rows)} of {n_train} images")
            if len(rows) == n_train:
                whole = score
            row.append(score)
        scores.append(row)
    return LearningCurve(wanted, np.array(scores))
