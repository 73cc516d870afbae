"""One configuration in each subject of the simulated group."""

from types import SimpleNamespace

import pytest

from cortiscope.core import notebook as cs
from cortiscope.core.errors import InvalidInput
from cortiscope.core.pipeline import demo
from cortiscope.core.runs import RunStore
from cortiscope.core.storage import Home
from tests.data.tiny_world import write_subject


def test_the_same_is_fitted_to_everybody_once(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
    for name, seed in (("first/subj01", 1), ("more/subj02", 2), ("more/subj03", 3)):
        write_subject(tmp_path / name, seed=seed)
    home = Home.from_environment()
    subject = cs.open_subject(tmp_path / "first" / "subj01")
    run = cs.fit(subject, "pixels", "pixels", pooling="grid:4", reduction="pca:5")
    with pytest.raises(InvalidInput, match=r"is of subj01; allowed is a run of sim01, sim02"):
        demo.fit_group(home, run.id)
    people = {"DEFAULT_RECIPE": ("subj01",), "GROUP_RECIPE": ("subj02", "subj03")}
    for recipe, names in people.items():
        monkeypatch.setattr(demo, recipe, SimpleNamespace(subjects=names))
    monkeypatch.setattr(demo, "demo_data", lambda *_: tmp_path / "first")
    monkeypatch.setattr(demo, "ensure_demo", lambda *_: tmp_path / "more")
    made = demo.fit_group(home, run.id)
    assert made.subjects == ("subj01", "subj02", "subj03")
    assert made.runs[0] == run.id  # which was there
    specs = [RunStore(home.runs).open(name).spec for name in made.runs]
    assert [spec.subject for spec in specs] == list(made.subjects)
    assert {(spec.features, spec.reduction, spec.encoder) for spec in specs} == {
        (run.spec.features, run.spec.reduction, run.spec.encoder)
    }
