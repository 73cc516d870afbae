"""The readout between a layer and the regressor: scaling and PCA, fitted on training images.

One readout for all layers (same pooling, same number of components) is what makes a comparison of
layers one of layers.

A feature's SD is floored at a tenth of the layer's median SD before it divides: ReLU layers have
nearly dead units, and blowing their rare flickers up to unit variance buries the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput, check_option

_SD_FLOOR = 0.1


@dataclass(frozen=True)
class Reduction:
    """How many numbers per image the regressor sees.

    Parameters
    ----------
    kind : ``pca`` or ``none``.
    components : number of principal components for ``pca``.
    """

    kind: str = "pca"
    components: int = 200

    def __post_init__(self) -> None:
        check_option("reduction", self.kind, ("none", "pca"))
        if self.kind == "pca" and self.components < 1:
            raise InvalidInput(f"PCA needs at least 1 component; got {self.components}.")

    @classmethod
    def parse(cls, text: str) -> Reduction:
        """Read ``none`` or ``pca:K``."""
        kind, _, number = text.partition(":")
        if kind == "none" and not number:
            return cls("none", 0)
        if kind == "pca" and number.isdigit():
            return cls("pca", int(number))
        raise InvalidInput(f"Unknown reduction {text!r}. Allowed: none, pca:K (as in pca:200).")

    @property
    def label(self) -> str:
        """Words for people."""
        return "no reduction" if self.kind == "none" else f"PCA {self.components}"


@dataclass(frozen=True)
class Readout:
    """A fitted readout: design = ((features - mean) / scale) @ components.

    Parameters
    ----------
    mean, scale : (n_features,) of the fit images; scale 0 marks a constant feature (left out).
    components : (n_features, n_components) orthonormal columns, largest variance first.
    explained : (n_components,) share of the scaled features' variance on the fit images.
    """

    mean: np.ndarray
    scale: np.ndarray
    components: np.ndarray
    explained: np.ndarray

    def transform(self, features: np.ndarray) -> np.ndarray:
        """Turn (n, n_features) into the design (n, n_components), float32."""
        if features.shape[1] != len(self.mean):
            raise InvalidInput(
                f"The readout was fitted on {len(self.mean)} features; got {features.shape[1]}."
            )
        return (_scaled(features, self.mean, self.scale) @ self.components).astype(np.float32)

    def residual(self, features: np.ndarray, design: np.ndarray) -> np.ndarray:
        """Return (n,) how far each image lies outside the space that the components span.

        The components are orthonormal, so it is what the design's norm lacks of the whole.
        """
        whole = (_scaled(features, self.mean, self.scale).astype(np.float64) ** 2).sum(axis=1)
        kept = (np.asarray(design, dtype=np.float64) ** 2).sum(axis=1)
        return np.sqrt(np.maximum(whole - kept, 0)).astype(np.float32)


def fit_readout(features: np.ndarray, reduction: Reduction) -> Readout:
    """Fit scaling and PCA on the fit images only.

    Parameters
    ----------
    features : (n_fit, n_features) float.

    Notes
    -----
    ``none`` keeps the whole row space: with more features than images the design is rotated onto
    at most n_fit - 1 axes, which changes no ridge or least-norm solution. ``pca`` with more
    components than the images span keeps as many as there are.
    """
    features = np.asarray(features, dtype=np.float32)
    if not np.all(np.isfinite(features)):
        raise InvalidInput("The features hold NaN or infinite values; the layer cannot be used.")
    mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    sd = features.std(axis=0, dtype=np.float64).astype(np.float32)
    constant = features.min(axis=0) == features.max(axis=0)
    if constant.all():
        raise InvalidInput("Every feature of this layer is the same for all images.")
    scale = np.maximum(sd, _SD_FLOOR * np.median(sd[~constant]))
    scale[constant] = 0
    axes, variance = _principal_axes(_scaled(features, mean, scale))
    total = variance.sum()
    if reduction.kind == "pca":
        axes, variance = axes[:, : reduction.components], variance[: reduction.components]
    return Readout(mean, scale, axes, (variance / total).astype(np.float32))


def _scaled(features: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    return (np.asarray(features, dtype=np.float32) - mean) * inverse


def _principal_axes(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return all axes of non-zero variance (n_features, k) and their variances, largest first."""
    n, d = centred.shape
    # The Gram matrix on the shorter side holds the same spectrum at a fraction of the SVD's cost;
    # float64, because squaring halves the digits.
    wide = d > n
    exact = centred.astype(np.float64)
    gram = exact @ exact.T if wide else exact.T @ exact
    values, vectors = np.linalg.eigh(gram)
    order = np.argsort(values)[::-1]
    values, vectors = values[order], vectors[:, order]
    # Beyond n - 1 (centring) or this tolerance the axes are rounding noise.
    kept = values > values[0] * max(n, d) * np.finfo(np.float32).eps
    kept[n - 1 :] = False
    values, vectors = values[kept], vectors[:, kept]
    axes = (exact.T @ vectors) / np.sqrt(values) if wide else vectors
    # A sign rule makes the axes reproducible across BLAS versions.
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return (axes * signs).astype(np.float32), values / n
