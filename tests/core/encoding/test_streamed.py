"""Reductions fitted while images pass, in whatever pieces they come."""

import tracemalloc

import numpy as np
import pytest
from sklearn.decomposition import IncrementalPCA

from cortiscope.core.encoding import Reduction, fit_reduction
from cortiscope.core.encoding.reduction import feature_scaling
from cortiscope.core.encoding.reduction.fitted import finished_reduction
from cortiscope.core.encoding.reduction.principal_axes import signs_of
from cortiscope.core.encoding.reduction.streamed import StreamedReduction
from cortiscope.core.errors import InvalidInput

REDUCTIONS = [Reduction("incremental_pca", 3, scaling, 8) for scaling in ("none", "floored")]


def _features(rng, n=43, d=70):
    x = (rng.normal(size=(n, d)) * 0.8 ** np.arange(d) + 3).astype(np.float32)
    x[:, 5] = 2
    return x


def _stream(streamed, x, sizes, stop=None):
    seen = 0
    while not streamed.done:
        start = streamed.position
        for size in sizes:
            streamed.add(x[start : start + size])
            start, seen = start + size, seen + 1
            if seen == stop:
                return


@pytest.mark.parametrize("reduction", REDUCTIONS, ids=lambda r: r.label)
@pytest.mark.parametrize("sizes", [[43], [1] * 43, [5, 30, 8], [8] * 5 + [3], [40, 3]])
def test_pieces_do_not_matter(rng, reduction, sizes):
    x = _features(rng)
    given = x.copy()
    streamed = StreamedReduction(reduction, *x.shape)
    _stream(streamed, given, sizes)
    expected = vars(fit_reduction(x, reduction))
    for name, values in vars(finished_reduction(streamed)).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
    np.testing.assert_array_equal(given, x)


@pytest.mark.parametrize("scaling", ["none", "floored"])
def test_one_batch_is_held_and_never_twice(rng, monkeypatch, scaling):
    monkeypatch.setattr(feature_scaling, "_PART_FLOATS", 2**10)
    x = rng.normal(size=(160, 20_000)).astype(np.float32)
    axes, batch = 3 * x.shape[1] * 8, x.nbytes // 2
    tracemalloc.start()
    try:
        streamed = StreamedReduction(Reduction("incremental_pca", 3, scaling, 80), *x.shape)
        before, _ = tracemalloc.get_traced_memory()  # with what it knows of every feature
        _stream(streamed, x, [1] * 160)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    of_a_feature = 12 * x.shape[1] * 8  # a few vectors while it works
    assert peak - before < batch + axes + of_a_feature


@pytest.mark.parametrize("parts", [40, 10**6])
def test_wide_layers_are_worked_on_in_parts_of_columns(rng, monkeypatch, parts):
    monkeypatch.setattr(feature_scaling, "_PART_FLOATS", parts)
    x = _features(rng, 50, 200)
    found = fit_reduction(x, Reduction("incremental_pca", 6, "none", 10))
    theirs = IncrementalPCA(6, batch_size=10).fit(x.astype(np.float64))
    expected = theirs.components_.T * signs_of(theirs.components_.T)
    np.testing.assert_allclose(found.components, expected, atol=1e-5)
    np.testing.assert_allclose(found.mean, theirs.mean_, rtol=1e-6)
    np.testing.assert_allclose(found.explained, theirs.explained_variance_ratio_, rtol=1e-5)
    design = (x - theirs.mean_) @ expected
    np.testing.assert_allclose(found.transform(x), design, atol=1e-4)


@pytest.mark.parametrize("reduction", REDUCTIONS, ids=lambda r: r.label)
def test_a_state_holds_everything_whenever_a_batch_is_finished(rng, reduction):
    x = _features(rng)
    states, whole = [], StreamedReduction(reduction, *x.shape)

    def keep():
        states.append({k: np.array(v) for k, v in whole.state().items()})

    while not whole.done:
        for start in range(0, 43, 5):
            whole.add(x[start : start + 5], keep)
    expected = vars(finished_reduction(whole))
    assert len(states) == 6 * whole.n_passes
    for state in states:
        again = StreamedReduction(reduction, *x.shape)
        again.restore(state)
        while not again.done:
            again.add(x[again.position :])
        for name, values in vars(finished_reduction(again)).items():
            np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_images_of_less_rank_than_components_give_fewer(rng):
    x = (rng.normal(size=(30, 2)) @ rng.normal(size=(2, 40)) + 1).astype(np.float32)
    found = fit_reduction(x, Reduction("incremental_pca", 5, "none", 10))
    assert found.components.shape == (40, 2)
    np.testing.assert_allclose(found.components.T @ found.components, np.eye(2), atol=1e-5)


def test_bad_features_and_reductions_are_told(rng):
    with pytest.raises(InvalidInput, match="PCA 3.* cannot be fitted while images pass"):
        StreamedReduction(Reduction("pca", 3), 10, 4)
    streamed = StreamedReduction(REDUCTIONS[0], 10, 4)
    with pytest.raises(InvalidInput, match="NaN"):
        streamed.add(np.full((10, 4), np.nan, np.float32))
    constant = StreamedReduction(REDUCTIONS[0], 10, 4)
    constant.add(np.ones((10, 4), np.float32))
    with pytest.raises(InvalidInput, match="same for all images"):
        finished_reduction(constant)
