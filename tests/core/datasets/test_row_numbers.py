import re
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.datasets.img2brain.row_numbers import number_rows
from cortiscope.core.stimuli.listing import picture_files


def _numbered(*names):
    return number_rows([Path(n) for n in names])


def _names(rows):
    return [p.name for p in rows.paths]


@pytest.mark.parametrize(
    "name", ["{:04d}.jpg", "{}.png", "img2brain_run2_{}.jpg", "Image ({}).JPG"]
)
def test_images_come_in_the_order_of_their_numbers_however_they_are_listed(rng, name):
    wanted = [name.format(k) for k in range(1, 121)]
    rows = _numbered(*rng.permutation(wanted))
    assert (_names(rows), rows.problems) == (wanted, ())
    assert rows.numbers == tuple(range(1, 121))


def test_it_is_told_where_sorting_as_text_would_give_another_order():
    rows = _numbered("img9.jpg", "img10.jpg", "img8.jpg")
    assert not rows.sorted_as_text
    assert "img8.jpg to img10.jpg" in rows.words
    assert "sorted as text" in rows.words
    padded = _numbered("img09.jpg", "img10.jpg", "img08.jpg")
    assert padded.sorted_as_text
    assert "text" not in padded.words


def test_a_number_that_is_the_same_everywhere_counts_nothing():
    rows = _numbered("sub3_b.2.jpg", "sub3_b.1.jpg")
    assert (_names(rows), rows.problems) == (["sub3_b.1.jpg", "sub3_b.2.jpg"], ())


def test_numbers_with_gaps_are_an_order_all_the_same():
    rows = _numbered("7.jpg", "3.jpg", "20.jpg")
    assert (rows.numbers, rows.problems) == ((3, 7, 20), ())


def test_two_numbers_of_one_order_are_no_riddle_and_neither_is_one_that_has_no_gap():
    rows = _numbered("train-0002_nsd-00027.jpg", "train-0001_nsd-00013.jpg")
    assert rows.problems == ()
    rows = _numbered("train-0001_coco-937.jpg", "train-0002_coco-25.jpg", "train-0003_coco-400.jpg")
    assert (rows.problems, rows.numbers) == ((), (1, 2, 3))
    other_way = _numbered("c937_1.jpg", "c25_2.jpg", "c400_3.jpg")
    assert (other_way.problems, other_way.numbers) == ((), (1, 2, 3))


RIDDLES = {
    "no number": (["cat.jpg", "1.jpg", "dog.jpg"], "2 of 3 pictures have no number.*cat.jpg, dog"),
    "no number anywhere": (["cat.jpg", "dog.jpg"], "2 of 2 pictures have no number"),
    "a number twice": (["1.jpg", "2.jpg", "02.jpg"], "2 pictures have the number 2: 2.jpg, 02.jpg"),
    "one name, two formats": (["1.jpg", "1.png", "2.jpg"], "have the number 1: 1.jpg, 1.png"),
    "a number twice beside another that differs": (
        ["t-1_n-4.jpg", "t-2_n-5.jpg", "t-2_n-6.jpg", "t-3_n-9.jpg"],
        "2 pictures have the number 2",
    ),
    "two numbers with gaps": (
        ["a3_b70.jpg", "a9_b20.jpg", "a5_b40.jpg"],
        r"two numbers that order .* a3_b70.jpg \(3 or 70\)",
    ),
    "two numbers without gaps": (
        ["a1_b3.jpg", "a2_b1.jpg", "a3_b2.jpg"],
        r"two numbers that order .* a1_b3.jpg \(1 or 3\)",
    ),
    "a stranger": (["img1.jpg", "img2.jpg", "cover3.jpg"], "unlike the others .*cover3.jpg"),
}


@pytest.mark.parametrize("names", RIDDLES.values(), ids=RIDDLES)
def test_an_unclear_order_is_told_with_the_names(names):
    given, words = names
    (problem,) = _numbered(*given).problems
    assert re.search(words, problem)


def test_all_that_is_unclear_is_told_at_once():
    problems = _numbered("1.jpg", "01.jpg", "2.jpg", "3.jpg", "cat.jpg", "x 9 y.jpg").problems
    assert len(problems) == 3


def test_many_numbers_that_occur_twice_are_counted():
    names = [f"{k}.{kind}" for k in range(1, 41) for kind in ("jpg", "png")]
    problems = _numbered(*names).problems
    assert len(problems) == 6
    assert problems[-1] == "35 more numbers are those of several pictures."


def test_missing_numbers_are_counted_from_where_the_names_begin():
    assert _numbered("1.jpg", "2.jpg", "4.jpg").missing(4) == (3,)
    assert _numbered("0.jpg", "1.jpg", "3.jpg").missing(4) == (2,)
    assert _numbered("1.jpg", "2.jpg").missing(2) == ()


def test_only_pictures_that_are_not_hidden_are_listed(tmp_path):
    for name in ("2.jpg", "10.JPEG", "._2.jpg", ".DS_Store", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "3.jpg").mkdir()
    assert [p.name for p in picture_files(tmp_path)] == ["10.JPEG", "2.jpg"]


def test_no_images_are_no_rows():
    rows = number_rows([])
    assert (rows.paths, rows.problems, rows.words) == ((), (), "no images")
    assert np.array_equal(rows.missing(2), (1, 2))
