"""COCO's captions go with the images they are of, and all of them."""

from __future__ import annotations

import json

import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import DamagedFile, MissingData
from tests.core.datasets.nsd.preparing import prepare
from tests.data import tiny_nsd as tiny


@pytest.fixture
def captioned(own_nsd):
    tiny.write_tables(own_nsd)
    return own_nsd


def _write(folder, numbers):
    """Write five captions of each image, none in the order of the other, in two files."""
    items = [
        {"image_id": tiny.coco_id(n), "id": 10 * n + k, "caption": f" image {n}\n text {k} "}
        for k in (3, 0, 4, 1, 2)
        for n in numbers
    ]
    files = [folder / "captions_train2017.json", folder / "captions_val2017.json"]
    for path, part in zip(files, (items[::2], items[1::2]), strict=True):
        path.write_text(json.dumps({"info": {}, "annotations": part}))
    return files


def test_five_captions_an_image_in_the_order_they_were_written(captioned, tmp_path):
    files = _write(tmp_path, [n - 1 for n in tiny.images_of(1)] + [5])
    subject = open_subject(prepare(captioned, tmp_path / "out", captions=files))
    for split in (subject.train, subject.test):
        for name, captions in zip(split.images.ids, split.images.captions, strict=True):
            number = int(name.removeprefix("nsd-"))
            assert captions == tuple(f"image {number} text {k}" for k in range(5))


def test_without_captions_there_are_none(captioned, tmp_path):
    assert open_subject(prepare(captioned, tmp_path / "out")).train.images.captions == ()


def test_an_image_without_captions_is_named(captioned, tmp_path):
    files = _write(tmp_path, [n - 1 for n in tiny.images_of(1)][1:])
    with pytest.raises(MissingData, match=r"1 of 8 images .*nsd-00010, COCO 599930\."):
        prepare(captioned, tmp_path / "out", captions=files)


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"annotations": [{"id": 1}]}', '{"annotations": [3]}']
)
def test_a_file_of_no_captions_is_named(captioned, tmp_path, text):
    (tmp_path / "mine.json").write_text(text)
    words = r"mine\.json (cannot be read as COCO captions|is not JSON)"
    with pytest.raises(DamagedFile, match=words):
        prepare(captioned, tmp_path / "out", captions=[tmp_path / "mine.json"])


def test_captions_need_the_table_of_images(own_nsd, tmp_path):
    files = _write(tmp_path, [1])
    with pytest.raises(MissingData, match=r"nsd_stim_info_merged\.csv is missing"):
        prepare(own_nsd, tmp_path / "out", captions=files)
