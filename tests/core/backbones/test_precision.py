"""Networks that multiply in bfloat16: near float32, as torch's autocast, only where it is fast."""

import numpy as np
import pytest
import torch
from PIL import Image

from cortiscope.core.backbones import WeightsSpec, load_backbone
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureSpec, Pooling
from cortiscope.core.runs import EncodingSpec


@pytest.fixture
def units(monkeypatch):
    """Any machine, told to have units: the numbers are the same without them, only slower."""
    monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: True)


@pytest.fixture(scope="module")
def network():
    return load_backbone("squeezenet1_1", WeightsSpec("untrained"), "cpu")


@pytest.fixture
def batch(network, rng):
    pictures = rng.integers(0, 256, (2, 90, 70, 3), dtype=np.uint8)
    return torch.stack([network.preprocess(Image.fromarray(p)) for p in pictures])


def test_features_are_those_of_torchs_autocast_in_float32(units, network, batch):
    half = network.at_precision("bfloat16")
    found = half.forward(batch, ["features.4", "classifier.3"])
    whole = network.forward(batch, ["features.4", "classifier.3"])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        expected = network.network(batch.contiguous(memory_format=torch.channels_last))
    assert all(v.dtype == torch.float32 for v in found.values())
    torch.testing.assert_close(found["classifier.3"].flatten(1), expected.float())
    for name, values in whole.items():
        apart = (found[name] - values).abs().max() / values.abs().max()
        assert 1e-5 < apart < 0.05


def test_the_network_is_shared_and_stays_in_float32(units, network, batch):
    before = network.forward(batch, ["features.12"])["features.12"]
    half = network.at_precision("bfloat16")
    half.forward(batch, ["features.12"])
    assert half.network is network.network
    assert half.at_precision("bfloat16") is half
    assert network.at_precision("float32") is network
    assert torch.equal(network.forward(batch, ["features.12"])["features.12"], before)


def test_a_machine_without_units_says_so(monkeypatch, network):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(f"torch.cpu.{name}", lambda: False)
    with pytest.raises(InvalidInput, match="This CPU has no units for bfloat16") as told:
        network.at_precision("bfloat16")
    assert "'float32'" in told.value.hint


def test_what_is_no_network_has_no_precision(units):
    pixels = load_backbone("pixels", None, "cpu")
    with pytest.raises(InvalidInput, match="computes in float32 only"):
        pixels.at_precision("bfloat16")


def test_a_configuration_changes_only_its_networks():
    untrained, fixed = WeightsSpec("untrained"), WeightsSpec("fixed")
    features = (FeatureSpec("alexnet", untrained, "features.5", Pooling("mean")),)
    spec = EncodingSpec("s1", "d", (*features, FeatureSpec("pixels", fixed, "pixels")))
    changed = spec.at_precision("bfloat16")
    assert [f.precision for f in changed.features] == ["bfloat16", "float32"]
    assert "bfloat16" in changed.features[0].label
    assert changed.run_id != spec.run_id
    assert spec.at_precision("float32") == spec
