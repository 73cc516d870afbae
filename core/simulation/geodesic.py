"""Distances along the cortical sheet: shortest paths over mesh edges, and smooth fields on it.

Distances in space would jump a sulcus: FFA and PPA lie a few mm apart through the air, and
centimetres apart along the sheet.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags, identity
from scipy.sparse.csgraph import dijkstra


def edge_graph(coordinates: np.ndarray, faces: np.ndarray) -> csr_matrix:
    """Connect the vertices of a mesh by their edges.

    Parameters
    ----------
    coordinates : (n_vertices, 3) in mm.
    faces : (n_faces, 3) vertex numbers.

    Returns
    -------
    graph : (n_vertices, n_vertices) symmetric, edge lengths in mm.
    """
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    a, b = pairs.T
    lengths = np.linalg.norm(coordinates[a].astype(float) - coordinates[b], axis=1)
    n = len(coordinates)
    ends = (np.concatenate([a, b]), np.concatenate([b, a]))
    return csr_matrix((np.concatenate([lengths, lengths]), ends), shape=(n, n))


def distance_to(graph: csr_matrix, sources: np.ndarray | int, limit: float) -> np.ndarray:
    """Return each vertex's distance to the nearest of some vertices.

    Parameters
    ----------
    graph : from :func:`edge_graph`.
    sources : vertex number or numbers.
    limit : mm; farther vertices get infinity (and cost no time).

    Returns
    -------
    distance : (n_vertices,) in mm.
    """
    numbers = np.atleast_1d(sources)
    if len(numbers) == 0:
        return np.full(graph.shape[0], np.inf)
    return dijkstra(graph, directed=False, indices=numbers, min_only=True, limit=limit)


def neighbour_mean(graph: csr_matrix) -> csr_matrix:
    """Return the operator that replaces a vertex by the mean of itself and its neighbours."""
    ties = (graph > 0).astype(np.float64) + identity(graph.shape[0], format="csr")
    return diags(1.0 / np.asarray(ties.sum(axis=1)).ravel()) @ ties


def smooth_fields(
    averaging: csr_matrix, n_fields: int, passes: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw random maps that vary smoothly over the sheet.

    Parameters
    ----------
    averaging : from :func:`neighbour_mean`.
    passes : how often white noise is averaged; on fsaverage5 (edges of about 4 mm) n passes give
        a Gaussian of roughly 3 sqrt(n) mm standard deviation.

    Returns
    -------
    fields : (n_vertices, n_fields), each with mean 0 and variance 1 over vertices.
    """
    fields = rng.standard_normal((averaging.shape[0], n_fields))
    for _ in range(passes):
        fields = averaging @ fields
    fields -= fields.mean(axis=0)
    return fields / fields.std(axis=0)
