"""Passes that are stopped, killed, or have company: what is finished stays, and stays right."""

import os
import shutil
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.errors import DamagedFile, InvalidInput
from cortiscope.core.features import FeatureStore, draft, extract
from cortiscope.core.features.draft import Draft, LostChunkError
from tests.core.features.killed_passes import CHUNK, MOMENTS, SPECS
from tests.data.tiny_backbone import make_tiny_backbone

PROJECT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch):
    monkeypatch.setattr(extract, "CHUNK_IMAGES", CHUNK)


@pytest.fixture
def store(tmp_path, loader):
    return FeatureStore(tmp_path / "features", loader)


@pytest.fixture
def expected(tmp_path, images):
    """Bytes of every array that an uninterrupted pass leaves."""
    whole = FeatureStore(tmp_path / "uninterrupted", make_tiny_backbone)
    whole.get(SPECS, images, batch_size=1)
    return _arrays(whole.root)


def _arrays(root):
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*.npy"))}


def _assert_only_whole_features(root, expected):
    assert _arrays(root) == expected
    assert len(list(root.rglob("*.json"))) == len(expected)
    assert [p for p in root.rglob("*") if p.is_file() and p.suffix == ".seal"] == []
    assert list(root.rglob(".*.draft")) == []


def _stop_after(loader, n):
    def stop(seen):
        if seen >= n:
            raise KeyboardInterrupt

    loader.before_batch = stop


def _stopped(store, loader, images, n):
    _stop_after(loader, n)
    with pytest.raises(KeyboardInterrupt):
        store.get(SPECS, images, batch_size=1)
    loader.before_batch = lambda seen: None
    loader.n_images = 0


def _finish(store, loader, images):
    loader.n_images = 0
    store.get(SPECS, images, batch_size=1)
    return loader.n_images


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Run every kind of doomed pass, and two at once, from one process that loads torch once."""
    if not hasattr(os, "fork"):
        pytest.skip("processes are forked")
    base = tmp_path_factory.mktemp("killed")
    made = []

    def run(images):
        if not made:
            folder = base / "images"
            shutil.copytree(images.paths[0].parent, folder)
            told = subprocess.run(
                [sys.executable, "-m", "tests.core.features.killed_passes"]
                + [str(folder), str(base), *MOMENTS, "together"],
                cwd=PROJECT,
                capture_output=True,
                text=True,
                timeout=100,
            )
            assert told.returncode == 0, told.stderr
            made.extend(line.split() for line in told.stdout.splitlines())
        return base, made

    return run


@pytest.mark.parametrize(
    ("moment", "n_left"),
    [
        ("before_the_first_batch", 7),
        ("within_the_second_chunk", 5),
        ("between_two_layers_of_a_chunk", 5),
        ("before_the_second_layer_is_whole", 0),
        ("before_the_array_has_its_record", 0),
        ("before_the_array_has_its_name", 0),
        ("before_the_draft_is_removed", 0),
    ],
)
def test_a_killed_pass_is_finished_to_the_same_bytes(
    killed, images, loader, expected, moment, n_left
):
    base, statuses = killed(images)
    assert [moment, "-9"] in statuses
    again = FeatureStore(base / moment, loader)
    assert not all(again.has(s, images) for s in SPECS)
    assert _finish(again, loader, images) == n_left
    assert _arrays(again.root) == expected
    # A draft whose layer was whole when the process died is left to `store clean`.
    left = list(again.root.rglob("*.draft"))
    assert len(left) == (moment == "before_the_draft_is_removed")


def test_two_processes_at_once_both_succeed(killed, images, expected):
    base, statuses = killed(images)
    assert statuses.count(["together", "0"]) == 2
    _assert_only_whole_features(base / "together", expected)


def test_a_pass_stops_early_when_another_has_finished_meanwhile(store, loader, images, expected):
    def meanwhile(seen):
        if seen == 3:
            FeatureStore(store.root, make_tiny_backbone).get(SPECS, images, batch_size=1)

    loader.before_batch = meanwhile
    # The network has the next batch in hand when the last one is found to be there.
    assert _finish(store, loader, images) == 5
    _assert_only_whole_features(store.root, expected)


def test_a_draft_removed_while_it_is_filled_costs_time_and_nothing_else(
    store, loader, images, expected
):
    def remove(seen):
        if seen == 3:
            # The first chunk is written beside the network: it is there before it goes.
            given_up = time.monotonic() + 30
            while len(list(store.root.rglob("00000000.*.seal"))) < 2:
                assert time.monotonic() < given_up, "The first chunk has no seals."
                time.sleep(0.01)
            for folder in store.root.rglob(".*.draft"):
                Draft(folder, (7, 1), np.dtype("f4")).discard()

    loader.before_batch = remove
    # The first chunk again, and the second one if its file was open by then.
    assert _finish(store, loader, images) in (7 + 2, 7 + 4)
    _assert_only_whole_features(store.root, expected)


def test_a_draft_removed_between_the_two_looks_of_mkdir_is_made_again(
    store, loader, images, expected, monkeypatch
):
    make, asked = Path.mkdir, []

    def mkdir(folder, *words, **more):
        if folder.name.endswith(".draft") and not asked:
            asked.append(folder)
            raise FileExistsError(17, "File exists", str(folder))
        make(folder, *words, **more)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    _finish(store, loader, images)
    assert asked
    _assert_only_whole_features(store.root, expected)


@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_finished_chunks_are_not_computed_again(store, loader, images, expected, n):
    _stopped(store, loader, images, n)
    assert _finish(store, loader, images) == 7 - n // CHUNK * CHUNK
    _assert_only_whole_features(store.root, expected)


def test_a_further_layer_takes_the_finished_chunks_of_the_others_along(
    store, loader, images, expected
):
    _stop_after(loader, 4)
    with pytest.raises(KeyboardInterrupt):
        store.get(SPECS[:1], images, batch_size=1)
    kept = {p: p.stat().st_mtime_ns for p in store.root.rglob("*.seal")}
    assert len(kept) == 2
    loader.before_batch = lambda seen: None
    assert _finish(store, loader, images) == 7
    _assert_only_whole_features(store.root, expected)


def test_progress_goes_on_from_the_share_that_is_finished(store, loader, images):
    _stopped(store, loader, images, 4)
    shares = []
    store.get(SPECS, images, lambda share, message: shares.append(share), batch_size=1)
    np.testing.assert_allclose(shares, [4 / 7, 5 / 7, 6 / 7, 1])


@pytest.mark.parametrize(
    "how", ["bit", "lost rows", "no rows", "seal", "empty seal", "other rows", "other layer"]
)
def test_a_damaged_chunk_is_computed_again(store, loader, images, expected, how):
    _stopped(store, loader, images, 4)
    folders = sorted(store.root.rglob(".*.draft"))
    (rows,) = folders[0].glob("*.rows")
    first, second = sorted(folders[0].glob("*.seal"))
    data, told = rows.read_bytes(), second.read_bytes()
    in_second = len(data) * 3 // 7  # of 7 rows the last of two; the header is short
    if how == "bit":
        rows.write_bytes(data[:in_second] + bytes([data[in_second] ^ 1]) + data[in_second + 1 :])
    elif how == "lost rows":  # the machine went down when only the seal was on the disk
        rows.write_bytes(data[:in_second])
        os.truncate(rows, len(data))
    elif how == "no rows":
        rows.unlink()
    elif how == "seal":
        second.write_bytes(bytes([told[0] ^ 1]) + told[1:])
    elif how == "empty seal":
        second.write_bytes(b"")
    elif how == "other rows":
        second.write_bytes(first.read_bytes())
    else:
        other = next(folders[1].glob(f"{second.name[:8]}.*.seal"))
        second.write_bytes(other.read_bytes())
    assert _finish(store, loader, images) == (7 if how == "no rows" else 5)
    _assert_only_whole_features(store.root, expected)


@pytest.mark.parametrize("n_before", [0, 4])
def test_the_disk_has_to_hold_what_is_missing_and_a_copy_of_what_others_left(
    store, loader, images, monkeypatch, n_before
):
    whole = FeatureStore(store.root.with_name("whole"), make_tiny_backbone).get(SPECS, images)
    bytes_each = [array[0].nbytes for array in whole.values()]
    if n_before:
        _stopped(store, loader, images, n_before)
    needed = sum(bytes_each) * (7 - n_before) + max(bytes_each) * n_before
    usage = shutil.disk_usage(store.root.parent)
    for free in (needed - 1, needed):
        monkeypatch.setattr(
            "cortiscope.core.storage.write_failures.shutil.disk_usage",
            lambda _, free=free: usage._replace(free=free),
        )
        if free < needed:
            with pytest.raises(InvalidInput, match="block1, block2 for 7 images"):
                store.get(SPECS, images, batch_size=1)
        else:
            store.get(SPECS, images, batch_size=1)


def _damaging(monkeypatch, times):
    whole, calls = Draft.whole, []

    def damaged(self, chunks):
        calls.append(self)
        if len(calls) <= times:
            for rows in self.folder.glob("*.rows"):
                os.truncate(rows, 100)
        return whole(self, chunks)

    monkeypatch.setattr(Draft, "whole", damaged)


def test_chunks_damaged_before_the_array_is_whole_are_computed_again(
    store, loader, images, expected, monkeypatch
):
    _damaging(monkeypatch, 1)
    assert _finish(store, loader, images) == 7 + 7
    _assert_only_whole_features(store.root, expected)


def test_what_a_stopped_pass_has_left_is_checked_again_when_it_is_copied(
    store, loader, images, expected, monkeypatch
):
    _stopped(store, loader, images, 4)
    whole, calls = Draft.whole, []

    def damaged(self, chunks):
        if not calls:
            (seal,) = self.folder.glob("00000002.*.seal")
            seal.write_bytes(b"damaged!")
        calls.append(self)
        return whole(self, chunks)

    monkeypatch.setattr(Draft, "whole", damaged)
    assert _finish(store, loader, images) == 3 + 2
    _assert_only_whole_features(store.root, expected)


def test_a_disk_that_keeps_damaging_chunks_is_told(store, images, monkeypatch):
    _damaging(monkeypatch, 100)
    with pytest.raises(DamagedFile, match="block1, block2 were damaged"):
        store.get(SPECS, images, batch_size=1)
    assert _arrays(store.root) == {}


def test_chunks_do_not_depend_on_what_was_finished_before_or_on_the_batch():
    assert extract.image_chunks(5, 64) == [range(0, 2), range(2, 4), range(4, 5)]
    assert extract.image_chunks(2, 64) == [range(0, 2)]


def test_large_pictures_are_kept_more_often(monkeypatch):
    monkeypatch.undo()
    assert [len(extract.image_chunks(1000, side)[0]) for side in (64, 224, 384, 1024)] == [
        *(128, 128, 120, 8)
    ]


def test_no_batch_crosses_a_chunk(tiny_backbone, images):
    batches = extract.extract_batches(
        *(tiny_backbone, images, ["head"], SPECS[0].pooling),
        batch_size=2,
        chunks=[range(0, 3), range(4, 7)],
    )
    found = {(r.start, r.stop): parts["head"] for r, parts in batches}
    assert list(found) == [(0, 2), (2, 3), (4, 6), (6, 7)]
    whole = extract.extract(tiny_backbone, images, ["head"], SPECS[0].pooling)["head"]
    for (start, stop), part in found.items():
        np.testing.assert_allclose(part, whole[start:stop], atol=1e-5)


def test_one_block_is_held_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(draft, "_BLOCK", 1 << 16)
    chunks = [range(0, 1000), range(1000, 2000)]
    batch = np.ones((10, 16, 16), np.float32)  # 10 kB of 2 MB
    tracemalloc.start()
    try:
        for chunk in chunks:  # the second object copies the chunk of the first one
            features = Draft(tmp_path / "draft", (2000, 16, 16), np.dtype("f4"))
            with features.writing(chunk) as write:
                for _ in range(0, 1000, 10):
                    write(batch)
        whole = features.whole(chunks)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * (1 << 16)
    assert np.load(whole).sum() == 2000 * 256


def test_a_lost_chunk_is_told_and_a_strangers_file_stays(tmp_path):
    features = Draft(tmp_path / "draft", (2, 3), np.dtype("f2"))
    with pytest.raises(LostChunkError):
        features.whole([range(0, 2)])
    with features.writing(range(0, 2)) as write:
        write(np.arange(6, dtype=np.float16).reshape(2, 3))
    assert Draft(tmp_path / "draft", (2, 3), np.dtype("f2")).has(range(0, 2))
    assert not Draft(tmp_path / "draft", (2, 3), np.dtype("i2")).has(range(0, 2))
    assert not Draft(tmp_path / "draft", (2, 1, 3), np.dtype("f2")).has(range(0, 2))
    (tmp_path / "draft" / "notes.txt").write_text("mine")
    features.discard()
    assert [p.name for p in (tmp_path / "draft").iterdir()] == ["notes.txt"]


def test_two_that_fill_one_array_never_touch_the_rows_of_the_other(tmp_path):
    """As when one computes on a GPU and the other does not."""
    chunks = [range(0, 2), range(2, 3)]
    pair = [Draft(tmp_path / "draft", (3, 2), np.dtype("f4")) for _ in range(2)]
    for chunk in chunks:
        for value, features in enumerate(pair):
            with features.writing(chunk) as write:
                write(np.full((len(chunk), 2), value, np.float32))
    for value, features in enumerate(pair):
        assert (np.load(features.whole(chunks)) == value).all()
    third = Draft(tmp_path / "draft", (3, 2), np.dtype("f4"))
    assert third.sealed_bytes(chunks) == 3 * 2 * 4
    assert np.unique(np.load(third.whole(chunks))).size == 1


@pytest.mark.parametrize("n", [1, 3])
def test_a_chunk_takes_its_own_rows_and_no_others(tmp_path, n):
    features = Draft(tmp_path / "draft", (4, 3), np.dtype("f4"))
    with features.writing(range(2, 4)) as write:
        write(np.ones((2, 3), np.float32))

    def miscount():
        with features.writing(range(0, 2)) as write:
            write(np.zeros((n, 3), np.float32))

    with pytest.raises(ValueError, match="rows than chunk"):
        miscount()
    assert not features.has(range(0, 2))
    assert Draft(features.folder, (4, 3), np.dtype("f4")).has(range(2, 4))


def test_a_folder_removed_just_before_rows_are_made_is_made_again(tmp_path, monkeypatch):
    open_file, removed = Path.open, []

    def remove_once(path, *args, **more):
        if not removed:
            removed.append(path)
            path.parent.rmdir()
        return open_file(path, *args, **more)

    monkeypatch.setattr(Path, "open", remove_once)
    features = Draft(tmp_path / "draft", (1, 3), np.dtype("f4"))
    with features.writing(range(0, 1)) as write:
        write(np.zeros((1, 3), np.float32))
    assert features.has(range(0, 1))
    assert len(removed) == 1


@pytest.mark.parametrize("n_before", [0, 1])
def test_a_chunk_that_fails_has_no_seal_and_what_has_one_stays(tmp_path, n_before):
    features = Draft(tmp_path / "draft", (3, 3), np.dtype("f4"))
    for _ in range(n_before):
        with features.writing(range(2, 3)) as write:
            write(np.ones((1, 3), np.float32))

    def fail():
        with features.writing(range(0, 2)) as write:
            write(np.zeros((1, 3), np.float32))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not features.has(range(0, 2))
    assert len(list(features.folder.glob("*"))) == 2 * n_before
    assert Draft(features.folder, (3, 3), np.dtype("f4")).has(range(2, 3)) == bool(n_before)
