"""An autoencoder as a reduction: codes of features from which these are made again.

Codes are PCA's scores plus what a layer of tanh units adds, and features are made again likewise.
The additions begin at nothing, so that training begins at PCA, and PCA is kept where no epoch makes
images that were held out better: on some hundred images this is the rule. What is kept of it is the
encoder alone: two products and a tanh.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.reduction.feature_scaling import FeatureScaling
from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.encoding.reduction.principal_axes import ProjectionAxes, principal_axes

# Leading principal components that it is trained on: what it sees of the features.
INPUTS = 512
_UNITS_PER_CODE = 2
_HELD = 0.1
_EPOCHS, _PATIENCE = 300, 40
_BATCH, _RATE, _DECAY = 32, 3e-3, 1e-4
_STREAM = 1986
# Of the images' mean length: nearer ones are copies of each other.
_SAME = 1e-3


@dataclass(frozen=True)
class Bend:
    """What an encoder does after its first product: tanh of some columns, and a second product.

    Parameters
    ----------
    bias : (n_units,), of the last columns; those before them stay as they are.
    mix : (n_projected, n_codes), applied after the tanh.
    offset : (n_codes,).
    """

    bias: np.ndarray
    mix: np.ndarray
    offset: np.ndarray

    @property
    def n_codes(self) -> int:
        """Numbers per image."""
        return self.mix.shape[1]

    def applied(self, projected: np.ndarray) -> np.ndarray:
        """Turn (n, n_projected) into codes (n, n_codes), float32."""
        n = projected.shape[1] - len(self.bias)
        bent = np.concatenate([projected[:, :n], np.tanh(projected[:, n:] + self.bias)], axis=1)
        return np.asarray(bent @ self.mix + self.offset, dtype=np.float32)


def fit_autoencoder(
    table: FeatureTable, scaling: FeatureScaling, n_codes: int, seed: int
) -> tuple[ProjectionAxes, Bend | None]:
    """Train an autoencoder on scaled features; return its first product and what follows.

    Codes are turned onto their own principal axes, so that they are uncorrelated over the fit
    images, and have together the variance that they explain, as PCA's have.

    Parameters
    ----------
    n_codes : at most so many; no more than the images span.
    seed : of first weights, batches and held-out images.

    Returns
    -------
    axes : (n_features, n_projected), with the variance that each code adds to those before it.
    bend : None where principal components were kept, which the axes then are.

    References
    ----------
    Hinton & Salakhutdinov 2006, Science 313:504 (autoencoders to reduce dimensions); sizes and the
    start at PCA are ours.
    """
    axes = principal_axes(table, scaling, INPUTS)
    scores = np.concatenate(
        [scaling.apply(chunk) @ axes.components for _, chunk in table.row_chunks()]
    )
    unit = float(np.sqrt((scores**2).sum(axis=1, dtype=np.float64).mean())) or 1.0
    k = min(n_codes, scores.shape[1])
    weights = _trained(scores / np.float32(unit), k, seed)
    if weights is None:
        kept = np.ascontiguousarray(axes.components[:, :k])
        return ProjectionAxes(kept, axes.variance[:k], axes.total), None
    first = np.concatenate([weights["linear"], weights["units"]], axis=1) / unit
    whole = Bend(
        weights["bias"],
        np.concatenate([np.eye(k, dtype=np.float32), weights["added"]]),
        np.zeros(k, dtype=np.float32),
    )
    codes = whole.applied(scores @ first).astype(np.float64)
    mean = codes.mean(axis=0)
    turn, variance = _own_axes(codes - mean, whole.mix)
    turned = (codes - mean) @ turn
    # Uncorrelated: what each explains of a feature adds up.
    explained = ((turned.T @ scores) ** 2).sum(axis=1) / np.maximum(variance, 1e-30) / len(scores)
    turn *= np.sqrt(explained.sum() * len(scores) / variance.sum())
    bend = Bend(
        whole.bias,
        (whole.mix @ turn).astype(np.float32),
        (-mean @ turn).astype(np.float32),
    )
    projection = np.asarray(axes.components @ first, dtype=np.float32)
    return ProjectionAxes(projection, explained, axes.total), bend


def _own_axes(codes: np.ndarray, mix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return principal axes (k, k) of centred codes (n, k), largest first, and sums of squares."""
    values, axes = np.linalg.eigh(codes.T @ codes)
    axes = axes[:, ::-1]
    largest = np.abs(mix @ axes).argmax(axis=0)
    return axes * np.sign((mix @ axes)[largest, np.arange(len(largest))]), values[::-1].clip(0)


def _repeats(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return which of some images (n, m) are copies of one of others (k, m)."""
    a, b = some.astype(np.float64), others.astype(np.float64)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    found: np.ndarray = (squares < _SAME**2).any(axis=1)
    return found


def _trained(x: np.ndarray, k: int, seed: int) -> dict[str, np.ndarray] | None:
    """Train on inputs (n, m), the leading first; return the weights of the best epoch.

    One of ten images is held out, and no copy of it is trained on. None where no epoch makes these
    better than PCA, which is where training begins, or where there are none.
    """
    import torch

    n, m = x.shape
    h = _UNITS_PER_CODE * k
    generator = torch.Generator().manual_seed(seed)
    order = np.random.default_rng((_STREAM, seed)).permutation(n)
    held, rest = np.split(order, [int(_HELD * n)])
    rest = rest[~_repeats(x[rest], x[held])]
    images, unseen = torch.from_numpy(x[rest].copy()), torch.from_numpy(x[held].copy())
    weights = {
        "linear": torch.eye(m)[:, :k].clone(),
        "units": torch.randn(m, h, generator=generator),
        "bias": torch.zeros(h),
        "added": torch.zeros(h, k),
        "back": torch.eye(m)[:k].clone(),
        "units_back": torch.randn(k, h, generator=generator),
        "bias_back": torch.zeros(h),
        "added_back": torch.zeros(h, m),
    }
    for value in weights.values():
        value.requires_grad_()

    def error(batch: torch.Tensor) -> torch.Tensor:
        codes = batch @ weights["linear"]
        codes = codes + (batch @ weights["units"] + weights["bias"]).tanh() @ weights["added"]
        made = codes @ weights["back"]
        units = (codes @ weights["units_back"] + weights["bias_back"]).tanh()
        return ((made + units @ weights["added_back"] - batch) ** 2).sum(1).mean()

    def kept() -> dict[str, np.ndarray]:
        return {name: value.detach().numpy().copy() for name, value in weights.items()}

    optimiser = torch.optim.AdamW(weights.values(), lr=_RATE, weight_decay=_DECAY)
    best, least, waited = None, torch.inf, 0
    for epoch in range(_EPOCHS + 1 if len(held) and len(rest) else 0):
        if epoch:
            for rows in torch.randperm(len(images), generator=generator).split(_BATCH):
                optimiser.zero_grad()
                error(images[rows]).backward()
                optimiser.step()
        with torch.no_grad():
            now = float(error(unseen))
        if now < least:
            best, least, waited = kept() if epoch else None, now, 0
        else:
            waited += 1
        if waited >= _PATIENCE:
            break
    return best
