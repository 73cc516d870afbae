import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation import learning_curve, pearson_r, training_sizes, training_subsets


def test_subsets_are_nested_sorted_and_follow_the_seed():
    subsets = training_subsets(30, [3, 10, 30], seed=1)
    assert [len(s) for s in subsets] == [3, 10, 30]
    for smaller, larger in zip(subsets, subsets[1:], strict=False):
        assert set(smaller) < set(larger)
    assert all((np.diff(s) > 0).all() for s in subsets)
    np.testing.assert_array_equal(subsets[1], training_subsets(30, [10], seed=1)[0])
    assert set(subsets[1]) != set(training_subsets(30, [10], seed=2)[0])


def test_sizes_grow_in_equal_ratios_up_to_all_images():
    np.testing.assert_array_equal(training_sizes(320, n_sizes=5), [20, 40, 80, 160, 320])
    np.testing.assert_array_equal(training_sizes(8, n_sizes=4), [8])
    np.testing.assert_array_equal(training_sizes(50, n_sizes=1), [50])
    np.testing.assert_array_equal(training_sizes(4, n_sizes=20, smallest=2), [2, 3, 4])


def test_each_fit_gets_its_images_and_the_full_set_is_fitted_once():
    seen, told = [], []

    def fit_and_score(rows):
        seen.append(tuple(rows))
        return np.array([len(rows), rows.sum()])

    curve = learning_curve(
        9,
        fit_and_score,
        sizes=[9, 2, 5, 5],
        n_orders=3,
        seed=4,
        progress=lambda share, message: told.append((share, message)),
    )
    np.testing.assert_array_equal(curve.sizes, [2, 5, 9])
    assert curve.scores.shape == (3, 3, 2)
    assert len(seen) == 2 * 3 + 1
    assert len(set(seen)) == len(seen)
    np.testing.assert_array_equal(curve.scores[:, :, 0], [[2, 5, 9]] * 3)
    np.testing.assert_array_equal(curve.scores[:, 2, 1], 36)
    np.testing.assert_allclose(curve.mean, curve.scores.mean(axis=0))
    assert [round(s * 7) for s, _ in told] == [1, 2, 3, 4, 5, 6, 7]


def test_scores_of_a_simulation_rise_towards_the_truth(rng):
    x = rng.normal(size=(400, 10))
    y = x @ rng.normal(size=(10, 3)) + 4 * rng.normal(size=(400, 3))
    train, test = slice(0, 200), slice(200, None)

    def fit_and_score(rows):
        fitted = LinearRegression().fit(x[train][rows], y[train][rows])
        return pearson_r(fitted.predict(x[test]), y[test]).mean()

    curve = learning_curve(200, fit_and_score, sizes=[14, 50, 200], n_orders=5)
    assert curve.scores.shape == (5, 3)
    assert (np.diff(curve.mean) > 0.02).all()
    assert curve.scores[0, 2] == pytest.approx(fit_and_score(np.arange(200)))


@pytest.mark.parametrize(
    ("n_train", "options", "told"),
    [
        (5, {"sizes": [6]}, "1 to 5"),
        (5, {"sizes": [0, 2]}, "1 to 5"),
        (5, {"sizes": []}, "at least one"),
        (5, {"n_orders": 0}, "order"),
        (0, {}, "at least 1"),
    ],
)
def test_sizes_that_cannot_be_are_refused(n_train, options, told):
    with pytest.raises(InvalidInput, match=told):
        learning_curve(n_train, lambda rows: 0.0, **options)
