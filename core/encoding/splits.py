"""Which training images fit a model and which are kept to choose between models.

Rules:

- ``random``: a share of the images drawn by numpy's generator;
- ``shuffled``: img2brain's: numpy's legacy shuffle, the first rows fit (with the seed 224 and a
  share of 0.2 its 7,086 and 1,771 of 8,857 images);
- ``fold:K/N``: the K-th of N parts of the images, so that N fits cross-validate.

Rows of one image (copies of a picture, single trials) are on one side. ``random`` and ``fold``
draw images; ``shuffled`` is a published draw of rows, in which an image moves to the place of the
first of its rows.
"""

from __future__ import annotations

import re

import numpy as np

from cortiscope.core.errors import InvalidInput, check_whole

RANDOM = "random"
SPLIT_RULES = (RANDOM, "shuffled", "fold:K/N")
# 3 to fit and 2 to validate.
LEAST_IMAGES = 5
_FOLD = re.compile(r"fold:([0-9]{1,5})/([0-9]{1,5})")


def check_split_rule(rule: str) -> str:
    """Return the rule if it is one.

    Raises
    ------
    InvalidInput : it is not a rule, or there is no such fold.
    """
    if rule not in SPLIT_RULES[:2]:
        _fold(rule)
    return rule


def has_fraction(rule: str) -> bool:
    """Whether the share of validation images is chosen, rather than fixed by the rule."""
    return not rule.startswith("fold:")


def validation_split(
    n_stimuli: int,
    *,
    fraction: float = 0.2,
    seed: int = 0,
    rule: str = RANDOM,
    groups: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the validation images from the training images.

    The draw depends on these parameters only, so all encoding models of a subject share it.

    Parameters
    ----------
    fraction : share of the validation images; not used by folds.
    groups : (n_stimuli,) labels, equal for rows of one image; None where each row is an image of
        its own. Only which are equal matters.

    Returns
    -------
    fit_rows, validation_rows : increasing row numbers, disjoint, together all rows.
    """
    check_split_rule(rule)
    check_whole("The seed of the split", seed)
    if not 0 < fraction < 1:
        raise InvalidInput(f"The validation fraction must lie between 0 and 1; got {fraction}.")
    images = np.arange(n_stimuli) if groups is None else _numbered(groups)
    n_images = int(images.max(initial=-1)) + 1
    if rule == RANDOM:
        order = np.random.default_rng(seed).permutation(n_images)
        held = np.isin(images, order[: round(n_images * fraction)])
    elif rule == "shuffled":
        order = np.arange(n_stimuli)
        np.random.RandomState(seed).shuffle(order)  # noqa: NPY002 - a published split
        # Computed in this order as there: rounding decides at a half.
        n_fit = int(np.round(n_stimuli / 100 * round(100 * (1 - fraction), 9)))
        in_order = images[order[np.sort(np.unique(images[order], return_index=True)[1])]]
        before = np.cumsum(np.bincount(images)[in_order]) - np.bincount(images)[in_order]
        held = np.isin(images, in_order[before >= n_fit])
    else:
        k, n_folds = _fold(rule)
        order = np.random.default_rng(seed).permutation(n_images)
        held = np.isin(images, np.array_split(order, n_folds)[k - 1])
    if len(np.unique(images[held])) < 2 or len(np.unique(images[~held])) < 3:
        shown = f"{1 - fraction:.0%} / {fraction:.0%}" if has_fraction(rule) else f"by {rule}"
        raise InvalidInput(
            f"{n_images} training images cannot be split {shown}.",
            "At least 3 images to fit and 2 to validate are needed.",
        )
    return np.flatnonzero(~held), np.flatnonzero(held)


def report_split(
    n_stimuli: int, *, fraction: float, seed: int = 0, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Put a share of the training images aside that neither fit nor choose: for the report.

    They are drawn first, by images as in ``random`` and with other numbers than the validation
    images, so that they are the same whatever rule and share these are drawn by.

    Parameters
    ----------
    fraction : at least 0; 0 puts none aside.
    groups : as for ``validation_split``.

    Returns
    -------
    rest, report_rows : increasing row numbers, disjoint, together all rows.
    """
    if not 0 <= fraction < 1:
        raise InvalidInput(f"The report fraction must be at least 0 and below 1; got {fraction}.")
    images = np.arange(n_stimuli) if groups is None else _numbered(groups)
    n_images = int(images.max(initial=-1)) + 1
    n_report = round(n_images * fraction)
    if fraction and n_report < 2:
        raise InvalidInput(
            f"A share of {fraction:.0%} of {n_images} training images leaves {n_report} for the "
            "report; at least 2 are needed."
        )
    order = np.random.default_rng((seed, 1)).permutation(n_images)
    aside = np.isin(images, order[:n_report])
    return np.flatnonzero(~aside), np.flatnonzero(aside)


def _numbered(groups: np.ndarray) -> np.ndarray:
    """Count images by their first rows, (n_rows,): the draw must not depend on the labels."""
    _, first, label = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[label]


def _fold(rule: str) -> tuple[int, int]:
    found = _FOLD.fullmatch(rule)
    if found is None:
        raise InvalidInput(
            f"Unknown split {rule!r}. Allowed: {', '.join(SPLIT_RULES)} (as fold:1/5)."
        )
    k, n_folds = int(found[1]), int(found[2])
    if n_folds < 2 or not 1 <= k <= n_folds:
        raise InvalidInput(
            f"The split {rule} has no such fold; allowed are 1 to N of N folds, N being 2 or more."
        )
    return k, n_folds
