"""What somebody deletes of the demo stays deleted, and the app opens as before."""

from types import SimpleNamespace

import pytest

from cortiscope.core.pipeline import demo
from cortiscope.core.runs import RunStore
from cortiscope.core.storage import Home

NAMES = ("one", "two", "three")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A demo of three models, whose fit leaves nothing but a record; ``fitted`` lists the fits."""
    home, fitted = Home(tmp_path), []
    subject = SimpleNamespace(id="sim01", identified=lambda progress: subject)
    specs = [
        SimpleNamespace(run_id=name, features=[SimpleNamespace(backbone=backbone)])
        for name, (backbone, _, _) in zip(NAMES, demo.DEMO_BACKBONES, strict=False)
    ]

    def fit_all(subject, specs, **how):
        for spec in specs:
            fitted.append(spec.run_id)
            (home.runs / spec.run_id).mkdir(parents=True, exist_ok=True)
            (home.runs / spec.run_id / "run.json").write_text("{}")
        return [SimpleNamespace(id=spec.run_id) for spec in specs]

    monkeypatch.setattr(demo, "demo_data", lambda home, progress: tmp_path)
    monkeypatch.setattr(demo, "has_demo", lambda home: True)
    monkeypatch.setattr(demo, "find_subjects", lambda folder: [subject])
    monkeypatch.setattr(demo, "open_subject", lambda folder, name: subject)
    monkeypatch.setattr(demo, "demo_specs", lambda subject: specs)
    monkeypatch.setattr(demo, "fit_all", fit_all)
    demo.demo_folder(home).parent.mkdir(parents=True)
    demo.prepare_demo(home)
    return home, fitted


def test_a_deleted_model_is_not_made_again(home):
    home, fitted = home
    assert sorted(fitted) == sorted(NAMES)
    fitted.clear()
    RunStore(home.runs).delete("one")
    RunStore(home.runs).delete("three")
    assert demo.demo_is_ready(home)
    assert demo.demo_is_complete(home)
    assert demo.prepare_demo(home).runs == ("two",)
    assert fitted == ["two"]
    assert demo.demo_is_complete(home)
    RunStore(home.runs).undelete("one")
    assert demo.prepare_demo(home).runs == ("one", "two")


def test_a_model_that_is_gone_without_being_deleted_is_made_again(home):
    home, _ = home
    (home.runs / "two" / "run.json").unlink()
    assert not demo.demo_is_complete(home)
    demo.prepare_demo(home)
    assert demo.demo_is_complete(home)
