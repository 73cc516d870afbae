"""Random projections: far fewer numbers per image that keep the distances between images.

Johnson and Lindenstrauss 1984: with k random directions, squared distances are kept to within a
factor of about 1 +- sqrt(8 log(n) / k) for n images, whatever the number of features. Nothing
about the images is learnt, so that it costs no fit.
"""

from __future__ import annotations

import numpy as np

from cortiscope.core.encoding.reduction.feature_scaling import FeatureScaling
from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.encoding.reduction.principal_axes import GramAccumulator, ProjectionAxes

_CHUNK_FLOATS = 2**22
_JITTER = 1e-9
_STREAM = 1984


def random_axes(
    table: FeatureTable, scaling: FeatureScaling, components: int, projection: str, seed: int
) -> ProjectionAxes:
    """Draw a projection and measure how much of the fit images' variance it sees.

    Parameters
    ----------
    components : at most so many; no more than there are features that vary.
    projection : ``gaussian`` or ``sparse``.
    """
    varying = scaling.scale > 0
    k = min(components, int(varying.sum()))
    matrix = random_matrix(table.shape[1], k, projection, seed)
    matrix[~varying] = 0
    inner = np.zeros((k, k))
    total = 0.0
    for _, chunk in table.row_chunks():
        scaled = scaling.apply(chunk)
        design = (scaled @ matrix).astype(np.float64)
        inner += design.T @ design
        total += float(np.einsum("ij,ij->", scaled, scaled, dtype=np.float64))
    # Directions are not orthogonal: what a component adds is what those before it lack.
    root = gram_root(matrix)
    added = np.diag(np.linalg.solve(root, np.linalg.solve(root, inner).T))
    n = table.shape[0]
    return ProjectionAxes(matrix, np.maximum(added, 0) / n, total / n)


def random_matrix(n_features: int, k: int, projection: str, seed: int) -> np.ndarray:
    """Draw (n_features, k) float32 with mean 0 and variance 1 / k.

    ``gaussian`` as in scikit-learn's GaussianRandomProjection; ``sparse`` as in its
    SparseRandomProjection, with a share of 1 / sqrt(n_features) entries that are not 0.
    """
    # Data that were simulated with the same seed must not share their numbers with the projection.
    rng = np.random.default_rng((_STREAM, seed))
    matrix = np.empty((n_features, k), np.float32)
    share = 1 / np.sqrt(n_features)
    size = 1 / np.sqrt(k * (share if projection == "sparse" else 1))
    step = max(1, _CHUNK_FLOATS // k)
    for start in range(0, n_features, step):
        part = matrix[start : start + step]
        if projection == "gaussian":
            part[:] = rng.standard_normal(part.shape, dtype=np.float32)
        else:
            draw = rng.random(part.shape, dtype=np.float32)
            part[:] = np.where(draw < share, np.where(draw < share / 2, -1, 1), 0)
        part *= size
    return matrix


def gram_root(components: np.ndarray) -> np.ndarray:
    """Return the Cholesky factor (k, k) float64 of the components' inner products.

    A trace of the identity is added, so that components that repeat others do no harm.
    """
    k = components.shape[1]
    gram = GramAccumulator(k)
    step = max(1, _CHUNK_FLOATS // k)
    for start in range(0, len(components), step):
        gram.add(components[start : start + step].T)
    root: np.ndarray = np.linalg.cholesky(gram.matrix() + np.eye(k) * (_JITTER * gram.trace))
    return root
