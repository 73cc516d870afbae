"""Each part of a head is written in torch and in numpy; both must compute the same."""

import numpy as np
import pytest
import torch
from torch import nn

from cortiscope.core.encoding.neural.readouts import LinearReadout, PositionalReadout
from cortiscope.core.encoding.neural.trunks import (
    ACTIVATIONS,
    Conv1dTrunk,
    IdentityTrunk,
    ResidualTrunk,
    activate,
    activate_array,
)
from cortiscope.core.errors import InvalidInput, UnknownName

TRUNKS = [
    IdentityTrunk(11, dropout=0.5),
    ResidualTrunk(11),
    ResidualTrunk(11, projected=6, n_blocks=3, activation="silu"),
    ResidualTrunk(11, projected=6, n_blocks=0),
    Conv1dTrunk(11, channels=3, kernel=4, stride=1, pool=2),
    Conv1dTrunk(11, channels=2, kernel=5, stride=2, pool=1, activation="tanh"),
    Conv1dTrunk(11, channels=2, kernel=1, stride=3, pool=4),
]


def _drawn(part, rng):
    """Weights that are nowhere 0 or 1 by rule."""
    weights = part.initial(torch.Generator().manual_seed(3))
    return {k: w + torch.tensor(rng.normal(size=w.shape) * 0.3).float() for k, w in weights.items()}


def _keep(values, rate):
    return values


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_agree_also_for_extreme_values(name):
    values = np.array([-3e4, -200, -3, -0.4, 0, 0.4, 3, 200, 3e4], dtype=np.float32)
    expected = activate(name, torch.tensor(values)).numpy()
    np.testing.assert_allclose(activate_array(name, values), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("trunk", TRUNKS, ids=repr)
def test_a_trunk_gives_in_numpy_what_it_gives_in_torch(rng, trunk):
    design = rng.normal(size=(5, 11)).astype(np.float32)
    weights = _drawn(trunk, rng)
    expected = trunk.forward(weights, torch.tensor(design), _keep).numpy()
    found = trunk.apply({k: w.numpy() for k, w in weights.items()}, design)
    assert found.shape == (5, trunk.width)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_trunk_without_projection_and_convolution_equals_torchs_own_modules(rng):
    design = torch.tensor(rng.normal(size=(4, 9))).float()
    residual = ResidualTrunk(9, n_blocks=1, activation="relu")
    w = _drawn(residual, rng)
    block = nn.Sequential(nn.LayerNorm(9), nn.Linear(9, 9), nn.ReLU())
    block.load_state_dict(
        {
            "0.weight": w["block0_gain"],
            "0.bias": w["block0_offset"],
            "1.weight": w["block0_weight"].T,
            "1.bias": w["block0_bias"],
        }
    )
    torch.testing.assert_close(residual.forward(w, design, _keep), design + block(design))

    conv = Conv1dTrunk(9, channels=3, kernel=3, stride=2, pool=2, activation="relu")
    w = _drawn(conv, rng)
    module = nn.Conv1d(1, 3, 3, stride=2, padding=1)
    module.load_state_dict({"weight": w["filters"][:, None], "bias": w["filter_bias"]})
    expected = nn.AvgPool1d(2)(module(design[:, None]).relu()).flatten(1)
    torch.testing.assert_close(conv.forward(w, design, _keep), expected)


def test_many_images_are_convolved_as_few_are(rng):
    trunk = Conv1dTrunk(11, channels=3)
    weights = {k: w.numpy() for k, w in _drawn(trunk, rng).items()}
    design = rng.normal(size=(300, 11)).astype(np.float32)
    np.testing.assert_allclose(
        trunk.apply(weights, design)[290:], trunk.apply(weights, design[290:]), atol=1e-6
    )


def test_a_convolution_that_leaves_nothing_is_refused():
    with pytest.raises(InvalidInput, match="leaves nothing of 3 design columns"):
        Conv1dTrunk(3, pool=4)
    with pytest.raises(UnknownName, match="relu, gelu"):
        activate_array("softmax", np.zeros(2))


def test_dropout_is_asked_for_with_the_rates_that_were_set(rng):
    asked = []

    def drop(values, rate):
        asked.append((tuple(values.shape), rate))
        return values

    design = torch.zeros(4, 11)
    IdentityTrunk(11, 0.3).forward({}, design, drop)
    trunk = ResidualTrunk(11, projected=5, n_blocks=2, input_dropout=0.1, dropout=0.6)
    trunk.forward(_drawn(trunk, rng), design, drop)
    assert asked == [((4, 11), 0.3), ((4, 11), 0.1), ((4, 5), 0.6), ((4, 5), 0.6)]


@pytest.mark.parametrize("n_layers", [1, 3])
def test_readouts_give_in_numpy_what_they_give_in_torch_for_all_and_for_some(rng, n_layers):
    hidden = rng.normal(size=(5, 6)).astype(np.float32)
    codes = rng.normal(size=(8, 10)).astype(np.float32)
    for readout in (
        LinearReadout(8, 6),
        PositionalReadout(8, 6, n_layers, "gelu", codes),
    ):
        weights = _drawn(readout, rng) | {k: torch.tensor(v) for k, v in readout.fixed().items()}
        expected = readout.forward(weights, torch.tensor(hidden), slice(0, 8)).numpy()
        part = readout.forward(weights, torch.tensor(hidden), slice(2, 5)).numpy()
        folded = readout.folded({k: w.numpy() for k, w in weights.items()})
        np.testing.assert_allclose(part, expected[:, 2:5], atol=1e-6)
        found = readout.apply(folded, hidden, np.arange(8))
        np.testing.assert_allclose(found, expected, atol=1e-5)
        some = readout.apply(folded, hidden, np.array([7, 0, 3]))
        np.testing.assert_allclose(some, expected[:, [7, 0, 3]], atol=1e-5)


def test_the_positional_first_layer_sees_design_and_code_side_by_side(rng):
    codes = rng.normal(size=(4, 10)).astype(np.float32)
    readout = PositionalReadout(4, 6, 1, "tanh", codes)
    w = _drawn(readout, rng)
    project = torch.tensor(rng.normal(size=(3, 6))).float()
    design = torch.tensor(rng.normal(size=(2, 3))).float()
    found = readout.forward({**w, "codes": torch.tensor(codes)}, design @ project, slice(0, 4))
    layer = torch.cat([project, w["place"]])
    for n in range(2):
        for v in range(4):
            both = torch.cat([design[n], torch.tensor(codes[v])])
            z = torch.tanh(both @ layer + w["place_bias"])
            expected = (z @ w["out"] + w["out_bias"]).item()
            assert found[n, v].item() == pytest.approx(expected, abs=1e-5)


def test_many_images_and_vertices_are_read_in_parts_without_a_difference(rng, monkeypatch):
    from cortiscope.core.encoding.neural import readouts

    readout = PositionalReadout(7, 4, 2, "relu", np.ones((7, 3), np.float32))
    weights = {k: w.numpy() for k, w in _drawn(readout, rng).items()}
    folded = readout.folded({**weights, "codes": readout.codes})
    hidden = rng.normal(size=(130, 4)).astype(np.float32)
    whole = readout.apply(folded, hidden, np.arange(7))
    monkeypatch.setattr(readouts, "_VALUES", 600)
    assert readout.vertices_at_once(64) == 2
    np.testing.assert_allclose(readout.apply(folded, hidden, np.arange(7)), whole, atol=1e-6)
