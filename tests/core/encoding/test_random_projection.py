import numpy as np
import pytest
from scipy import stats
from sklearn.random_projection import (
    GaussianRandomProjection,
    SparseRandomProjection,
    johnson_lindenstrauss_min_dim,
)

from cortiscope.core.encoding import Reduction, fit_reduction
from cortiscope.core.encoding.reduction.random_projection import random_matrix

BOTH = pytest.mark.parametrize("projection", ["gaussian", "sparse"])


def _reduction(x, k, **fields):
    return fit_reduction(x, Reduction("random_projection", k, **fields))


def test_gaussian_entries_are_distributed_as_scikit_learns():
    ours = random_matrix(400, 25, "gaussian", 0).ravel()
    theirs = GaussianRandomProjection(25, random_state=0).fit(np.zeros((2, 400))).components_
    assert stats.ks_2samp(ours, theirs.ravel()).pvalue > 0.01


def test_sparse_entries_are_distributed_as_scikit_learns():
    ours = random_matrix(400, 25, "sparse", 0).ravel()
    theirs = SparseRandomProjection(25, random_state=0).fit(np.zeros((2, 400))).components_
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs.toarray()), rtol=1e-6)
    expected = len(ours) / np.sqrt(400)
    for sign in (-1, 1):
        assert np.sum(np.sign(ours) == sign) == pytest.approx(expected / 2, rel=0.2)


@BOTH
def test_norms_and_distances_are_kept_within_the_bound(rng, projection):
    assert johnson_lindenstrauss_min_dim(20, eps=0.2) < 1000
    x = rng.normal(size=(20, 1500)).astype(np.float32)
    reduction = _reduction(x, 1000, projection=projection, scaling="none")
    design = reduction.transform(x)
    centred = x - x.mean(0)
    first, second = np.triu_indices(20, 1)
    before = ((centred[first] - centred[second]) ** 2).sum(1)
    after = ((design[first] - design[second]) ** 2).sum(1)
    np.testing.assert_allclose(after / before, 1, atol=0.2)
    np.testing.assert_allclose((design**2).sum(1) / (centred**2).sum(1), 1, atol=0.2)
    assert np.std(after / before) == pytest.approx(np.sqrt(2 / 1000), rel=0.3)


def test_data_of_the_same_seed_are_not_the_projection():
    data = np.random.default_rng(0).standard_normal((50, 4), dtype=np.float32)
    drawn = random_matrix(50, 4, "gaussian", 0)
    assert abs(np.corrcoef(data.ravel(), drawn.ravel())[0, 1]) < 0.3


@BOTH
def test_a_seed_gives_one_projection_and_another_seed_another(projection):
    draw = random_matrix(30, 4, projection, 1)
    np.testing.assert_array_equal(draw, random_matrix(30, 4, projection, 1))
    assert not np.array_equal(draw, random_matrix(30, 4, projection, 2))


@BOTH
def test_the_residual_is_the_distance_to_the_span_of_the_projection(rng, projection):
    x = rng.normal(size=(30, 12)).astype(np.float32)
    reduction = _reduction(x, 5, projection=projection)
    new = rng.normal(size=(7, 12)).astype(np.float32)
    scaled = (new - reduction.mean) / reduction.scale
    weights = np.linalg.lstsq(reduction.components, scaled.T, rcond=None)[0]
    expected = np.linalg.norm(scaled.T - reduction.components @ weights, axis=0)
    np.testing.assert_allclose(
        reduction.residual(new, reduction.transform(new)), expected, rtol=1e-4
    )


def test_explained_is_the_variance_that_each_direction_adds(rng):
    x = (rng.normal(size=(30, 12)) * np.arange(1, 13)).astype(np.float32)
    reduction = _reduction(x, 5, scaling="none")
    centred = (x - x.mean(0)).astype(np.float64)
    basis = np.linalg.qr(reduction.components.astype(np.float64))[0]
    expected = ((centred @ basis) ** 2).sum(0) / (centred**2).sum()
    np.testing.assert_allclose(reduction.explained, expected, rtol=1e-4)


def test_directions_that_repeat_others_or_are_empty_do_no_harm(rng, monkeypatch):
    drawn = rng.normal(size=(40, 6)).astype(np.float32)
    repeated = np.concatenate([drawn, drawn, np.zeros((40, 1), np.float32)], axis=1)
    monkeypatch.setattr(
        "cortiscope.core.encoding.reduction.random_projection.random_matrix",
        lambda *a: repeated.copy(),
    )
    x = rng.normal(size=(30, 40)).astype(np.float32)
    reduction = _reduction(x, 13)
    np.testing.assert_allclose(reduction.explained[6:], 0, atol=1e-5)
    monkeypatch.setattr(
        "cortiscope.core.encoding.reduction.random_projection.random_matrix",
        lambda *a: drawn.copy(),
    )
    once = _reduction(x, 6)
    np.testing.assert_allclose(reduction.explained[:6], once.explained, rtol=1e-4)
    np.testing.assert_allclose(
        reduction.residual(x, reduction.transform(x)),
        once.residual(x, once.transform(x)),
        rtol=1e-3,
    )


def test_constant_features_are_left_out_and_components_are_at_most_the_rest(rng):
    x = rng.normal(size=(20, 6)).astype(np.float32)
    x[:, [1, 4]] = 2
    reduction = _reduction(x, 50)
    assert reduction.components.shape == (6, 4)
    np.testing.assert_array_equal(reduction.components[[1, 4]], 0)
