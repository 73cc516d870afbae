"""Counts and lists as people write them."""

from cortiscope.core.datasets.check.report import count, first_of, times, vertices


def test_long_lists_say_how_many_more_there_are():
    assert first_of(range(5)) == "0, 1, 2, 3, 4"
    assert first_of(range(1006)) == "0, 1, 2, 3, 4 and 1,001 more"
    assert first_of(["a", "b"], 1) == "a and 1 more"


def test_one_is_singular():
    assert [count(n, "row") for n in (0, 1, 1200)] == ["0 rows", "1 row", "1,200 rows"]
    assert [vertices(n) for n in (1, 2)] == ["1 vertex", "2 vertices"]


def test_shapes_are_written_with_an_x():
    assert (times((1200, 7)), times(())) == ("1,200 x 7", "a single value")
