"""Receptive fields against ridge written out, brute force over the candidates, and known truths."""

import json

import numpy as np
import pytest
from scipy.stats import norm, spearmanr

from cortiscope.core.encoding import PictureGrid, RegressorSpec, TrainingData, Work
from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.fields.candidates import candidate_fields, field_weights, share_inside
from cortiscope.core.encoding.fields.predictor import fields_of
from cortiscope.core.encoding.predictor import LinearPredictor
from cortiscope.core.encoding.regressors import fit_regressor, restore_predictor
from cortiscope.core.errors import InvalidInput

BOX = (-4.0, 3.0, 4.0, -3.0)
# Two maps of other resolutions, the second seen in part, and two columns of no place.
GRIDS = (PictureGrid(3, 6, 8, BOX), PictureGrid(2, 3, 4, (-3.0, 2.0, 3.0, -2.0)), PictureGrid(2))
FEW = {"n_sizes": 2, "smallest": 0.08, "largest": 0.2, "spacing": 1.5}


def maps(rng, n):
    """Images whose channels and places all vary, no two alike."""
    return rng.gamma(2.0, size=(n, sum(g.n_columns for g in GRIDS))).astype(np.float32)


def reference_design(design, field):
    """Channels under a field, (n, n_channels): a Gaussian integrated over each place."""
    x, y, sigma = field
    parts, start = [], 0
    for grid in GRIDS:
        block = design[:, start : start + grid.n_columns].astype(float)
        block, start = block.reshape(len(design), grid.channels, -1), start + grid.n_columns
        left, top, right, bottom = grid.box
        if grid.n_places == 1:
            weights = np.ones(1)
        elif np.isinf(sigma):
            weights = np.full(grid.n_places, 1 / grid.n_places)
        else:
            across = np.diff(norm.cdf(np.linspace(left, right, grid.width + 1), x, sigma))
            down = np.diff(norm.cdf(-np.linspace(top, bottom, grid.height + 1), -y, sigma))
            weights = np.outer(down, across).ravel()
        parts.append(block @ weights)
    return np.concatenate(parts, axis=1)


def reference_ridge(design, y, new, field, share):
    """Predictions, and the error that GCV expects, by the hat matrix."""
    x, z = reference_design(design, field), reference_design(new, field)
    mean, sd = x.mean(0), x.std(0)
    x, z, n = (x - mean) / sd, (z - mean) / sd, len(y)
    penalty = share * (x**2).sum() / min(x.shape)
    solve = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T)
    hat = 1 / n + x @ solve
    error = ((y - hat @ y) ** 2).mean() / (1 - np.trace(hat) / n) ** 2
    loo = (((y - hat @ y) / (1 - np.diag(hat))) ** 2).mean()
    return y.mean() + z @ solve @ (y - y.mean()), error, loo


def data(rng, n, n_vertices=5):
    design = maps(rng, n)
    fields = [(-1.5, 1.0, 0.7), (1.5, -1.0, 0.7), (0.0, 0.0, 1.5), (0.0, 0.0, np.inf)]
    y = rng.normal(size=(n, n_vertices)) * 0.3 + 100
    for v, field in enumerate(fields):
        signal = reference_design(design, field) @ [1, -0.5, 0.2, 0.5, 0, 0.3, -0.3]
        y[:, v] += signal / signal.std()
    return TrainingData(design, y.astype(np.float32), grids=GRIDS)


@pytest.mark.parametrize("n", [60, 6])  # more images than channels, and fewer
@pytest.mark.parametrize("fineness", [0, 2])
def test_predictions_are_those_of_ridge_written_out_at_each_vertex_s_field(rng, n, fineness):
    given, new = data(rng, n), maps(rng, 9)
    model = fit_regressor(
        given, RegressorSpec("receptive_fields").with_settings(**FEW, fineness=fineness)
    )
    found = model.predict(new)
    for v in range(5):
        field = model.placed[v].astype(float)
        y = given.responses[:, v].astype(float)
        expected, _, _ = reference_ridge(given.design, y, new, field, float(model.alpha[v]))
        np.testing.assert_allclose(found[:, v] - 100, expected - 100, atol=1e-5 * max(n, 30) / 6)
    some = np.array([4, 0])
    np.testing.assert_allclose(model.predict(new, some), found[:, some], atol=1e-4)


@pytest.mark.parametrize("criterion", ["gcv", "loo"])
def test_field_and_penalty_are_the_best_of_all_by_brute_force(rng, criterion):
    given = data(rng, 60)
    spec = RegressorSpec("receptive_fields").with_settings(
        **FEW, fineness=0, criterion=criterion, shares=(0.01, 1.0, 100.0)
    )
    model = fit_regressor(given, spec)
    sizes = {k: FEW[k] for k in FEW}
    candidates = candidate_fields(GRIDS, **sizes)
    for v in range(4):
        y = given.responses[:, v].astype(float)
        errors = np.array(
            [
                [
                    reference_ridge(given.design, y, given.design[:1], field, share)[
                        1 if criterion == "gcv" else 2
                    ]
                    for share in (0.01, 1.0, 100.0)
                ]
                for field in candidates
            ]
        )
        best, place = np.unravel_index(errors.argmin(), errors.shape)
        assert model.fields.whole[v] == (best == 0)
        assert model.alpha[v] == np.float32((0.01, 1.0, 100.0)[place])
        np.testing.assert_allclose(model.placed[v], candidates[best], atol=1e-5)
        least = errors[1:].min()
        gain = 60 * np.log(errors[0].min() / least)
        np.testing.assert_allclose(model.fields.gain[v], gain, atol=0.02)
        weights = (errors[1:].min(1) / least) ** -15
        weights /= weights.sum()
        middle = weights @ candidates[1:, :2]
        mean = [*middle, np.exp(weights @ np.log(candidates[1:, 2]))]
        f = model.fields
        np.testing.assert_allclose([f.x[v], f.y[v], f.sigma[v]], mean, atol=0.01)
        width = np.sqrt(weights @ ((candidates[1:, :2] - middle) ** 2).sum(1))
        np.testing.assert_allclose(model.fields.width[v], width, atol=0.01)


def test_a_hold_out_chooses_by_the_last_tenth_and_fits_all(rng):
    given, new = data(rng, 60), maps(rng, 9)
    spec = RegressorSpec("receptive_fields").with_settings(**FEW, fineness=0, criterion="holdout")
    model = fit_regressor(given, spec)
    candidates = candidate_fields(GRIDS, **FEW)
    y = given.responses[:, 0].astype(float)
    errors = np.array(
        [
            [
                (
                    (
                        reference_ridge(given.design[:54], y[:54], given.design[54:], field, s)[0]
                        - y[54:]
                    )
                    ** 2
                ).mean()
                for s in spec.settings.shares
            ]
            for field in candidates
        ]
    )
    best, place = np.unravel_index(errors.argmin(), errors.shape)
    assert model.fields.whole[0] == (best == 0)
    assert model.alpha[0] == np.float32(spec.settings.shares[place])
    expected, _, _ = reference_ridge(given.design, y, new, candidates[best], float(model.alpha[0]))
    np.testing.assert_allclose(model.predict(new)[:, 0], expected, atol=1e-4)


def test_known_fields_are_found_and_the_whole_picture_is_said(rng):
    model = fit_regressor(data(rng, 300), RegressorSpec("receptive_fields").with_settings(**FEW))
    f = model.fields
    np.testing.assert_allclose(f.x[:2], [-1.5, 1.5], atol=0.5)
    np.testing.assert_allclose(f.y[:2], [1.0, -1.0], atol=0.5)
    assert f.sure[:2].all()
    assert not f.sure[3:].any()  # reads the whole picture; nothing
    assert f.whole[3]
    np.testing.assert_allclose(f.angle[:2], np.degrees(np.arctan2(f.y, f.x))[:2])
    np.testing.assert_allclose(f.eccentricity[:2], np.hypot(1.5, 1.0), atol=0.5)


def test_a_field_half_outside_keeps_half_of_its_weight_and_says_so():
    grid = PictureGrid(1, 40, 50, BOX)
    fields = np.array([(4.0, 0, 0.5), (0, 3.0, 0.5), (0, 0, 0.5), (4.0, 3.0, 0.5)])
    np.testing.assert_allclose(share_inside(fields, [grid]), [0.5, 0.5, 1, 0.25], atol=1e-6)
    # Up is up, and left is left.
    weights = field_weights(np.array([(-3.0, 2.5, 0.4)]), grid).reshape(40, 50)
    assert np.unravel_index(weights.argmax(), weights.shape) == (3, 6)


def test_columns_without_places_are_seen_whole_which_leaves_ridge_by_gcv(rng):
    design = rng.normal(size=(40, 6)).astype(np.float32)
    y = (design @ rng.normal(size=(6, 3)) + rng.normal(size=(40, 3))).astype(np.float32)
    shares = (0.1, 1.0, 10.0)
    model = fit_regressor(
        TrainingData(design, y), RegressorSpec("receptive_fields").with_settings(shares=shares)
    )
    scaled = (design - design.mean(0)) / design.std(0)
    alphas = tuple(40 * share for share in shares)
    ridge = fit_regressor(
        TrainingData(scaled, y), RegressorSpec("ridge_gcv").with_settings(alphas=alphas)
    )
    np.testing.assert_allclose(model.predict(design), ridge.predict(scaled), atol=1e-4)
    assert model.fields.whole.all()
    assert not model.fields.sure.any()


def test_a_model_comes_back_from_its_arrays_with_its_fields(rng):
    model = fit_regressor(data(rng, 40), RegressorSpec("receptive_fields").with_settings(**FEW))
    arrays = model.arrays()
    assert all(array.dtype != object for array in arrays.values())
    again = restore_predictor(json.loads(json.dumps(model.structure())), arrays.__getitem__)
    new = maps(rng, 4)
    np.testing.assert_array_equal(again.predict(new), model.predict(new))
    np.testing.assert_array_equal(fields_of(again).x, model.fields.x)
    assert [w.shape for w in again.channel_weights()] == [(3, 5), (2, 5), (2, 5)]
    with pytest.raises(InvalidInput, match="no receptive fields"):
        fields_of(LinearPredictor(np.ones((1, 1)), np.ones(1)))


def test_a_stopped_fit_goes_on_to_the_same_end(rng, monkeypatch):
    from cortiscope.core.encoding.fields import search

    monkeypatch.setattr(search, "_LARGEST_CHUNK", 2)
    given, spec = data(rng, 40), RegressorSpec("receptive_fields").with_settings(**FEW)
    whole, kept, heard = fit_regressor(given, spec), MemoryCheckpoint(), []

    def stop(share, message):
        heard.append(share)
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_regressor(given, spec, Work(progress=stop, checkpoint=kept))
    assert kept.pieces
    assert heard == sorted(heard)
    found = fit_regressor(given, spec, Work(checkpoint=kept))
    for name, array in whole.arrays().items():
        np.testing.assert_array_equal(found.arrays()[name], array, err_msg=name)


def test_vertices_do_not_depend_on_one_another(rng):
    given, spec = data(rng, 40), RegressorSpec("receptive_fields").with_settings(**FEW)
    order = np.array([3, 0, 4, 2, 1])
    one, other = (fit_regressor(d, spec) for d in (given, given.of_vertices(order)))
    np.testing.assert_allclose(other.weights, one.weights[:, order], atol=1e-5)


def test_meaningless_settings_are_refused(rng):
    given, spec = data(rng, 20), RegressorSpec("receptive_fields")
    for wrong, words in (
        ({"smallest": 0.0}, "from smallest to largest"),
        ({"n_sizes": 1}, "One size .* smallest=0.042, largest=0.48"),
        ({"spacing": 0.0}, "spacing of fields must be above 0"),
        ({"criterion": "luck"}, "gcv, loo, holdout"),
    ):
        with pytest.raises(InvalidInput, match=words):
            fit_regressor(given, spec.with_settings(**wrong))


def test_permuted_images_leave_no_order_of_eccentricity(rng):
    design = maps(rng, 60)
    truth = rng.uniform(-3, 3, (24, 2))
    y = np.stack([reference_design(design, (*c, 0.6))[:, :3].sum(1) for c in truth], axis=1)
    spec = RegressorSpec("receptive_fields").with_settings(**FEW)
    found, lost = (
        fit_regressor(TrainingData(d, y.astype(np.float32), grids=GRIDS), spec).fields
        for d in (design, design[rng.permutation(60)])
    )
    assert spearmanr(found.x, truth[:, 0])[0] > 0.9
    assert lost.sure.mean() <= 0.05
    assert found.sure.mean() > 0.5
