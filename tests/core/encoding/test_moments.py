import numpy as np
import pytest

from cortiscope.core.encoding.ridge.kfold import fold_rows
from cortiscope.core.encoding.sparse.moments import FoldedDesign
from cortiscope.core.errors import InvalidInput


def _data(rng):
    return (
        (rng.normal(size=(31, 4)) * [1, 2, 3, 4] + 5).astype(np.float32),
        (rng.normal(size=(31, 3)) + [100, -3, 0]).astype(np.float32),
    )


def test_moments_of_training_and_held_out_images_equal_those_of_copies(rng):
    x, y = _data(rng)
    folded = FoldedDesign.of(x, y, 3, "cpu")
    _, sums = folded.sums(y)
    total = sum(sums[1:], start=sums[0])
    for rows, held in zip(fold_rows(31, 3), sums, strict=True):
        kept = np.delete(np.arange(31), rows)
        mean_x, mean_y = (a[kept].mean(0, dtype=np.float64) for a in (x, y))
        for images, found in (
            (kept, (total - held).centred()),
            (rows, held.about_means_of(total - held)),
        ):
            u, v = x[images] - mean_x, y[images] - mean_y
            np.testing.assert_allclose(found.gram, u.T @ u / len(u), atol=1e-5)
            np.testing.assert_allclose(found.cross, u.T @ v / len(u), atol=1e-5)
            np.testing.assert_allclose(found.energy, (v**2).mean(0), rtol=1e-5)


def test_held_out_errors_equal_those_of_predictions(rng):
    import torch

    x, y = _data(rng)
    _, (sums,) = FoldedDesign.of(x, y, 1, "cpu").sums(y)
    w = rng.normal(size=(4, 3))
    wrong = (x - x.mean(0)) @ w - (y - y.mean(0))
    errors = sums.centred().squared_error(torch.as_tensor(w))
    np.testing.assert_allclose(errors, (wrong**2).mean(0), rtol=1e-4)


def test_large_means_cost_no_precision(rng):
    x, y = _data(rng)
    moments = [
        FoldedDesign.of(x + a, y, 1, "cpu").sums(y + b)[1][0].centred()
        for a, b in ((0, 0), (512, 16384))
    ]
    np.testing.assert_allclose(moments[0].cross, moments[1].cross, atol=0.05)
    np.testing.assert_allclose(moments[0].energy, moments[1].energy, rtol=0.01)


def test_a_constant_vertex_has_no_energy_at_all(rng):
    x, y = _data(rng)
    y[:, 1] = 0.1
    origin, (sums,) = FoldedDesign.of(x, y, 1, "cpu").sums(y)
    assert sums.centred().energy[1] == 0
    assert sums.centred().cross[:, 1].abs().max() == 0
    assert origin[1] == np.float32(0.1)


@pytest.mark.parametrize("n_folds", [0, 16])
def test_folds_of_a_single_image_are_refused(rng, n_folds):
    x, y = _data(rng)
    with pytest.raises(InvalidInput, match="folds"):
        FoldedDesign.of(x, y, n_folds, "cpu")


def test_rows_that_do_not_match_are_refused(rng):
    x, y = _data(rng)
    with pytest.raises(InvalidInput, match="one row"):
        FoldedDesign.of(x, y[1:], 1, "cpu")
