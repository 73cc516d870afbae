"""The seven streams: early visual cortex, and geodesic Voronoi cells for the six beyond it.

Seeds are mirrored between hemispheres, in mm, MNI305-like. A vertex joins the stream of its
nearest seed if it is near enough; two majority passes round off the borders.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, identity

from cortiscope.core.brain import Hemisphere, roi_class_of
from cortiscope.core.simulation.geodesic import distance_to

STREAMS = roi_class_of("early").rois

# Stream -> (seeds in the right hemisphere, reach in mm).
_SEEDS: dict[str, tuple[tuple[tuple[float, float, float], ...], float]] = {
    "midventral": (((32, -78, -14), (22, -70, -12)), 15.0),
    "midlateral": (((40, -84, 2), (36, -88, -6)), 16.0),
    "midparietal": (((27, -82, 26), (22, -88, 22)), 15.0),
    "ventral": (((28, -47, -11), (40, -52, -19), (38, -64, -16), (32, -36, -17)), 15.0),
    "lateral": (((47, -70, 4), (50, -58, 8), (50, -60, -8)), 17.0),
    "parietal": (((24, -68, 44), (30, -56, 48), (30, -74, 32)), 15.0),
}
_SMOOTHING_PASSES = 2


def stream_labels(
    graph: csr_matrix,
    middle: np.ndarray,
    hemisphere: Hemisphere,
    early: np.ndarray,
    reach: float = 1.0,
) -> np.ndarray:
    """Divide visual cortex into streams.

    Parameters
    ----------
    graph : edges of the midthickness.
    middle : (n_vertices, 3) midthickness in mm.
    early : (n_vertices,) bool, V1 to V3.
    reach : factor on how far the streams reach.

    Returns
    -------
    labels : (n_vertices,) int, 1 for ``STREAMS[0]``; 0 for none.
    """
    mirror = np.array([1.0 if hemisphere is Hemisphere.RIGHT else -1.0, 1.0, 1.0])
    depths = []
    for seeds, limit in _SEEDS.values():
        numbers = [
            int(np.argmin(np.linalg.norm(middle - np.array(s) * mirror, axis=1))) for s in seeds
        ]
        depths.append(distance_to(graph, np.array(numbers), limit * reach))
    depth = np.stack(depths)
    names = [STREAMS.index(name) + 1 for name in _SEEDS]
    labels = np.where(np.isfinite(depth.min(axis=0)), np.array(names)[depth.argmin(axis=0)], 0)
    labels[early] = 1

    ties = (graph > 0).astype(float) + identity(graph.shape[0], format="csr")
    for _ in range(_SMOOTHING_PASSES):
        votes = ties @ (labels[:, None] == np.arange(len(STREAMS) + 1))
        votes[:, 1] = 0  # early cortex is fixed by its own borders
        labels = np.where(early, 1, votes.argmax(axis=1))
    return labels
