from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.errors import InvalidInput, MissingData
from cortiscope.core.stimuli import StimulusImages, list_images, natural_sort_key


def write(path, level=0):
    Image.fromarray(np.full((20, 24, 3), level, np.uint8)).save(path)
    return path


def test_natural_order_counts_as_people_do():
    names = ["img10", "img2", "IMG1", "img2b", "a", "train-0100_nsd-9", "train-0100_nsd-10"]
    assert sorted(names, key=natural_sort_key) == [
        "a",
        "IMG1",
        "img2",
        "img2b",
        "img10",
        "train-0100_nsd-9",
        "train-0100_nsd-10",
    ]


def test_natural_order_mixes_numbers_and_words_without_failing():
    assert sorted(["b", "10", "2", "a1"], key=natural_sort_key) == ["2", "10", "a1", "b"]


def test_folder_is_listed_in_natural_order_and_other_files_are_passed_over(tmp_path):
    for name in ("s10.png", "s9.jpg", "s1.PNG"):
        write(tmp_path / name)
    (tmp_path / "captions.csv").write_text("a")
    (tmp_path / ".hidden.png").write_text("a")
    assert [p.name for p in list_images(tmp_path)] == ["s1.PNG", "s9.jpg", "s10.png"]


def test_folder_without_pictures_is_told_and_the_right_one_is_guessed(tmp_path):
    with pytest.raises(MissingData, match="no picture"):
        list_images(tmp_path)
    (tmp_path / "images").mkdir()
    write(tmp_path / "images" / "a.png")
    with pytest.raises(MissingData) as caught:
        list_images(tmp_path)
    assert str(tmp_path / "images") in caught.value.hint
    with pytest.raises(MissingData, match="no folder"):
        list_images(tmp_path / "nowhere")


def test_pictures_that_cannot_be_read_among_others_are_refused(tmp_path):
    write(tmp_path / "a.png")
    (tmp_path / "b.heic").write_bytes(b"x")
    with pytest.raises(InvalidInput, match=r"b\.heic"):
        list_images(tmp_path)


@pytest.mark.parametrize("pair", [("a.png", "a.jpg"), ("img2.png", "img02.png")])
def test_two_names_in_one_place_are_refused(tmp_path, pair):
    for name in pair:
        write(tmp_path / name)
    with pytest.raises(InvalidInput, match="same place"):
        list_images(tmp_path)


def test_collection_keeps_order_and_loads_rgb(tmp_path):
    for number in (1, 2, 10):
        write(tmp_path / f"{number}.png", number)
    images = StimulusImages.from_folder(tmp_path)
    assert images.ids == ("1", "2", "10")
    assert len(images) == 3
    assert images.load(2).getpixel((0, 0)) == (10, 10, 10)
    assert images.subset([2, 0]).ids == ("10", "1")


def test_content_key_follows_bytes_and_order_and_not_names(tmp_path):
    a, b = write(tmp_path / "a.png", 1), write(tmp_path / "b.png", 2)
    key = StimulusImages(("a", "b"), (a, b)).content_key()
    assert key == StimulusImages(("x", "y"), (a, b)).content_key()
    assert key != StimulusImages(("b", "a"), (b, a)).content_key()
    copy = tmp_path / "c.png"
    copy.write_bytes(a.read_bytes())
    assert key == StimulusImages(("c", "b"), (copy, b)).content_key()
    write(a, 3)
    assert key != StimulusImages(("a", "b"), (a, b)).content_key()


def test_ids_must_be_unique_and_as_many_as_files(tmp_path):
    path = write(tmp_path / "a.png")
    with pytest.raises(InvalidInput, match="twice"):
        StimulusImages(("a", "a"), (path, path))
    with pytest.raises(InvalidInput):
        StimulusImages(("a",), (path, path))


def captioned(*captions):
    ids = tuple(f"s{i}" for i in range(len(captions)))
    return StimulusImages(ids, tuple(Path(f"/nowhere/{i}.png") for i in ids), captions)


def test_captions_stay_with_their_images():
    images = captioned(("a face",), ("a street", "cars"), ("a dog",))
    assert images.subset([2, 1]).captions == (("a dog",), ("a street", "cars"))
    assert images.captions_of(1) == ("a street", "cars")
    assert StimulusImages(("a",), (Path("a.png"),)).subset([0]).captions == ()


def test_caption_key_follows_captions_and_their_order_and_nothing_else():
    key = captioned(("a face",), ("b", "c")).caption_key()
    assert key == replace(captioned(("a face ",), ("b", "", "c")), ids=("x", "y")).caption_key()
    for other in (
        captioned(("a face",), ("b", "d")),
        captioned(("b", "c"), ("a face",)),
        captioned(("a face", "b"), ("c",)),
    ):
        assert other.caption_key() != key


def test_content_key_knows_nothing_of_captions(tmp_path):
    path = write(tmp_path / "a.png", 1)
    plain = StimulusImages(("a",), (path,))
    assert plain.content_key() == replace(plain, captions=(("a face",),)).content_key()


def test_images_without_a_caption_are_named():
    with pytest.raises(InvalidInput, match=r"2 of 3 images \(s1, s2\) have no caption"):
        captioned(("a face",), (" ",), ()).caption_key()
    with pytest.raises(InvalidInput, match="The image s1 has no caption"):
        captioned(("a face",), ("",)).caption_key()
    with pytest.raises(InvalidInput, match="The image a has no caption"):
        StimulusImages(("a",), (Path("a.png"),)).caption_key()
    with pytest.raises(InvalidInput, match=r"9 of 9 images \(s0, s1, s2, s3, s4, \.\.\.\) have no"):
        captioned(*[()] * 9).check_captions()


def test_images_with_too_few_captions_are_named():
    images = captioned(("one", "two"), ("one", " "), ("one", "two", "three"))
    images.check_captions(1)
    with pytest.raises(InvalidInput, match="The image s1 has fewer than 2 captions"):
        images.check_captions(2)
    with pytest.raises(InvalidInput, match=r"2 of 3 images \(s0, s1\) have fewer than 3 captions"):
        images.check_captions(3)


def test_captions_must_be_as_many_as_images():
    with pytest.raises(InvalidInput, match="Captions of 1 images for 2"):
        StimulusImages(("a", "b"), (Path("a"), Path("b")), (("a face",),))
