"""Sizes of what is stored, and what cleaning removes; everything else stays."""

import os
import time

import pytest

from cortiscope.core.backbones import WeightsSpec
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.features.upkeep import clean, stored_items
from tests.data.tiny_backbone import make_tiny_backbone

DAY = 86400.0
DRAFT = {
    "77-0123abcd.rows": b"123",
    "00000000.77-0123abcd.seal": b"1",
    "00000000.chunk": b"4",  # of a version before
    ".00000128.chunk.77-0123abcd.part": b"12",
}


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features", make_tiny_backbone)


def _spec(layer):
    return FeatureSpec("small_cnn", WeightsSpec("untrained"), layer)


def _age(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def _draft(root, name, hours):
    """Leave what a killed pass leaves."""
    folder = root / "small_cnn" / f".{name * 16}-{'0' * 16}.draft"
    folder.mkdir(parents=True)
    for file, content in DRAFT.items():
        (folder / file).write_bytes(content)
    for path in (*folder.iterdir(), folder):
        _age(path, 3600 * hours)
    return folder


def test_sizes_are_those_of_the_files_with_drafts_apart(store, images):
    store.get([_spec("block1"), _spec("block2")], images)
    _draft(store.root, "a", 0)
    alone = store.root / "small_cnn" / f"{'b' * 16}-{'0' * 16}.npy"
    alone.write_bytes(b"1234567")  # a process died before the record was written
    (store.root / "small_cnn" / "notes.txt").write_text("mine")
    items = stored_items(store.root)
    whole = [i for i in items if i.kind == "features"]
    assert len(whole) == 2
    files = [p for p in store.root.rglob("*") if p.suffix in (".npy", ".json") and p != alone]
    assert sum(i.n_bytes for i in whole) == sum(p.stat().st_size for p in files)
    assert sorted(i.n_bytes for i in items if i.kind == "drafts") == [7, 7]
    assert {i.backbone for i in items} == {"small_cnn"}


def test_no_folder_holds_nothing(tmp_path):
    assert stored_items(tmp_path / "absent") == []
    assert clean(tmp_path / "absent", older_than_days=0) == []


def test_only_drafts_of_old_are_removed_unless_more_is_asked_for(store, images):
    store.get([_spec("block1")], images)
    for path in store.root.rglob("*.json"):
        _age(path, 100 * DAY)
    old, recent, at_work = (
        _draft(store.root, name, hours) for name, hours in (("a", 30), ("b", 3), ("c", 0))
    )
    assert [i.n_bytes for i in clean(store.root)] == [7]
    assert [f.exists() for f in (old, recent, at_work)] == [False, True, True]
    clean(store.root, draft_hours=0)
    assert [f.exists() for f in (recent, at_work)] == [False, True]
    assert store.has(_spec("block1"), images)


def test_a_draft_whose_last_chunk_is_new_is_not_abandoned(store):
    folder = _draft(store.root, "a", 30)
    _age(folder / "77-0123abcd.rows", 60)
    assert clean(store.root) == []


def test_use_keeps_features_and_what_is_unused_goes(store, images):
    store.get([_spec("block1"), _spec("block2")], images)
    for path in store.root.rglob("*.json"):
        _age(path, 31 * DAY)
    store.get([_spec("block1")], images)
    assert clean(store.root, older_than_days=32) == []
    removed = clean(store.root, older_than_days=30)
    assert [(i.kind, len(i.files)) for i in removed] == [("features", 2)]
    assert store.has(_spec("block1"), images)
    assert not store.has(_spec("block2"), images)
    assert len([p for p in store.root.rglob("*") if p.is_file()]) == 2


def test_nothing_else_is_ever_removed(store, tmp_path):
    folder = store.root / "small_cnn"
    folder.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "00000000.chunk").write_text("x")
    (folder / f".{'d' * 16}-{'0' * 16}.draft").symlink_to(elsewhere)
    strange = [
        elsewhere / "00000000.chunk",
        folder / "mine.npy",
        folder / "mine.json",
        folder / ".mine.draft",
        folder / f"{'e' * 16}.npy",
        _draft(store.root, "a", 30) / "notes.txt",
    ]
    for path in strange:
        path.write_text("x")
        _age(path, 1000 * DAY)
    for path in (strange[-1].parent, elsewhere):
        _age(path, 1000 * DAY)
    clean(store.root, older_than_days=0, draft_hours=0)
    assert all(path.exists() for path in strange)
    assert list(strange[-1].parent.iterdir()) == [strange[-1]]
