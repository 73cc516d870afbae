"""What the browser tells of picks and regions, and what Python gives back."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from cortiscope.cortex_view import (
    AssetRef,
    ColourScale,
    CortexMap,
    CortexRegion,
    PickedVertex,
    component,
)
from cortiscope.cortex_view.container import unpack
from cortiscope.cortex_view.payload import encode_payload
from cortiscope.cortex_view.selection import read_picks, read_region, unpack_numbers

ASSETS = AssetRef(geometry="g" * 32, space="s" * 32, tables="t" * 32, n_left=3, n_right=2)
MAP = CortexMap("measured", np.zeros(5), ColourScale("diverging", -2.0, 2.0, "z"))


def _packed(numbers) -> str:
    """Steps, seven bits a byte, low ones first: one number at a time."""
    out, before = bytearray(), 0
    for number in numbers:
        step, before = int(number) - before, int(number)
        folded = 2 * step if step >= 0 else -2 * step - 1
        while True:
            byte, folded = folded & 127, folded >> 7
            out.append(byte | (128 if folded else 0))
            if not folded:
                break
    return base64.b64encode(bytes(out)).decode()


def _header(**given):
    return unpack(encode_payload([MAP], ASSETS, height=400, **given))


@pytest.mark.parametrize(
    "numbers",
    [
        [],
        [0],
        [327_683],
        [5, 3, 3, 900, 0, 163_841],
        np.sort(np.random.default_rng(1).choice(327_684, 900, replace=False)),
    ],
)
def test_packed_numbers_come_back(numbers):
    found = unpack_numbers(_packed(numbers))
    np.testing.assert_array_equal(found, numbers)
    assert found.dtype == np.int64


def test_a_region_is_read_and_given_back_as_positions():
    raw = {"left": _packed([4, 9]), "right": _packed([163_841]), "positions": _packed([0, 2, 3])}
    region = read_region(raw)
    np.testing.assert_array_equal(region.left, [4, 9])
    np.testing.assert_array_equal(region.right, [163_841])
    assert len(region) == 3
    header, arrays = _header(region=region)
    np.testing.assert_array_equal(arrays["region"], [0, 2, 3])
    assert "region" not in _header()[1]
    assert header["id"] != _header()[0]["id"]


def test_a_region_of_another_space_is_refused():
    numbers = np.array([0, 5])
    with pytest.raises(ValueError, match="positions 0 to 5; this space has 0 to 4"):
        _header(region=CortexRegion(numbers, numbers[:0], numbers))


def test_an_empty_region_clears_and_counts_as_nothing():
    none = np.zeros(0, int)
    empty = CortexRegion(none, none, none)
    assert not empty
    assert len(_header(region=empty)[1]["region"]) == 0


def test_picks_keep_their_order_and_may_be_given_as_pairs():
    told = {
        "picks": [
            {"hemisphere": "right", "vertex": 12, "position": 3, "rois": ["FFA-1", "ventral"]},
            {"hemisphere": "left", "vertex": 7, "position": None, "rois": []},
        ]
    }
    picks = read_picks(told)
    assert picks == (
        PickedVertex("right", 12, 3, ("FFA-1", "ventral")),
        PickedVertex("left", 7, None, ()),
    )
    expected = [["right", 12], ["left", 7]]
    assert _header(picks=picks)[0]["picks"] == expected
    assert _header(picks=[("right", 12), ("left", 7)])[0]["picks"] == expected
    assert _header(picks=())[0]["picks"] == []
    assert _header()[0]["picks"] is None


@pytest.mark.parametrize("pick", [("middle", 3), ("left", -1)])
def test_a_pick_that_cannot_be_is_refused(pick):
    with pytest.raises(ValueError, match="A pick is"):
        _header(picks=[pick])


@pytest.fixture
def browser(monkeypatch):
    """What the browser is sent, and what it answers in this run."""
    told: dict[str, object] = {}
    sent: list[bytes] = []

    def mounted(*, data, **_):
        sent.append(data)
        return told

    monkeypatch.setattr(component, "_component", lambda: mounted)
    return told, sent


def _view(**given):
    return component.cortex_view([MAP], assets=ASSETS, key="k", **given)


def test_what_is_given_is_sent_and_stands_until_the_browser_tells_otherwise(browser):
    told, sent = browser
    region = read_region({"left": _packed([4]), "right": _packed([]), "positions": _packed([0])})
    lit = {"left": np.array([9, 2]), "right": np.array([], int)}
    event = _view(picks=[("left", 4), ("right", 1)], region=region, lit=lit)
    header, arrays = unpack(sent[-1])
    assert header["picks"] == [["left", 4], ["right", 1]]
    np.testing.assert_array_equal(arrays["region"], [0])
    np.testing.assert_array_equal(arrays["lit_left"], [9, 2])
    assert len(arrays["lit_right"]) == 0
    assert event.picked is None
    assert event.picks == (PickedVertex("left", 4), PickedVertex("right", 1))
    assert event.region is region
    told["picked"] = {"picks": [{"hemisphere": "right", "vertex": 3, "position": 4, "rois": []}]}
    told["region"] = {"left": "", "right": "", "positions": ""}
    event = _view(picks=[("left", 4)], region=region)
    assert event.picked == PickedVertex("right", 3, 4)
    assert event.picks == (event.picked,)
    assert event.region is not None
    assert len(event.region) == 0
    told["picked"] = {"picks": []}
    event = _view(picks=[("left", 4)])
    assert event.picked is None
    assert event.picks == ()


def test_nothing_given_leaves_the_browsers_own(browser):
    event = _view()
    header, arrays = unpack(browser[1][-1])
    assert header["picks"] is None
    assert set(arrays) == {"map0"}
    assert (event.picked, event.picks, event.region) == (None, (), None)


def test_lit_vertices_of_an_unknown_hemisphere_are_refused(browser):
    with pytest.raises(ValueError, match="lit has the key 'middle'"):
        _view(lit={"middle": np.array([1])})
