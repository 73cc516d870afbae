import numpy as np
import pytest

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation import (
    centre_of_mass_depth,
    image_counts,
    pearson_r,
    preferred_layer,
    preferred_layer_report,
    relative_depths,
    selection_optimism,
)


def test_the_best_layer_and_its_margin_vertex_by_vertex(rng):
    scores = rng.normal(size=(4, 30))
    scores[rng.uniform(size=scores.shape) < 0.4] = np.nan
    scores[:, 0] = np.nan
    scores[:, 1] = [np.nan, 0.2, np.nan, np.nan]
    scores[:, 2] = [0.1, 0.3, 0.3, -1]
    got = preferred_layer(scores)
    for k, column in enumerate(scores.T):
        order = sorted((j for j in range(4) if np.isfinite(column[j])), key=lambda j: -column[j])
        assert got.layer[k] == (order[0] if order else -1)
        if len(order) > 1:
            assert got.margin[k] == pytest.approx(column[order[0]] - column[order[1]])
        else:
            assert np.isnan(got.margin[k])
    assert (got.layer[2], got.margin[2]) == (1, 0)


def test_a_single_layer_is_best_without_a_margin():
    got = preferred_layer(np.array([[0.2, np.nan]]))
    np.testing.assert_array_equal(got.layer, [0, -1])
    assert np.isnan(got.margin).all()


def test_the_interval_equals_resampling_by_hand(rng, monkeypatch):
    monkeypatch.setattr("cortiscope.core.evaluation.layers._VERTICES_AT_ONCE", 2)
    m = rng.normal(size=(20, 5))
    layers = [m + s * rng.normal(size=m.shape) for s in (1.0, 1.1, 1.3)]
    layers[0][:, 1] = 0.3
    layers[0][:, 4] = layers[2][:, 4] = 7
    got = preferred_layer_report(layers, m, n_draws=60, seed=5)
    for k in range(4):
        margins = []
        for counts in image_counts(20, 60, 5):
            rows = np.repeat(np.arange(20), counts)
            r = np.array([pearson_r(p[rows][:, [k]], m[rows][:, [k]])[0] for p in layers])
            others = np.delete(r, got.layer[k])
            margins.append(r[got.layer[k]] - others[np.isfinite(others)].max())
        low, high = np.quantile(margins, [0.025, 0.975])
        assert (got.low[k], got.high[k]) == pytest.approx((low, high), abs=1e-4)
        assert got.agreement[k] == pytest.approx(np.mean(np.array(margins) > 0))
        assert got.margin[k] == pytest.approx(
            np.nanmax(got.scores[:, k]) - _second(got.scores[:, k])
        )
    assert got.layer[4] == 1
    assert np.isnan([got.margin[4], got.low[4], got.agreement[4]]).all()


def _second(scores):
    return sorted(s for s in scores if np.isfinite(s))[-2]


def test_a_true_preference_is_clear_and_none_is_not(rng):
    m = rng.normal(size=(300, 40))
    clear = np.arange(40) < 20
    layers = [m + np.where(clear, s, 1.5) * rng.normal(size=m.shape) for s in (3.0, 0.5, 3.0)]
    got = preferred_layer_report(layers, m, n_draws=200)
    assert (got.layer[clear] == 1).all()
    assert (got.low[clear] > 0).all()
    assert (got.agreement[clear] > 0.99).all()
    assert (got.low[~clear] > 0).mean() < 0.3


def test_the_centre_of_mass_lies_between_the_layers_that_predict():
    scores = np.array([[0.3, 0, np.nan, -1], [0.1, 0, 0.2, 0.0], [-0.5, 0.4, 0.2, np.nan]])
    expected = [0.1 * 0.5 / 0.4, 1, 0.75, np.nan]
    np.testing.assert_allclose(centre_of_mass_depth(scores), expected)
    own = centre_of_mass_depth(scores, np.array([0.2, 0.4, 0.8]))
    np.testing.assert_allclose(own[:2], [(0.06 + 0.04) / 0.4, 0.8])
    np.testing.assert_allclose(relative_depths(5), [0, 0.25, 0.5, 0.75, 1])
    with pytest.raises(IncompatibleSpace):
        centre_of_mass_depth(scores, np.array([0, 1]))


def test_no_layer_is_refused(rng):
    with pytest.raises(InvalidInput, match="layer"):
        preferred_layer_report([], rng.normal(size=(4, 2)))


def test_the_best_of_layers_that_know_nothing_is_as_flattered_as_it_scores(rng):
    # The true r of every layer is 0: whatever the best one scores is flattery.
    estimated, true = [], []
    places = [np.arange(5), np.arange(5, 20)]
    for _ in range(30):
        m = rng.normal(size=(60, 20))
        layers = [rng.normal(size=m.shape) for _ in range(12)]
        found = selection_optimism(layers, m, places)
        r = np.stack([pearson_r(p, m) for p in layers])
        of_places = [r[:, place].mean(axis=1).max() for place in places]
        estimated.append([*found.of_places, found.of_vertices])
        true.append([*of_places, r.max(axis=0).mean()])
    estimated, true = np.mean(estimated, axis=0), np.mean(true, axis=0)
    np.testing.assert_allclose(estimated, true, rtol=0.2)
    assert true[2] > 0.15


def test_a_layer_that_is_best_on_any_images_is_not_flattered(rng):
    m = rng.normal(size=(40, 6))
    m[:, 4] = 1 / 3
    layers = [m + 0.2 * rng.normal(size=m.shape), rng.normal(size=m.shape)]
    found = selection_optimism(layers, m, [np.arange(6), np.array([4])])
    assert (found.of_places[0], found.of_vertices) == (0, 0)
    assert np.isnan(found.of_places[1])


def test_folds_of_two_images_are_refused(rng):
    m = rng.normal(size=(14, 3))
    with pytest.raises(InvalidInput, match="15 images"):
        selection_optimism([m], m, [np.arange(3)])
