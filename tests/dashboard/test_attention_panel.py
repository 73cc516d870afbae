"""What a ROI attends to, over the picture: cells in their places, of the query that is read."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cortiscope import services
from cortiscope.core.datasets.conventions import Fact
from cortiscope.core.encoding.neural.predictor import Attention
from cortiscope.core.encoding.training import PictureGrid
from cortiscope.panels import receptive_fields

SHARES = np.array([[[[0.1, 0.2, 0.1], [0.0, 0.4, 0.1]], [[0.9, 0, 0], [0, 0, 0]]]])
ATTENTION = Attention(
    ("rh.FFA-1", "lh.rest"),
    np.array([1, 0, 0]),
    (PictureGrid(4, 2, 3, (-4.2, 2.1, 4.2, -2.1)), PictureGrid(5)),
    (SHARES, np.full((1, 2, 1, 1), 0.1)),
)


@pytest.fixture
def drawn(tiny_app, monkeypatch):
    """What is drawn for some vertices, by a model that attends."""
    shown = []
    monkeypatch.setattr(
        receptive_fields, "show_html", lambda form, **words: shown.append(form.format(**words))
    )
    monkeypatch.setattr(services, "attention", lambda run, split, row: ATTENTION)
    subject = tiny_app.subject()
    subject = replace(
        subject, conventions=replace(subject.conventions, picture_degrees=Fact(8.4, "a test"))
    )

    def _drawn(positions, current=("test", 2)):
        shown.clear()
        receptive_fields.show_attention(subject, tiny_app.runs[0], np.array(positions), current)
        return shown[0] if shown else ""

    return _drawn


def test_the_query_that_most_of_the_vertices_read_is_drawn_where_its_grid_lies(drawn):
    html = drawn([0, 1, 2])
    assert "FFA-1 right" in html
    opacities = [float(v) for v in re.findall(r"opacity:([0-9.]+)", html)]
    assert opacities == [0.25, 0.5, 0.25, 0.0, 1.0, 0.25]
    assert "left:0.0%;top:25.0%;width:100.0%;height:50.0%" in html
    assert "repeat(3,1fr)" in html
    # Shares are of the places of both layers, six and one.
    assert "40 % of it, 14.3 % would be even. One of 2 layers is drawn." in html
    assert "the left hemisphere outside its ROIs" in drawn([0])


def test_a_model_without_rois_asks_as_a_whole(drawn, monkeypatch):
    whole = replace(
        ATTENTION,
        queries=("all",),
        of_vertex=np.zeros(3, int),
        grids=ATTENTION.grids[:1],
        shares=(SHARES[:, :1],),
    )
    monkeypatch.setattr(services, "attention", lambda run, split, row: whole)
    html = drawn([0, 1])
    assert "what <b>the model</b> attends to" in html
    assert "16.7 % would be even.<" in html


def test_without_an_image_or_attention_there_is_nothing(drawn, monkeypatch):
    assert drawn([0], current=None) == ""
    monkeypatch.setattr(services, "attention", lambda run, split, row: None)
    assert drawn([0]) == ""
