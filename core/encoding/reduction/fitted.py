"""The reduction between a layer and the regressor: scaling and axes, fitted on training images.

One reduction for all layers (same pooling, same number of components) is what makes a comparison of
layers one of layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.reduction.feature_scaling import FeatureScaling, fit_scaling
from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.encoding.reduction.principal_axes import ProjectionAxes, principal_axes
from cortiscope.core.encoding.reduction.random_projection import gram_root, random_axes
from cortiscope.core.encoding.reduction.spec import Reduction
from cortiscope.core.encoding.reduction.streamed import StreamedReduction, can_stream
from cortiscope.core.errors import InvalidInput

_UNIT_NORM = 1e-3


@dataclass(frozen=True)
class FittedReduction:
    """A fitted reduction: design = ((features - mean) / scale) @ components.

    Parameters
    ----------
    mean, scale : (n_features,) of the fit images; scale 0 marks a constant feature (left out).
    components : (n_features, n_components). Principal components are orthonormal columns, largest
        variance first; those of a random projection are neither.
    explained : (n_components,) share of the scaled features' variance on the fit images that
        each component adds to those before it; of incremental PCA what it reports, which is less
        than that.
    """

    mean: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    explained: np.ndarray

    def __repr__(self) -> str:
        """Its shape, and how much of the fit images' variance it keeps."""
        n_features, k = self.components.shape
        return (
            f"<FittedReduction, {n_features:,} features to {k:,}, "
            f"{100 * float(self.explained.sum()):.1f} % of the variance>"
        )

    def transform(self, features: np.ndarray) -> np.ndarray:
        """Turn (n, n_features), possibly memory-mapped, into the design (n, k), float32."""
        scaling = self._scaling(features)
        design = np.empty((len(features), self.components.shape[1]), np.float32)
        if len(features):
            for rows, chunk in FeatureTable(features).row_chunks():
                design[rows] = scaling.apply(chunk) @ self.components
        return design

    def residual(self, features: np.ndarray, design: np.ndarray) -> np.ndarray:
        """Return (n,) how far each image lies outside the space that the components span.

        Where the components are orthonormal, it is what the design's norm lacks of the whole.
        """
        scaling = self._scaling(features)
        whole = np.zeros(len(features))
        if len(features):
            for rows, chunk in FeatureTable(features).row_chunks():
                scaled = scaling.apply(chunk)
                whole[rows] = np.einsum("ij,ij->i", scaled, scaled, dtype=np.float64)
        within = np.asarray(design, dtype=np.float64)
        if not self._is_orthonormal():
            within = np.linalg.solve(gram_root(self.components), within.T).T
        return np.sqrt(np.maximum(whole - (within**2).sum(axis=1), 0)).astype(np.float32)

    def _scaling(self, features: np.ndarray) -> FeatureScaling:
        if features.ndim != 2 or features.shape[1] != len(self.mean):
            raise InvalidInput(
                f"The reduction was fitted on {len(self.mean)} features; got {features.shape[1]}."
            )
        return FeatureScaling(self.mean, self.scale)

    def _is_orthonormal(self) -> bool:
        # A random projection has columns of norm sqrt(n_features / k); one of norm 1 is unheard of.
        squares = np.einsum("ij,ij->j", self.components, self.components, dtype=np.float64)
        return bool(np.abs(squares - 1).max(initial=0) < _UNIT_NORM)


def fit_reduction(
    features: np.ndarray, reduction: Reduction, rows: np.ndarray | None = None
) -> FittedReduction:
    """Fit scaling and reduction on the fit images only, in bounded memory.

    Parameters
    ----------
    features : (n_images, n_features) of any real type; possibly memory-mapped and larger than
        memory. It is read in blocks, and never copied as a whole.
    rows : the fit images, as row numbers or a mask; other rows are never read. None: all.

    Raises
    ------
    InvalidInput
        Features that are not finite, or all of them the same for all images.

    Notes
    -----
    ``none`` keeps the whole row space: with more features than images the design is rotated onto
    at most n_fit - 1 axes, which changes no ridge or least-norm solution. ``pca`` with more
    components than the images span keeps as many as there are.

    Beyond components and blocks, exact PCA holds one float64 matrix of the shorter side squared.
    """
    table = FeatureTable(np.asanyarray(features), rows)
    if can_stream(reduction):
        streamed = StreamedReduction(reduction, *table.shape)
        while not streamed.done:
            for _, chunk in table.row_chunks():
                streamed.add(chunk)
        return finished_reduction(streamed)
    scaling = fit_scaling(table, reduction.scaling)
    return _reduction(scaling, _axes(table, scaling, reduction))


def finished_reduction(streamed: StreamedReduction) -> FittedReduction:
    """Return the reduction that was fitted while images passed."""
    return _reduction(*streamed.parts())


def _reduction(scaling: FeatureScaling, axes: ProjectionAxes) -> FittedReduction:
    explained = (axes.variance / axes.total).astype(np.float32)
    return FittedReduction(scaling.mean, scaling.scale, axes.components, explained)


def _axes(table: FeatureTable, scaling: FeatureScaling, reduction: Reduction) -> ProjectionAxes:
    k = reduction.components
    if reduction.kind == "random_projection":
        return random_axes(table, scaling, k, reduction.projection, reduction.seed)
    return principal_axes(table, scaling, k if reduction.kind == "pca" else None)
