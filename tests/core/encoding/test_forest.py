import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.regressors import RegressorSpec, fit_regressor, restore_predictor
from cortiscope.core.encoding.training import TrainingData, Work
from cortiscope.core.errors import InvalidInput


def _data(rng, n=50, d=6, v=5):
    x = rng.normal(size=(n, d)).astype(np.float32)
    y = np.sign(x[:, :2]) @ rng.normal(size=(2, v)) + 0.3 * rng.normal(size=(n, v)) + 7
    return x, y.astype(np.float32)


def _fit(x, y, work=None, **settings):
    asked = RegressorSpec("forest").with_settings(**{"n_trees": 6, **settings})
    return fit_regressor(TrainingData(x, y), asked, work)


@pytest.mark.parametrize("components", [0, 5])
def test_it_is_the_mean_of_scikit_learns_trees_on_the_images_drawn(rng, components):
    x, y = _data(rng)
    ours = _fit(x, y, components=components, seed=3)
    asked = rng.normal(size=(300, 6)).astype(np.float32)
    theirs = []
    for k in range(6):
        times = ours.drawn[:, k].astype(float)
        assert times.sum() == 50
        state = int(np.random.SeedSequence((3, k)).generate_state(1)[0])
        tree = DecisionTreeRegressor(max_features=0.33, min_samples_leaf=3, random_state=state)
        own = times > 0
        theirs.append(tree.fit(x[own], y[own], sample_weight=times[own]).predict(asked))
    np.testing.assert_allclose(ours.predict(asked), np.mean(theirs, axis=0), rtol=1e-5)
    some = np.array([3, 1])
    np.testing.assert_allclose(ours.predict(asked, some), ours.predict(asked)[:, some], rtol=1e-6)


def test_principal_components_grow_the_same_trees_as_all_responses(rng):
    x, y = _data(rng, n=30, v=80)
    whole, reduced = _fit(x, y, components=0), _fit(x, y, components=30)
    np.testing.assert_allclose(reduced.predict(x), whole.predict(x), rtol=1e-5)


def test_answers_are_weighted_means_of_the_fit_images(rng):
    x, y = _data(rng)
    weights = _fit(x, y).weights_of(x[:7])
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_many_trees_do_better_than_one_on_new_images(rng):
    x, y = _data(rng, n=400)
    error = {
        n: ((_fit(x[:200], y[:200], n_trees=n).predict(x[200:]) - y[200:]) ** 2).mean()
        for n in (1, 30)
    }
    assert error[30] < 0.8 * error[1] < y.var(axis=0).mean()


def test_a_stopped_fit_goes_on_and_is_opened_again(rng):
    x, y = _data(rng)
    whole, kept = _fit(x, y), MemoryCheckpoint()
    seen = []

    def stop(share, words):
        seen.append(words)
        if "tree 4" in words:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _fit(x, y, Work(progress=stop, checkpoint=kept))
    again = []
    found = _fit(x, y, Work(progress=lambda _, words: again.append(words), checkpoint=kept))
    assert again[0] == "growing tree 4 of 6"
    np.testing.assert_array_equal(found.predict(x), whole.predict(x))
    opened = restore_predictor(found.structure(), found.arrays().__getitem__)
    np.testing.assert_array_equal(opened.predict(x), whole.predict(x))


@pytest.mark.parametrize(
    "wrong", [{"n_trees": 0}, {"max_features": 0.0}, {"max_features": 1.5}, {"min_leaf": 0}]
)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        RegressorSpec("forest").with_settings(**wrong)


def test_leaves_that_no_tree_can_have_two_of_are_refused(rng):
    x, y = _data(rng)
    with pytest.raises(InvalidInput, match=r"min_leaf=25 images each need 50, and a tree has 3"):
        _fit(x, y, min_leaf=25)
    assert _fit(x, y, min_leaf=14).predict(x).std(axis=0).min() > 0
