"""Networks of one's own: registered in one process, at work in another, equal to torch's own."""

import json
import re
import shlex
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import cortiscope as cs
from cortiscope.core.backbones import (
    WeightsSpec,
    backbone_names,
    get_card,
    list_layers,
    load_backbone,
    parse_weights,
    register_backbone,
    registry,
    resolve_weights,
    weights_presence,
)
from cortiscope.core.backbones.own.registration import LIVE
from cortiscope.core.backbones.torchvision.networks import import_torchvision
from cortiscope.core.config import to_plain
from cortiscope.core.errors import (
    DamagedFile,
    InvalidInput,
    MissingWeights,
    UnknownName,
    WorkFailed,
)
from tests.data.plain_folder import write_plain

CODE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 5, stride=2), nn.ReLU(inplace=True))
        self.second = nn.Conv2d(4, 6, 3)
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        return self.head(self.second(self.first(x)).mean((2, 3)))

def make():
    return Net()

def with_transform():
    return Net(), grey_scaled

def grey_scaled(image):
    small = image.convert("L").resize((20, 20))
    values = torch.tensor(list(small.getdata()), dtype=torch.float32)
    return values.reshape(1, 20, 20).repeat(3, 1, 1) / 255

def broken():
    raise ZeroDivisionError("no network")
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    LIVE.clear()


@pytest.fixture
def code(tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(CODE)
    return path


class Here(nn.Module):
    """Of this test's process only: no other one finds the code that made it."""

    def __init__(self, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.first = nn.Conv2d(3, 4, 7, stride=3)
            self.bend = nn.ReLU(inplace=True)
            self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.bend(self.first(x)).mean((2, 3)))


def transform():
    t = import_torchvision().transforms
    return t.Compose(
        [t.Resize(40), t.CenterCrop(36), t.ToTensor(), t.Normalize([0.5, 0.4, 0.3], [0.2] * 3)]
    )


def elsewhere(source):
    """Run code in another process, and return what its last line says in JSON."""
    ran = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", textwrap.dedent(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.strip().splitlines()[-1])


def _forward_elsewhere(name, layer, picture, tmp_path):
    picture.save(tmp_path / "picture.png")
    return np.array(
        elsewhere(f"""
        import json
        from PIL import Image
        from cortiscope.core.backbones import load_backbone
        found = load_backbone({name!r}, device="cpu")
        batch = found.preprocess(Image.open({str(tmp_path / "picture.png")!r}))[None]
        print(json.dumps(found.forward(batch, [{layer!r}])[{layer!r}].tolist()))
        """),
        dtype=np.float32,
    )


def test_a_network_from_a_file_computes_elsewhere_what_torch_computes(code, tmp_path, picture):
    register_backbone(f"{code}:make", "mine", input_size=24)
    scope = {}
    exec(CODE, scope)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = scope["make"]().eval()
    side = min(picture.size)
    square = picture.crop(((320 - side) // 2, 0, (320 + side) // 2, side)).resize(
        (24, 24), Image.Resampling.BICUBIC
    )
    values = np.asarray(square, dtype=np.float32).transpose(2, 0, 1) / 255
    mean, sd = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    batch = torch.tensor((values - mean[:, None, None]) / sd[:, None, None]).float()[None]
    with torch.inference_mode():
        wanted = theirs.second(torch.relu(theirs.first[0](batch)))
    found = _forward_elsewhere("mine", "second", picture, tmp_path)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-4, atol=1e-6)


def test_a_network_as_it_is_computes_elsewhere_without_the_code_that_made_it(tmp_path, picture):
    network = Here().eval()
    register_backbone(network, "mine", transform=transform(), layers=["first", "head"])
    with torch.inference_mode():
        batch = transform()(picture)[None]
        # The next step is in place: what is given is from before it.
        wanted = network.first(batch)
    found = _forward_elsewhere("mine", "first", picture, tmp_path)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-5, atol=1e-6)
    assert [layer.name for layer in list_layers("mine")] == ["first", "head"]


def test_a_fit_with_it_is_opened_and_predicts_in_a_new_process(code, tmp_path):
    subject = cs.open_subject(write_plain(tmp_path / "data" / "one"))
    cs.register_backbone(f"{code}:with_transform", name="mine", title="My net", layers=["second"])
    run = cs.fit(subject, "mine", "second", pooling="mean", reduction="none")
    picture = tmp_path / "new.png"
    Image.fromarray(np.random.default_rng(5).integers(0, 256, (50, 40, 3), dtype=np.uint8)).save(
        picture
    )
    answer = elsewhere(f"""
        import json
        import cortiscope as cs
        run = cs.load_run({run.id!r})
        print(json.dumps([run.title, cs.predict(run, {str(picture)!r}).tolist()]))
        """)
    scope = {}
    exec(CODE, scope)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs, change = scope["with_transform"]()
    with torch.inference_mode():
        batch = change(Image.open(picture).convert("RGB"))[None]
        features = theirs.second(torch.relu(theirs.first[0](batch))).mean((2, 3)).numpy()
    (reduction,) = run.reductions
    wanted = run.fitted.predict(reduction.transform(features))
    assert "My net" in answer[0]
    np.testing.assert_allclose(answer[1], wanted, rtol=1e-4, atol=1e-5)


def test_its_card_has_no_empty_fields_and_it_is_listed_behind_the_projects_own(code):
    card = register_backbone(f"{code}:make", "mine", input_size=24)
    assert card == get_card("mine")
    assert backbone_names()[:5] == ("gabor", "small_cnn", "pixels", "caption_words", "mine")
    texts = (card.title, card.family, card.summary, card.preprocessing, card.licence, card.paper)
    assert all((*texts, card.source))
    assert card.layers_offered == ("first.0", "first.1", "first", "second", "head")
    assert "540 weights" in card.summary
    json.dumps(to_plain(card))
    assert weights_presence("mine", "pretrained").present
    assert list_layers("mine") == load_backbone("mine", device="cpu").layers()


def test_menus_list_it_without_torch_and_without_its_code(code):
    register_backbone(f"{code}:make", "mine", input_size=24)
    found = elsewhere("""
        import json, sys
        from cortiscope.core.backbones import *
        card = get_card("mine")
        present = weights_presence("mine", "pretrained").present
        layers = [layer.name for layer in list_layers("mine")]
        print(json.dumps([card.title, present, layers, "torch" in sys.modules]))
        """)
    assert found == ["mine", True, ["first.0", "first.1", "first", "second", "head"], False]


def test_weights_are_known_by_their_content():
    same = [register_backbone(Here(seed), "mine", transform=transform()) for seed in (0, 0)]
    first = resolve_weights("mine")
    assert same[0] == same[1]
    register_backbone(Here(1), "mine", transform=transform())
    second = resolve_weights("mine")
    assert first.sha256 != second.sha256
    assert resolve_weights("mine", WeightsSpec("pretrained", variant=first.variant)) == first
    assert parse_weights("mine", first.variant) == first
    # A run that was fitted with the first ones still gets them.
    wanted = Here(0).state_dict()
    found = load_backbone("mine", first, "cpu")
    torch.testing.assert_close(found._program.network.state_dict(), wanted)


def test_layers_that_were_offered_before_stay_for_the_runs_that_have_them(home, code):
    register_backbone(Here(), "mine", transform=transform(), layers=["first"])
    card = register_backbone(Here(), "mine", transform=transform(), layers=["head"])
    assert card.layers_offered == ("head",)
    assert [layer.name for layer in list_layers("mine")] == ["first", "head"]
    (program,) = (home / "backbones" / "mine").glob("*.pt2")
    written = program.stat().st_mtime_ns
    register_backbone(Here(), "mine", transform=transform(), layers=["first"])
    assert program.stat().st_mtime_ns == written
    # The same network as it is does not take the place of the code that makes it.
    register_backbone(f"{code}:make", "other", input_size=24)
    register_backbone(load_backbone("other", device="cpu").network, "other", input_size=24)
    assert "second" in [layer.name for layer in list_layers("other")]
    assert not list((home / "backbones" / "other").glob("*.pt2"))


@pytest.mark.parametrize("name", ["../mine", "a" * 300, "mine/..", "ViT-B/32"])
def test_what_cannot_be_a_name_is_unknown(name):
    with pytest.raises(UnknownName):
        get_card(name)


def test_menus_hold_the_states_of_a_network_apart(tmp_path):
    from cortiscope.subject.model_menu import ModelMenu

    subject = cs.open_subject(write_plain(tmp_path / "data" / "one"))
    runs = []
    for seed in (0, 1):
        cs.register_backbone(Here(seed), name="mine", transform=transform(), layers=["first"])
        runs.append(cs.fit(subject, "mine", "first", pooling="mean", reduction="none"))
    menu = ModelMenu.of(runs)
    titles = [menu.title_of(key) for key in menu.backbones()]
    assert len(titles) == len(set(titles)) == 2
    assert all(title.startswith("mine · weights ") for title in titles)


def test_training_on_does_not_change_what_was_registered(picture):
    network = Here()
    register_backbone(network, "mine", transform=transform())
    found = load_backbone("mine", device="cpu")
    batch = found.preprocess(picture)[None]
    before = found.forward(batch, ["head"])["head"].clone()
    with torch.no_grad():
        network.head.weight += 1
    assert network.head.weight.requires_grad
    after = load_backbone("mine", device="cpu").forward(batch, ["head"])["head"]
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_code_that_computes_something_else_by_now_is_refused_and_may_be_registered_anew(code):
    register_backbone(f"{code}:make", "mine", input_size=24)
    first = resolve_weights("mine")
    LIVE.clear()
    code.write_text(CODE.replace(".mean((2, 3))", ".amax((2, 3))"))
    with pytest.raises(DamagedFile, match="computes something else"):
        load_backbone("mine", device="cpu")
    register_backbone(f"{code}:make", "mine", input_size=24)
    second = resolve_weights("mine")
    assert first != second
    assert load_backbone("mine", device="cpu").weights == second
    LIVE.clear()
    with pytest.raises(DamagedFile, match="computes something else"):
        load_backbone("mine", first, "cpu")
    code.write_text(CODE.replace("nn.Conv2d(4, 6, 3)", "nn.Conv2d(4, 6, 5)"))
    with pytest.raises(DamagedFile, match="makes another network"):
        load_backbone("mine", device="cpu")


def test_code_or_weights_that_are_gone_are_named(code, home):
    register_backbone(f"{code}:make", "mine", input_size=24)
    LIVE.clear()
    code.rename(code.with_name("elsewhere.py"))
    with pytest.raises(MissingWeights, match=r"code of the backbone mine is gone.*nets\.py"):
        load_backbone("mine", device="cpu")
    code.with_name("elsewhere.py").rename(code)
    for path in (home / "backbones" / "mine").glob("*.safetensors"):
        path.unlink()
    with pytest.raises(MissingWeights, match="weights of the backbone mine are gone"):
        load_backbone("mine", device="cpu")
    assert get_card("mine").title == "mine"


def test_a_run_whose_backbone_is_not_registered_opens_and_says_so_when_it_is_to_predict(
    code, tmp_path, home
):
    import shutil

    from cortiscope.subject.model_menu import ModelMenu, model_title

    subject = cs.open_subject(write_plain(tmp_path / "data" / "one"))
    cs.register_backbone(f"{code}:make", name="mine", input_size=24)
    run = cs.fit(subject, "mine", "second", reduction="none")
    shutil.rmtree(home / "backbones")
    LIVE.clear()
    opened = cs.load_run(run.id)
    np.testing.assert_array_equal(opened.report.r, run.report.r)
    assert ModelMenu.of([opened]).default().id == run.id
    assert "mine" in model_title(opened)
    with pytest.raises(UnknownName, match=f"{run.id} cannot predict new images.*'mine'"):
        cs.predict(opened, subject.test.images if subject.test else subject.train.images)


def test_what_other_processes_cannot_make_again_warns_and_works_in_this_one(picture):
    def local(image):
        return torch.from_numpy(np.asarray(image.resize((9, 9)), "f4").transpose(2, 0, 1) / 255)

    with pytest.warns(UserWarning, match="in this process only: its transform"):
        register_backbone(Here(), "mine", transform=local)
    assert load_backbone("mine", device="cpu").preprocess(picture).shape == (3, 9, 9)
    LIVE.clear()
    with pytest.raises(MissingWeights, match="in another process"):
        load_backbone("mine", device="cpu")


def test_tokens_of_a_transformer_are_found_or_declared(picture):
    from cortiscope.core.backbones.timm.networks import import_timm

    network = import_timm().create_model("test_vit", pretrained=False, num_classes=3)
    card = register_backbone(lambda: network, "mine", input_size=160)
    axes = {layer.name: layer.axes for layer in list_layers("mine")}
    assert (axes["blocks.0"].kind, axes["blocks.0"].n_prefix) == ("tokens", 1)
    assert axes["blocks.0"].grid == (10, 10)
    assert "blocks.0" in card.layers_offered

    class Patches(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, 5, 8, stride=8)
            self.mix = nn.Linear(5, 5)

        def forward(self, x):
            return self.mix(self.patches(x).flatten(2).transpose(1, 2))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        register_backbone(Patches(), "own", input_size=32, tokens=(0, 4, 4))
    (axes,) = [layer.axes for layer in list_layers("own") if layer.name == "mix"]
    assert (axes.kind, axes.n_prefix, axes.grid) == ("tokens", 0, (4, 4))


@pytest.mark.parametrize(
    ("network", "name", "more", "error", "words"),
    [
        (Here(), "small_cnn", {}, InvalidInput, "already"),
        (Here(), "my net", {}, InvalidInput, "cannot be the name"),
        (Here(), "mine", {"layers": ["frist"]}, UnknownName, "first"),
        (Here(), "mine", {"transform": np.asarray}, InvalidInput, "gives ndarray"),
        (Here(), "mine", {"input_size": 5}, InvalidInput, "takes no pictures of 5 px"),
        (nn.Sequential(), "mine", {}, InvalidInput, "No module"),
        ("nets.py", "mine", {}, InvalidInput, "names no function"),
        ("absent.py:make", "mine", {}, MissingWeights, "absent.py"),
        ("{code}:mak", "mine", {}, UnknownName, "make"),
        ("{code}:broken", "mine", {}, WorkFailed, "ZeroDivisionError: no network"),
        (3, "mine", {}, InvalidInput, "not of int"),
    ],
)
def test_what_is_no_backbone_is_refused_in_words(code, network, name, more, error, words, home):
    if isinstance(network, str):
        network = network.format(code=code)
    with pytest.raises(error, match=words):
        register_backbone(network, name, **more)
    assert not (home / "backbones").exists()


def test_the_command_line_registers_and_fits(code, tmp_path, capsys):
    from cortiscope.core.cli.main import main

    def answer(*arguments, status=0):
        assert main([*map(str, arguments), "--json", "--progress", "none"]) == status
        return json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    found = answer(
        *("register-backbone", f"{code}:make", "--name", "mine", "--input-size", 24),
        *("--layers", "second,head"),
    )
    assert (found["name"], found["offered"]) == ("mine", ["second", "head"])
    assert found["layers"]["second"] == [6, 8, 8]
    data = write_plain(tmp_path / "data" / "one")
    fitted = answer(
        *("fit", "--data", data, "--backbone", "mine", "--layers", "second"), *("--reduce", "pca:3")
    )
    assert fitted["run"].startswith("one-mine-pretrained-second")
    refused = answer(
        *("fit", "--data", data, "--backbone", f"{code}:make", "--layers", "x"), status=2
    )
    assert "register-backbone" in json.dumps(refused)


GUIDE = Path(__file__).parents[3] / "docs" / "add-a-backbone.md"


def guide_blocks():
    return re.findall(r"```(?:python)?\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_guides_own_network_is_registered_and_fitted_by_its_own_words(
    tmp_path, monkeypatch, capsys
):
    from cortiscope.core.cli.main import main

    nets, commands, notebook, *_ = guide_blocks()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(nets)
    write_plain(tmp_path / "sim01")
    for command in commands.replace("--data demo", "--data sim01").strip().splitlines():
        status = main([*shlex.split(command)[1:], "--progress", "none"])
        assert status == 0, capsys.readouterr().err
    scope = {}
    exec(notebook.replace('open_subject("sim01")', 'open_subject("./sim01")'), scope)
    assert scope["model"].sources[0].backbone == "mine"
    assert resolve_weights("mine").sha256 == scope["model"].sources[0].weights["sha256"]


def test_the_guides_family_is_a_backbone_with_one_file_and_one_line(monkeypatch, picture):
    *_, code, line = guide_blocks()
    monkeypatch.setitem(sys.modules, "guide", type(sys)("guide"))
    exec(compile(code, str(GUIDE), "exec"), vars(sys.modules["guide"]))
    scope = {**vars(registry), **vars(sys.modules["guide"])}
    exec(line, scope)
    monkeypatch.setattr(registry, "FAMILIES", scope["FAMILIES"])
    registry._members.cache_clear()
    try:
        found = load_backbone("colours", device="cpu")
        assert {"colours", "gabor", "timm_vit_tiny"} < set(backbone_names())
        batch = found.preprocess(picture)[None]
        (grid,) = found.forward(batch, ["grid"])["grid"].numpy()
        wanted = batch[0].numpy().reshape(3, 4, 8, 4, 8).mean(axis=(2, 4))
        np.testing.assert_allclose(grid, wanted, atol=1e-6)
        assert list_layers("colours") == found.layers()
    finally:
        monkeypatch.undo()
        registry._members.cache_clear()
