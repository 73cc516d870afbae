"""What all vertices share is kept, half of the rest is taken out, of the images to fit alone."""

import numpy as np
import pytest

from cortiscope.core.encoding import RegressorSpec, TrainingData
from cortiscope.core.encoding.denoising import check_denoising, denoised, shared_components
from cortiscope.core.encoding.scopes import fit_scoped
from cortiscope.core.encoding.training import VertexTable
from cortiscope.core.errors import InvalidInput

N, V, RANK = 60, 300, 3


@pytest.fixture(scope="module")
def world():
    """Responses of three latent causes, and noise of their own; units differ by vertex."""
    rng = np.random.default_rng(5)
    design = rng.normal(size=(3 * N, 8)).astype(np.float32)
    truth = design @ rng.normal(size=(8, RANK)) @ rng.normal(size=(RANK, V))
    measured = truth + 3 * rng.normal(size=truth.shape)
    units = rng.uniform(0.1, 10, V)
    return design, truth * units, (measured * units + rng.normal(size=V)).astype(np.float32)


def _data(world, **more):
    design, _, measured = world
    return TrainingData(design[:N], measured[:N], **more)


def test_half_of_a_response_is_its_projection_on_principal_components(world):
    data = _data(world)
    found = denoised(data, "pca:4").responses
    mean, sd = data.responses.mean(0), data.responses.std(0)
    z = (data.responses - mean) / sd
    v = np.linalg.svd(z, full_matrices=False)[2][:4].T
    expected = (0.5 * z + 0.5 * z @ v @ v.T) * sd + mean
    assert found.shape == (N, V)
    assert len(found) == N
    np.testing.assert_allclose(found[:, :], expected, rtol=0, atol=2e-4 * sd.max())
    rows = np.array([5, 2, 40])
    for key in ((rows, slice(None)), (slice(3, 9), slice(7, 20)), (slice(None), rows), rows):
        np.testing.assert_allclose(found[key], expected[key], rtol=0, atol=2e-4 * sd.max())
    # Some vertices are denoised by all of them.
    some = denoised(data, "pca:4").responses.columns(rows)
    np.testing.assert_allclose(some[:, :], expected[:, rows], rtol=0, atol=2e-4 * sd.max())


def test_as_many_components_are_kept_as_there_are_causes_and_hardly_one_of_noise(world):
    assert shared_components(_data(world).responses, "auto").shape == (N, RANK)
    noise = np.random.default_rng(0)
    kept = [shared_components(noise.normal(size=(N, V)), "auto").shape[1] for _ in range(40)]
    assert max(kept) <= 1
    assert np.mean(kept) < 0.35  # .17 by Tracy and Widom


def test_constant_vertices_stay_constant_and_change_nothing(world):
    data = _data(world)
    flat = np.full((N, 1), 4.0, np.float32)
    wider = TrainingData(data.design, np.concatenate([data.responses, flat], 1))
    found = denoised(wider, "pca:3").responses
    np.testing.assert_array_equal(found[:, V:], flat)
    np.testing.assert_allclose(found[:, :V], denoised(data, "pca:3").responses[:, :], atol=1e-4)
    only = shared_components(np.repeat(flat, 5, 1), "pca:3")
    assert only.shape == (N, 0)


def test_predictions_of_what_vertices_share_come_nearer_to_the_truth(world):
    design, truth, _ = world
    errors = {}
    for how in ("none", "auto"):
        fitted = fit_scoped(denoised(_data(world), how), RegressorSpec("ridge"))
        r = [
            np.corrcoef(p, t)[0, 1]
            for p, t in zip(fitted.predict(design[N:]).T, truth[N:].T, strict=True)
        ]
        errors[how] = 1 - np.mean(r)
    assert errors["auto"] < 0.8 * errors["none"]


def test_a_vertex_is_fitted_the_same_under_every_scope(world):
    table = VertexTable(np.zeros((V, 3)), np.arange(V) % 2)
    data = denoised(_data(world, vertices=table), "auto")
    sides = fit_scoped(data, RegressorSpec("ridge"), "hemisphere")
    whole = fit_scoped(data, RegressorSpec("ridge"), "both")
    np.testing.assert_array_equal(sides.predict(world[0]), whole.predict(world[0]))


@pytest.mark.parametrize(
    "how",
    [
        "",
        "pca",
        "pca:0",
        "pca:-3",
        "pca:2.5",
        "pca:020",
        "pca:\u0663",
        "pca:" + "9" * 5000,
        "some",
        "auto:4",
    ],
)
def test_other_words_are_refused(world, how):
    with pytest.raises(InvalidInput, match="none, auto or pca:K"):
        check_denoising(how)


def test_where_vertices_share_nothing_their_responses_stay_as_they_are(world):
    noise = np.random.default_rng(1).normal(size=(N, 1))
    data = TrainingData(world[0][:N], noise)
    assert denoised(data, "auto") is data


def test_as_many_components_as_images_take_nothing_out_and_are_refused(world):
    check_denoising(f"pca:{N - 1}", N)
    with pytest.raises(InvalidInput, match=f"fewer than {N}"):
        check_denoising(f"pca:{N}", N)


def test_responses_that_are_not_finite_are_named_first(world):
    data = _data(world)
    data.responses[3, 17] = np.nan
    with pytest.raises(InvalidInput, match="17"):
        denoised(data, "auto")
    data.responses[3, 17] = 0.0
