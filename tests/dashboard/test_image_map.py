"""Images as a map: where pictures lie, what is encircled, and the set that comes of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.decomposition import PCA

from cortiscope import state
from cortiscope.core.datasets.picture_sets import picture_set
from cortiscope.panels import image_map, stimulus
from cortiscope.stimulus_gallery import MapAxis, PlacedPictures, picture_map


def test_the_plane_is_gone_about_as_meant():
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed; a browser test covers part of this.")
    tests = Path(__file__).with_name("picture_map.test.mjs")
    run = subprocess.run([node, "--test", tests], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr


AXES = MapAxis("x", "x"), MapAxis("y")


@pytest.mark.parametrize(
    ("pictures", "points"),
    [
        ([("test", 0)], np.zeros((2, 2))),
        ([("test", 0)], np.array([[np.nan, 0]])),
        ([("../test", 0)], np.zeros((1, 2))),
    ],
)
def test_pictures_without_a_place_are_refused(pictures, points):
    with pytest.raises(ValueError, match=r"pictures need|lower-case"):
        PlacedPictures(pictures, points, AXES)


@pytest.fixture
def mounted(monkeypatch):
    """What the component is given, and functions that answer as the browser does."""
    found = SimpleNamespace(data={}, session={})

    def mount(*, data, key, **listeners):
        found.data, found.key, found.listeners = data, key, listeners

    monkeypatch.setattr("cortiscope.stimulus_gallery.plane._component", lambda: mount)
    monkeypatch.setattr("streamlit.session_state", found.session)
    return found


def _show(mounted, placed):
    heard = SimpleNamespace(picked=[], lassoed=[])
    picture_map(
        placed,
        key="map",
        base_url="stimuli/x",
        captions=[""] * len(placed.pictures),
        link=("go", "?image={name}"),
        words="",
        on_pick=heard.picked.append,
        on_lasso=heard.lassoed.append,
    )
    return heard


def test_places_are_sent_as_shares_of_the_axes_and_come_back_as_values(mounted):
    points = np.array([[-0.4, 10.0], [1.3, 12.5], [0.2, 11.0]])
    _show(mounted, PlacedPictures([("test", 4), ("train", 0), ("test", 5)], points, AXES))
    data = json.loads(json.dumps(mounted.data))
    assert data["splits"] == ["test", "train"]
    assert data["pictures"] == [0, 4, 1, 0, 0, 5]
    x0, x1, y0, y1 = data["ends"]
    shares = np.array(data["places"]).reshape(-1, 2) / data["steps"]
    again = np.array([x0, y0]) + shares * np.array([x1 - x0, y1 - y0])
    assert again == pytest.approx(points, abs=2e-4 * 3)


def test_pictures_in_one_place_have_ends_too(mounted):
    _show(mounted, PlacedPictures([("test", 0), ("test", 1)], np.ones((2, 2)), AXES))
    assert mounted.data["places"] == (5000,) * 4


def test_what_a_browser_says_is_read_and_what_it_cannot_mean_is_left_out(mounted):
    heard = _show(mounted, PlacedPictures([("test", 7), ("train", 2)], np.eye(2), AXES))
    mounted.session["map"] = {"picked": {"index": 1}, "lassoed": {"indices": [9, 1, -1, 1]}}
    mounted.listeners["on_picked_change"]()
    mounted.listeners["on_lassoed_change"]()
    assert [(one.split, one.number) for one in heard.picked] == [("train", 2)]
    assert heard.lassoed == [[1]]
    mounted.session["map"] = {"lassoed": {"indices": [9]}}
    mounted.listeners["on_lassoed_change"]()
    assert heard.lassoed == [[1]]


def test_the_layer_places_images_by_the_principal_components_of_its_design(tiny_app):
    run = tiny_app.runs[0]
    designs = [np.asarray(run.array(f"design_{name}"), float) for name in ("test", "train")]
    expected = PCA(2).fit_transform(np.concatenate(designs))
    found = image_map._components(run.id, ("test", "train"))
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=1e-4)


def test_of_many_pictures_some_are_drawn_at_equal_steps(monkeypatch):
    monkeypatch.setattr(image_map, "_MOST", 5)
    assert image_map._sampled(5).tolist() == [0, 1, 2, 3, 4]
    assert image_map._sampled(9).tolist() == [0, 2, 4, 6, 8]


def _map(app):
    return next(
        (o.proto for o in app.get("bidi_component") if "explore-map-pictures" in str(o)), None
    )


def test_nothing_is_drawn_before_it_is_opened_and_every_way_has_a_map(tiny_app):
    app = tiny_app.open(subject="subj01")
    assert _map(app) is None
    app.toggle(key="explore-map-open").set_value(True).run()
    for way in image_map._WAYS:
        app.selectbox(key="explore-map-way").set_value(way).run()
        assert not app.exception
        assert not app.error
        assert _map(app) is not None, way


def test_two_rois_are_measured_means_with_named_corners(tiny_app):
    subject = tiny_app.subject()
    a, b = image_map._rois(subject)[:2]
    pictures = (("test", 3), ("test", 1), ("train", 2))
    found = image_map._means_of("subj01", subject.state, (a, b), pictures)
    for k, (split, row) in enumerate(pictures):
        response = subject.split(split).response_rows(np.array([row]))[0]
        own = [response[_vertices(subject, roi)].mean() for roi in (a, b)]
        assert found[k] == pytest.approx(own, rel=1e-5)


def _vertices(subject, roi):
    places = image_map.roi_places(subject)
    return next(p.vertices for p in places if (p.roi, p.hemisphere.value) == tuple(roi))


SET = stimulus.ChosenPictures("subj01", "faces ~ *", (("test", 2), ("train", 3), ("train", 0)))


def test_a_set_is_the_gallery_until_another_picture_is_gone_to(tiny_app):
    app = tiny_app.open(subject="subj01", image="train-4")
    app.session_state["picture-set"] = SET
    app.run()
    gallery = next(str(o.proto) for o in app.get("bidi_component") if "gallery" in str(o.proto.id))
    runs = gallery.split('runs\\":')[1].split("]")[0]
    assert json.loads(runs + "]") == [0, 2, 1, 1, 3, 1, 1, 0, 1]
    assert "3 pictures" in " ".join(one.value for one in app.caption)
    assert tiny_app.address(app)["image"] == "train-4"
    app.button(key="stimulus-all").click().run()
    assert "3 pictures" not in " ".join(one.value for one in app.caption)
    assert "picture-set" not in app.session_state or app.session_state["picture-set"] is None


def test_a_picture_outside_of_the_set_is_shown_among_all(tiny_app):
    app = tiny_app.open(subject="subj01", image="train-9")
    app.session_state["picture-set"] = SET
    app.run()
    assert tiny_app.address(app)["image"] == "train-9"
    assert "stimulus-all" not in [one.key for one in app.button]


def test_a_set_is_a_file_that_verbs_read(tiny_app, tmp_path):
    file = tmp_path / "set.txt"
    file.write_text(image_map.set_text(SET), encoding="utf-8")
    subject = tiny_app.subject()
    read = picture_set(subject, str(file))
    n = len(subject.train)
    assert np.flatnonzero(read.members).tolist() == [0, 3, n + 2]


def test_keeping_a_set_goes_to_its_first_picture_unless_one_is_on_screen(monkeypatch):
    monkeypatch.setattr("streamlit.session_state", {})
    state.change(image="train-1")
    stimulus.keep_set(SET)
    assert state.current().image == "train-1"
    state.change(image="train-2")
    stimulus.keep_set(SET)
    assert state.current().image == "test-3"
