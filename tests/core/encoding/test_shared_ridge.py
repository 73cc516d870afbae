"""One penalty for all vertices: scikit-learn's RidgeCV with folds."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold

from cortiscope.core.encoding import RegressorSpec, TrainingData, fit_regressor
from cortiscope.core.encoding.ridge.shared_penalty import SHARED_ALPHAS, choose_shared_penalty


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("n", "d"), [(40, 6), (31, 12), (24, 30)])
def test_penalty_and_coefficients_are_those_of_ridgecv(seed, n, d):
    rng = np.random.default_rng(seed)
    design = rng.normal(size=(n, d)).astype(np.float32)
    signal = design @ rng.normal(size=(d, 9)) * rng.uniform(0, 1, 9)
    responses = (signal + 3 * rng.normal(size=(n, 9))).astype(np.float32)
    theirs = RidgeCV(alphas=SHARED_ALPHAS, cv=KFold(3)).fit(design, responses)
    assert choose_shared_penalty(design, responses) == theirs.alpha_
    ours = fit_regressor(TrainingData(design, responses), RegressorSpec("ridge_shared"))
    np.testing.assert_allclose(ours.coef, theirs.coef_.T, atol=2e-4)


def test_a_constant_vertex_does_not_sway_the_choice(rng):
    design = rng.normal(size=(20, 4)).astype(np.float32)
    responses = (design @ rng.normal(size=(4, 3)) + rng.normal(size=(20, 3))).astype(np.float32)
    alone = choose_shared_penalty(design, responses)
    constant = np.concatenate([responses, np.full((20, 40), 7, np.float32)], axis=1)
    assert choose_shared_penalty(design, constant) == alone
