"""An autoencoder as a reduction: numpy written out, PCA, and a curve that PCA cannot follow."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from cortiscope.core import notebook as cs
from cortiscope.core.encoding import FittedReduction, Reduction, fit_reduction
from cortiscope.core.encoding.reduction import autoencoder
from tests.data.tiny_world import write_subject


def curve(rng, n, d=30):
    """Return points along three quarters of a circle in d dimensions, and how far along."""
    along = rng.uniform(0, 1.5 * np.pi, n)
    plane = np.linalg.qr(rng.normal(size=(d, 2)))[0]
    points = 3 * np.column_stack([np.cos(along), np.sin(along)]) @ plane.T
    return (points + 0.05 * rng.normal(size=(n, d))).astype(np.float32), along


@pytest.fixture(scope="module")
def fitted():
    """A code of one number for a curve."""
    x, along = curve(np.random.default_rng(0), 400)
    return fit_reduction(x[:300], Reduction("autoencoder", 1, "none")), x, along


def test_a_code_follows_a_curve_that_no_line_can(fitted):
    reduction, x, along = fitted
    line = fit_reduction(x[:300], Reduction("pca", 1, "none"))
    by_code, by_line = (
        abs(spearmanr(r.transform(x[300:])[:, 0], along[300:])[0]) for r in (reduction, line)
    )
    assert by_code > 0.98 > 0.96 > by_line


def test_images_that_were_held_out_are_made_again_better_than_by_pca(rng):
    x, _ = curve(rng, 400)
    x -= x.mean(0)
    axes = np.linalg.svd(x, full_matrices=False)[2][:12].T
    scores = np.ascontiguousarray(x @ axes) / 3
    w = autoencoder._trained(scores[:300], 1, 0)
    new = scores[300:]
    codes = new @ w["linear"] + np.tanh(new @ w["units"] + w["bias"]) @ w["added"]
    made = codes @ w["back"] + np.tanh(codes @ w["units_back"] + w["bias_back"]) @ w["added_back"]
    pca = new[:, :1] @ np.eye(1, 12)
    assert ((made - new) ** 2).sum() < 0.5 * ((pca - new) ** 2).sum()


def test_the_design_is_two_products_and_a_tanh(fitted):
    reduction, x, _ = fitted
    u = (x[:7] - reduction.mean) @ reduction.components
    bend = reduction.bend
    expected = np.column_stack([u[:, :1], np.tanh(u[:, 1:] + bend.bias)]) @ bend.mix + bend.offset
    np.testing.assert_allclose(reduction.transform(x[:7]), expected, atol=1e-4)
    again = FittedReduction.read((kept := reduction.arrays()).__getitem__, kept=kept)
    np.testing.assert_array_equal(again.transform(x), reduction.transform(x))
    assert again.n_columns == 1


@pytest.mark.parametrize("n", [9, 60])  # too few to hold any out; nothing but noise
def test_where_no_epoch_is_better_pca_is_kept(rng, n):
    x = rng.normal(size=(n, 40)).astype(np.float32)
    ours, pca = (fit_reduction(x, Reduction(kind, 4)) for kind in ("autoencoder", "pca"))
    assert ours.bend is None
    np.testing.assert_array_equal(ours.components, pca.components)
    np.testing.assert_allclose(ours.explained, pca.explained, rtol=1e-5)


def test_copies_of_what_is_held_out_are_not_trained_on(rng):
    noise = rng.normal(size=(20, 40)).astype(np.float32)
    # Learning pictures by heart makes their copies again better.
    assert fit_reduction(np.repeat(noise, 3, axis=0), Reduction("autoencoder", 5)).bend is None
    assert fit_reduction(np.tile(noise[:1] + [[0], [1]], (30, 1)), Reduction("autoencoder", 1))


def test_codes_are_uncorrelated_the_size_of_what_they_explain_and_the_same_again(rng):
    x = curve(rng, 200)[0] + 2 * curve(rng, 200)[0]
    asked = Reduction("autoencoder", 2, "none", seed=3)
    one, two = fit_reduction(x, asked), fit_reduction(x, asked)
    np.testing.assert_array_equal(one.transform(x), two.transform(x))
    z = one.transform(x).astype(float)
    scatter = z.T @ z
    np.testing.assert_allclose(scatter, np.diag(np.diag(scatter)), atol=1e-3 * scatter.max())
    np.testing.assert_allclose(z.mean(0), 0, atol=1e-2)
    scaled = x - one.mean
    np.testing.assert_allclose(
        one.explained.sum(), (z**2).sum() / (scaled.astype(float) ** 2).sum(), rtol=1e-3
    )
    within, *_ = np.linalg.lstsq(z, scaled, rcond=None)
    share = ((z @ within) ** 2).sum() / (scaled**2).sum()
    assert one.explained.sum() == pytest.approx(share, abs=1e-3)
    assert not np.allclose(
        fit_reduction(x, Reduction("autoencoder", 2, "none")).transform(x), z, atol=1e-3
    )


def test_what_lies_outside_of_what_the_encoder_sees_is_the_residual(rng):
    reduction = fit_reduction(curve(rng, 300)[0], Reduction("autoencoder", 1, "none"))
    outside = rng.normal(size=(1, 30))
    seen = np.linalg.qr(reduction.components)[0]
    outside -= outside @ seen @ seen.T
    inside = reduction.mean + reduction.components[:, :1].T
    both = np.concatenate([inside, inside + outside]).astype(np.float32)
    found = reduction.residual(both, reduction.transform(both))
    np.testing.assert_allclose(found, [0, np.linalg.norm(outside)], atol=0.05)


def test_a_run_keeps_its_encoder_and_predicts_pictures_by_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(5)

    def bent(x, k, seed):  # of twenty images nothing is learnt
        m, h = x.shape[1], 2 * k
        parts = {"linear": (m, k), "units": (m, h), "bias": (h,), "added": (h, k)}
        return {name: rng.normal(size=shape).astype(np.float32) for name, shape in parts.items()}

    monkeypatch.setattr(autoencoder, "_trained", bent)
    subject = cs.open_subject(write_subject(tmp_path / "s1"))
    run = cs.fit(subject, "pixels", "pixels", pooling="grid:4", reduction="ae:3")
    again = cs.load_run(run.id)
    again.verify()
    assert again.reductions[0].bend.mix.shape == (9, 3)
    assert again.facts.n_columns == 3
    new = cs.predict(again, [subject.test.images.load(k) for k in range(6)])
    np.testing.assert_allclose(new, again.predict_rows("test", slice(None)), atol=1e-4)
    assert "3 codes of an autoencoder" in cs.methods(again)
    assert "which were kept" not in cs.methods(again)
    monkeypatch.undo()
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    plain = cs.fit(subject, "pixels", "pixels", pooling="grid:2", reduction="ae:3")
    assert "principal components, which were kept" in cs.methods(plain)
