"""Where vertices look: maps in the menu, and rings on the picture at the right places."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from cortiscope import services
from cortiscope.core.datasets.conventions import Fact
from cortiscope.core.datasets.sidecar import SIDECAR_FOLDER, known_fields
from cortiscope.core.errors import DamagedFile
from cortiscope.core.runs.maps import SELECTIONS
from cortiscope.panels import receptive_fields
from cortiscope.panels.maps import MAPS, Shown

N = 12
FIELDS = {
    "prf_x": np.r_[np.nan, 2.1, np.full(N - 2, -1.0)],
    "prf_y": np.r_[np.nan, -1.05, np.full(N - 2, 0.5)],
    "prf_sigma": np.r_[np.nan, 0.42, np.full(N - 2, 0.3)],
    "prf_sure": np.r_[0.0, 1.0, 0.0, np.ones(N - 3)],
    "prf_angle": np.full(N, 30.0),
}


@pytest.fixture
def fields(tiny_app, monkeypatch):
    """The subject with pictures of 8.4 degrees, its model with fields, and the fields known."""
    known = np.full((N, 4), np.nan, np.float32)
    known[1] = [2.4, -1.05, 0.5, 2.6]
    known[5:8] = [-1.0, 0.9, 0.3, 1.3]
    monkeypatch.setattr(services, "run_map", lambda run, name: FIELDS[name])
    monkeypatch.setattr(services, "true_fields", lambda subject: known)
    subject = tiny_app.subject()
    degrees = replace(subject.conventions, picture_degrees=Fact(8.4, "a test"))
    return replace(subject, conventions=degrees), tiny_app.runs[0]


@pytest.fixture
def drawn(fields, monkeypatch):
    """What is drawn for some vertices."""
    shown = []
    monkeypatch.setattr(
        receptive_fields, "show_html", lambda form, **words: shown.append(form.format(**words))
    )

    def _drawn(*positions, current=("test", 2)):
        shown.clear()
        receptive_fields.show_fields(*fields, np.array(positions), current)
        return shown[0] if shown else ""

    return _drawn


def test_a_vertex_s_field_is_where_it_was_found_beside_the_known_one(drawn):
    html = drawn(1)
    assert 'cs-ring-found" style="left:75.0%;top:62.5%;width:10.0%"' in html
    assert 'cs-ring-known" style="left:78.6%;top:62.5%;width:11.9%"' in html
    assert "/test/2?s=320" in html
    assert "Found (filled): 2.1° right, 1.1° down, SD 0.4°." in html
    assert "Known (dashed): 2.4° right" in html
    assert "0.3° apart" in html


def test_what_the_model_does_not_know_is_said(drawn):
    assert "No field predicts it better than the whole picture." in drawn(0)
    assert "cs-ring-found" not in drawn(0)
    assert "the model is not sure of it" in drawn(2)


def test_of_several_vertices_the_sure_ones_are_drawn_with_their_distance_to_the_known(drawn):
    html = drawn(*range(N))
    assert len(re.findall("cs-ring-found", html)) == 10
    assert "Fields of 10 of 12 vertices" in html
    assert "0.40° from the known ones (median of 4)" in html


def test_places_without_a_size_are_dots_and_maps_of_them_whole(fields, drawn, monkeypatch):
    places = {name: FIELDS[name] for name in ("prf_x", "prf_y", "prf_angle")}
    monkeypatch.setattr(services, "run_map", lambda run, name: places.get(name))
    html = drawn(1)
    assert 'cs-ring-found" style="left:75.0%;top:62.5%;width:2.4%"' in html
    assert "Found (filled): 2.1° right, 1.1° down. Known (dashed)" in html
    assert "Less than two thirds of what it reads are at one place." in drawn(0)
    html = drawn(*range(N))
    assert len(re.findall("cs-ring-found", html)) == 11
    assert "Places of 11 of 12 vertices" in html
    np.testing.assert_array_equal(MAPS["prf_angle"].values(Shown(*fields)), FIELDS["prf_angle"])


def test_what_a_model_selects_is_in_the_menu_where_it_selects(fields, monkeypatch):
    shown = Shown(*fields)
    chosen = {"scale": np.full(N, 0.2), "layer_mean": np.full(N, 0.7), "layer_share_1": np.ones(N)}
    monkeypatch.setattr(services, "run_map", lambda run, name: chosen.get(name))
    offered = [name for name in SELECTIONS if not MAPS[name].lacks(shown)]
    assert offered == list(chosen)
    for name, values in chosen.items():
        np.testing.assert_array_equal(MAPS[name].values(shown), values)
        scale = MAPS[name].scale(None, shown)
        assert (scale.low, scale.high) == (0.0, 1.0)


def test_a_map_is_grey_where_it_is_not_sure(fields, monkeypatch):
    shown = Shown(*fields)
    values = MAPS["prf_angle"].values(shown)
    np.testing.assert_array_equal(np.isnan(values), FIELDS["prf_sure"] == 0)
    assert MAPS["prf_angle"].scale(None, shown).kind == "cyclic"
    assert "grey where the model is not sure of it" in MAPS["prf_angle"].definition
    width = MAPS["prf_width"]  # says itself how sure, and is drawn wherever there is a field
    monkeypatch.setitem(FIELDS, "prf_width", np.r_[np.nan, np.full(N - 1, 0.8)])
    assert np.isnan(width.values(shown)).sum() == 1
    assert "grey where there is no field" in width.definition
    known = MAPS["prf_angle_known"].values(shown)
    assert known[1] == pytest.approx(np.degrees(np.arctan2(-1.05, 2.4)), abs=1e-3)
    assert np.isnan(known[0])


def test_scales_of_fields_end_where_the_pictures_do(fields):
    subject, run = fields
    names = ("prf_eccentricity", "prf_sigma", "prf_width", "prf_sigma_known")

    def ends(degrees):
        facts = replace(subject.conventions, picture_degrees=Fact(degrees, "a test"))
        shown = Shown(replace(subject, conventions=facts), run)
        return [MAPS[name].scale(None, shown).high for name in names]

    assert ends(8.4) == ends(None) == [5.0, 2.5, 1.0, 2.5]
    assert ends(20.0) == [12.0, 6.0, 2.4, 6.0]


def test_of_a_model_without_fields_nothing_is_drawn_or_offered(tiny_app, monkeypatch):
    subject, run = tiny_app.subject(), tiny_app.runs[0]
    monkeypatch.setattr(receptive_fields, "show_html", lambda *_, **__: pytest.fail("drawn"))
    receptive_fields.show_fields(subject, run, np.arange(2), None)
    lacking = [kind.lacks(Shown(subject, run)) for name, kind in MAPS.items() if "prf_" in name]
    assert len(lacking) == 7
    assert all(lacking)


def test_known_fields_are_read_for_both_hemispheres_or_not_at_all(tiny_app, tmp_path):
    subject = replace(tiny_app.subject(), folder=tmp_path)
    assert known_fields(subject) is None
    where = tmp_path / SIDECAR_FOLDER
    where.mkdir()
    np.save(where / "lh.prf.npy", np.ones((7, 4), np.float32))
    with pytest.raises(DamagedFile, match="not the other hemisphere"):
        known_fields(subject)
    np.save(where / "rh.prf.npy", np.zeros((5, 4), np.float32))
    assert known_fields(subject).sum(axis=1).tolist() == [4.0] * 7 + [0.0] * 5
    np.save(where / "rh.prf.npy", np.zeros((4, 4), np.float32))
    with pytest.raises(DamagedFile):
        known_fields(subject)


def test_vertices_that_look_at_a_place_are_selected(tiny_app, monkeypatch):
    monkeypatch.setattr(services, "run_map", lambda run, name: FIELDS.get(name))
    monkeypatch.setattr("cortiscope.panels.receptive_fields._degrees", lambda subject: 8.4)
    app = tiny_app.open(subject="subj01")
    assert app.button("field-go").disabled  # nobody looks at the middle
    app.slider("field-x").set_value(-1.0).run()
    app.slider("field-y").set_value(0.5).run()
    assert app.button("field-go").label == "Select 9 vertices"
    app.button("field-go").click().run()
    assert not app.exception
    assert app.session_state["brushed_region"].positions.tolist() == list(range(3, N))


def test_a_place_is_picked_on_small_pictures_too(tiny_app, monkeypatch):
    monkeypatch.setattr(services, "run_map", lambda run, name: FIELDS.get(name))
    monkeypatch.setattr("cortiscope.panels.receptive_fields._degrees", lambda subject: 1.6)
    app = tiny_app.open(subject="subj01")
    assert not app.exception
    assert app.slider("field-radius").value == 0.8
    assert not any("failed" in error.value for error in app.error)


def test_known_fields_that_cannot_be_read_take_no_menu_away(tiny_app, monkeypatch):
    def unreadable(subject):
        raise DamagedFile("The sidecar has lh.prf.npy but not the other hemisphere's.")

    monkeypatch.setattr(services, "true_fields", unreadable)
    app = tiny_app.open(subject="subj01")
    assert not app.exception
    assert not app.error
    assert "known" not in str(app.radio("explore-map-0").options)
