import hashlib
import importlib

import pytest

from cortiscope.core.backbones import WeightsSpec
from cortiscope.core.backbones.card import BackboneCard, PretrainedWeights
from cortiscope.core.backbones.weights_files import (
    clip_folder,
    file_presence,
    find_file,
    hash_in_url,
    hub_folder,
    resolve_file,
    weights_file,
)
from cortiscope.core.errors import DamagedFile, MissingWeights

PRETRAINED = WeightsSpec("pretrained")
MIRROR = "https://example.org/net-0123456789abcdef.pth"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "hf" / "hub" / "models--org--net"


def card(**facts):
    published = PretrainedWeights(
        variant="v1",
        title="V1",
        file_name="model.safetensors",
        url="https://huggingface.co/org/net/resolve/main/model.safetensors",
        sha256_digits="",
        input_size=8,
        preprocessing="None.",
        repository="org/net",
        other_names=("pytorch_model.bin",),
        **facts,
    )
    return BackboneCard(
        name="net",
        title="Net",
        family="test",
        summary="A net.",
        input_size=8,
        preprocessing="None.",
        weights=("pretrained", "untrained", "file"),
        default_weights="pretrained",
        layers_offered=("a",),
        licence="none",
        paper="",
        source="",
        pretrained=(published,),
    )


def put(folder, revision, name, content=b"weights"):
    """Write a file as the hub's client does: a blob named by its hash, and a link to it."""
    blob = folder / "blobs" / hashlib.sha256(content).hexdigest()
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    path = folder / "snapshots" / revision / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(blob)
    return path


@pytest.mark.parametrize(
    "variables",
    [{"HF_HOME": "~/h"}, {"HF_HUB_CACHE": "/c/hub"}, {"XDG_CACHE_HOME": "/x"}, {}]
    + [{"HUGGINGFACE_HUB_CACHE": "/old/hub"}, {"HF_HUB_CACHE": "$HF_HOME/there", "HF_HOME": "/h"}],
    ids=str,
)
def test_hub_folder_follows_the_library(monkeypatch, variables):
    constants = importlib.import_module("huggingface_hub.constants")
    with monkeypatch.context() as patch:
        for name in ("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME", "HUGGINGFACE_HUB_CACHE"):
            patch.delenv(name, raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        assert str(hub_folder()) == importlib.reload(constants).HF_HUB_CACHE
    importlib.reload(constants)


def test_absent_weights_name_repository_file_and_folder(hub):
    presence = file_presence(card(mirror=MIRROR), PRETRAINED)
    assert not presence.present
    assert presence.path == hub / "snapshots" / "main" / "model.safetensors"
    assert f"no model.safetensors in {hub}/snapshots" in presence.message
    assert "hf download org/net model.safetensors" in presence.hint
    assert MIRROR in presence.hint
    with pytest.raises(MissingWeights) as caught:
        weights_file(card(mirror=MIRROR), PRETRAINED)
    assert caught.value.message == presence.message


def test_a_file_put_where_the_message_says_is_found(hub):
    path = file_presence(card(), PRETRAINED).path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    assert weights_file(card(), PRETRAINED) == path
    assert resolve_file(card(), PRETRAINED).sha256 == hashlib.sha256(b"weights").hexdigest()


def test_the_revision_that_main_stands_for_is_taken_and_the_usual_name_before_others(hub):
    old = put(hub, "aaa", "model.safetensors", b"old")
    new = put(hub, "bbb", "model.safetensors", b"new")
    other = put(hub, "bbb", "pytorch_model.bin", b"other")
    assert find_file(card().pretrained[0]) == old
    (hub / "refs").mkdir()
    (hub / "refs" / "main").write_text("bbb")
    assert find_file(card().pretrained[0]) == new
    old.unlink()
    new.unlink()
    assert find_file(card().pretrained[0]) == other


def test_plain_downloads_are_found_in_their_own_caches(hub, tmp_path):
    for cache, folder in (("torch", tmp_path / "torch/hub/checkpoints"), ("clip", clip_folder())):
        folder.mkdir(parents=True)
        (folder / "net-0123456789abcdef.pth").write_bytes(b"x")
        facts = card(mirror=MIRROR, mirror_cache=cache)
        assert find_file(facts.pretrained[0]) == folder / "net-0123456789abcdef.pth"
    assert clip_folder() == tmp_path / "home" / ".cache" / "clip"


def test_a_file_of_the_hub_that_is_not_what_its_hash_says_is_told(hub):
    path = put(hub, "aaa", "model.safetensors")
    assert weights_file(card(), PRETRAINED) == path
    path.resolve().write_bytes(b"weigh")
    with pytest.raises(DamagedFile, match=r"model\.safetensors is damaged"):
        weights_file(card(), PRETRAINED)


def test_a_download_that_is_not_what_its_name_says_is_told(hub, tmp_path):
    folder = tmp_path / "torch/hub/checkpoints"
    folder.mkdir(parents=True)
    (folder / "net-0123456789abcdef.pth").write_bytes(b"cut")
    with pytest.raises(DamagedFile, match="0123456789abcdef"):
        weights_file(card(mirror=MIRROR), PRETRAINED)


def test_a_key_made_where_the_weights_were_stays_where_they_are_not(hub):
    there = put(hub, "aaa", "model.safetensors")
    resolved = resolve_file(card(), PRETRAINED)
    assert len(resolved.sha256) == 64
    there.unlink()
    assert resolve_file(card(), resolved) == resolved
    assert resolve_file(card(), PRETRAINED).sha256 is None


def test_hash_in_url_is_that_of_each_publisher():
    digits = "ab" * 32
    assert hash_in_url(f"https://o.net/clip/models/{digits}/ViT-B-32.pt") == digits
    assert hash_in_url("https://g.com/w/vit_b_32-laion400m_e32-46683a32.pt") == "46683a32"
    assert hash_in_url("https://fb.com/dinov2/dinov2_vits14_pretrain.pth") == ""
