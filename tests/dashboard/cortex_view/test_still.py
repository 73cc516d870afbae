"""What a browser without WebGL2 may ask for, and the colours its picture is to have."""

from __future__ import annotations

import math

import numpy as np

from cortiscope.cortex_view import AssetRef, ColourScale, CortexMap, colour_table
from cortiscope.cortex_view.payload import encode_payload
from cortiscope.cortex_view.still import StillRequest, read_request, still_scales

SCALE = ColourScale("diverging", -2.0, 2.0, "z", "response")
ASSETS = AssetRef("g" * 32, "s" * 32, "t" * 32, n_left=2, n_right=1)
ASKED = {
    "width": 640, "height": 300, "ratio": 1, "theme": "light",
    "background": [255, 255, 255], "text": [20, 20, 20],
}  # fmt: skip


def test_sizes_and_nonsense_from_the_browser_are_checked():
    assert read_request(ASKED) == StillRequest(640, 300, 1, "light", (255, 255, 255), (20, 20, 20))
    assert read_request({**ASKED, "width": 1e7, "height": 3}).width == 2000
    for bad in (
        None, [], {**ASKED, "theme": "neon"}, {**ASKED, "width": "wide"}, {**ASKED, "text": [1, 2]},
        {**ASKED, "background": [1, 2, 900]}, {**ASKED, "height": float("nan")},
    ):  # fmt: skip
        assert read_request(bad) is None
    chosen = read_request({**ASKED, "preset": "inside", "surface": 7, "ratio": 3})
    assert (chosen.preset, chosen.surface, chosen.ratio) == (None, 2.0, 2)


def test_what_was_chosen_goes_before_the_view_and_the_view_before_our_own():
    chosen = StillRequest(640, 300, preset="medial", surface=2.0)
    assert chosen.side({"preset": "dorsal", "surface": 0}) == ("medial", "flat")
    assert StillRequest(640, 300).side({"preset": "dorsal", "surface": 0.4}) == ("dorsal", "pial")
    assert StillRequest(640, 300).side(None) == ("ventral", "inflated")


def _map(scale=SCALE, reliability=None) -> CortexMap:
    return CortexMap("m", np.zeros(3), scale, reliability=reliability)


def test_threshold_range_table_and_reliability_are_the_views():
    def one(view, **options):
        return still_scales([_map(**options)], view, "light")[0]

    plain = one(None)
    assert (plain.low, plain.high, plain.hidden, plain.reliable) == (-2, 2, None, None)
    np.testing.assert_array_equal(plain.colours, colour_table("diverging", "light"))
    assert one({"threshold": 0.5}).hidden == (-0.5, 0.5)
    assert one({"threshold": [-0.2, 0.3]}).hidden == (-0.2, 0.3)
    rising = ColourScale("sequential", 0.0, 1.0, "r", "accuracy")
    assert one({"threshold": 0.5}, scale=rising).hidden == (-math.inf, 0.5)
    assert (one({"range": [-0.5, 0.7]}).low, one({"range": [-0.5, 0.7]}).high) == (-0.5, 0.7)
    green = one({"tables": {"diverging": "purple green"}}).colours
    np.testing.assert_array_equal(green, colour_table("diverging", "light", "purple green"))
    assert one({"reliability": [0.2, 0.8]}, reliability=np.ones(3)).reliable == 0.5
    assert one({"reliability": [0.2, 0.8]}).reliable is None


def test_a_further_scale_has_choices_of_its_own():
    rising = ColourScale("sequential", 0.0, 1.0, "r", "accuracy")
    view = {"threshold": 0.5, "scales": {"1": {"range": [0.2, 0.6], "table": "lagoon"}}}
    first, second, third = still_scales([_map(), _map(rising), _map()], view, "dark")
    assert first.hidden == third.hidden == (-0.5, 0.5)
    assert (second.low, second.high, second.hidden) == (0.2, 0.6, None)
    np.testing.assert_array_equal(second.colours, colour_table("sequential", "dark", "lagoon"))


def test_the_picture_goes_with_the_message_only_when_asked():
    shown = [CortexMap("m", np.zeros(3), SCALE)]
    plain = encode_payload(shown, ASSETS, height=300)
    asked = []
    drawn = encode_payload(
        shown, ASSETS, height=300, draw=lambda name: asked.append(name) or b"picture"
    )
    assert len(asked) == 1
    assert asked[0].encode() in plain
    assert b"picture" in drawn
    assert b"picture" not in plain
