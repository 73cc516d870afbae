"""What the worker is asked to draw for a browser without WebGL2: the view's values and outlines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cortiscope.core.cli.answers import read_array
from cortiscope.core.datasets import open_subject
from cortiscope.cortex_view import ColourScale, CortexMap, StillRequest
from cortiscope.panels import brain
from cortiscope.subject.roi_style import roi_colour
from tests.data.tiny_world import write_subject

SCALE = ColourScale("diverging", -2.0, 2.0, "z", "response")
VALUES = np.linspace(-1.5, 1.5, 12)


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    return open_subject(write_subject(tmp_path_factory.mktemp("still") / "subj01"))


@pytest.fixture
def asked(subject, monkeypatch):
    """Return what is asked of the worker for a view of two maps."""
    monkeypatch.setattr(brain, "cortex_picture", lambda **asked: asked)

    def ask(view, *, focus=None, theme="light", reliability=None, turned=False):
        maps = [
            CortexMap("measured", VALUES, SCALE, "image 3", "measured", True, reliability, "ncsnr"),
            CortexMap("predicted", -VALUES, SCALE, role="predicted", simulated=True),
        ][:: -1 if turned else 1]
        request = StillRequest(640, 300, theme=theme)
        choices = {"way": "mean", "view": view, "focus": focus, "marks": [("left", 100)]}
        return brain._still(subject, maps, request, **choices)

    return ask


def test_values_titles_and_ranges_are_the_maps(asked):
    plain = asked({})
    first, second = plain["maps"]
    assert (first["title"], second["title"]) == ("measured, image 3", "predicted")
    np.testing.assert_array_equal(read_array(first["values"]), np.float32(VALUES))
    np.testing.assert_array_equal(read_array(second["values"]), np.float32(-VALUES))
    assert (first["scale"]["low"], first["scale"]["high"]) == (-2, 2)
    assert plain["note"] == ""
    assert plain["marks"] == [("left", 100)]
    assert plain["framing"] == "data"
    assert asked({"zoom": 2})["framing"] == asked({"framing": "whole"})["framing"] == "whole"
    ranged = asked({"range": [-0.5, 0.5], "threshold": 0.25})["maps"][0]["scale"]
    assert (ranged["low"], ranged["high"], ranged["hidden"]) == (-0.5, 0.5, (-0.25, 0.25))
    assert read_array(ranged["colours"]).max() <= 1


def test_values_that_the_viewer_would_fade_are_left_out_and_the_note_says_so(asked):
    trust = np.full(12, 0.9)
    trust[:3], trust[3] = 0.1, math.nan
    faded = asked({"reliability": [0.2, 0.8]}, reliability=trust)
    drawn = read_array(faded["maps"][0]["values"])
    assert np.isnan(drawn[:4]).all()
    np.testing.assert_array_equal(drawn[4:], np.float32(VALUES[4:]))
    # The other map has no reliability of its own.
    np.testing.assert_array_equal(read_array(faded["maps"][1]["values"]), np.float32(-VALUES))
    assert faded["note"] == "Shown where ncsnr is above 0.5."
    second = asked({"reliability": [0.2, 0.8]}, reliability=trust, turned=True)
    assert second["note"] == faded["note"]
    assert asked({}, reliability=trust)["note"] == ""


def test_the_groups_that_are_on_are_outlined_or_the_one_roi_in_focus(asked, subject):
    outlined = asked({})["outlines"]
    assert [name for name, *_ in outlined] == list(subject.parcellation.roi_names)
    assert {side for *_, side in outlined} == {None}
    title, colour = roi_colour("floc-faces")
    faces = asked({"groups": [title], "labels": False})
    assert [name for name, *_ in faces["outlines"]] == ["OFA", "FFA-1"]
    assert not faces["labels"]
    for theme, own in (("light", colour.light), ("dark", colour.dark)):
        focused = asked({"groups": [], "labels": False}, focus=("FFA-1", "left"), theme=theme)
        assert focused["outlines"] == [("FFA-1", own, "left")]
        assert focused["labels"]  # the name of what is in focus is always written
