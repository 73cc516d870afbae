from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.geodesic import (
    distance_to,
    edge_graph,
    neighbour_mean,
    smooth_fields,
)

# A strip folded like a U: its two ends are 1 apart through the air, 7 along the sheet.
_FOLDED = np.array([[0, 0, 0], [0, 3, 0], [1, 3, 0], [1, 0, 0], [5, 5, 5]], dtype=float)
_FACES = np.array([[0, 1, 1], [1, 2, 2], [2, 3, 3]])


def test_distance_follows_the_sheet_and_not_the_air():
    graph = edge_graph(_FOLDED, _FACES)
    distance = distance_to(graph, 0, limit=100)
    np.testing.assert_allclose(distance[:4], [0, 3, 4, 7])
    assert np.isinf(distance[4])


def test_distance_beyond_the_limit_is_infinite():
    assert np.isinf(distance_to(edge_graph(_FOLDED, _FACES), 0, limit=5)[3])


def test_distance_to_several_sources_is_that_to_the_nearest():
    graph = edge_graph(_FOLDED, _FACES)
    np.testing.assert_allclose(distance_to(graph, np.array([0, 3]), 100)[:4], [0, 3, 3, 0])


def test_neighbour_mean_keeps_a_constant():
    averaging = neighbour_mean(edge_graph(_FOLDED, _FACES))
    np.testing.assert_allclose(averaging @ np.ones(5), 1)
    np.testing.assert_allclose((averaging @ np.array([1.0, 0, 0, 0, 0]))[:3], [1 / 2, 1 / 3, 0])


def test_smooth_fields_are_standardised_and_alike_between_neighbours(anatomies):
    part = anatomies["sim01"].left
    fields = smooth_fields(part.averaging, 3, 6, np.random.default_rng(0))
    np.testing.assert_allclose(fields.std(axis=0), 1)
    np.testing.assert_allclose(fields.mean(axis=0), 0, atol=1e-9)
    near = part.averaging @ fields
    assert min(np.corrcoef(near[:, k], fields[:, k])[0, 1] for k in range(3)) > 0.9
