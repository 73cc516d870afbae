"""The curve over layers in the sidebar."""

import base64
import re

from cortiscope.charts.layer_curve import layer_curve


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


def test_one_layer_is_no_curve():
    assert layer_curve([("a", 0.1)], "a") == ""
