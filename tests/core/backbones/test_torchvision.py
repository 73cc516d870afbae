import pickle

import pytest
import torch
from PIL import Image

from cortiscope.core.backbones import (
    WeightsSpec,
    backbone_names,
    get_card,
    list_layers,
    load_backbone,
)
from cortiscope.core.backbones.tables import read_table
from cortiscope.core.backbones.torchvision.family import TorchvisionFamily
from cortiscope.core.backbones.torchvision.generate import menu_layers, published_sets
from cortiscope.core.backbones.torchvision.networks import build_network, import_torchvision
from cortiscope.core.errors import DamagedFile, InvalidInput
from cortiscope.core.stimuli import decode_image

NETWORKS = read_table("torchvision")

# One per way of building; the others are compared in the slow test.
SMALLEST = ["squeezenet1_1", "resnet18", "inception_v3", "regnet_y_400mf", "vit_b_32", "swin_t"]


def test_names_are_those_of_the_library():
    models = import_torchvision().models
    assert [row[0] for row in NETWORKS] == models.list_models(module=models)


@pytest.mark.parametrize("row", NETWORKS, ids=lambda row: row[0])
def test_published_weights_of_the_table_are_those_of_the_library(row):
    assert list(row[3]) == published_sets(row[0])
    assert get_card(row[0]).pretrained[0].input_size == row[3][0][3]


@pytest.mark.parametrize("name", SMALLEST)
def test_menu_layers_are_those_of_the_network(name):
    card = get_card(name)
    assert card.layers_offered == menu_layers(name, card.input_size)
    assert set(card.layers_offered) <= {layer.name for layer in list_layers(name)}


@pytest.mark.slow
@pytest.mark.parametrize("row", NETWORKS, ids=lambda row: row[0])
def test_every_menu_of_the_table_is_up_to_date(row):
    assert row[4] == menu_layers(row[0], row[3][0][3])


@pytest.mark.parametrize("name", ["squeezenet1_1", "efficientnet_b0", "swin_t"])
def test_untrained_networks_follow_their_seed_and_leave_the_global_one_alone(name):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, two, other = (
        max(
            load_backbone(name, WeightsSpec("untrained", seed=s), "cpu").network.parameters(),
            key=lambda parameter: parameter.numel(),
        )
        for s in (1, 1, 2)
    )
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("name", ["alexnet", "efficientnet_b0", "convnext_tiny"])
def test_preprocessing_is_the_published_one_also_for_untrained_weights(name, picture):
    backbone = load_backbone(name, WeightsSpec("untrained"), "cpu")
    transform = import_torchvision().models.get_model_weights(name).DEFAULT.transforms()
    torch.testing.assert_close(backbone.preprocess(picture), transform(picture), rtol=0, atol=0)
    assert backbone.preprocess(picture).shape == (3, 224, 224)


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18", "mobilenet_v3_small", "vit_b_32"])
def test_outputs_are_those_of_torchvisions_own_network(name, picture):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        theirs = import_torchvision().models.get_model(name, weights=None).eval()
    ours = load_backbone(name, WeightsSpec("untrained", seed=4), "cpu")
    batch = ours.preprocess(picture)[None]
    last = ours.layers()[-1].name
    with torch.inference_mode():
        expected = theirs(batch)
    torch.testing.assert_close(ours.outputs(batch), expected, rtol=1e-4, atol=1e-5)
    found = ours.forward(batch, [last])[last].flatten(1)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3", "densenet121", "mnasnet0_5"])
def test_own_checkpoint_of_a_network_with_quirks_loads_strictly(name, tmp_path):
    torch.manual_seed(0)
    side = get_card(name).input_size
    network = build_network(name, side, initialise=False)
    path = tmp_path / "own.pth"
    torch.save(network.state_dict(), path)
    backbone = load_backbone(name, WeightsSpec.from_file(path), "cpu")
    batch = torch.randn(2, 3, side, side)
    network.eval()
    with torch.inference_mode():
        torch.testing.assert_close(backbone.outputs(batch), network(batch), rtol=1e-3, atol=1e-4)


def own_checkpoint(tmp_path, content, name="own.pth"):
    path = tmp_path / name
    torch.save(content, path)
    return WeightsSpec.from_file(path)


def test_checkpoints_may_be_wrapped_prefixed_or_safetensors(tmp_path):
    from safetensors.torch import save_file

    state = build_network("squeezenet1_1", 224).state_dict()
    parallel = {f"module.{key}": value for key, value in state.items()}
    wrapped = own_checkpoint(tmp_path, {"epoch": 3, "state_dict": parallel})
    save_file(state, tmp_path / "own.safetensors")
    for weights in (wrapped, WeightsSpec.from_file(tmp_path / "own.safetensors")):
        network = load_backbone("squeezenet1_1", weights, "cpu").network
        torch.testing.assert_close(network.state_dict(), state)


def test_checkpoint_of_another_network_is_told(tmp_path):
    weights = own_checkpoint(tmp_path, build_network("squeezenet1_0", 224).state_dict())
    with pytest.raises(DamagedFile, match=r"does not hold the weights of SqueezeNet 1\.1"):
        load_backbone("squeezenet1_1", weights, "cpu")


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, "text"])
def test_checkpoint_without_state_dict_is_told(tmp_path, content):
    with pytest.raises(DamagedFile, match="no state dict"):
        load_backbone("squeezenet1_1", own_checkpoint(tmp_path, content), "cpu")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_hostile_checkpoint_does_not_run(tmp_path):
    marker = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return (marker.touch, ())

    path = tmp_path / "own.pth"
    path.write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(DamagedFile):
        load_backbone("squeezenet1_1", WeightsSpec.from_file(path), "cpu")
    torch.save({"a": Hostile()}, path)
    with pytest.raises(DamagedFile):
        load_backbone("squeezenet1_1", WeightsSpec.from_file(path), "cpu")
    assert not marker.exists()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_truncated_weights_under_the_published_name_are_told(no_weights, share):
    no_weights.mkdir(parents=True)
    path = no_weights / "squeezenet1_1-b8a52dc0.pth"
    torch.save(build_network("squeezenet1_1", 224).state_dict(), path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DamagedFile, match="squeezenet1_1-b8a52dc0"):
        load_backbone("squeezenet1_1", WeightsSpec("pretrained"), "cpu")


def test_flipped_byte_under_the_published_name_is_told(no_weights):
    no_weights.mkdir(parents=True)
    path = no_weights / "squeezenet1_1-b8a52dc0.pth"
    torch.save(build_network("squeezenet1_1", 224).state_dict(), path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DamagedFile, match="damaged"):
        load_backbone("squeezenet1_1", WeightsSpec("pretrained"), "cpu")


def test_intact_file_other_than_the_published_one_is_used_and_says_so(no_weights):
    no_weights.mkdir(parents=True)
    torch.save(
        build_network("squeezenet1_1", 224).state_dict(),
        no_weights / "squeezenet1_1-b8a52dc0.pth",
    )
    backbone = load_backbone("squeezenet1_1", WeightsSpec("pretrained"), "cpu")
    assert len(backbone.weights.sha256) == 64
    assert "other than the published" in backbone.card.weights_label(backbone.weights)


@pytest.mark.usefixtures("real_weights")
@pytest.mark.parametrize(
    ("photo", "category"),
    [
        ("cat_720p", "Egyptian cat"),
        ("parrot", "macaw"),
        ("hot_dog", "hotdog"),
        ("dragonfly", "dragonfly"),
    ],
)
def test_first_guess_of_the_real_squeezenet(shared, photo, category):
    backbone = load_backbone("squeezenet1_1", WeightsSpec("pretrained"), "cpu")
    image = decode_image(shared / "photos" / f"{photo}.jpg").image
    guesses = backbone.classify(image, top=3)
    assert len(guesses) == 3
    assert guesses[0][0] == category
    assert guesses[0][1] > guesses[1][1]


def test_networks_without_categories_do_not_guess():
    backbone = load_backbone("squeezenet1_1", WeightsSpec("untrained"), "cpu")
    with pytest.raises(InvalidInput, match="untrained"):
        backbone.classify(Image.new("RGB", (64, 64)))


def test_a_gpu_that_is_not_there_is_told():
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(InvalidInput, match="no GPU"):
        load_backbone("gabor", device="cuda")


def test_family_lists_every_registered_torchvision_name():
    assert {c.name for c in TorchvisionFamily().cards()} <= set(backbone_names())
