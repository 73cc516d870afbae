import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import pdist, squareform

from cortiscope.core.errors import IncompatibleSpace, InvalidInput, UnknownName
from cortiscope.core.evaluation import (
    bootstrap_rdms,
    compare_rdms,
    compute_rdm,
    image_counts,
    map_images,
    rdm_noise_ceiling,
)


def _upper(rdm):
    return rdm[np.triu_indices(len(rdm), 1)]


def _with_ties(rng, n):
    return squareform(rng.integers(0, 4, size=n * (n - 1) // 2).astype(float))


def test_rdm_equals_scipys(rng):
    x = rng.normal(size=(7, 11)) + 3
    rdm = compute_rdm(x)
    np.testing.assert_allclose(rdm, squareform(pdist(x, "correlation")), atol=1e-12)
    np.testing.assert_array_equal(rdm, rdm.T)
    np.testing.assert_array_equal(np.diagonal(rdm), 0)


def test_spearman_equals_scipys_also_with_ties(rng):
    a, b = compute_rdm(rng.normal(size=(9, 5))), _with_ties(rng, 9)
    for x, y in ((a, b), (b, _with_ties(rng, 9)), (a, a)):
        expected = stats.spearmanr(_upper(x), _upper(y)).statistic
        assert compare_rdms(x, y) == pytest.approx(expected, abs=1e-12)


def test_rho_a_is_the_mean_over_random_orders_of_ties(rng):
    a, b = compute_rdm(rng.normal(size=(8, 5))), _with_ties(rng, 8)
    x, y = _upper(a), _upper(b)
    broken = [
        stats.spearmanr(x, np.lexsort((rng.permutation(28), y)).argsort()).statistic
        for _ in range(400)
    ]
    assert compare_rdms(a, b, method="rho-a") == pytest.approx(np.mean(broken), abs=0.02)


def test_an_undefined_image_leaves_its_pairs_out(rng):
    x, y = rng.normal(size=(6, 8)), rng.normal(size=(6, 8))
    x[2] = 0.5
    kept = [0, 1, 3, 4, 5]
    a, b = compute_rdm(x), compute_rdm(y)
    assert np.isnan(a[2]).all()
    assert compare_rdms(a, b) == pytest.approx(
        stats.spearmanr(pdist(x[kept], "correlation"), pdist(y[kept], "correlation")).statistic
    )
    assert np.isnan(compare_rdms(a[:2, :2], b[:2, :2]))


@pytest.mark.parametrize("method", ["spearman", "rho-a"])
def test_the_bootstrap_equals_resampling_by_hand_without_pairs_of_copies(rng, method):
    a, b = compute_rdm(rng.normal(size=(8, 6))), _with_ties(rng, 8)
    draws = bootstrap_rdms(a, b, method=method, n_draws=12, seed=4)
    for rho, counts in zip(draws, image_counts(8, 12, 4), strict=True):
        rows = np.repeat(np.arange(8), counts)
        i, j = np.triu_indices(8, 1)
        i, j = rows[i], rows[j]
        x, y = a[i, j][i != j], b[i, j][i != j]
        if method == "spearman":
            expected = stats.spearmanr(x, y).statistic
        else:
            n = len(x)
            products = (stats.rankdata(x) * stats.rankdata(y)).sum()
            expected = 12 * products / (n**3 - n) - 3 * (n + 1) / (n - 1)
        assert rho == pytest.approx(expected, abs=1e-12)


def test_the_noise_ceiling_equals_going_through_the_subjects(rng):
    truth = rng.normal(size=(10, 6))
    subjects = [truth + rng.normal(size=truth.shape) for _ in range(4)]
    rdms = [compute_rdm(s) for s in subjects]
    ranks = [stats.rankdata(_upper(m)) for m in rdms]
    upper = [stats.spearmanr(r, np.mean(ranks, axis=0)).statistic for r in ranks]
    lower = [
        stats.spearmanr(r, np.mean([q for q in ranks if q is not r], axis=0)).statistic
        for r in ranks
    ]
    got = rdm_noise_ceiling(rdms)
    np.testing.assert_allclose(got, [np.mean(lower), np.mean(upper)], atol=1e-12)
    assert got[0] < got[1]


def test_the_true_geometry_lies_between_the_ceilings_bounds(rng):
    truth = rng.normal(size=(40, 6))
    rdms = [compute_rdm(truth + rng.normal(size=truth.shape)) for _ in range(12)]
    lower, upper = rdm_noise_ceiling(rdms)
    best = np.mean([compare_rdms(compute_rdm(truth), m) for m in rdms])
    assert lower - 0.02 < best < upper + 0.02


def test_what_cannot_be_compared_is_refused(rng):
    a = compute_rdm(rng.normal(size=(5, 4)))
    with pytest.raises(InvalidInput, match="2 subjects"):
        rdm_noise_ceiling([a])
    with pytest.raises(IncompatibleSpace):
        compare_rdms(a, a[:4, :4])
    with pytest.raises(UnknownName, match="rho-a"):
        compare_rdms(a, a, method="tau")


def test_images_lie_where_their_distances_put_them_and_one_map_is_turned_onto_the_other(rng):
    places = rng.normal(size=(9, 2))
    far = squareform(pdist(places))
    turned = places @ np.array([[0.6, 0.8], [0.8, -0.6]]) + 3  # reflected and moved
    a, b = map_images(far, squareform(pdist(turned)))
    np.testing.assert_allclose(squareform(pdist(a)), far, atol=1e-9)
    np.testing.assert_allclose(a, b, atol=1e-9)
    with_constant = np.full((10, 10), np.nan)
    with_constant[:9, :9] = far
    assert map_images(with_constant, with_constant)[0][9].tolist() == [0, 0]
