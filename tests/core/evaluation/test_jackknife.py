"""The tested statistic: against leaving out by hand, and calibrated where truth is known."""

import numpy as np
import pytest
from scipy import stats

from cortiscope.core.errors import IncompatibleSpace
from cortiscope.core.evaluation import LEAST_STIMULI, jackknife_mean_r, pearson_r
from tests.core.evaluation.calibration import CELLS, count, false_discovery_shares

N = 23
PLACES = [np.arange(4), np.array([3]), np.array([6, 5]), np.array([], int), np.arange(7)]
COPIES = np.array([4, 4, 9, 9, 9, 3, *range(10, 27)])


@pytest.fixture
def responses(rng):
    """Predicted and measured (23, 7): vertex 3 is constant, vertex 5 but for one image."""
    p = rng.normal(size=(N, 7))
    m = p + rng.normal(size=p.shape)
    p[:, 3] = 1 / 3
    m[:, 5] = 0
    m[4, 5] = 2
    return p, m


@pytest.mark.parametrize("stimuli", [None, COPIES])
def test_leaving_out_equals_doing_so_by_hand(responses, stimuli):
    p, m = responses
    got = jackknife_mean_r(p, m, PLACES, stimuli=stimuli)
    labels = np.arange(N) if stimuli is None else stimuli
    defined = np.isfinite(pearson_r(p, m))
    for k, left_out in enumerate(np.unique(labels)):
        kept = labels != left_out
        r = np.nan_to_num(pearson_r(p[kept], m[kept]))
        for place, own in enumerate(PLACES):
            own = own[defined[own]]
            expected = r[own].mean() if len(own) else np.nan
            np.testing.assert_allclose(got.without[k, place], expected, atol=1e-12)
    r = pearson_r(p, m)
    np.testing.assert_allclose(got.estimate[[0, 2]], [r[:3].mean(), r[5:].mean()])
    assert np.isnan(got.estimate[[1, 3]]).all()


def test_blocks_of_vertices_change_nothing(responses, monkeypatch):
    whole = jackknife_mean_r(*responses, PLACES)
    monkeypatch.setattr("cortiscope.core.evaluation.resampling._VERTICES_AT_ONCE", 2)
    np.testing.assert_allclose(jackknife_mean_r(*responses, PLACES).without, whole.without)


def test_interval_and_p_are_those_of_pseudo_values(responses):
    got = jackknife_mean_r(*responses, [np.arange(7)])
    pseudo = N * got.estimate[0] - (N - 1) * got.without[:, 0]
    expected = stats.ttest_1samp(pseudo, pseudo.mean() - got.estimate[0])
    np.testing.assert_allclose(got.p()[0], expected.pvalue)
    half = stats.t.ppf(0.975, N - 1) * stats.sem(pseudo)
    np.testing.assert_allclose(np.ravel(got.interval()), got.estimate[0] + [-half, half])


def test_copies_of_one_picture_count_once(rng):
    p = rng.normal(size=(20, 5))
    m = p + rng.normal(size=p.shape)
    once = jackknife_mean_r(p, m, [np.arange(5)])
    thrice, labels = np.repeat(np.arange(20), 3), np.repeat(np.arange(20), 3)
    together = jackknife_mean_r(p[thrice], m[thrice], [np.arange(5)], stimuli=labels)
    np.testing.assert_allclose(together.standard_error, once.standard_error)
    apart = jackknife_mean_r(p[thrice], m[thrice], [np.arange(5)])
    assert apart.standard_error < 0.7 * once.standard_error


def test_fewer_stimuli_than_were_calibrated_have_no_interval(responses):
    p, m = (x[: LEAST_STIMULI - 1] for x in responses)
    few = jackknife_mean_r(p, m, [np.arange(3)])
    assert np.isfinite(few.estimate).all()
    assert np.isnan([*few.interval(), few.p()]).all()
    assert np.isfinite(jackknife_mean_r(*(x[:10] for x in responses), [np.arange(3)]).p()).all()


def test_labels_of_other_images_are_refused(responses):
    with pytest.raises(IncompatibleSpace, match="labels"):
        jackknife_mean_r(*responses, PLACES, stimuli=COPIES[1:])


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS[::5], ids=str)
def test_intervals_cover_and_tests_err_as_often_as_they_say(cell):
    found = count(cell, 1000)
    assert found.coverage_fits, found
    assert found.false_positives_fit, found


@pytest.mark.slow
def test_false_discoveries_over_52_rois_stay_at_their_rate():
    shares = false_discovery_shares(300, n_different=13, seed=52)
    assert shares.mean() <= 0.05 + 2 * shares.std() / np.sqrt(len(shares))
