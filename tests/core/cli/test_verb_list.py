"""``list backbones``, ``list layers`` and ``list networks``: complete as JSON, readable as text."""

import json

import pytest

from cortiscope.core.backbones import backbone_names, list_layers
from cortiscope.core.cli.main import main


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def listed(capsys, *what):
    status = main(["list", *what, "--json"])
    return status, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def shown(capsys, *what):
    assert main(["list", *what]) == 0
    return capsys.readouterr().out.rstrip("\n").splitlines()


def test_every_backbone_is_listed_with_no_field_of_its_card_empty(capsys):
    items = {i["name"]: i for i in listed(capsys, "backbones")[1]["items"]}
    assert tuple(items) == backbone_names()
    for item in items.values():
        texts = ("title", "family", "summary", "preprocessing", "licence", "paper", "source")
        assert all(item[field] for field in (*texts, "layers_offered")), item["name"]
        assert bool(item["published"]) == ("pretrained" in item["weights"])
    assert items["alexnet"]["weights"] == {"pretrained": False, "untrained": True}
    assert items["alexnet"]["published"][0]["file"] == "alexnet-owt-7be5be79.pth"
    assert items["small_cnn"]["weights"]["pretrained"]


def test_backbones_are_shown_one_a_line_with_their_weights(capsys):
    lines = shown(capsys, "backbones")
    assert len(lines) == 1 + len(backbone_names())
    by_name = {line.split()[0]: line for line in lines}
    assert by_name["alexnet"].endswith("224 px    absent")
    assert by_name["small_cnn"].endswith("here")
    assert by_name["gabor"].endswith("none needed")
    assert "captions" in by_name["clip_rn50_text"]


def test_layers_are_listed_in_order_with_shapes_and_the_card(capsys):
    _, result = listed(capsys, "layers", "squeezenet1_1")
    assert [(i["name"], tuple(i["shape"])) for i in result["items"]] == [
        (i.name, i.shape) for i in list_layers("squeezenet1_1")
    ]
    offered = [i["name"] for i in result["items"] if i["offered"]]
    assert offered == result["backbone"]["layers_offered"]


def test_hundreds_of_layers_are_shown_one_short_line_each(capsys):
    lines = shown(capsys, "layers", "densenet121")
    n_layers = len(list_layers("densenet121"))
    assert n_layers > 200
    assert "Huang et al. 2017" in lines[1]
    assert lines[3].split() == ["layer", "shape", "values"]
    table = lines[4 : 4 + n_layers]
    assert max(map(len, table)) <= 100
    assert table[0].split() == ["features.conv0", "64", "x", "112", "x", "112", "802,816"]
    assert lines[-1] == f"{n_layers} layers; * in menus; fewer: --match GLOB, as in --match '*.1'."


def test_a_glob_narrows_what_is_listed_and_one_of_nothing_is_told(capsys):
    _, result = listed(capsys, "layers", "squeezenet1_1", "--match", "features.12*")
    assert all(i["name"].startswith("features.12") for i in result["items"])
    assert len(result["items"]) == 7
    status, result = listed(capsys, "backbones", "--match", "nothing*")
    assert status == 2
    assert "nothing*" in result["error"]["message"]


def test_networks_go_by_the_name_under_which_they_can_be_asked_for(capsys):
    _, result = listed(capsys, "networks", "timm", "--match", "timm:test_vit*")
    assert {"name": "timm:test_vit.r160_in1k"} in result["items"]
    _, result = listed(capsys, "networks", "torchvision")
    assert {"name": "alexnet"} in result["items"]
    for library in ((), ("keras",)):
        status, result = listed(capsys, "networks", *library)
        assert status == 2
        assert "open_clip, timm, torchvision" in result["error"]["message"]


def test_regressors_and_recipes_are_shown_as_a_person_reads_them(capsys):
    lines = shown(capsys, "regressors")
    assert lines[0].startswith("ridge ")
    assert lines[1].split() == ["alphas=(1,", "...,", "1e+07),", "n_folds=5"]
    assert not [line for line in lines if "type=" in line or "{" in line]
    recipes = shown(capsys, "recipes")
    assert "img2brain: least squares (img2brain)" in "\n".join(recipes)
    assert not [line for line in recipes if "[]" in line or "available" in line]


def test_metrics_say_what_they_give(capsys):
    lines = {line.split()[0]: line for line in shown(capsys, "metrics")}
    assert lines["r2"].endswith("a number per vertex")
    assert lines["rsa"].endswith("numbers per ROI")
    assert lines["identification"].endswith("a curve per ROI")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["fti"], "Unknown verb 'fti'. Did you mean 'fit'?"),
        (["list", "backbone"], "Did you mean 'backbones'?"),
        (["list", "metrics", "r2"], "list metrics takes no name; got 'r2'."),
    ],
)
def test_a_slip_is_named_with_what_was_meant(capsys, command, words):
    assert main([*command, "--json"]) == 2
    error = json.loads(capsys.readouterr().out.strip().splitlines()[-1])["error"]["message"]
    assert words in error
    assert "worker" not in error  # which only the app starts
