"""RDMs as pictures on one scale, and maps whose pictures are links."""

import base64
import io
import re
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image

from cortiscope.charts.rdm import image_maps, rdm_pair
from cortiscope.cortex_view import colour_table
from cortiscope.markup import html


def _parsed(chart):
    return ET.fromstring(f"<svg>{chart.svg}</svg>")


def test_equal_numbers_have_equal_colours_in_both_and_what_is_undefined_is_clear():
    measured = np.array([[0, 0.2, 1.4], [0.2, 0, 0.8], [1.4, 0.8, 0]])
    predicted = np.array([[0, 1.4, np.nan], [1.4, 0, np.nan], [np.nan, np.nan, np.nan]])
    chart = rdm_pair([measured, predicted], [("face", 2), ("<food>", 1)], stamp="SIMULATED")
    found = [own.get("href") for own in _parsed(chart).iter("image")]
    a, b = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(href.partition(",")[2]))))
        for href in found
    )
    assert a.shape == (3, 3, 4)
    np.testing.assert_array_equal(a[0, 2], b[0, 1])  # 1.4
    assert b[0, 2, 3] == 0
    assert a[0, 2, :3].tolist() == colour_table("sequential")[255].tolist()
    assert "face" in chart.svg
    assert "SIMULATED" in chart.svg


def test_each_picture_of_a_map_leads_to_its_image():
    points = [np.array([[1.0, 0.0], [-1.0, 0.5]]), np.array([[2.0, 0.0], [0.0, 0.0]])]

    def link(k, picture):
        return html('<a href="?image={k}">{picture}</a>', k=k, picture=picture)

    chart = image_maps(points, ["a", "b"], link)
    assert re.findall(r'href="([^"]*)"', chart.svg) == ["?image=0", "a", "?image=1", "b"] * 2
    # One reach for both maps: what lies closer together is alike.
    xs = [float(own.get("x")) + 0.065 for own in _parsed(chart).iter("image")]
    np.testing.assert_allclose(xs, [0.5, -0.5, 1.0, 0.0], atol=1e-3)
    assert chart.has_links
