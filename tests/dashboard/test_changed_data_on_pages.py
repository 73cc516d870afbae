"""Data that change under a running app: said on the page, and nothing old is served as new."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from cortiscope import services, stimulus_files
from cortiscope.core.storage import Home
from tests.dashboard.conftest import TinyApp


@pytest.fixture
def own_app(tiny_app, tmp_path, monkeypatch):
    """The same app over a copy of its first subject, to be changed."""
    own = TinyApp(Home(tmp_path / "home"), tmp_path / "data")
    shutil.copytree(tiny_app.home.root, own.home.root)
    shutil.copytree(tiny_app.data / "subj01", own.data / "subj01")
    own.runs = tiny_app.runs
    monkeypatch.setenv("CORTISCOPE_HOME", str(own.home.root))
    monkeypatch.setenv("CORTISCOPE_DATA", str(own.data))
    monkeypatch.setattr("cortiscope.subject.data_folders.demo_folder", lambda _: own.data)
    services.look_again()
    return own


def _picture(app):
    return sorted((app.data / "subj01/training_split/training_images").iterdir())[3]


def _texts(app):
    return " ".join(one.value.replace("\\", "") for one in (*app.caption, *app.info))


def test_a_changed_picture_is_not_served_under_the_key_of_the_former_one(own_app):
    key = stimulus_files.stimulus_key(services.subject("subj01"))
    assert stimulus_files.stimulus_file(key, "train", 3) == _picture(own_app)
    Image.new("RGB", (32, 32), (9, 0, 0)).save(_picture(own_app))
    # The app has not noticed yet.
    assert stimulus_files.stimulus_key(services.subject("subj01")) == key
    assert stimulus_files.stimulus_file(key, "train", 3) is None
    assert stimulus_files.stimulus_file(key, "train", 4) is not None
    services._state_of.clear()  # as after some seconds
    other = stimulus_files.stimulus_key(services.subject("subj01"))
    assert other != key
    assert stimulus_files.stimulus_file(other, "train", 3) == _picture(own_app)
    assert stimulus_files.stimulus_file(key, "train", 4) is None


def test_pages_say_that_the_data_changed_and_which_runs_belong_to_the_former_state(own_app):
    assert "changed" not in _texts(own_app.open("data", subject="subj01"))
    Image.new("RGB", (32, 32), (9, 0, 0)).save(_picture(own_app))
    services._state_of.clear()
    for page in ("data", ""):
        said = _texts(own_app.open(page, subject="subj01"))
        assert "The data of subj01 changed (pictures) since 2 runs were fitted" in said
        assert all(run.id in said for run in own_app.runs)


def test_changed_rois_are_scored_anew_and_said(own_app):
    labels = own_app.data / "subj01/roi_masks/lh.floc-faces_challenge_space.npy"
    np.save(labels, np.array([2, 2, 2, 0, 2, 2, 1]))
    services._state_of.clear()
    run = own_app.runs[0]
    assert services.reported(services.run(run.id)).report.of("FFA-1", "left").n == 5
    said = _texts(own_app.open(subject="subj01", run=run.id))
    assert "not fitted: rois changed" in said
