"""Sets of pictures by category, caption, split, list and folder."""

import json
import shutil

import numpy as np
import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.datasets.picture_sets import categories_of, picture_set, set_of_names
from cortiscope.core.errors import InvalidInput, MissingData
from tests.data.tiny_world import write_subject

KINDS = [["face"], ["indoor", "face"], ["indoor"], ["street"], [], ["nature"]]


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    folder = write_subject(tmp_path_factory.mktemp("sets") / "subj01", n_train=8, n_test=4)
    stimuli = [
        {
            "split": split,
            "number": k + 1,
            "caption": f"A Red car, number {k}" if k % 2 else "a carpet",
            "categories": KINDS[k % 6],
        }
        for split, n in (("train", 8), ("test", 4))
        for k in range(n)
    ]
    (folder / "cortiscope_sidecar" / "stimuli.json").write_text(json.dumps(stimuli))
    return open_subject(folder)


def _rows(subject, words, **options):
    return np.flatnonzero(picture_set(subject, words, **options).members).tolist()


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("category:face", [0, 1, 6, 7, 8, 9]),
        ("category:indoor,street,nature and not category:face", [2, 3, 5, 10, 11]),
        ("category:indoor  and category:face", [1, 7, 9]),
        ("not category:face and test", [10, 11]),
        ("caption:car", [1, 3, 5, 7, 9, 11]),
        ("caption:red car,nothing", None),
        ("caption:red car", [1, 3, 5, 7, 9, 11]),
        ("caption:carpet and train", [0, 2, 4, 6]),
        ("train", list(range(8))),
    ],
)
def test_names(subject, words, rows):
    if rows is None:
        with pytest.raises(InvalidInput, match="No caption of subj01 has the word 'nothing'"):
            _rows(subject, words)
    else:
        assert _rows(subject, words) == rows


def test_a_set_and_all_others_are_everything(subject):
    one, other = (picture_set(subject, f"{no}category:face").members for no in ("", "not "))
    assert (one ^ other).all()


def test_lists_and_folders_name_the_same_pictures(subject, tmp_path):
    chosen = [(subject.train, 2), (subject.test, 1)]
    listed = tmp_path / "some and others.txt"
    listed.write_text(f"# a set\n{set_of_names(['train-3', 'test-2', 'test-2'])}\n")
    assert _rows(subject, str(listed)) == [2, 9]
    listed.write_text("\n".join(split.images.paths[row].name for split, row in chosen))
    assert _rows(subject, str(listed)) == [2, 9]
    folder = tmp_path / "mine"
    folder.mkdir()
    for k, (split, row) in enumerate(chosen):
        shutil.copy(split.images.paths[row], folder / f"other name {k}.png")
    assert _rows(subject, str(folder)) == [2, 9]
    assert _rows(subject, f"not {folder}") == [0, 1, 3, 4, 5, 6, 7, 8, 10, 11]


def test_what_is_no_set_is_said(subject, tmp_path):
    for words, said in (
        ("", "has no name"),
        ("category:fase", "Did you mean 'face'"),
        ("category:", "names nothing"),
        ("faces", "no file or folder of this name"),
    ):
        with pytest.raises(InvalidInput, match=said):
            picture_set(subject, words)
    listed = tmp_path / "list.txt"
    listed.write_text("train-3\ntrain-9\n")
    with pytest.raises(InvalidInput, match="1 of 2 pictures in list.txt are not among"):
        picture_set(subject, str(listed))
    with pytest.raises(InvalidInput, match="is no set of pictures. Allowed: category"):
        picture_set(subject, str(listed), files=False)
    listed.write_text("\n# nothing\n")
    with pytest.raises(InvalidInput, match="names no picture"):
        picture_set(subject, str(listed))


def test_a_subject_without_notes_has_neither_categories_nor_captions(tmp_path):
    bare = open_subject(write_subject(tmp_path / "bare", sidecar=False))
    assert categories_of(bare) == {}
    with pytest.raises(MissingData, match="have no categories"):
        picture_set(bare, "category:face")
    with pytest.raises(MissingData, match="have no captions"):
        picture_set(bare, "caption:car")


def test_categories_are_counted(subject):
    assert categories_of(subject) == {"face": 6, "indoor": 5, "street": 2, "nature": 1}
