"""Maps of a subject in a notebook's widget: what the browser is sent, without a browser."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

import cortiscope as cs
from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import IncompatibleSpace, InvalidInput, UnknownName
from cortiscope.cortex_view.container import unpack
from cortiscope.subject.notebook_view import fitting_scale
from tests.data.tiny_world import write_subject


@pytest.fixture
def subject(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    return open_subject(write_subject(tmp_path / "s1"))


def test_a_widget_holds_its_values_its_stamp_and_all_that_draws_them(subject):
    values = np.arange(12) - 4.0
    widget = cs.view(values, subject, height=300)
    header, arrays = unpack(widget._message)
    np.testing.assert_array_equal(arrays["map0"], values)
    assert header["stamp"] == "SIMULATED s1"
    (shown,) = header["maps"]
    assert shown["simulated"]
    assert (shown["scale"]["low"], shown["scale"]["high"]) == (-7, 7)
    for name in ("geometry", "space", "tables"):
        assert unpack(gzip.decompress(widget._assets[header[name]]))[0]["kind"] == name
    space = unpack(gzip.decompress(widget._assets[header["space"]]))[0]
    assert "FFA-1" in str(space)
    widget.update({"left is 1": np.repeat([1.0, 0.0], [7, 5]), "all 2": np.full(12, 2.0)})
    header, arrays = unpack(widget._message)
    assert [m["title"] for m in header["maps"]] == ["left is 1", "all 2"]
    np.testing.assert_array_equal(arrays["map1"], np.full(12, 2.0))
    assert (header["maps"][1]["scale"]["low"], header["maps"][1]["scale"]["high"]) == (0, 2)


def test_another_number_of_values_is_refused_in_words(subject):
    with pytest.raises(IncompatibleSpace, match=r"The map has the shape \(11,\); s1 has 12"):
        cs.view(np.zeros(11), subject)
    with pytest.raises(InvalidInput, match="up to 6 maps side by side; got 7"):
        cs.view({str(k): np.zeros(12) for k in range(7)}, subject)
    with pytest.raises(UnknownName, match="Unknown ROI 'V9'"):
        cs.view(np.zeros(12), subject, focus_roi=("V9", "left"))


def test_a_way_of_drawing_fsaverage_leaves_fsaverage5_as_it_is(subject):
    values = np.arange(12.0)
    _, arrays = unpack(cs.view(values, subject, way="mean")._message)
    np.testing.assert_array_equal(arrays["map0"], values)
    with pytest.raises(UnknownName, match="'men'. Did you mean 'mean'"):
        cs.view(values, subject, way="men")


@pytest.mark.parametrize(
    ("values", "kind", "low", "high"),
    [
        ([0.1, np.nan, 0.4], "sequential", 0.1, 0.4),
        ([-0.1, 0.4], "diverging", -0.4, 0.4),
        ([2.0, 2.0], "sequential", 2.0, 3.0),
        ([np.nan], "sequential", 0.0, 1.0),
    ],
)
def test_a_scale_fits_its_values(values, kind, low, high):
    scale = fitting_scale(np.array(values))
    assert (scale.kind, scale.low, scale.high) == (kind, low, high)
