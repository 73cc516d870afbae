"""A simulated person's visual cortex on fsaverage5: vertices, ROIs and retinotopy.

The subject's vertices are the union of all ROIs and streams, like the released subset of
fsaverage vertices of a real subject. Everything here is over those vertices, in increasing
template order; classes of ROIs overlap one another as they do in the real masks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from cortiscope.core.brain import (
    FSAVERAGE5_VERTICES,
    HEMISPHERES,
    ROI_CLASSES,
    ChallengeSpace,
    CorticalSurfaces,
    Hemisphere,
    HemisphereSurfaces,
    Parcellation,
    roi_class_of,
)
from cortiscope.core.simulation.early_visual import EARLY_AREAS, early_visual
from cortiscope.core.simulation.geodesic import edge_graph, neighbour_mean
from cortiscope.core.simulation.recipe import Individual
from cortiscope.core.simulation.rois import (
    CATEGORY_DISCS,
    STREAMS,
    class_labels,
    disc_distances,
    stream_labels,
)

# Gaussian pRF size in degrees: offset + slope x eccentricity. Larger than single-voxel estimates:
# a vertex of fsaverage5 stands for some 4 mm of cortex, whose pRFs it pools.
_PRF_SIZE = {
    "V1": (0.55, 0.12),
    "V2": (0.70, 0.16),
    "V3": (0.85, 0.20),
    "hV4": (1.40, 0.40),
}


@dataclass(frozen=True)
class HemisphereAnatomy:
    """One hemisphere of a simulated person, over its n vertices.

    Parameters
    ----------
    vertices : (n,) template vertex numbers, increasing.
    labels : ROI class -> (n,) int labels in the released order, 0 for none.
    area : (n,) names of the area that decides a vertex's response properties: V1, V2, V3, hV4, a
        category ROI, or a stream.
    prf : (n, 4) x, y, sigma and eccentricity in degrees of visual angle (x right, y up);
        NaN beyond hV4.
    polar_angle : (n,) degrees from the upper vertical meridian; NaN beyond hV4.
    depth : ROI -> (n,) distance from its centre in units of its radius; infinite if far or absent.
    averaging : (n, n) operator that averages a vertex with its neighbours.
    sites : (n, 3) midthickness coordinates in mm.
    """

    vertices: np.ndarray
    labels: dict[str, np.ndarray]
    area: np.ndarray
    prf: np.ndarray
    polar_angle: np.ndarray
    depth: dict[str, np.ndarray]
    averaging: csr_matrix
    sites: np.ndarray

    @property
    def n_vertices(self) -> int:
        """Vertices of this hemisphere."""
        return len(self.vertices)


@dataclass(frozen=True)
class Anatomy:
    """Both hemispheres of a simulated person."""

    person: Individual
    left: HemisphereAnatomy
    right: HemisphereAnatomy

    def __getitem__(self, hemisphere: Hemisphere) -> HemisphereAnatomy:
        return self.left if hemisphere is Hemisphere.LEFT else self.right

    @property
    def space(self) -> ChallengeSpace:
        """The subject's vertices within fsaverage5."""
        return ChallengeSpace(FSAVERAGE5_VERTICES, {h: self[h].vertices for h in HEMISPHERES})

    @property
    def parcellation(self) -> Parcellation:
        """The subject's ROI masks."""
        return Parcellation(
            {c.name: {h: self[h].labels[c.name] for h in HEMISPHERES} for c in ROI_CLASSES}
        )


def build_anatomy(person: Individual, surfaces: CorticalSurfaces) -> Anatomy:
    """Lay out a person's visual cortex; deterministic by ``person.seed``."""
    left, right = (_hemisphere(person, surfaces[h], h) for h in HEMISPHERES)
    return Anatomy(person, left, right)


def _hemisphere(
    person: Individual, surfaces: HemisphereSurfaces, hemisphere: Hemisphere
) -> HemisphereAnatomy:
    side = HEMISPHERES.index(hemisphere)
    rng = np.random.default_rng([person.seed, 1, side])
    middle = surfaces.midthickness.astype(float)
    graph = edge_graph(middle, surfaces.faces)

    early = early_visual(surfaces, hemisphere, graph, person.strip_scale[side])
    prf_labels = early.prf_labels()
    v1_to_v3 = (early.area >= 1) & (early.area <= 6)

    factors = {name: (left, right)[side] for name, left, right in person.radius_factors}
    shift, radii = {}, {}
    for disc in CATEGORY_DISCS:
        # Drawn for absent ROIs too, so that one person's absence moves no other ROI.
        shift[disc.name] = person.jitter_mm * rng.standard_normal(3)
        factor = factors.get(disc.name, 1.0) * np.exp(person.size_spread * rng.standard_normal())
        if factor > 0:
            radii[disc.name] = disc.radius * factor
    distances = disc_distances(graph, middle, hemisphere, shift)

    labels = {"prf-visualrois": prf_labels}
    for roi_class in ROI_CLASSES[1:-1]:
        labels[roi_class.name] = class_labels(distances, radii, roi_class.rois, v1_to_v3)
    labels["streams"] = stream_labels(
        graph, middle, hemisphere, v1_to_v3, person.stream_reach[side]
    )

    vertices = np.flatnonzero(np.any([v > 0 for v in labels.values()], axis=0))
    labels = {name: values[vertices].astype(np.int32) for name, values in labels.items()}
    depth = {r: distances[r][vertices] / radii[r] for r in radii}
    area = _area_names(early.area[vertices], labels, depth)
    return HemisphereAnatomy(
        vertices=vertices,
        labels=labels,
        area=area,
        prf=_prf(
            early.area[vertices],
            early.polar_angle[vertices],
            early.eccentricity[vertices],
            hemisphere,
        ),
        polar_angle=early.polar_angle[vertices],
        depth=depth,
        averaging=neighbour_mean(graph[vertices][:, vertices]),
        sites=middle[vertices],
    )


def _area_names(
    early: np.ndarray, labels: dict[str, np.ndarray], depth: dict[str, np.ndarray]
) -> np.ndarray:
    """Decide what a vertex in several ROIs is: early area, else the ROI it is deepest in."""
    area = np.array(["", *STREAMS], dtype=object)[labels["streams"]]
    best = np.full(len(area), np.inf)
    for name, values in depth.items():
        roi_class = roi_class_of(name)
        inside = labels[roi_class.name] == roi_class.rois.index(name) + 1
        closer = inside & (values < best)
        area[closer] = name
        best[closer] = values[closer]
    short = np.array(["", *(n.rstrip("vd") for n in EARLY_AREAS)], dtype=object)[early]
    # hV4 gives way to the category ROIs on top of it, V1 to V3 to nothing.
    wins = (short != "") & ((short != "hV4") | np.isin(area, STREAMS) | (area == ""))
    return np.where(wins, short, area).astype(str)


def _prf(
    early: np.ndarray, polar_angle: np.ndarray, eccentricity: np.ndarray, hemisphere: Hemisphere
) -> np.ndarray:
    # Each hemisphere sees the opposite half of the visual field.
    side = 1.0 if hemisphere is Hemisphere.LEFT else -1.0
    theta = np.deg2rad(polar_angle)
    prf = np.full((len(early), 4), np.nan)
    for k, name in enumerate(EARLY_AREAS, start=1):
        offset, slope = _PRF_SIZE[name.rstrip("vd")]
        here = early == k
        prf[here, 2] = offset + slope * eccentricity[here]
    known = early > 0
    prf[known, 0] = (side * eccentricity * np.sin(theta))[known]
    prf[known, 1] = (eccentricity * np.cos(theta))[known]
    prf[known, 3] = eccentricity[known]
    return prf.astype(np.float32)
