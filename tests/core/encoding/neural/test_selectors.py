"""Selectors: against loops and scipy, a world whose places are known, and what is refused."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from cortiscope.core.encoding import RegressorSpec, TrainingData, VertexTable, fit_regressor
from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.fields.predictor import fields_of, places_of
from cortiscope.core.encoding.neural.selectors import SelectorReadout, cortical_codes
from cortiscope.core.encoding.predictor import EnsemblePredictor, Member
from cortiscope.core.encoding.training import PictureGrid, Work
from cortiscope.core.errors import InvalidInput

GRIDS = (
    PictureGrid(3, 4, 5, (-4.0, 4.0, 4.0, -4.0)),
    PictureGrid(2, 3, 3, (-3.0, 2.0, 3.0, -2.0)),
    PictureGrid(4),
)
N_COLUMNS = 60 + 18 + 4
SIDES = np.array([0, 1, 0, 1, 1])


@pytest.fixture
def parts(rng):
    """A readout of layers that see unlike parts of the picture, its weights, and a design."""
    codes = cortical_codes(rng.normal(size=(5, 6)), SIDES)
    readout = SelectorReadout(5, [asdict(g) for g in GRIDS], 3, 7, codes, (0.1, 0.02), 0.3, 8)
    generator = torch.Generator().manual_seed(1)
    weights = readout.initial(generator)
    weights = {k: w + torch.randn(w.shape, generator=generator) for k, w in weights.items()}
    weights["codes"] = torch.from_numpy(codes)
    return readout, weights, rng.normal(size=(4, N_COLUMNS)).astype(np.float32)


def _gelu(z):
    return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))


def _written_out(weights, design, vertex):
    """Predict by one vertex, with the networks of its hemisphere alone."""
    w = {k: v.numpy().astype(np.float64) for k, v in weights.items()}
    side, n, width = SIDES[vertex], 7, 7
    own = w["codes"][vertex, side * n : side * n + n]

    def net(name):
        inner = _gelu(own @ w[f"{name}_inner"][side * n : side * n + n])
        outer = w[f"{name}_outer"][side * width : (side + 1) * width]
        return inner @ outer + w[f"{name}_bias"][side]

    x, y = 4 * np.tanh(net("place"))
    shares = np.exp(net("shares")) / np.exp(net("shares")).sum()
    scale = 1 / (1 + np.exp(-net("scale")[0]))
    found = np.full(len(design), w["out_bias"][vertex])
    start = 0
    for k, grid in enumerate(GRIDS):
        maps = design[:, start : start + grid.n_columns].astype(np.float64)
        start += grid.n_columns
        for row, image in enumerate(maps.reshape(len(design), grid.channels, -1)):
            channels = image.reshape(grid.channels, grid.height, grid.width)
            read = channels.mean(axis=(1, 2))
            if grid.n_places > 1:
                left, top, right, bottom = grid.box
                at = [
                    [(y - top) / (bottom - top) * grid.height - 0.5],
                    [(x - left) / (right - left) * grid.width - 0.5],
                ]
                here = [map_coordinates(c, at, order=1, mode="nearest")[0] for c in channels]
                read = (1 - scale) * np.array(here) + scale * read
            found[row] += shares[k] * (read @ w[f"project{k}"] @ w["out"][:, vertex])
    # The last layer has one place, which is the whole picture.
    return found, (x, y, 1 - (1 - scale) * (shares[0] + shares[1]), *shares)


def test_predictions_are_the_loops_written_out_in_torch_and_in_numpy(parts):
    readout, weights, design = parts
    loops = [_written_out(weights, design, vertex) for vertex in range(5)]
    expected = np.column_stack([predicted for predicted, _ in loops])
    trained = readout.forward(weights, torch.from_numpy(design), slice(0, 5)).numpy()
    np.testing.assert_allclose(trained, expected, atol=1e-5)
    part = readout.forward(weights, torch.from_numpy(design), slice(2, 4)).numpy()
    np.testing.assert_allclose(part, expected[:, 2:4], atol=1e-5)
    folded = readout.folded({k: w.numpy() for k, w in weights.items()})
    found = readout.apply(folded, design, np.array([4, 0, 3]))
    np.testing.assert_allclose(found, expected[:, [4, 0, 3]], atol=1e-5)
    chosen = readout.selections(folded)
    selected = np.column_stack([chosen.x, chosen.y, chosen.scale, chosen.shares])
    np.testing.assert_allclose(selected, [own for _, own in loops], atol=1e-5)
    np.testing.assert_allclose(chosen.mean_layer, [s[4] / 2 + s[5] for s in selected], atol=1e-6)
    np.testing.assert_array_equal(chosen.placed, selected[:, 2] <= 1 / 3)


def test_what_eases_the_first_steps_falls_to_nothing(parts):
    readout, weights, design = parts
    moved = [
        readout.at_step(step, torch.Generator().manual_seed(3))["moved"] for step in (0, 4, 8, 20)
    ]
    unit = moved[0] / torch.tensor([0.8, 0.8])  # a tenth of 8 degrees
    for found, sd in zip(moved, (0.8, 0.48, 0.16, 0.16), strict=True):
        torch.testing.assert_close(found, unit * sd)
    hidden = torch.from_numpy(design)
    still = readout.forward(weights, hidden, slice(0, 5))
    eased = readout.forward({**weights, "moved": moved[0]}, hidden, slice(0, 5))
    assert (still - eased).abs().max() > 1e-3
    chosen = readout.folded({k: w.numpy() for k, w in weights.items()})
    entropy = -(chosen["shares"] * np.log(chosen["shares"])).sum(axis=1)
    two = np.column_stack([chosen["scale"], 1 - chosen["scale"]])
    expected = np.log(3) - entropy + np.log(2) + (two * np.log(two)).sum(axis=1)
    for step, left in ((0, 0.3), (6, 0.075), (8, 0.0)):
        at_step = readout.at_step(step, torch.Generator())
        penalty = readout.penalty({**weights, **at_step}, slice(1, 5)).numpy()
        np.testing.assert_allclose(penalty, left * expected[1:], atol=1e-6)


def _world(rng, n=240, side=6):
    """A strip of cortex per hemisphere that looks from the middle outwards, and its responses."""
    grid = PictureGrid(2, side, side, (-3.0, 3.0, 3.0, -3.0))
    noise = PictureGrid(2, 1, 1)
    along = np.linspace(0, 1, 15)
    where = np.concatenate([np.column_stack([40 * along, k * along, 0 * along]) for k in (1, 2)])
    sides = np.repeat([0, 1], 15)
    x = np.where(sides == 0, 1, -1) * np.tile(0.3 + 2 * along, 2)
    y = np.tile(2 * np.cos(np.pi * along), 2)
    maps = rng.normal(size=(n, 2, side, side))
    at = [(3 - y) * side / 6 - 0.5, (x + 3) * side / 6 - 0.5]
    seen = np.array([[map_coordinates(c, at, order=1) for c in image] for image in maps])
    responses = 3 + seen[:, 0] + 0.5 * seen[:, 1] + 0.3 * rng.normal(size=(n, 30))
    design = np.column_stack([maps.reshape(n, -1), rng.normal(size=(n, 2))]).astype(np.float32)
    table = VertexTable(where, sides, {})
    data = TrainingData(design, responses.astype(np.float32), vertices=table, grids=(grid, noise))
    return data, x, y


QUICK = {
    "max_epochs": 25,
    "learning_rate": 1e-2,
    "selector_rate": 1.0,
    "weight_decay": 1.0,
    "fade": 100,
    "finest": 40.0,
    "width": 32,
    "n_frequencies": 4,
}


def test_places_and_layers_of_a_small_world_are_found_and_none_where_images_are_permuted(rng):
    data, x, y = _world(rng)
    spec = RegressorSpec("selectors").with_settings(**QUICK)
    found = places_of(fit_regressor(data, spec))
    assert np.corrcoef(found.x, x)[0, 1] > 0.95
    assert np.corrcoef(found.y, y)[0, 1] > 0.95
    assert np.median(np.hypot(found.x - x, found.y - y)) < 0.4
    assert np.median(found.shares[:, 0]) > 0.8
    assert np.median(found.scale) < 0.2
    permuted = replace(data, responses=rng.permutation(data.responses))
    assert found.placed.mean() > 0.8
    lost = places_of(fit_regressor(permuted, spec))
    assert np.median(np.hypot(lost.x - x, lost.y - y)) > 1.0


def test_a_fit_that_was_stopped_ends_as_one_that_was_not(rng):
    data, _, _ = _world(rng, n=40)
    spec = RegressorSpec("selectors").with_settings(**{**QUICK, "max_epochs": 6, "fade": 9})
    whole, checkpoint = fit_regressor(data, spec), MemoryCheckpoint()

    def stop(share, said):
        if share >= 0.7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_regressor(data, spec, Work(progress=stop, checkpoint=checkpoint))
    resumed = fit_regressor(data, spec, Work(checkpoint=checkpoint))
    for name, values in whole.arrays().items():
        np.testing.assert_array_equal(resumed.arrays()[name], values)


def test_what_is_read_of_layers_without_places_is_not_read_at_a_place(parts):
    readout, weights, _ = parts
    folded = readout.folded({k: w.numpy() for k, w in weights.items()})
    folded |= {
        "scale": np.full((5, 1), 0.25, np.float32),
        # Two maps and a layer of one place.
        "shares": np.array([[1, 0, 0], [0.5, 0.5, 0], [0.8, 0.2, 0], [0.4, 0.2, 0.4], [0, 0, 1]]),
    }
    found = readout.selections(folded)
    np.testing.assert_allclose(found.scale, [0.25, 0.25, 0.25, 0.55, 1])
    np.testing.assert_array_equal(found.placed, [True, True, True, False, False])


def test_models_of_parts_say_together_where_vertices_look(parts):
    readout, weights, _ = parts
    folded = readout.folded({k: w.numpy() for k, w in weights.items()})
    whole = readout.selections(folded)
    left, right = np.flatnonzero(SIDES < 1), np.flatnonzero(SIDES)

    class Part:
        def __init__(self, rows):
            self.fields = type(whole)(
                whole.x[rows], whole.y[rows], whole.scale[rows], whole.shares[rows]
            )

    members = tuple(Member(side, rows, Part(rows)) for side, rows in (("lh", left), ("rh", right)))
    both = EnsemblePredictor(members, 5)
    np.testing.assert_array_equal(places_of(both).shares, whole.shares)
    np.testing.assert_array_equal(places_of(both).angle, whole.angle)
    with pytest.raises(InvalidInput, match="no receptive fields"):
        fields_of(both)


def test_vertices_without_a_position_are_refused_in_words(rng):
    data, _, _ = _world(rng, n=20)
    with pytest.raises(InvalidInput, match="selectors needs the positions of the vertices"):
        fit_regressor(replace(data, vertices=None), "selectors")
    data.vertices.positions[3, 1] = np.nan
    with pytest.raises(InvalidInput, match="1 of 30 vertices have no position: 3"):
        fit_regressor(data, "selectors")
    with pytest.raises(InvalidInput, match="coarsest must be at least finest"):
        RegressorSpec("selectors").with_settings(finest=20.0, coarsest=10.0)
