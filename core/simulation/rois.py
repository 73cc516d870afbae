"""Where the ROIs beyond early cortex lie: category-selective discs, and the seven streams.

Category-selective ROIs are geodesic discs at approximate published locations. Centres are MNI
coordinates; fsaverage's own (MNI305) are treated as MNI152, 2-3 mm apart. EBA, FFA-2, PPA, OPA, RSC
and left VWFA follow coordinates seen in publications (for the scene areas Soc. Cogn. Affect.
Neurosci. 2016, nsw094, table 1; for VWFA Hum. Brain Mapp. hbm.22098, table 2); OFA, FFA-1, FBA-2,
OWFA and VWFA-1 are round numbers from the literature at large; FBA-1 is placed in area PH (Glasser
et al. 2016), where it leaves room for VWFA-1. Anatomically plausible, not measured. The anterior
ROIs mTL-*, aTL-faces and mfs-words are left out, as they are absent in many of the real subjects.

Streams beyond early visual cortex are geodesic Voronoi cells about seeds, mirrored between
hemispheres, in mm, MNI305-like. A vertex joins the stream of its nearest seed if it is near enough;
two majority passes round off the borders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, identity

from cortiscope.core.brain import Hemisphere, roi_class_of
from cortiscope.core.simulation.geodesic import distance_to

# Tuning of the cortex around a ROI is still affected by it up to here.
REACH_MM = 45.0


@dataclass(frozen=True)
class CategoryDisc:
    """A ROI as a disc on the cortical sheet: centres in mm per hemisphere, and its radius."""

    name: str
    right: tuple[float, float, float]
    left: tuple[float, float, float]
    radius: float

    def centre(self, hemisphere: Hemisphere) -> np.ndarray:
        """Return (3,) mm."""
        return np.array(self.left if hemisphere is Hemisphere.LEFT else self.right)


CATEGORY_DISCS: tuple[CategoryDisc, ...] = (
    CategoryDisc("EBA", (48, -72, 2), (-48, -74, 4), 15),
    CategoryDisc("FBA-1", (50, -65, -4), (-47, -64, -5), 8),
    CategoryDisc("FBA-2", (45, -50, -18), (-44, -52, -18), 8),
    CategoryDisc("OFA", (40, -78, -10), (-38, -80, -10), 8),
    CategoryDisc("FFA-1", (39, -64, -16), (-38, -66, -16), 9),
    CategoryDisc("FFA-2", (41, -50, -19), (-40, -52, -19), 9),
    CategoryDisc("OPA", (35, -80, 20), (-33, -85, 20), 11),
    CategoryDisc("PPA", (27, -45, -9), (-27, -47, -8), 11),
    CategoryDisc("RSC", (18, -55, 16), (-17, -57, 16), 9),
    CategoryDisc("OWFA", (38, -86, -8), (-38, -88, -9), 9),
    CategoryDisc("VWFA-1", (46, -62, -12), (-45, -63, -12), 8),
    CategoryDisc("VWFA-2", (44, -53, -16), (-43, -54, -16), 6),
)


def disc_distances(
    graph: csr_matrix,
    middle: np.ndarray,
    hemisphere: Hemisphere,
    shift: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Measure how far each vertex is from each ROI's centre.

    Parameters
    ----------
    graph : edges of the midthickness.
    middle : (n_vertices, 3) midthickness in mm.
    shift : ROI -> (3,) mm by which this person's centre differs.

    Returns
    -------
    distances : ROI -> (n_vertices,) mm along the sheet; infinite beyond ``REACH_MM``.
    """
    distances = {}
    for disc in CATEGORY_DISCS:
        centre = disc.centre(hemisphere) + shift.get(disc.name, np.zeros(3))
        seed = int(np.argmin(np.linalg.norm(middle - centre, axis=1)))
        distances[disc.name] = distance_to(graph, seed, REACH_MM)
    return distances


def class_labels(
    distances: dict[str, np.ndarray],
    radii: dict[str, float],
    rois: tuple[str, ...],
    blocked: np.ndarray,
) -> np.ndarray:
    """Label the vertices of one ROI class; where two discs meet, the relatively nearer wins.

    Parameters
    ----------
    radii : mm per ROI; a ROI without one is absent.
    rois : names of the class in label order.
    blocked : (n_vertices,) bool, vertices that no category ROI may take.

    Returns
    -------
    labels : (n_vertices,) int, 0 for none.
    """
    present = [(k, r) for k, r in enumerate(rois, start=1) if r in radii]
    depth = np.stack([distances[r] / radii[r] for _, r in present])
    nearest = depth.argmin(axis=0)
    labels = np.array([k for k, _ in present])[nearest]
    return np.where((depth.min(axis=0) <= 1) & ~blocked, labels, 0)


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
