import json
from pathlib import Path

import pytest

from cortiscope.core.errors import DamagedFile, InvalidInput, MissingData
from cortiscope.core.stimuli import StimulusImages, read_captions, with_captions

EXPECTED = {"a.png": ("a dog", "a brown, wet dog"), "b.png": ("two cars",)}
COCO = {
    "info": {},
    "images": [{"id": 7, "file_name": "b.png"}, {"id": 3, "file_name": "a.png"}],
    "annotations": [
        {"image_id": 3, "id": 1, "caption": "a dog "},
        {"image_id": 7, "id": 2, "caption": "two cars"},
        {"image_id": 3, "id": 3, "caption": "a brown, wet dog"},
    ],
}
FORMS = {
    "c.json": json.dumps({**EXPECTED, "b.png": "two cars"}),
    "coco.json": json.dumps(COCO),
    "c.csv": 'n,image,caption\n1,a.png,a dog\n2,b.png,two cars\n3,a.png,"a brown, wet dog"\n',
    "c.tsv": "\ufeffimage\tcaption\na.png\ta dog\na.png\ta brown, wet dog\nb.png\ttwo cars\n",
}


def images(*names):
    return StimulusImages(tuple(names), tuple(Path("/somewhere") / n for n in names))


@pytest.mark.parametrize("name", FORMS)
def test_captions_are_read_in_each_form(tmp_path, name):
    (tmp_path / name).write_text(FORMS[name], encoding="utf-8")
    assert read_captions(tmp_path / name) == EXPECTED


def test_images_are_found_by_name_or_stem_in_any_order():
    found = with_captions(images("b.png", "c.png", "a.png"), {"a": ("x",), "b.png": ("y", "z")})
    assert found.captions == (("y", "z"), (), ("x",))


def test_captions_of_other_images_are_told():
    with pytest.raises(InvalidInput, match=r"none is of b\.png.*names x\.png, y\.png"):
        with_captions(images("b.png"), {"x.png": ("a",), "y.png": ("b",)})


WRONG = {
    "a.txt": ("a dog", InvalidInput, "from .json, .csv and .tsv"),
    "a.json": ("{", DamagedFile, "is not JSON"),
    "b.json": ("[1]", DamagedFile, "holds no captions"),
    "c.json": ('{"a.png": [1]}', DamagedFile, "holds no captions"),
    "d.json": (
        '{"images": [], "annotations": [{"image_id": 1}]}',
        DamagedFile,
        "holds no captions",
    ),
    "a.csv": ("file,caption\na,b\n", DamagedFile, "no column 'image'; it has file, caption"),
    "b.csv": ("", DamagedFile, "no column 'image'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_holds_no_captions_is_told_with_its_name(tmp_path, name):
    content, kind, words = WRONG[name]
    (tmp_path / name).write_text(content)
    with pytest.raises(kind, match=words) as caught:
        read_captions(tmp_path / name)
    assert name in caught.value.message


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(MissingData, match="no file .*a.json"):
        read_captions(tmp_path / "a.json")
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(DamagedFile, match=r"b\.json cannot be read as text"):
        read_captions(tmp_path / "b.json")
