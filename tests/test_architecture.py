"""The picture of the architecture is what the imports say."""

from __future__ import annotations

from tests.architecture import PICTURE, draw, floors, needed, rooms


def test_the_picture_is_up_to_date():
    hint = "python -m tests.architecture draws it anew"
    assert PICTURE.read_text(encoding="utf-8") == draw(), hint


def test_no_circle_ties_packages():
    imports = rooms()
    level = floors(imports)
    assert all(level[room] > level[used] for room in imports for used in imports[room])


def test_an_implied_arrow_is_left_out():
    imports = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert needed(imports) == {"a": {"b"}, "b": {"c"}, "c": set()}
