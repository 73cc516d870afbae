"""The second truth: signed colour edges, fields that are no Gaussian, and nobody else touched."""

import numpy as np
import pytest

from cortiscope.core.brain import Hemisphere
from cortiscope.core.simulation.early_encoding import (
    _gaussian_fields,
    _other_fields,
    build_early_encoding,
    early_drive,
)
from cortiscope.core.simulation.local_structure import (
    FIELD_DEG,
    N_CELLS,
    N_CHANNELS,
    N_ORIENTATIONS,
    N_SIGNED,
    cell_centres,
    signed_edges,
)
from cortiscope.core.simulation.recipe import FURTHER_RECIPE, individual, plan_stimuli

CENTRE = N_CELLS // 2


def _edge(left, right):
    picture = np.full((128, 128, 3), left, np.uint8)
    picture[:, 64:] = right
    return picture


def test_an_edge_between_colours_has_a_sign_and_one_between_greys_is_none():
    red, green = (200, 60, 60), (60, 200, 60)
    one, other = (
        signed_edges(_edge(*sides))[:, CENTRE, CENTRE] for sides in ((red, green), (green, red))
    )
    best = int(one.argmax())
    assert best % N_ORIENTATIONS == 0  # it changes from left to right
    assert int(other.argmax()) == (best + N_ORIENTATIONS) % N_SIGNED
    np.testing.assert_allclose(np.roll(other, N_ORIENTATIONS), one, rtol=1e-3, atol=1e-4)
    assert signed_edges(_edge((40,) * 3, (220,) * 3)).max() < 1e-3


def test_other_fields_are_a_surround_an_elongated_field_and_two_places():
    n = 90
    centres = np.tile([[0.6, -0.3, 0.8]], (n, 1))
    fields = _other_fields(centres, N_CELLS, np.random.default_rng(5)).astype(float)
    gaussian = _gaussian_fields(centres[:1], N_CELLS)[:, 0]
    x, y = cell_centres(N_CELLS)
    kinds = {"surround": 0, "elongated": 0, "two": 0}
    for field in fields.T:
        if field.min() < -1e-4:
            kinds["surround"] += 1
            assert field.sum() == pytest.approx(0.4, abs=0.12)  # some of it lies outside
            continue
        assert field.sum() == pytest.approx(1, abs=0.05)
        assert np.corrcoef(field, gaussian)[0, 1] < 0.95
        places = np.stack([x, y])
        spread = np.cov(places, aweights=np.maximum(field, 0), ddof=0)
        small, large = np.sqrt(np.linalg.eigvalsh(spread))
        peak = places[:, field.argmax()]
        elongated = np.hypot(*(peak - [0.6, -0.3])) < FIELD_DEG / N_CELLS
        kinds["elongated" if elongated else "two"] += 1
        assert large / small > 1.3
    assert min(kinds.values()) > n / 5


def test_whoever_does_not_answer_to_signed_edges_is_as_before(anatomies, rng):
    anatomy = anatomies["sim01"].left
    exponent = np.full(anatomy.n_vertices, 0.5)
    maps = rng.random((3, N_CHANNELS + N_SIGNED, N_CELLS, N_CELLS)).astype(np.float16)
    first, second = (
        build_early_encoding(anatomy, Hemisphere.LEFT, exponent, np.random.default_rng(1), signed)
        for signed in (False, True)
    )
    np.testing.assert_array_equal(
        early_drive(first, maps), early_drive(first, maps[:, :N_CHANNELS])
    )
    changed = maps.copy()
    changed[:, N_CHANNELS:] = 0
    early = np.isin(anatomy.area, ["V1", "V2", "V3"])
    moved = np.abs(early_drive(second, maps) - early_drive(second, changed)).max(axis=0)
    assert (moved[early] > 0).mean() > 0.9
    np.testing.assert_allclose(second.channels.sum(axis=0), 1, rtol=1e-5)


def test_the_further_people_see_other_pictures_and_one_alone_is_a_second_truth():
    plans = plan_stimuli(FURTHER_RECIPE)
    assert [name for name in plans if individual(name).signed] == ["sim03"]
    assert individual("sim04").signed is individual("sim01").signed is False
    for plan in plans.values():
        assert not np.intersect1d(plan.train, plan.test).size
