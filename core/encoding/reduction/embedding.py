"""UMAP as a reduction: fit images embedded by umap-learn, new ones interpolated between them.

The interpolation is ours, where umap-learn's own ``transform`` would need that package, and a seed,
for every prediction: a run keeps its fit images' principal components and their embedding, and
numpy alone predicts with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.core.encoding.reduction.autoencoder import INPUTS
from cortiscope.core.encoding.reduction.feature_scaling import FeatureScaling
from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.encoding.reduction.principal_axes import ProjectionAxes, principal_axes
from cortiscope.core.errors import InvalidInput

# umap-learn's own default; as many are interpolated between.
_NEIGHBOURS = 15
_ROWS = 256


@dataclass(frozen=True)
class Embedding:
    """Fit images before and after: what lies between them is interpolated.

    The codes of the nearest fit images are averaged with weights ``((R - d) / (R d))^2``, d being
    an image's distance and R that of the next one after them: exact at the fit images, continuous.

    Parameters
    ----------
    points : (n_fit, n_projected).
    codes : (n_fit, n_codes).

    References
    ----------
    Franke & Nielson 1980, Int. J. Numer. Methods Eng. 15:1691 (modified Shepard weights).
    """

    points: np.ndarray
    codes: np.ndarray

    @property
    def n_codes(self) -> int:
        """Numbers per image."""
        return self.codes.shape[1]

    def applied(self, projected: np.ndarray) -> np.ndarray:
        """Turn (n, n_projected) into codes (n, n_codes), float32."""
        points = self.points.astype(np.float64)
        lengths = (points**2).sum(axis=1)
        found = np.empty((len(projected), self.n_codes), dtype=np.float32)
        k = min(_NEIGHBOURS, len(points) - 1)
        for start in range(0, len(projected), _ROWS):
            new = projected[start : start + _ROWS].astype(np.float64)
            squares = (new**2).sum(axis=1)[:, None] + lengths - 2 * (new @ points.T)
            nearest = np.argpartition(squares, k, axis=1)[:, : k + 1]
            d = np.sqrt(np.take_along_axis(squares, nearest, axis=1).clip(0))
            weights = _shepard(d)[:, :, None]
            found[start : start + len(new)] = (weights * self.codes[nearest]).sum(axis=1)
        return found


def _shepard(d: np.ndarray) -> np.ndarray:
    """Return weights of sum 1 for distances (n, k + 1); the farthest gets none."""
    radius = np.maximum(d.max(axis=1, keepdims=True), 1e-300)
    near = np.maximum(d / radius, 1e-9)
    weights = ((1 - near) / near) ** 2
    total = weights.sum(axis=1, keepdims=True)
    # All at one distance: none is nearer than another.
    return np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / d.shape[1])


def fit_embedding(
    table: FeatureTable, scaling: FeatureScaling, n_codes: int, seed: int
) -> tuple[ProjectionAxes, Embedding]:
    """Embed scaled features by UMAP; return principal axes, and what follows them.

    Codes are centred and have together the variance that they explain linearly, as PCA's have.

    Parameters
    ----------
    n_codes : at most so many; fewer than the images less one.
    seed : umap-learn's ``random_state``.

    Returns
    -------
    axes : (n_features, n_projected), with the variance that each code adds to those before it.

    Raises
    ------
    InvalidInput : umap-learn is not installed, or there are fewer than four images.

    References
    ----------
    McInnes, Healy & Melville 2018, arXiv 1802.03426.
    """
    umap = _umap()
    n = table.shape[0]
    if n < 4:
        raise InvalidInput(f"UMAP needs four images at least; there are {n}.")
    axes = principal_axes(table, scaling, INPUTS)
    scores = np.concatenate(
        [scaling.apply(chunk) @ axes.components for _, chunk in table.row_chunks()]
    )
    model = umap.UMAP(
        n_components=min(n_codes, n - 2),
        n_neighbors=min(_NEIGHBOURS, n - 1),
        random_state=seed,
        n_jobs=1,
    )
    codes = np.asarray(model.fit_transform(scores), dtype=np.float64)
    codes -= codes.mean(axis=0)
    along, _ = np.linalg.qr(codes)
    explained = ((along.T @ scores) ** 2).sum(axis=1) / n
    codes *= np.sqrt(explained.sum() * n / (codes**2).sum())
    embedded = Embedding(scores, codes.astype(np.float32))
    return ProjectionAxes(axes.components, explained, axes.total), embedded


def _umap() -> Any:
    try:
        import umap
    except ImportError as error:
        raise InvalidInput(
            "The reduction umap needs the package umap-learn, which is not installed.",
            "pip install 'cortiscope[umap]' or take another reduction, as ae:K or pca:K.",
        ) from error
    return umap
