"""Responses in another unit give the same correlations, and a grid that decides is told."""

import json

import numpy as np
import pytest

from cortiscope.core.encoding import (
    RegressorSpec,
    TrainingData,
    method_text,
    regressor_names,
)
from cortiscope.core.encoding.grid_edges import GridEdges, grid_edges
from cortiscope.core.encoding.predictor import LinearPredictor, Member, merge
from cortiscope.core.encoding.regressors import fit_regressor, restore_predictor
from cortiscope.core.encoding.training import VertexTable

N, SPACES, N_VERTICES = 44, (slice(0, 3), slice(3, 8)), 5


@pytest.fixture
def data(rng):
    design = rng.normal(size=(N, 8)).astype(np.float32) * np.linspace(0.3, 4, 8, dtype=np.float32)
    signal = design @ rng.normal(size=(8, N_VERTICES)) * [0.2, 0.3, 0, 0.4, 0.1]
    responses = (signal + rng.normal(size=(N, N_VERTICES))).astype(np.float32)
    table = VertexTable(
        rng.normal(size=(N_VERTICES, 3)) * 30,
        np.array([0, 0, 0, 1, 1]),
        {"A": np.array([0, 3])},
        {"a class": np.array([1, 4])},
    )
    return TrainingData(design, responses, SPACES, table)


def in_units(data, scale, offset):
    responses = (data.responses * scale + offset).astype(np.float32)
    return TrainingData(data.design, responses, data.spaces, data.vertices)


def fitted(data, name):
    spec = RegressorSpec(name)
    if hasattr(spec.settings, "training"):
        spec = spec.with_settings(training=type(spec.settings.training)(max_epochs=4))
    elif hasattr(spec.settings, "max_epochs"):
        spec = spec.with_settings(max_epochs=4)
    return fit_regressor(data, spec)


@pytest.mark.parametrize("name", regressor_names())
def test_responses_in_another_unit_are_predicted_in_it_and_no_better_or_worse(data, name):
    scale, offset = 128.0, 500.0
    here = fitted(data, name).predict(data.design)
    there = fitted(in_units(data, scale, offset), name).predict(data.design)
    if np.ptp(here, axis=0).min() > 1e-3:
        r = [np.corrcoef(here[:, v], there[:, v])[0, 1] for v in range(N_VERTICES)]
        np.testing.assert_allclose(r, 1, atol=2e-4)
    np.testing.assert_allclose((there - offset) / scale, here, atol=0.02 * np.abs(here).max())


def test_the_largest_share_is_the_least_penalty_without_any_coefficient(data):
    for name in ("lasso", "multitask_lasso", "elastic_net"):
        for share, any_left in ((1.001, False), (0.99, True)):
            found = fit_regressor(data, RegressorSpec(name).with_settings(shares=(share,)))
            assert found.coef.any() == any_left, (name, share)


def test_published_penalties_stay_absolute_and_are_said(data):
    spec = RegressorSpec("multitask_lasso").with_settings(alphas=(0.01, 1.0))
    assert fit_regressor(data, spec).alpha[0] in np.float32([0.01, 1.0])
    assert "among 0.01, 1" in method_text("multitask_lasso", vars(spec.settings))
    assert "8 shares" in method_text("lasso", vars(RegressorSpec("lasso").settings))
    older = {"alphas": [0.001, 0.1], "n_folds": 5}
    assert method_text("lasso", older).endswith("cross-validation among 0.001, 0.1")


def test_edges_are_counted_and_warned_of_above_five_percent():
    edges = grid_edges(np.array([1.0, 10, 100, 100]), (1.0, 10.0, 100.0))
    found = GridEdges.of(edges)
    assert (found.smallest, found.largest) == (0.25, 0.5)
    assert found.warning("voxels").startswith("25 % of the voxels have the smallest penalty")
    assert "no signal" in found.warning()
    assert GridEdges(0.05, 0.05).warning() == ""
    assert grid_edges(np.array([1.0, 1.0]), (1.0,)) is None
    of_spaces = grid_edges(np.array([[1.0, 10], [100, 100]]), (1.0, 10.0, 100.0))
    np.testing.assert_allclose(of_spaces, [[0.5, 0], [0.5, 0.5]])


@pytest.mark.parametrize(
    "name", ["ridge", "ridge_gcv", "ridge_shared", "lasso", "banded", "stacked", "best_space"]
)
def test_every_encoder_with_penalties_tells_its_edges_and_keeps_them(data, name):
    predictor = fitted(data, name)
    assert predictor.edges.shape == (2, N_VERTICES)
    structure = json.loads(json.dumps(predictor.structure()))
    opened = restore_predictor(structure, predictor.arrays().__getitem__)
    np.testing.assert_array_equal(opened.edges, predictor.edges)
    del structure["has_edges"]  # as in runs of before
    assert restore_predictor(structure, predictor.arrays().__getitem__).edges is None


def test_members_edges_are_averaged_where_they_overlap():
    def member(vertices, edges):
        n = len(vertices)
        linear = LinearPredictor(
            np.zeros((1, n), np.float32), np.zeros(n, np.float32), edges=np.float32(edges)
        )
        return Member("part", np.array(vertices), linear)

    merged = merge([member([0, 1], [[1, 0], [0, 1]]), member([1, 2], [[0, 0], [0, 1]])], 3)
    np.testing.assert_allclose(merged.edges, [[1, 0, 0], [0, 0.5, 1]])
