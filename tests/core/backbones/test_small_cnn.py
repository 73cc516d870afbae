import pytest
import torch

from cortiscope.core.backbones import WeightsSpec, load_backbone, resolve_weights
from cortiscope.core.backbones.small_cnn import CHECKPOINT
from cortiscope.core.errors import DamagedFile

pytest.importorskip("cortiscope.core.backbones.small_cnn_network")


def test_untrained_network_has_its_blocks_and_follows_its_seed(picture):
    one, same, other = (
        load_backbone("small_cnn", WeightsSpec("untrained", seed=s), "cpu") for s in (1, 1, 2)
    )
    batch = one.preprocess(picture)[None]
    assert batch.shape == (1, 3, 64, 64)
    layers = one.card.layers_offered
    responses = [b.forward(batch, layers) for b in (one, same, other)]
    assert [r.ndim for r in responses[0].values()] == [4] * 5
    for layer in layers:
        assert torch.equal(responses[0][layer], responses[1][layer])
        assert not torch.equal(responses[0][layer], responses[2][layer])


def test_trained_network_loads_and_its_key_is_its_content():
    if not CHECKPOINT.is_file():
        pytest.skip("the checkpoint has not been trained yet")
    backbone = load_backbone("small_cnn", device="cpu")
    assert len(backbone.weights.sha256) == 64
    assert backbone.weights == resolve_weights("small_cnn")
    assert "procedural scenes" in backbone.card.weights_label(backbone.weights)


def test_file_of_something_else_is_told(tmp_path):
    path = tmp_path / "own.safetensors"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DamagedFile):
        load_backbone("small_cnn", WeightsSpec.from_file(path), "cpu")
