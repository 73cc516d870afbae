"""Ordinary least squares: ridge's limit without a penalty, least norm where images are few."""

from __future__ import annotations

import numpy as np

from core.errors import InvalidInput


def fit_least_squares(design: np.ndarray, responses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve ``argmin_w ||X w - y||^2`` for all vertices at once.

    Parameters
    ----------
    design : (n_stimuli, n_features).
    responses : (n_stimuli, n_vertices).

    Returns
    -------
    coef : (n_features, n_vertices) float32; of least norm if images do not determine it.
    intercept : (n_vertices,) float32.
    """
    import torch

    if len(design) != len(responses):
        raise InvalidInput(
            f"{len(design)} images in the design, {len(responses)} in the responses."
        )
    x = torch.as_tensor(np.asarray(design), dtype=torch.float64)
    y = torch.as_tensor(np.asarray(responses), dtype=torch.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    # gelsd tolerates collinear columns, which the default driver does not.
    coef = torch.linalg.lstsq(x - x_mean, y - y_mean, driver="gelsd").solution
    return coef.float().numpy(), (y_mean - x_mean @ coef).float().numpy()
