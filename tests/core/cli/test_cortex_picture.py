"""The app's question for a picture of the cortex, answered as its worker does."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from cortiscope.core.cli.answers import encode_array, read_array
from cortiscope.core.cli.cortex_picture import cortex_picture
from cortiscope.core.datasets import open_subject
from tests.data.tiny_world import write_subject


def test_a_picture_has_the_size_and_the_colours_asked_for(tmp_path, surfaces, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(surfaces.parent))
    subject = open_subject(write_subject(tmp_path / "subj01"))
    scale = {
        "low": -1, "high": 1, "unit": "z", "label": "response", "kind": "diverging",
        "colours": encode_array(np.array([[0, 0, 1], [0, 1, 0]])), "hidden": None,
    }  # fmt: skip
    a_map = {"title": "m", "values": encode_array(np.ones(12)), "scale": scale}
    answer = cortex_picture(
        {
            "subject": str(subject.folder), "state": subject.state, "maps": [a_map, a_map],
            "side": "posterior", "surface": "inflated", "outlines": [["V1v", "#ff0000", "left"]],
            "labels": True, "marks": [["left", 100]], "note": "", "way": "mean", "framing": "whole",
            "theme": {"background": "#102030", "text": "#ffffff", "gyri": 0.5, "sulci": 0.6},
            "width": 320, "height": 200, "ratio": 2,
        }
    )  # fmt: skip
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["png"]))).convert("RGB"))
    assert picture.shape == (400, 640, 3)
    assert (picture[0, 0] == [0x10, 0x20, 0x30]).all()
    # The colour bar runs from one colour to the other.
    for colour in ((0, 0, 255), (0, 255, 0)):
        assert (np.abs(picture.astype(int) - colour).max(2) < 12).sum() > 100


def test_arrays_come_back_as_they_went():
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(read_array(encode_array(values)), values)
