"""Runs that no menu offers are said quietly: which, and why; the page stays."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from cortiscope import services
from cortiscope.core.encoding import Reduction
from cortiscope.core.runs import Belonging
from tests.data.tiny_world import write_subject


@pytest.fixture
def spoilt(tiny_app):
    """A third run of the subject, to be damaged."""
    run = tiny_app.fit("subj01", reduction=Reduction("pca", 3))
    yield run
    shutil.rmtree(run.folder)


def _not_offered(app):
    """Return what stands in the sidebar's note of runs, or nothing."""
    notes = [one for one in app.sidebar.expander if "not in the menus" in one.label]
    return " ".join(
        [one.label for one in notes] + [c.value for one in notes for c in one.caption]
    ).replace("\\", "")


@pytest.mark.parametrize("page", ["", "accuracy", "compare"])
def test_pages_go_on_without_a_damaged_run_and_name_it(tiny_app, spoilt, page):
    (spoilt.folder / "run.json").write_text("[]")
    app = tiny_app.open(page, subject="subj01", run=spoilt.id)
    assert not app.error
    assert tiny_app.address(app)["run"] in [run.id for run in tiny_app.runs]
    words = _not_offered(app)
    assert words.startswith("1 run is not in the menus Set aside")
    assert "not the record of a run" in words
    assert spoilt.id[-10:] in words


def test_damage_that_is_found_while_a_page_is_drawn_is_set_aside_at_the_next_run(tiny_app, spoilt):
    np.save(spoilt.folder / "coef.npy", np.load(spoilt.folder / "coef.npy") + 1)
    app = tiny_app.open(subject="subj01", run=spoilt.id)
    assert "not what was saved" in " ".join(error.value for error in app.error)
    app.run()
    assert not app.error
    assert spoilt.id[-10:] in _not_offered(app)


def test_nothing_is_said_where_nothing_is_set_aside(tiny_app):
    assert not _not_offered(tiny_app.open(subject="subj02"))


def test_runs_of_data_that_changed_are_named_with_what_changed_and_are_not_offered(tiny_app):
    folder = write_subject(tiny_app.data / "changing", seed=5)
    before = tiny_app.fit("changing", reduction=Reduction("pca", 4))
    try:
        path = folder / "training_split/training_fmri/rh_training_fmri.npy"
        np.save(path, np.load(path) + np.float32(1))
        services.look_again()
        app = tiny_app.open(subject="changing", run=before.id)
        assert (
            "No encoding model has been fitted to changing as its data are now" in app.info[0].value
        )
        words = _not_offered(app)
        assert "The data of changing changed (responses) since a run was fitted" in words
        assert "Raw pixels · pixels · ridge · grid 4 · PCA 4" in words
        tiny_app.fit("changing", reduction=Reduction("pca", 5))
        app = tiny_app.open(subject="changing", run=before.id)
        told = app.toast[0].value.replace("\\", "")
        assert "before its data changed (responses), and can be fitted again; showing" in told
    finally:
        shutil.rmtree(folder)


def test_a_run_from_before_the_identity_was_complete_is_labelled(tiny_app, monkeypatch):
    app = tiny_app.open(subject="subj01")
    assert not [c for c in app.sidebar.caption if "cannot be known" in c.value]
    monkeypatch.setattr("cortiscope.panels.run_states.belonging", lambda *_: Belonging.FORMER)
    app = tiny_app.open(subject="subj01")
    assert [c for c in app.sidebar.caption if "cannot be known" in c.value]
