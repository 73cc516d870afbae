from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.brain import HEMISPHERES, ROI_CLASSES, Hemisphere

# ROI -> (fewest, most) vertices per hemisphere of sim01.
_SIZES = {
    "V1v": (35, 60), "V1d": (35, 60), "V2v": (30, 60), "V2d": (30, 60), "V3v": (30, 60),
    "V3d": (30, 60), "hV4": (25, 60), "EBA": (75, 115), "FBA-1": (10, 45), "FBA-2": (10, 40),
    "OFA": (15, 40), "FFA-1": (14, 40), "FFA-2": (18, 40), "OPA": (30, 55), "PPA": (28, 55),
    "RSC": (18, 45), "OWFA": (10, 40), "VWFA-1": (10, 40), "VWFA-2": (6, 25),
}  # fmt: skip

# Vertices where published atlases put an area (Wang 2015; Glasser 2016 PIT for left OFA).
_ATLAS_VERTICES = {
    Hemisphere.LEFT: {
        "V1v": 3919, "V1d": 9648, "V2v": 10123, "V2d": 3194, "V3v": 10120, "V3d": 1702,
        "hV4": 3924, "OFA": 2903, "FFA-1": 2749, "FFA-2": 6107, "EBA": 7080,
    },
    Hemisphere.RIGHT: {
        "V1v": 819, "V1d": 9449, "V2v": 2493, "V2d": 6794, "V3v": 2497, "V3d": 1258,
        "hV4": 10024, "FFA-1": 6102, "EBA": 8562, "RSC": 7751,
    },
}  # fmt: skip
_AREA_OF = {"V1v": "V1", "V1d": "V1", "V2v": "V2", "V2d": "V2", "V3v": "V3", "V3d": "V3"}


def _sites(anatomy, roi, hemisphere):
    return anatomy[hemisphere].sites[anatomy.parcellation.vertices(roi, hemisphere)]


@pytest.mark.parametrize("roi", _SIZES)
@pytest.mark.parametrize("hemisphere", HEMISPHERES)
def test_rois_have_a_plausible_number_of_vertices(anatomies, roi, hemisphere):
    n = len(anatomies["sim01"].parcellation.vertices(roi, hemisphere))
    assert _SIZES[roi][0] <= n <= _SIZES[roi][1]


def test_visual_cortex_is_as_large_as_in_the_released_subjects(anatomies):
    for anatomy in anatomies.values():
        for hemisphere in HEMISPHERES:
            assert 1200 <= anatomy[hemisphere].n_vertices <= 1800
            v1 = sum(len(anatomy.parcellation.vertices(r, hemisphere)) for r in ("V1v", "V1d"))
            assert 70 <= v1 <= 115


@pytest.mark.parametrize("hemisphere", HEMISPHERES)
def test_atlas_vertices_lie_in_their_area(anatomies, hemisphere):
    part = anatomies["sim01"][hemisphere]
    for roi, vertex in _ATLAS_VERTICES[hemisphere].items():
        position = np.flatnonzero(part.vertices == vertex)
        assert len(position) == 1, roi
        assert part.area[position[0]] == _AREA_OF.get(roi, roi)


@pytest.mark.parametrize("name", ["sim01", "sim02"])
@pytest.mark.parametrize("hemisphere", HEMISPHERES)
def test_rois_lie_as_they_do_in_brains(anatomies, name, hemisphere):
    anatomy = anatomies[name]

    def middle(roi):
        x, y, z = np.median(_sites(anatomy, roi, hemisphere), axis=0)
        return abs(x), y, z

    assert middle("V1v")[2] < middle("V1d")[2] - 4
    assert middle("V3v")[2] < middle("V3d")[2] - 15
    assert middle("PPA")[0] < middle("FFA-1")[0] - 6
    assert middle("PPA")[0] < middle("FFA-2")[0] - 6
    assert middle("OFA")[1] < middle("FFA-1")[1] - 5 < middle("FFA-2")[1] - 10
    assert middle("EBA")[0] > 38
    assert middle("OPA")[2] > 12
    assert middle("RSC")[0] < 25
    assert middle("RSC")[1] > middle("V1d")[1] + 20


@pytest.mark.parametrize("hemisphere", HEMISPHERES)
def test_hemispheres_are_not_swapped(anatomies, hemisphere):
    part = anatomies["sim01"][hemisphere]
    side = -1 if hemisphere is Hemisphere.LEFT else 1
    assert np.median(side * part.sites[:, 0]) > 20
    # Each hemisphere sees the other half of the field.
    assert np.nanmax(side * part.prf[:, 0]) <= 1e-5


@pytest.mark.parametrize("hemisphere", HEMISPHERES)
def test_ventral_areas_see_the_upper_field(anatomies, hemisphere):
    anatomy = anatomies["sim01"]
    part = anatomy[hemisphere]
    for area in ("V1", "V2", "V3"):
        height = {q: part.prf[anatomy.parcellation.vertices(area + q, hemisphere), 1] for q in "vd"}
        assert (height["v"] >= -0.01).all()
        assert (height["d"] <= 0.01).all()


@pytest.mark.parametrize("hemisphere", HEMISPHERES)
def test_polar_angle_mirrors_at_area_borders(anatomies, hemisphere):
    # V1 meets V2 at the vertical meridian, V2 meets V3 at the horizontal one.
    part = anatomies["sim01"][hemisphere]
    ties = (part.averaging > 0).tocoo()
    meets = {("V1", "V2"): [], ("V2", "V3"): []}
    for a, b in zip(ties.row, ties.col, strict=True):
        pair = (str(part.area[a]), str(part.area[b]))
        if pair in meets:
            meets[pair].append(abs(part.polar_angle[a] - 90))
    assert np.median(meets["V1", "V2"]) > 45
    assert np.median(meets["V2", "V3"]) < 40


def test_prf_rois_end_where_mapping_ends(anatomies):
    for anatomy in anatomies.values():
        for hemisphere in HEMISPHERES:
            part = anatomy[hemisphere]
            mapped = part.labels["prf-visualrois"] > 0
            assert part.prf[mapped, 3].max() <= 6.0
            assert np.nanmax(part.prf[:, 3]) > 8


def test_classes_overlap_but_rois_of_a_class_do_not(anatomies):
    for anatomy in anatomies.values():
        part = anatomy.right
        streams = part.labels["streams"]
        assert np.mean(streams[part.labels["floc-bodies"] == 1] > 0) > 0.8
        both = (part.labels["floc-faces"] > 0) & (part.labels["floc-bodies"] > 0)
        assert both.sum() > 3
        early = np.isin(part.labels["prf-visualrois"], range(1, 7))
        for roi_class in ROI_CLASSES[1:5]:
            assert not (early & (part.labels[roi_class.name] > 0)).any()


def test_people_differ(anatomies):
    first, second = anatomies["sim01"], anatomies["sim02"]
    for hemisphere in HEMISPHERES:
        assert first[hemisphere].n_vertices != second[hemisphere].n_vertices
    rois = second.parcellation

    def n(roi, hemisphere):
        return len(rois.vertices(roi, hemisphere))

    assert n("FBA-1", Hemisphere.LEFT) == 0 < n("FBA-1", Hemisphere.RIGHT)
    assert n("VWFA-2", Hemisphere.RIGHT) == 0 < n("VWFA-2", Hemisphere.LEFT)
    assert n("FFA-2", Hemisphere.RIGHT) > 1.5 * n("FFA-2", Hemisphere.LEFT)
    for absent in ("mTL-faces", "aTL-faces", "mTL-bodies", "mTL-words", "mfs-words"):
        assert n(absent, Hemisphere.LEFT) + n(absent, Hemisphere.RIGHT) == 0


def test_vertices_are_the_union_of_all_rois(anatomies):
    for anatomy in anatomies.values():
        for hemisphere in HEMISPHERES:
            part = anatomy[hemisphere]
            assert np.any([v > 0 for v in part.labels.values()], axis=0).all()
            assert (np.diff(part.vertices) > 0).all()
