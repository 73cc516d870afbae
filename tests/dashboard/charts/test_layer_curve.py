"""The curve over layers in the sidebar."""

import base64
import re

import pytest

from cortiscope.charts.layer_curve import layer_curve, training_curve
from cortiscope.markup import Html


def _drawing(image: str) -> str:
    return base64.b64decode(re.search(r"base64,([^)]+)", image)[1]).decode()


def test_higher_is_higher_up_and_the_chosen_layer_has_its_number():
    drawing = _drawing(layer_curve([("a", 0.1), ("b", 0.3), ("c", 0.2)], "c"))
    a, b, c = (float(y) for y in re.findall(r'cy="([0-9.]+)"', drawing))
    assert b < c < a
    assert "0.20</text>" in drawing
    assert "0.30</text>" not in drawing


def test_names_of_layers_are_escaped_once():
    image = layer_curve([("<i>", 0.1), ("b&c", 0.3)], "b&c")
    assert "&lt;i&gt; to b&amp;c" in image
    assert "<i>" not in image + _drawing(image)
    assert "&amp;lt;" not in image


def test_links_lie_over_their_points():
    links = [Html(f'<a href="?run={name}"></a>') for name in "ab"]
    image = layer_curve([("a", 0.1), ("b", 0.3)], "a", links)
    (left_a, top_a, a), (left_b, top_b, b) = re.findall(
        r'left:([0-9.]+)%;top:([0-9.]+)%[^>]*><a href="\?run=(.)"', image
    )
    assert (a, b) == ("a", "b")
    x, y = zip(*re.findall(r'cx="([0-9.]+)" cy="([0-9.]+)"', _drawing(image)), strict=True)
    assert [float(left_a), float(left_b)] == pytest.approx([float(v) / 2.4 for v in x], abs=0.01)
    assert [float(top_a), float(top_b)] == pytest.approx([float(v) / 0.58 for v in y], abs=0.01)


def test_one_layer_is_no_curve():
    assert layer_curve([("a", 0.1)], "a") == ""


def test_a_training_is_drawn_from_its_second_epoch_with_its_losses_on_one_scale():
    curves = {"curve_validation_loss": [1.0, 0.75], "curve_train_loss": [1.0, 0.5]}
    image = training_curve({**curves, "curve_train_r": [0.1, 0.2]})
    validation, training = re.findall(r'points="([^"]+)"', _drawing(image))
    heights = [[float(p.split(",")[1]) for p in line.split()] for line in (validation, training)]
    assert heights[0][0] == heights[1][0] < heights[0][1] < heights[1][1]
    assert "loss after 2 epochs: validation 0.75, training 0.50" in image
    assert training_curve({"curve_train_loss": [1.0]}) == ""
    assert training_curve({}) == ""
    without = training_curve({"curve_validation_loss": [None, None], "curve_train_loss": [2, 1]})
    assert "2 epochs: training 1.00" in without
