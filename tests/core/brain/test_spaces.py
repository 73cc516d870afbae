import numpy as np
import pytest

from cortiscope.core.brain import (
    HEMISPHERES,
    VOXELS,
    ChallengeSpace,
    VoxelSpace,
    part_from_short,
)
from cortiscope.core.errors import IncompatibleSpace, UnknownName

LEFT, RIGHT = HEMISPHERES
CORTEX = ChallengeSpace(10_242, {LEFT: np.array([3, 8, 40]), RIGHT: np.array([0, 5])})
SPACES = (CORTEX, VoxelSpace(7))


@pytest.mark.parametrize("space", SPACES)
def test_the_parts_of_a_space_make_up_the_whole_in_order(space):
    values = np.arange(2 * space.n_vertices()).reshape(2, -1)
    pieces = space.split(values)
    assert tuple(pieces) == space.parts
    np.testing.assert_array_equal(np.concatenate(list(pieces.values()), axis=1), values)
    for part, own in pieces.items():
        assert own.shape[1] == space.n_vertices(part)
        np.testing.assert_array_equal(values[:, space.slice_of(part)], own)


def test_left_comes_before_right():
    assert (CORTEX.slice_of(LEFT), CORTEX.slice_of(RIGHT)) == (slice(0, 3), slice(3, 5))
    assert (CORTEX.n_vertices(), CORTEX.n_vertices(RIGHT)) == (5, 2)


def test_voxels_are_one_part_of_no_place():
    space = VoxelSpace(7)
    assert (space.n_vertices(), space.n_vertices(VOXELS)) == (7, 7)
    assert not space.is_placed
    assert CORTEX.is_placed
    assert (space.unit, CORTEX.unit) == ("voxels", "vertices")


@pytest.mark.parametrize(("space", "part"), [(VoxelSpace(7), LEFT), (CORTEX, VOXELS)])
def test_a_part_of_another_space_is_refused_and_the_own_ones_are_named(space, part):
    for ask in (space.slice_of, space.n_vertices):
        with pytest.raises(IncompatibleSpace, match=f"no part {part}.*{', '.join(space.parts)}"):
            ask(part)


@pytest.mark.parametrize(
    ("space", "words"), [(CORTEX, "3 left . 2 right = 5"), (VoxelSpace(7), "has 7 voxels")]
)
def test_values_of_another_number_are_told_with_both_numbers(space, words):
    with pytest.raises(IncompatibleSpace, match=words):
        space.split(np.zeros((2, 4)))


def test_every_part_reads_back_from_the_name_that_files_give_it():
    for part in (*HEMISPHERES, VOXELS):
        assert part_from_short(part.short) is part
    assert [p.prefix for p in (*HEMISPHERES, VOXELS)] == ["lh_", "rh_", ""]
    with pytest.raises(UnknownName, match="lh, rh, voxels"):
        part_from_short("hl")
