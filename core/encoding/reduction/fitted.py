"""The reduction between a layer and the regressor: scaling and axes, fitted on training images.

One reduction for all layers (same pooling, same number of components) is what makes a comparison of
layers one of layers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from cortiscope.core.encoding.reduction.autoencoder import Bend, fit_autoencoder
from cortiscope.core.encoding.reduction.embedding import Embedding, fit_embedding
from cortiscope.core.encoding.reduction.feature_scaling import (
    FeatureMoments,
    FeatureScaling,
    fit_scaling,
)
from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.encoding.reduction.principal_axes import ProjectionAxes, principal_axes
from cortiscope.core.encoding.reduction.random_projection import gram_root, random_axes
from cortiscope.core.encoding.reduction.spec import Reduction
from cortiscope.core.encoding.reduction.streamed import StreamedReduction, can_stream
from cortiscope.core.errors import InvalidInput

_UNIT_NORM = 1e-3
_ARRAYS = ("mean", "scale", "components", "explained")


@dataclass(frozen=True)
class FittedReduction:
    """A fitted reduction: design = ((features - mean) / scale) @ components, and perhaps a bend.

    Where places are kept, features are channels x places, the components are of the channels, and
    they are applied at each place: design = components by places.

    Parameters
    ----------
    mean, scale : (n_features,) of the fit images; scale 0 marks a constant feature (left out).
    components : (n_channels, n_components), a channel being a feature unless places are kept.
        Principal components are orthonormal columns, largest variance first; those of a random
        projection are neither.
    explained : (n_components,) share of the scaled features' variance on the fit images that
        each component adds to those before it; of incremental PCA what it reports, which is less
        than that.
    bend : of an autoencoder or UMAP, what follows the components.
    """

    mean: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    explained: np.ndarray
    bend: Bend | Embedding | None = None

    @classmethod
    def read(
        cls, array: Callable[[str], np.ndarray], prefix: str = "", kept: Collection[str] = ()
    ) -> FittedReduction:
        """Make one of what ``arrays`` gave, saved under a prefix.

        Parameters
        ----------
        kept : names of all arrays that there are, where there may be a bend.
        """
        mean, scale, components, explained = (array(prefix + name) for name in _ARRAYS)
        for bend in (Bend, Embedding):
            names = [prefix + own.name for own in fields(bend)]
            if set(names) <= set(kept):
                return cls(mean, scale, components, explained, bend(*map(array, names)))
        return cls(mean, scale, components, explained)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything, by name."""
        found = {name: getattr(self, name) for name in _ARRAYS}
        if self.bend is not None:
            found |= {own.name: getattr(self.bend, own.name) for own in fields(self.bend)}
        return found

    def __repr__(self) -> str:
        """Its shape, and how much of the fit images' variance it keeps."""
        return (
            f"<FittedReduction, {len(self.mean):,} features to {self.n_columns:,}, "
            f"{100 * float(self.explained.sum()):.1f} % of the variance>"
        )

    @property
    def n_columns(self) -> int:
        """Numbers per image: of the design."""
        if self.bend is not None:
            return self.bend.n_codes
        return self.components.shape[1] * (len(self.mean) // max(len(self.components), 1))

    def transform(self, features: np.ndarray) -> np.ndarray:
        """Turn (n, n_features), possibly memory-mapped, into the design (n, n_columns), float32."""
        scaling = self._scaling(features)
        design = np.empty((len(features), self.n_columns), np.float32)
        if len(features):
            for rows, chunk in FeatureTable(features).row_chunks():
                design[rows] = self._reduced(scaling.apply(chunk))
        return design

    def _reduced(self, scaled: np.ndarray) -> np.ndarray:
        n_channels = len(self.components)
        if n_channels == len(self.mean):
            projected = np.asarray(scaled @ self.components)
            return projected if self.bend is None else self.bend.applied(projected)
        if self._keeps_channels:
            return scaled
        places = scaled.reshape(len(scaled), n_channels, -1)
        return np.matmul(self.components.T, places).reshape(len(scaled), -1)

    @cached_property
    def _keeps_channels(self) -> bool:
        n, k = self.components.shape
        return n == k and np.array_equal(self.components, np.eye(n, dtype=np.float32))

    def residual(self, features: np.ndarray, design: np.ndarray) -> np.ndarray:
        """Return (n,) how far each image lies outside the space that the components span.

        Where the components are orthonormal, it is what the design's norm lacks of the whole.
        """
        scaling = self._scaling(features)
        whole = np.zeros(len(features))
        within = np.asarray(design, dtype=np.float64)
        if self.bend is not None:  # what is bent has no length in the space of features
            within = np.zeros((len(features), self.components.shape[1]))
        if len(features):
            for rows, chunk in FeatureTable(features).row_chunks():
                scaled = scaling.apply(chunk)
                whole[rows] = np.einsum("ij,ij->i", scaled, scaled, dtype=np.float64)
                if self.bend is not None:
                    within[rows] = scaled @ self.components
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
    if reduction.kind == "autoencoder":
        axes, bend = fit_autoencoder(table, scaling, reduction.components, reduction.seed)
        return replace(_reduction(scaling, axes), bend=bend)
    if reduction.kind == "umap":
        axes, embedded = fit_embedding(table, scaling, reduction.components, reduction.seed)
        return replace(_reduction(scaling, axes), bend=embedded)
    return _reduction(scaling, _axes(table, scaling, reduction))


def fit_places(
    features: np.ndarray, reduction: Reduction, n_channels: int, rows: np.ndarray | None = None
) -> FittedReduction:
    """Fit a reduction that keeps places, on the fit images only, in bounded memory.

    Parameters
    ----------
    features : (n_images, n_channels * n_places), places varying fastest; otherwise as in
        ``fit_reduction``.

    Raises
    ------
    InvalidInput
        Features that are not finite, or all of them the same for all images.
    """
    table = FeatureTable(np.asanyarray(features), rows)
    n_places = table.shape[1] // n_channels
    moments = FeatureMoments(table.shape[1])
    for _, chunk in table.row_chunks():
        moments.add(chunk)
    scaling = moments.scaling(reduction.scaling, n_places)
    k = min(reduction.components or n_channels, n_channels)
    if reduction.components:
        covariance = np.zeros((n_channels, n_channels))
        for _, chunk in table.row_chunks():
            channels = scaling.apply(chunk).reshape(len(chunk), n_channels, n_places)
            covariance += np.einsum("icp,idp->cd", channels, channels, optimize=True)
        variance, axes = np.linalg.eigh(covariance)
        variance, axes = variance[::-1].clip(0), axes[:, ::-1]
    else:
        used = np.divide(1, scaling.scale, out=np.zeros(table.shape[1]), where=scaling.scale > 0)
        variance = (moments.squares * used**2).reshape(n_channels, n_places).sum(axis=1)
        axes = np.eye(n_channels)
    explained = (variance[:k] / variance.sum()).astype(np.float32)
    components = np.ascontiguousarray(axes[:, :k], dtype=np.float32)
    return FittedReduction(scaling.mean, scaling.scale, components, explained)


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
