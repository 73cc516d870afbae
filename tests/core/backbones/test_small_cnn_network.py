"""The small CNN: its shape, its fair untrained control, its checkpoint, and how well it sees."""

import json

import pytest
import torch

from cortiscope.core.backbones.small_cnn import CHECKPOINT
from cortiscope.core.backbones.small_cnn_network import (
    ARCHITECTURE,
    INPUT_SIZE,
    METADATA_KEY,
    N_OUTPUTS,
    SmallCnn,
    load_small_cnn,
    read_metadata,
    state_for_checkpoint,
)
from cortiscope.core.simulation.scenes import LATENTS, OBJECT_KINDS, SCENE_VERSION
from tests.tools.train_small_cnn import (
    FIRST_TRAINING_SEED,
    FIRST_VALIDATION_SEED,
    Recipe,
    augment,
    render_labelled_scenes,
    score,
    train,
    train_and_write,
)

BLOCKS = tuple(f"block{i}" for i in range(1, 6))


def _responses(network, images):
    seen = {}
    handles = [
        network.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: seen.__setitem__(name, output)
        )
        for name in BLOCKS
    ]
    with torch.inference_mode():
        network(images)
    for handle in handles:
        handle.remove()
    return seen


@pytest.fixture(scope="module")
def fresh_scenes():
    # Of neither the training nor the validation seeds, nor the demo's.
    return render_labelled_scenes(30_000_000, 200)


def test_it_has_about_190_000_weights_and_an_output_per_latent():
    assert 185_000 < sum(p.numel() for p in SmallCnn().parameters()) < 195_000
    assert len(LATENTS) == N_OUTPUTS


def test_hooks_on_the_blocks_see_maps_of_at_least_8_x_8():
    seen = _responses(load_small_cnn(None, 0), torch.rand(2, 3, INPUT_SIZE, INPUT_SIZE))
    shapes = {name: tuple(response.shape[1:]) for name, response in seen.items()}
    assert shapes == {
        "block1": (16, 32, 32),
        "block2": (32, 16, 16),
        "block3": (64, 8, 8),
        "block4": (96, 8, 8),
        "block5": (128, 8, 8),
    }


def test_the_same_seed_gives_the_same_untrained_network_and_another_seed_another():
    first, again, other = (load_small_cnn(None, seed).state_dict() for seed in (4, 4, 5))
    assert all(torch.equal(first[name], again[name]) for name in first)
    weights = [name for name in first if name.endswith("0.weight")]
    assert len(weights) == 5
    assert not any(torch.equal(first[name], other[name]) for name in weights)


@pytest.mark.parametrize("weights", [None, CHECKPOINT])
def test_loading_leaves_the_global_random_state_alone(weights):
    before = torch.random.get_rng_state()
    load_small_cnn(weights, 7)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_activity_of_the_untrained_network_neither_fades_nor_grows(fresh_scenes):
    for seed in range(3):
        network = load_small_cnn(None, seed)
        assert not network.training
        spread = [
            response.std().item()
            for response in _responses(network, fresh_scenes.images[:50].float() / 255).values()
        ]
        assert min(spread) > 0.2
        assert max(spread) < 2.0


def test_a_checkpoint_gives_back_the_network_it_was_made_from(tmp_path):
    recipe = Recipe(n_scenes=64, n_validation=40, epochs=1, batch_size=32)
    path = tmp_path / "tiny.safetensors"
    card = train_and_write(path, recipe)
    scenes = render_labelled_scenes(FIRST_TRAINING_SEED, 64)
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        network = train(scenes, recipe)
    finally:
        torch.set_num_threads(n_threads)
    loaded = load_small_cnn(path).state_dict()
    for name, half in state_for_checkpoint(network).items():
        assert torch.equal(half.float(), loaded[name]), name
    first = path.read_bytes()
    assert train_and_write(path, recipe) == card
    assert path.read_bytes() == first
    assert json.loads(path.with_suffix(".json").read_text())["recipe"]["n_scenes"] == 64


def test_files_that_are_not_its_checkpoint_are_refused(tmp_path):
    from safetensors.torch import save_file

    text = tmp_path / "text.safetensors"
    text.write_text("hello")
    with pytest.raises(ValueError, match="safetensors"):
        load_small_cnn(text)
    with pytest.raises(OSError, match="nowhere"):
        load_small_cnn(tmp_path / "nowhere.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(3)}, other)
    with pytest.raises(ValueError, match="architecture"):
        load_small_cnn(other)
    partial = tmp_path / "partial.safetensors"
    metadata = {METADATA_KEY: json.dumps({"architecture": ARCHITECTURE})}
    save_file({"head.bias": torch.zeros(N_OUTPUTS)}, partial, metadata=metadata)
    with pytest.raises(RuntimeError, match="Missing key"):
        load_small_cnn(partial)
    assert read_metadata({METADATA_KEY: "not json"}) == {}


def test_words_are_never_mirrored():
    images = torch.zeros(40, 3, INPUT_SIZE, INPUT_SIZE, dtype=torch.uint8)
    images[..., : INPUT_SIZE // 2] = 200
    generator = torch.Generator().manual_seed(0)
    kept = augment(images, torch.zeros(40, dtype=torch.bool), generator)
    assert (kept[..., 5].mean((1, 2)) > kept[..., -5].mean((1, 2))).all()
    mirrored = augment(images, torch.ones(40, dtype=torch.bool), generator)
    assert 8 < (mirrored[..., 5].mean((1, 2)) < mirrored[..., -5].mean((1, 2))).sum() < 32


def test_the_committed_checkpoint_is_small_and_says_how_it_was_made():
    assert CHECKPOINT.stat().st_size < 400_000
    card = json.loads(CHECKPOINT.with_suffix(".json").read_text())
    assert card["scene_version"] == SCENE_VERSION, "scenes changed: train the small CNN again"
    assert card["architecture"] == ARCHITECTURE
    assert card["mean_auc_of_kinds"] > 0.95
    assert min(FIRST_TRAINING_SEED, FIRST_VALIDATION_SEED) >= 1_000_000
    assert card["first_training_seed"] + card["recipe"]["n_scenes"] <= FIRST_VALIDATION_SEED


def test_the_committed_checkpoint_names_what_is_in_scenes_it_has_never_seen(fresh_scenes):
    auc = score(load_small_cnn(CHECKPOINT), fresh_scenes)
    assert sum(auc[kind] for kind in OBJECT_KINDS) / len(OBJECT_KINDS) > 0.93
    assert min(auc["face"], auc["body"], auc["word"]) > 0.93


def test_the_untrained_network_does_not(fresh_scenes):
    auc = score(load_small_cnn(None, 0), fresh_scenes)
    assert sum(auc[kind] for kind in OBJECT_KINDS) / len(OBJECT_KINDS) < 0.65
