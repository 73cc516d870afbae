"""Which training images fit the encoder and which are kept to choose between encoders."""

from __future__ import annotations

import numpy as np

from core.errors import InvalidInput


def validation_split(
    n_stimuli: int, *, fraction: float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the validation images from the training images.

    The draw depends on ``n_stimuli``, ``fraction`` and ``seed`` only, so all encoders of a subject
    share it.

    Returns
    -------
    fit_rows, validation_rows : increasing row numbers, disjoint, together all rows.
    """
    if not 0 < fraction < 1:
        raise InvalidInput(f"The validation fraction must lie between 0 and 1; got {fraction}.")
    n_validation = round(n_stimuli * fraction)
    if n_validation < 2 or n_stimuli - n_validation < 3:
        raise InvalidInput(
            f"{n_stimuli} training images cannot be split {1 - fraction:.0%} / {fraction:.0%}.",
            "At least 3 images to fit and 2 to validate are needed.",
        )
    order = np.random.default_rng(seed).permutation(n_stimuli)
    return np.sort(order[n_validation:]), np.sort(order[:n_validation])
