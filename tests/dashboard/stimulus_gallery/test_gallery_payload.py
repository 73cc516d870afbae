"""The gallery's data: compact orders and roles, refused where they do not fit."""

from __future__ import annotations

import json

import pytest

from cortiscope.stimulus_gallery.model import encode_payload, run_lengths


def payload(**changes):
    given = {
        "base_url": "stimuli/x", "order": {"train": 4, "test": 2}, "current": ("train", 1),
        "roles": {"train": "ffvf", "test": "h"}, "caption": "a dog", "role_text": "held out",
    }  # fmt: skip
    return encode_payload(**{**given, **changes})


def test_a_whole_set_is_two_runs():
    data = payload()
    assert data["splits"] == ["train", "test"]
    assert data["runs"] == [0, 0, 4, 1, 0, 2]
    assert data["roles"] == "f2vfh2"


def test_a_filtered_order_keeps_its_order_and_joins_neighbours():
    order = [("test", 5), ("test", 6), ("train", 3), ("train", 2)]
    data = payload(order=order, roles={"train": "ffvf", "test": "h"})
    assert data["runs"] == [0, 5, 2, 1, 3, 1, 1, 2, 1]
    assert data["roles"] == "h2fv"


def test_nothing_found_is_no_error():
    assert payload(order=[], roles="")["runs"] == []


def test_ten_thousand_pictures_are_small():
    data = payload(order={"train": 9000, "test": 841}, roles={"train": "f" * 9000, "test": "h"})
    assert len(json.dumps(data)) < 400


def test_run_lengths():
    assert run_lengths("fffhv") == "f3hv"
    assert run_lengths("") == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base_url": "https://elsewhere.org/x"}, "below the app"),
        ({"base_url": "/stimuli/x"}, "below the app"),
        ({"base_url": "stimuli/../x"}, "below the app"),
        ({"order": {"Train": 3}}, "lower-case"),
        ({"order": [("train", -1)]}, "count from 0"),
        ({"roles": "ff"}, "2 letters for 6 pictures"),
        ({"roles": "ffffxx"}, "Unknown roles"),
        ({"roles": {"train": "ff", "test": "h"}}, "number 2 is asked"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(changes, message):
    with pytest.raises(ValueError, match=message):
        payload(**changes)
