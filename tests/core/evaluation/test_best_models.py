"""Which model may be the best: against the paired jackknife by hand, and calibrated."""

import numpy as np
import pytest
from scipy import stats

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation import MODELS_MAPS, BestSet, best_set


def _r(p, m):
    return np.corrcoef(p, m)[0, 1]


def _layers(rng, truth, n_images, n_layers, strongest=0.5, alike=0.5):
    """Return (n_layers, n_images, n_vertices) predictions whose true r peaks at ``truth``."""
    measured = rng.normal(size=(n_images, len(truth)))
    common = rng.normal(size=measured.shape)
    predicted = []
    for k in range(n_layers):
        r = strongest * np.exp(-np.abs(k - truth) / 3)
        noise = np.sqrt(alike) * common + np.sqrt(1 - alike) * rng.normal(size=measured.shape)
        predicted.append(r * measured + np.sqrt(1 - r**2) * noise)
    return predicted, measured


def test_the_set_and_the_contrast_by_hand(rng, monkeypatch):
    monkeypatch.setattr("cortiscope.core.evaluation.best_models._VERTICES_AT_ONCE", 4)
    n, n_vertices = 40, 9
    m = rng.normal(size=(n, n_vertices))
    models = [m + s * rng.normal(size=m.shape) for s in (1.0, 1.4, 2.5)]
    models[1][:, 3] = 0.5  # has no r there: two are compared
    got = best_set(models, m)
    for v in range(n_vertices):
        own = [k for k in range(3) if not (k == 1 and v == 3)]
        r = {k: _r(models[k][:, v], m[:, v]) for k in own}
        left = {
            k: [_r(np.delete(models[k][:, v], i), np.delete(m[:, v], i)) for i in range(n)]
            for k in own
        }
        best = max(r, key=r.get)
        most = stats.t.ppf(0.98 ** (1 / (len(own) - 1)), n - 1)
        for k in own:
            pseudo = n * (r[best] - r[k]) - (n - 1) * (np.array(left[best]) - np.array(left[k]))
            error = pseudo.std(ddof=1) / np.sqrt(n)
            assert got.members[k, v] == (r[best] - r[k] <= most * error)
        if len(own) == 3:
            pseudo = n * (r[2] - r[0]) - (n - 1) * (np.array(left[2]) - np.array(left[0]))
            ends = stats.t.interval(0.95, n - 1, r[2] - r[0], stats.sem(pseudo))
            assert (got.low[v], got.high[v]) == pytest.approx(ends)
            assert got.late_less_early[v] == pytest.approx(r[2] - r[0])
    assert not got.members[1, 3]
    assert got.members[:, [0, 1, 2]].any(axis=0).all()


def _of(members):
    members = np.array(members, bool).T
    scores = np.full(members.shape, 0.1)
    return BestSet(scores, members, *np.zeros((3, members.shape[1])))


def test_maps_are_grey_where_the_choice_says_nothing():
    found = _of(
        [[0, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 0, 0, 1, 0], [1, 1, 1, 1, 1], [0, 0, 1, 1, 0]]
    )
    np.testing.assert_array_equal(found.best_model, [2, np.nan, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found.preferred_layer, [2, 2, np.nan, np.nan, 3.5])
    # Of few layers a set that holds the first and the last has excluded none of them.
    np.testing.assert_array_equal(_of([[1, 1, 1], [0, 1, 1]]).preferred_layer, [np.nan, 2.5])
    np.testing.assert_array_equal(_of([[1, 1], [1, 0]]).preferred_layer, [np.nan, 1])
    nothing = BestSet(np.full((3, 1), np.nan), np.zeros((3, 1), bool), *np.full((3, 1), np.nan))
    assert np.isnan([own.of(nothing)[0] for own in MODELS_MAPS.values()]).all()
    sure = BestSet(np.zeros((2, 3)), np.ones((2, 3), bool), np.array([0.2, 0.1, -0.3]),
                   np.array([0.1, -0.1, -0.4]), np.array([0.3, 0.2, -0.1]))  # fmt: skip
    np.testing.assert_array_equal(sure.late_or_early, [0.2, np.nan, -0.3])


@pytest.mark.parametrize("n_models", [2, 3, 5, 8])
def test_models_that_are_alike_colour_at_most_one_vertex_in_twenty(n_models):
    rng = np.random.default_rng(n_models)
    truth = np.zeros(3000)
    predicted, measured = _layers(rng, truth, 120, 1, alike=0)
    common = predicted[0]
    models = [common + 0.7 * rng.normal(size=common.shape) for _ in range(n_models)]
    found = best_set(models, measured)
    assert np.isfinite(found.best_model).mean() <= 0.05
    assert np.isfinite(found.preferred_layer).mean() <= 0.05
    assert found.members.mean() >= 0.97
    # Not tested at 5 % corrected for anything: within three standard errors of it.
    assert np.isfinite(found.late_or_early).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 3000)


@pytest.mark.parametrize(
    ("n_layers", "strongest", "alike"), [(5, 0.5, 0.5), (8, 0.6, 0.8), (12, 0.4, 0.9)]
)
def test_what_is_coloured_is_right_within_one_layer(n_layers, strongest, alike):
    rng = np.random.default_rng(n_layers)
    truth = rng.integers(0, n_layers, 1000)
    found = best_set(*_layers(rng, truth, 120, n_layers, strongest, alike))
    coloured = np.isfinite(found.preferred_layer)
    assert coloured.mean() > 0.1
    assert (np.abs(found.preferred_layer - 1 - truth)[coloured] <= 1).mean() >= 0.95
    single = np.isfinite(found.best_model)
    assert (found.best_model[single] - 1 == truth[single]).mean() >= 0.95
    late = found.late_or_early
    clear = np.abs(truth - (n_layers - 1) / 2) >= 1
    right = np.sign(late) == np.sign(truth - (n_layers - 1) / 2)
    assert right[clear & np.isfinite(late)].mean() >= 0.95


def test_copies_of_a_picture_are_one_stimulus(rng):
    truth = np.array([0, 2, 1, 2])
    predicted, measured = _layers(rng, truth, 15, 3)
    rows = np.repeat(np.arange(15), 4)
    copied = best_set([p[rows] for p in predicted], measured[rows], stimuli=rows)
    plain = best_set(predicted, measured)
    np.testing.assert_array_equal(copied.members, plain.members)
    np.testing.assert_allclose(copied.low, plain.low)


def test_few_images_leave_every_model_in(rng):
    predicted, measured = _layers(rng, np.zeros(20), 9, 3, strongest=0.99)
    found = best_set(predicted, measured)
    assert found.members.all()
    assert np.isnan(found.late_or_early).all()


def test_the_order_of_images_says_nothing(rng):
    predicted, measured = _layers(rng, np.arange(6) % 3, 30, 3)
    order = rng.permutation(30)
    mixed = best_set([p[order] for p in predicted], measured[order])
    np.testing.assert_array_equal(mixed.members, best_set(predicted, measured).members)


def test_what_cannot_be_compared_is_refused(rng):
    with pytest.raises(InvalidInput, match="at least one"):
        best_set([], rng.normal(size=(4, 2)))
    with pytest.raises(IncompatibleSpace, match="same images"):
        best_set([rng.normal(size=(4, 2)), rng.normal(size=(4, 3))], rng.normal(size=(4, 2)))
