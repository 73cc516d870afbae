"""ROI, box, grid and expanded grid: drawn of a model that knows positions, after a click."""

import re
import shutil

import numpy as np
import pytest

from cortiscope.charts.positions import boxed_positions, longest_sides
from cortiscope.core.encoding import RegressorSpec
from cortiscope.svg_chart.drawing import UNITS

LOW, HIGH = np.array([0.0, -20.0, 5.0]), np.array([4.0, 20.0, 15.0])
POINTS = np.array([[1.0, -20.0, 5.0], [2.0, 0.0, 10.0], [4.0, 20.0, 15.0]])


def dots(chart):
    """Return the places of the last group of dots as shares of the plot, y upwards."""
    group = chart.svg.rpartition("<g data-dots")[2].split("</g>")[0]
    places = np.array([p.split() for p in re.findall(r"M(\d+ \d+)h0", group)], float)
    return places / UNITS * [1, -1] + [0, 1]


def test_the_two_longest_sides_are_drawn_on_axes_of_one_length():
    assert longest_sides(LOW, HIGH) == (1, 2)
    chart = boxed_positions(
        POINTS, (LOW, HIGH), seen=(1, 2), unit="steps", numbers=np.array([7, 8, 9]), reach=40.0
    )
    assert chart.x_ends == pytest.approx((-42.4, 42.4))
    assert chart.y_ends == pytest.approx((10 - 42.4, 10 + 42.4))
    expected = (POINTS[:, 1:] - [0, 10]) / (2 * 42.4) + 0.5
    np.testing.assert_allclose(np.sort(dots(chart), 0), np.sort(expected, 0), atol=1e-4)
    assert "3 vertices, back to front from -20 to 20 steps" in chart.words
    assert "their box is 40 by 10 steps" in chart.words
    assert sorted(chart.dots[0]["numbers"]) == [7, 8, 9]


def test_a_box_of_one_vertex_is_drawn():
    one = np.zeros((1, 3))
    chart = boxed_positions(
        one, (one[0], one[0]), seen=(0, 1), unit="mm", numbers=np.array([3]), marked=0
    )
    assert "vertex 3, selected" in chart.svg


@pytest.fixture
def positional(tiny_app, surfaces):
    """A further run of the subject, which other tests do not count with."""
    settings = {"max_epochs": 1, "width": 4, "n_frequencies": 2, "expansion": 3.0}
    run = tiny_app.fit(encoder=RegressorSpec("head_positional").with_settings(**settings))
    yield run
    shutil.rmtree(run.folder)


def test_pictures_are_drawn_after_a_click_and_follow_the_roi_in_focus(tiny_app, positional):
    app = tiny_app.open("accuracy", subject="subj01", run=positional.id, roi="V1d~right")
    assert not [t for t in app.get("html") if "its box" in t.proto.body]
    app.toggle("positions").set_value(True).run()
    assert not app.exception
    said = " ".join(t.proto.body for t in app.get("html"))
    assert "1. V1d right and its box" in said
    assert "are then taken 3 times" in said
    assert "make 12 values" in said
    offered = app.selectbox(key="positions-box-V1d right").options
    assert offered[0] == "V1v left · 3"
    assert "V1d right · 2" in offered


def test_models_that_know_no_positions_offer_none(tiny_app):
    app = tiny_app.open("accuracy", subject="subj01")
    assert "positions" not in [toggle.key for toggle in app.toggle]
