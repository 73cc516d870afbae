"""The page Lab asks four questions, one at a time, and says what the command line says."""

from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.pipeline.best_images import best_images
from cortiscope.core.pipeline.contrast import contrast_of
from cortiscope.core.pipeline.seed_map import seed_map

A, B = "train and not test", "test"


def _text(app) -> str:
    return " ".join(one.proto.body for one in app.get("html"))


@pytest.mark.parametrize("tool", ["", "best", "seed", "why"])
def test_each_question_has_an_address(tiny_app, tool):
    app = tiny_app.open("lab", subject="subj01", run=tiny_app.runs[0].id, tool=tool)
    assert not app.error
    words = {
        "": "differ at q",
        "best": "What does FFA-1 left like?",
        "seed": "Seed: vertex 108 left",
        "why": "Which part of a picture drives FFA-1 left?",
    }
    assert words[tool] in _text(app)
    assert tiny_app.address(app).get("tool", "") == tool


def test_an_unknown_question_is_told_and_another_asked(tiny_app):
    app = tiny_app.open("lab", subject="subj01", tool="magic")
    assert "no tool “magic” in the Lab" in app.toast[0].value
    assert "differ at q" in _text(app)


def test_a_contrast_is_that_of_the_sets_in_the_address(tiny_app):
    run = tiny_app.runs[0]
    app = tiny_app.open("lab", subject="subj01", run=run.id, a=A, b=B)
    found = contrast_of(tiny_app.subject(), A, B, run)
    assert f"A {found.measured.n_a} pictures, B {found.measured.n_b}." in _text(app)
    assert f"{found.n_found} of 12 vertices" in _text(app)
    assert "No prediction: only 0 pictures of A" in _text(app)
    app.button(key="lab-swap").click().run()
    assert (tiny_app.address(app)["a"], tiny_app.address(app)["b"]) == (B, A)
    assert f"A {found.measured.n_b} pictures" in _text(app)


def test_a_set_that_cannot_be_read_is_said(tiny_app):
    app = tiny_app.open("lab", subject="subj01", a="category:fase", b=B)
    assert "Did you mean" in app.error[0].value


def test_a_subject_without_a_model_is_contrasted_and_mapped(tiny_app):
    app = tiny_app.open("lab", subject="subj03", a=A, b=B)
    assert "differ at q" in _text(app)
    app = tiny_app.open("lab", subject="subj03", tool="seed")
    assert "Seed: vertex" in _text(app)
    app = tiny_app.open("lab", subject="subj03", tool="best")
    assert "No encoding model has been fitted" in app.info[0].value


def test_best_pictures_are_links_in_the_order_of_the_command_line(tiny_app):
    run, subject = tiny_app.runs[0], tiny_app.subject()
    app = tiny_app.open("lab", subject="subj01", run=run.id, tool="best", roi="V1v~right")
    found = best_images(run, subject, subject.roi_vertices("V1v", "right"), "")
    text = _text(app)
    places = [text.index(f"image={own.image}&") for own in found.highest[:5]]
    assert places == sorted(places)
    assert "What does V1v right like?" in text
    app.selectbox(key="lab-best-roi").set_value("OFA~right").run()
    assert "What does OFA right like?" in _text(app)


def test_the_seed_is_the_vertex_in_the_address(tiny_app):
    subject = tiny_app.subject()
    app = tiny_app.open("lab", subject="subj01", tool="seed", vertex="right~42")
    assert "Seed: vertex 42 right" in _text(app)
    position = 7 + 1  # seven left vertices; every other number from 40 on is the subject's
    assert np.nanargmax(seed_map(subject, position).r) == position


def test_a_class_does_not_see_the_lab(tiny_app, monkeypatch):
    monkeypatch.setattr("cortiscope.navigation.allowed", lambda _: False)
    app = tiny_app.open("lab", subject="subj01")
    assert "differ at q" not in _text(app)
