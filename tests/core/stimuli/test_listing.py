"""Whatever has a picture's name is listed or refused, and an order in doubt is said to be."""

from __future__ import annotations

import os
import unicodedata

import pytest
from PIL import Image

from cortiscope.core.errors import DamagedFile, InvalidInput, MissingData
from cortiscope.core.stimuli import StimulusImages, list_images
from cortiscope.core.stimuli.listing import natural_order, natural_sort_key


def _write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 20)).save(path)


def test_links_to_content_that_was_not_fetched_are_named(tmp_path):
    for k in range(1, 6):
        _write(tmp_path / f"s{k}.png")
    for k in (2, 4):
        (tmp_path / f"s{k}.png").unlink()
        (tmp_path / f"s{k}.png").symlink_to(f".git/annex/objects/x{k}.png")
    with pytest.raises(DamagedFile, match=r"2 of 5 pictures .* s2.png, s4.png") as caught:
        list_images(tmp_path)
    assert "git annex get" in caught.value.hint


def test_a_name_that_is_no_text_is_named_by_its_bytes(tmp_path):
    _write(tmp_path / "a.png")
    os.rename(os.fsencode(tmp_path / "a.png"), os.fsencode(tmp_path) + b"/caf\xe9.png")  # noqa: PTH104
    with pytest.raises(InvalidInput, match=r"caf\\xe9.png") as caught:
        list_images(tmp_path)
    str(caught.value).encode("utf-8")


def test_digits_that_are_no_numbers_sort_as_letters():
    assert sorted(["b①2", "b①10", "a②"], key=natural_sort_key) == ["a②", "b①2", "b①10"]


def test_accents_sort_alike_however_they_are_stored():
    names = ["cafe2", "café1", "caff"]
    apart = [unicodedata.normalize("NFD", n) for n in names]
    composed = sorted(names, key=natural_sort_key)
    assert sorted(apart, key=natural_sort_key) == [
        unicodedata.normalize("NFD", n) for n in composed
    ]


def test_one_folder_per_concept_is_entered(tmp_path):
    for name in ("bagel/bagel_01.png", "bagel/bagel_02.png", "abacus/Abacus_01.png"):
        _write(tmp_path / name)
    images = StimulusImages.from_folder(tmp_path)
    assert images.ids == ("abacus/Abacus_01", "bagel/bagel_01", "bagel/bagel_02")


def test_folders_of_other_things_are_not_taken_for_concepts(tmp_path):
    for name in ("images/a.png", "test_images/b.png"):
        _write(tmp_path / name)
    with pytest.raises(MissingData, match="no picture") as caught:
        list_images(tmp_path)
    assert "images" in caught.value.hint


@pytest.mark.parametrize(
    ("names", "doubt"),
    [
        (("img1.png", "img2.png", "img10.png"), "row 2 would be img10.png and not img2.png"),
        (("img01.png", "img02.png", "img10.png"), ""),
        (("a.png", "B.png"), "row 1 would be B.png and not a.png"),
        (("a/x2.png", "b/x1.png"), ""),
    ],
)
def test_an_order_is_in_doubt_where_sorting_as_text_gives_another(tmp_path, names, doubt):
    order = natural_order(tuple(tmp_path / name for name in names))
    assert doubt in order.doubt
    assert bool(order.doubt) == bool(doubt)
