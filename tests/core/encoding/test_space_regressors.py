"""Encoders over several feature spaces, as the registry offers them."""

import numpy as np
import pytest

from cortiscope.core.encoding import RegressorSpec, fit_regressor
from cortiscope.core.encoding.regressors import method_text, restore_predictor
from cortiscope.core.encoding.training import TrainingData, VertexTable
from tests.core.encoding.spaces_data import SPACES, OnlyColumns, make

NAMES = ("banded", "stacked", "best_space")


@pytest.mark.parametrize("name", NAMES)
def test_they_read_columns_of_responses_that_are_no_array_and_restore(rng, name):
    x, y = make(rng)
    plain = fit_regressor(TrainingData(x, y, SPACES), RegressorSpec(name))
    read = fit_regressor(TrainingData(x, OnlyColumns(y), SPACES), RegressorSpec(name))
    np.testing.assert_array_equal(plain.coef, read.coef)
    again = restore_predictor(plain.structure(), plain.arrays().__getitem__)
    np.testing.assert_array_equal(again.predict(x), plain.predict(x))
    assert "{" not in method_text(name, vars(RegressorSpec(name).settings))
    assert all(9 in note.shape for note in plain.notes.values())


@pytest.mark.parametrize("name", NAMES)
def test_permuting_vertices_permutes_the_result(rng, name):
    x, y = make(rng)
    order = rng.permutation(9)
    straight, shuffled = (
        fit_regressor(TrainingData(x, values, SPACES), RegressorSpec(name))
        for values in (y, y[:, order])
    )
    np.testing.assert_allclose(straight.coef[:, order], shuffled.coef, atol=1e-5)


def test_settings_reach_the_fit(rng):
    x, y = make(rng)
    table = VertexTable(np.zeros((9, 3)), np.repeat([0, 1], [5, 4]))
    data = TrainingData(x, y, SPACES, table)
    grouped = fit_regressor(data, RegressorSpec("best_space").with_settings(by="hemisphere"))
    assert len(np.unique(grouped.notes["space_choice"][:5])) == 1
    one = RegressorSpec("banded").with_settings(alphas=(3.0,), n_samples=0)
    penalties = fit_regressor(data, one).notes["band_penalties"]
    assert set(np.unique(penalties)) <= {np.float32(1.0), np.float32(3.0), np.float32(np.inf)}
