"""The fit dialog's free choice gives the command's options, or none while it cannot start."""

import pytest
from streamlit.testing.v1 import AppTest


def _page():
    from types import SimpleNamespace

    import streamlit as st

    from cortiscope.panels.free_choice import free_choice

    st.json({"choice": free_choice(SimpleNamespace(id="s1"))})


def _options(app):
    import json

    assert not app.exception
    return json.loads(app.json[0].value)["choice"][1]


@pytest.fixture
def app(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("cortiscope.panels.free_choice.may_open", lambda *_: True)
    return AppTest.from_function(_page, default_timeout=60)


def test_a_backbone_on_this_machine_gives_the_commands_options(app):
    app.run()
    app.selectbox("fit-backbone").set_value("small_cnn").run()
    options = _options(app)
    assert options[:4] == ["--backbone", "small_cnn", "--weights", "pretrained"]
    assert "--layers" in options


def test_absent_weights_are_told_and_nothing_starts(app):
    app.run()
    app.selectbox("fit-backbone").set_value("resnet50").run()
    assert _options(app) == []
    assert "weights" in app.error[0].value.lower()


def test_any_network_of_a_library_is_taken_by_its_name(app):
    app.session_state["fit-backbone"] = "timm:resnet10t"
    app.session_state["fit-weights-timm:resnet10t"] = "untrained"
    app.run()
    assert _options(app)[:4] == ["--backbone", "timm:resnet10t", "--weights", "untrained"]


def test_a_name_that_no_library_knows_is_told_and_nothing_starts(app):
    app.session_state["fit-backbone"] = "timm:no_such_network"
    app.run()
    assert _options(app) == []
    assert "no_such_network" in app.error[0].value.replace("\\", "")


def test_an_own_checkpoint_is_given_by_its_path(app, tmp_path):
    app.run()
    app.selectbox("fit-backbone").set_value("resnet50").run()
    app.radio("fit-weights-resnet50").set_value("own checkpoint").run()
    field = app.text_input("fit-checkpoint-resnet50")
    field.set_value(str(tmp_path / "nowhere.pt")).run()
    assert _options(app) == []
    assert "no file" in app.error[0].value
    (tmp_path / "mine.pt").write_bytes(b"weights")
    app.text_input("fit-checkpoint-resnet50").set_value(str(tmp_path / "mine.pt")).run()
    assert str(tmp_path / "mine.pt") in _options(app)
