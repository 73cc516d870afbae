"""Responses come in parts, finished chunks of vertices are kept, and a restart goes on."""

from functools import partial

import numpy as np
import pytest

from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.ridge import data as ridge_data
from cortiscope.core.encoding.ridge.closed_form import fit_ridge_closed_form
from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv
from cortiscope.core.encoding.ridge.least_squares import fit_least_squares

_ALPHAS = tuple(np.logspace(-1, 4, 6))


def _least_squares(design, responses, **options):
    coef, intercept = fit_least_squares(design, responses, **options)
    return {"coef": coef, "intercept": intercept}


def _ridge(fit, design, responses, **options):
    return vars(fit(design, responses, **options))


FITS = {
    "folds": partial(_ridge, partial(fit_ridge_cv, alphas=_ALPHAS)),
    "one penalty": partial(_ridge, partial(fit_ridge_cv, alphas=(3.0,))),
    "gcv": partial(_ridge, partial(fit_ridge_closed_form, alphas=_ALPHAS)),
    "loo": partial(_ridge, partial(fit_ridge_closed_form, alphas=_ALPHAS, criterion="loo")),
    "least squares": _least_squares,
}


class Parts:
    """Responses that are no array; they count which columns were read."""

    def __init__(self, values):
        self.values, self.read = values, []
        self.shape = values.shape

    def __len__(self):
        return len(self.values)

    def __getitem__(self, key):
        rows, columns = key
        assert rows == slice(None)
        self.read += range(self.shape[1])[columns]
        assert len(range(self.shape[1])[columns]) <= 16
        return self.values[key].copy()


class Stopped(Exception):
    pass


@pytest.fixture(params=FITS)
def fit(request, monkeypatch):
    monkeypatch.setattr(ridge_data, "_LARGEST_CHUNK", 16)
    return FITS[request.param]


@pytest.fixture
def world(rng):
    x = rng.normal(size=(50, 9)).astype(np.float32) + 2
    y = x @ rng.normal(size=(9, 70)) + 4 * rng.normal(size=(50, 70))
    return x, y.astype(np.float32)


def test_responses_that_are_no_array_are_read_once_and_in_parts(fit, world):
    x, y = world
    parts = Parts(y)
    ours, plain = fit(x, parts), fit(x, y)
    assert parts.read == list(range(70))
    for name, values in plain.items():
        np.testing.assert_array_equal(ours[name], values)


def test_the_callers_responses_stay_as_they_are(fit, world):
    x, y = world
    before = y[:, :16].copy()
    fit(x, y[:, :16])
    np.testing.assert_array_equal(y[:, :16], before)


def test_an_interrupted_and_resumed_fit_equals_an_uninterrupted_one(fit, world):
    x, y = world
    whole = fit(x, y)
    checkpoint = MemoryCheckpoint()
    first, second = Parts(y), Parts(y)

    def stop(share, message):
        if share > 0.5:
            raise Stopped

    with pytest.raises(Stopped):
        fit(x, first, progress=stop, checkpoint=checkpoint)
    finished = len(first.read)
    assert 16 <= finished < 70
    told = []
    resumed = fit(x, second, checkpoint=checkpoint, progress=lambda share, _: told.append(share))
    assert second.read == list(range(finished, 70))
    assert told == sorted(told)
    assert told[-1] == 1
    for name, values in whole.items():
        if values is not None:
            np.testing.assert_array_equal(resumed[name], values)
            assert resumed[name].dtype == values.dtype


def test_a_finished_fit_reads_nothing_when_it_is_run_again(fit, world):
    x, y = world
    checkpoint = MemoryCheckpoint()
    whole = fit(x, y, checkpoint=checkpoint)
    again, told = Parts(y), []
    loaded = fit(x, again, checkpoint=checkpoint, progress=lambda share, _: told.append(share))
    assert again.read == []
    assert told == [1]
    np.testing.assert_array_equal(loaded["coef"], whole["coef"])
