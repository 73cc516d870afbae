import math

import numpy as np
import pytest

from cortiscope.core.encoding.neural.positions import (
    PositionRecipe,
    boxes_of_scope,
    encode_positions,
    position_codes,
    sinusoids,
)
from cortiscope.core.encoding.scopes import scope_parts
from cortiscope.core.encoding.training import VertexTable
from cortiscope.core.errors import InvalidInput, UnknownName

# Five left vertices, three right; EBA overlaps V1v on the left, and lies on both sides.
_LEFT = [[-10, -90, 0], [-14, -80, 5], [-12, -85, 3], [-40, -70, -5], [-30, -60, 20]]
_RIGHT = [[8, -88, 1], [44, -66, 2], [48, -62, 10]]


def _table(positions=None, **changes):
    values = {
        "positions": np.array(_LEFT + _RIGHT if positions is None else positions, dtype=float),
        "hemispheres": np.array([0] * 5 + [1] * 3),
        "rois": {"EBA": np.array([2, 3, 6, 7]), "V1v": np.array([0, 1, 2])},
        "roi_classes": {"floc-bodies": np.array([2, 3, 6, 7])},
    }
    return VertexTable(**{**values, **changes})


def test_steps_of_a_toy_roi_equal_those_computed_by_hand():
    recipe = PositionRecipe(expansion=3, max_steps=100, n_frequencies=4)
    box = encode_positions(_table(), recipe)[0]
    # V1v: x -14..-10, y -90..-80 (the longest side, 10 mm = 100 steps), z 0..5.
    assert box.name == "left V1v"
    assert box.vertices.tolist() == [0, 1, 2]
    assert (box.low.tolist(), box.high.tolist()) == ([-14, -90, 0], [-10, -80, 5])
    np.testing.assert_allclose(box.grid, [[20, -50, -25], [-20, 50, 25], [0, 0, 5]])
    np.testing.assert_allclose(box.expanded, [[60, -150, -75], [-60, 150, 75], [0, 0, 15]])
    np.testing.assert_array_equal(
        box.codes, sinusoids(box.expanded, n_frequencies=4, period=10_000)
    )


def test_every_vertex_is_in_one_box_the_first_roi_in_visual_order_or_the_hemispheres():
    boxes = {b.name: b.vertices.tolist() for b in encode_positions(_table())}
    assert boxes == {
        "left V1v": [0, 1, 2],  # 2 is in EBA as well, which comes later though named first
        "left EBA": [3],
        "left": [4],
        "right EBA": [6, 7],
        "right": [5],
    }


def test_parts_of_a_scope_have_boxes_of_their_own_vertices_as_their_fits_have():
    table = _table()
    by_side = boxes_of_scope(table, "hemisphere", PositionRecipe())
    assert [(b.name, b.vertices.tolist()) for b in by_side] == [
        (b.name, b.vertices.tolist()) for b in encode_positions(table)
    ]
    by_roi = boxes_of_scope(table, "roi", PositionRecipe())
    # The part EBA left has vertex 2 in V1v's box, which holds nothing else there.
    assert [(b.name, b.vertices.tolist()) for b in by_roi][:3] == [
        ("left V1v", [2]),
        ("left EBA", [3]),
        ("left V1v", [0, 1, 2]),
    ]
    assert sum(len(b.vertices) for b in by_roi) == 8 + 1
    for part in scope_parts("roi", 8, table):
        codes = position_codes(table.subset(part.vertices), PositionRecipe(), with_box=False)
        found = {v: c for b in by_roi for v, c in zip(b.vertices, b.codes, strict=True)}
        if not {0, 1, 2, 3} & set(part.vertices):
            np.testing.assert_array_equal(codes, [found[v] for v in part.vertices])


def test_a_box_holds_also_the_vertices_that_another_roi_encodes():
    eba = encode_positions(_table())[1]
    assert eba.name == "left EBA"
    assert eba.low.tolist() == [-40, -85, -5]
    assert eba.high.tolist() == [-12, -70, 3]


def test_vertices_in_no_roi_use_the_box_of_the_whole_hemisphere():
    left = encode_positions(_table())[2]
    assert (left.low.tolist(), left.high.tolist()) == ([-40, -90, -5], [-10, -60, 20])


def test_boxes_may_be_those_of_classes_or_of_hemispheres_alone():
    by_class = encode_positions(_table(), PositionRecipe("roi_class"))
    assert [b.name for b in by_class] == [
        "left floc-bodies",
        "left",
        "right floc-bodies",
        "right",
    ]
    whole = encode_positions(_table(), PositionRecipe("hemisphere"))
    assert [(b.name, len(b.vertices)) for b in whole] == [("left", 5), ("right", 3)]


def test_codes_do_not_change_when_the_roi_is_moved():
    table = _table()
    moved = _table(positions=table.positions + [32, -7, 11])
    np.testing.assert_allclose(
        position_codes(table, PositionRecipe()), position_codes(moved, PositionRecipe()), atol=1e-5
    )


def test_expansion_multiplies_the_distances_from_the_centre():
    once, thrice = (encode_positions(_table(), PositionRecipe(expansion=e))[0] for e in (1, 3))
    np.testing.assert_array_equal(once.grid, thrice.grid)
    np.testing.assert_allclose(thrice.expanded, 3 * once.expanded)
    assert once.grid[:, 1].max() - once.grid[:, 1].min() == pytest.approx(1000)


def test_sinusoids_equal_a_plain_loop(rng):
    points = rng.uniform(-900, 900, (3, 2))
    ours = sinusoids(points, n_frequencies=5, period=10_000)
    for n, point in enumerate(points):
        expected = []
        for p in point:
            omegas = [10_000 ** (k / 4 * (1 / 5 - 1)) for k in range(5)]
            expected += [math.sin(w * p) for w in omegas] + [math.cos(w * p) for w in omegas]
        np.testing.assert_allclose(ours[n], expected, atol=1e-6)


def test_the_default_code_has_192_values_and_a_column_per_box():
    table = _table()
    assert position_codes(table, PositionRecipe(), with_box=False).shape == (8, 192)
    codes = position_codes(table, PositionRecipe())
    assert codes.shape == (8, 192 + 5)
    np.testing.assert_array_equal(codes[:, 192:].argmax(1), [0, 0, 0, 1, 2, 4, 3, 3])
    np.testing.assert_array_equal(codes[:, 192:].sum(1), 1)


def test_a_roi_of_one_vertex_lies_at_its_centre():
    table = _table(rois={"OFA": np.array([4])})
    assert np.all(encode_positions(table)[0].expanded == 0)


def test_a_subset_of_a_roi_and_an_absent_roi_do_no_harm():
    part = _table().subset(np.array([7, 6, 5]))
    assert {b.name: sorted(b.vertices) for b in encode_positions(part)} == {
        "right EBA": [0, 1],
        "right": [2],
    }


def test_missing_positions_are_refused_with_the_vertices():
    positions = np.array(_LEFT + _RIGHT, dtype=float)
    positions[[1, 6], [0, 2]] = np.nan
    with pytest.raises(InvalidInput, match="2 of 8 vertices have no position: 1, 6"):
        encode_positions(_table(positions=positions))


def test_a_recipe_that_makes_no_sense_is_refused():
    with pytest.raises(UnknownName, match="roi, roi_class, hemisphere"):
        PositionRecipe("lobe")
    with pytest.raises(InvalidInput, match="expansion must be positive; got 0"):
        PositionRecipe(expansion=0)
