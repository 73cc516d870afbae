import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.regressors import RegressorSpec, fit_regressor, restore_predictor
from cortiscope.core.encoding.training import TrainingData, Work
from cortiscope.core.errors import InvalidInput


def _data(rng, n=60, d=5, v=4):
    x = rng.normal(size=(n, d)).astype(np.float32)
    y = x @ rng.normal(size=(d, v)) + rng.normal(size=(n, v))
    return x, y.astype(np.float32)


def _fit(x, y, work=None, **settings):
    return fit_regressor(TrainingData(x, y), RegressorSpec("tree").with_settings(**settings), work)


@pytest.mark.parametrize(("seed", "depth"), [(224, 0), (1, 0), (224, 3)])
def test_predictions_equal_scikit_learns_on_new_designs(rng, seed, depth):
    x, y = _data(rng)
    theirs = DecisionTreeRegressor(max_depth=depth or None, random_state=seed).fit(x, y)
    ours = _fit(x, y, seed=seed, max_depth=depth)
    asked = rng.normal(size=(200, 5)).astype(np.float32)
    np.testing.assert_allclose(ours.predict(asked), theirs.predict(asked), rtol=1e-6)
    some = np.array([3, 1])
    np.testing.assert_array_equal(ours.predict(asked, some), ours.predict(asked)[:, some])


def test_designs_on_a_threshold_and_next_to_it_go_where_scikit_learn_sends_them(rng):
    x, y = _data(rng)
    x = np.round(x, 1)
    theirs = DecisionTreeRegressor(random_state=224).fit(x, y)
    ours = _fit(x, y)
    inner = np.flatnonzero(theirs.tree_.children_left >= 0)
    asked = []
    for node in inner:
        exact = theirs.tree_.threshold[node]
        on = np.float32(exact)
        below, above = (np.nextafter(on, np.float32(s)) for s in (-np.inf, np.inf))
        for value in (exact, on, below, above, np.nextafter(exact, np.inf)):
            row = x[rng.integers(len(x))].astype(np.float64)
            row[theirs.tree_.feature[node]] = value
            asked.append(row)
    asked = np.array(asked)
    leaves = np.flatnonzero(theirs.tree_.children_left < 0)
    np.testing.assert_array_equal(leaves[ours.leaves_of(asked)], theirs.apply(asked))


def test_a_tree_of_pure_leaves_repeats_what_it_was_fitted_on(rng):
    x, y = _data(rng)
    np.testing.assert_allclose(_fit(x, y).predict(x), y, rtol=1e-6)


def test_equal_responses_make_a_tree_of_one_leaf(rng):
    x, y = _data(rng)
    ours = _fit(x, np.full_like(y, 2.5))
    assert len(ours.leaf) == 1
    np.testing.assert_array_equal(ours.predict(x), 2.5)


def test_a_restored_encoder_and_a_resumed_fit_predict_the_same(rng):
    x, y = _data(rng)
    saved = MemoryCheckpoint()
    ours = _fit(x, y, Work(checkpoint=saved))
    again = restore_predictor(ours.structure(), ours.arrays().__getitem__)
    resumed = _fit(x, 0 * y, Work(checkpoint=saved))
    for other in (again, resumed):
        np.testing.assert_array_equal(other.predict(x + 0.1), ours.predict(x + 0.1))
    with pytest.raises(InvalidInput, match="5 design columns"):
        again.predict(x[:, :3])
