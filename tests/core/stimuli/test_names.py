"""A picture is found by another form of its name as long as only one can be meant."""

from __future__ import annotations

import unicodedata

import pytest

from cortiscope.core.stimuli.listing import NameIndex, taken_for

FILES = (
    "café_01.png",
    "cat/cat_2.jpg",
    "000000000009.png",
    "b.png",
    "b.jpg",
    "img3.png",
    "0007.png",
)


@pytest.mark.parametrize(
    ("wanted", "position"),
    [
        (unicodedata.normalize("NFD", "café_01.png"), 0),
        ("café_01.jpg", 0),
        ("cat_2.jpg", 1),
        ("things\\cat_2.JPG", 1),
        ("9", 2),
        ("COCO_train2014_000000000009.jpg", 2),
        ("b.jpg", 4),
        ("b", None),  # of two suffixes
        ("3", None),  # img3 is no number
        ("7", None),  # 0007 counts rows perhaps, 7 something else
    ],
)
def test_other_forms_of_a_name(wanted, position):
    assert NameIndex(FILES).find(wanted) == position


def test_what_was_taken_for_what_is_said_once():
    assert taken_for([("a.png", "a.png")], "x.txt") == ""
    assert "2 names were taken for others, as a.jpg for a.png" in taken_for(
        [("a.jpg", "a.png"), ("b.jpg", "b.png")], "x.txt"
    )
