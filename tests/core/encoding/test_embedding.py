"""UMAP as a reduction: what is between fit images, and what is said without umap-learn."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from cortiscope.core import notebook as cs
from cortiscope.core.encoding import FittedReduction, Reduction, fit_reduction
from cortiscope.core.encoding.reduction.embedding import Embedding
from cortiscope.core.errors import InvalidInput
from tests.data.tiny_world import write_subject


class StandIn:
    """Embeds by a formula; umap-learn is large, and takes half a minute to be imported."""

    def __init__(self, n_components, n_neighbors, random_state, n_jobs):
        self._asked = n_components, random_state

    def fit_transform(self, x):
        k, seed = self._asked
        return np.tanh(x[:, :k] * 0.3) * 7 + 5 + seed


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=StandIn))


def test_codes_of_new_images_are_weighted_means_of_the_nearest_written_out(rng):
    points, codes = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    new = rng.normal(size=(5, 3))
    found = Embedding(points, codes).applied(new)
    for image, code in zip(new, found, strict=True):
        d = np.linalg.norm(points - image, axis=1)
        order = np.argsort(d)
        radius, near = d[order[15]], order[:15]
        weights = ((radius - d[near]) / (radius * d[near])) ** 2
        np.testing.assert_allclose(code, weights @ codes[near] / weights.sum(), atol=1e-5)


def test_fit_images_keep_their_codes_and_equal_distances_weigh_alike():
    points = np.array([[0.0, 0], [0, 0], [1, 0], [0, 1]])
    codes = np.array([[1.0], [3], [5], [7]])
    found = Embedding(points, codes).applied(np.array([[1.0, 0], [0, 0]]))
    np.testing.assert_allclose(found, [[5.0], [2.0]], atol=1e-6)
    same = Embedding(points[:2], codes[:2]).applied(np.array([[4.0, 4]]))
    np.testing.assert_allclose(same, [[2.0]])


def test_codes_are_as_large_as_what_they_explain(rng, stand_in):
    x = rng.normal(size=(50, 70)).astype(np.float32)
    reduction = fit_reduction(x, Reduction("umap", 3, "none", seed=2))
    z, centred = reduction.transform(x).astype(float), x - x.mean(0)
    np.testing.assert_allclose(z.mean(0), 0, atol=1e-3)
    within, *_ = np.linalg.lstsq(z, centred, rcond=None)
    share = ((z @ within) ** 2).sum() / (centred**2).sum()
    assert reduction.explained.sum() == pytest.approx(share, abs=1e-4)
    assert (z**2).sum() / (centred**2).sum() == pytest.approx(share, abs=1e-4)
    assert np.abs(reduction.residual(x, reduction.transform(x))).max() < 0.05
    kept = reduction.arrays()
    again = FittedReduction.read(kept.__getitem__, kept=kept)
    np.testing.assert_array_equal(again.transform(x), reduction.transform(x))


def test_images_that_are_not_to_be_fitted_change_nothing(rng, stand_in):
    x, rows = rng.normal(size=(30, 9)).astype(np.float32), np.arange(3, 27)
    spoiled = np.full_like(x, np.nan)
    spoiled[rows] = x[rows]
    one, other = (
        fit_reduction(given, Reduction("umap", 2), rows).arrays() for given in (x, spoiled)
    )
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


def test_a_run_predicts_without_the_package_and_a_fit_says_that_it_needs_it(
    tmp_path, monkeypatch, stand_in
):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    subject = cs.open_subject(write_subject(tmp_path / "s1"))
    run = cs.fit(subject, "pixels", "pixels", pooling="grid:4", reduction="umap:3")
    monkeypatch.setitem(sys.modules, "umap", None)  # as if it were not installed
    again = cs.load_run(run.id)
    again.verify()
    new = cs.predict(again, [subject.test.images.load(k) for k in range(6)])
    np.testing.assert_allclose(new, again.predict_rows("test", slice(None)), atol=1e-4)
    assert "embedded in 3 dimensions by UMAP" in cs.methods(again)
    with pytest.raises(InvalidInput, match=r"umap-learn.*not installed.*cortiscope\[umap\]"):
        cs.fit(subject, "pixels", "pixels", pooling="grid:2", reduction="umap:3")


def test_umap_itself_embeds_and_does_so_again():
    pytest.importorskip("umap", reason="umap-learn, an optional extra, is not installed")
    rng = np.random.default_rng(0)
    x = np.repeat(10 * rng.normal(size=(3, 20)), 30, axis=0) + rng.normal(size=(90, 20))
    one, two = (fit_reduction(x, Reduction("umap", 2)) for _ in range(2))
    z = one.transform(x)
    np.testing.assert_array_equal(z, two.transform(x))
    middles = z.reshape(3, 30, 2).mean(1)
    nearest = np.linalg.norm(z[:, None] - middles, axis=2).argmin(1)
    assert (nearest == np.repeat(np.arange(3), 30)).all()
