"""The fit dialog's free choice gives a configuration, or none while it cannot start."""

import pytest
from streamlit.testing.v1 import AppTest

from cortiscope.core.backbones import WeightsSpec
from cortiscope.core.config import from_plain
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.features import FeatureSpec, Pooling
from cortiscope.core.runs import EncodingSpec


def _page():
    from types import SimpleNamespace

    import streamlit as st

    from cortiscope.panels.free_choice import free_choice

    st.json({"choice": free_choice(SimpleNamespace(id="s1"))})


def _spec(app):
    import json

    assert not app.exception
    return json.loads(app.json[0].value)["choice"][1]


@pytest.fixture
def app(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    return AppTest.from_function(_page, default_timeout=60)


def test_a_backbone_on_this_machine_gives_a_configuration_that_fit_reads(app):
    app.run()
    app.selectbox("fit-backbone").set_value("small_cnn").run()
    spec = from_plain(EncodingSpec, {"subject": "", "data": "", **_spec(app)})
    assert spec.features == tuple(
        FeatureSpec("small_cnn", WeightsSpec("pretrained"), f"block{k}", Pooling("grid", 5))
        for k in range(1, 6)
    )
    assert (spec.reduction, spec.encoder) == (Reduction("pca", 200), RegressorSpec("ridge"))
    assert spec.scope == "both"


def test_absent_weights_are_told_and_nothing_starts(app):
    app.run()
    app.selectbox("fit-backbone").set_value("resnet50").run()
    assert _spec(app) == {}
    assert "weights" in app.error[0].value.lower()


def test_what_can_be_used_as_it_is_stands_first_and_is_chosen(app):
    app.run()
    menu = app.selectbox("fit-backbone")
    here = [words.endswith("weights on this machine") for words in menu.options]
    assert here == sorted(here, reverse=True)
    assert 0 < sum(here) < len(here)
    assert menu.value == "small_cnn"
    assert not app.error
    assert _spec(app)["features"]


def test_any_network_of_a_library_is_taken_by_its_name(app):
    app.session_state["fit-network"] = "timm:resnet10t"
    app.session_state["fit-weights-timm:resnet10t"] = "untrained"
    app.run()
    first = _spec(app)["features"][0]
    assert (first["backbone"], first["weights"]) == ("timm:resnet10t", "untrained")


def test_a_name_that_no_library_knows_is_told_and_nothing_starts(app):
    app.session_state["fit-network"] = "timm:no_such_network"
    app.run()
    assert _spec(app) == {}
    assert "no_such_network" in app.error[0].value.replace("\\", "")


def test_an_own_checkpoint_is_given_by_its_path(app, tmp_path):
    app.run()
    app.selectbox("fit-backbone").set_value("resnet50").run()
    app.radio("fit-weights-resnet50").set_value("own checkpoint").run()
    field = app.text_input("fit-checkpoint-resnet50")
    field.set_value(str(tmp_path / "nowhere.pt")).run()
    assert _spec(app) == {}
    assert "no file" in app.error[0].value
    (tmp_path / "mine.pt").write_bytes(b"weights")
    app.text_input("fit-checkpoint-resnet50").set_value(str(tmp_path / "mine.pt")).run()
    assert {f["weights"] for f in _spec(app)["features"]} == {str(tmp_path / "mine.pt")}
