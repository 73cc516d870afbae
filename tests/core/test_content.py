import os
from pathlib import Path

import pytest
import xxhash

from cortiscope.core.errors import DamagedFile, MissingData
from cortiscope.core.storage import ContentHashes, Home
from cortiscope.core.storage import content as module

LONG_AGO = 1_700_000_000 * 10**9


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """Names of the files whose content was read, in order."""
    names: list[str] = []
    read = module._read

    def counted(folder, name, tell):
        names.append(name)
        return read(folder, name, tell)

    monkeypatch.setattr(module, "_read", counted)
    # Files of this test are seconds old; of these, nothing may be concluded from times.
    monkeypatch.setattr(module, "_SETTLED_NS", -(10**12))
    return names


def written(path: Path, content: bytes, modified: int = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(modified, modified))
    return path


def test_a_digest_is_the_librarys_own(home, tmp_path):
    content = bytes(range(251)) * 9001  # more than a block, no whole number of them
    path = written(tmp_path / "a", content)
    assert ContentHashes(home).digest(path) == xxhash.xxh3_128(content).hexdigest()


def test_what_was_read_once_is_remembered_by_other_processes(home, tmp_path, reads):
    paths = [written(tmp_path / "data" / f"{name}.png", name.encode()) for name in ("b", "a", "\n")]
    first = ContentHashes(home).digests(paths)
    assert ContentHashes(home).digests(paths) == first
    assert sorted(reads) == ["\n.png", "a.png", "b.png"]


def test_a_value_changed_under_the_same_size_and_time_of_modification_is_seen(
    home, tmp_path, reads
):
    path = written(tmp_path / "a", b"one")
    before = ContentHashes(home).digest(path)
    written(path, b"two")
    assert ContentHashes(home).digest(path) != before
    # Nor does a file that takes its place unseen: another inode with the same times.
    other = written(tmp_path / "b", b"six")
    other.replace(path)
    assert ContentHashes(home).digest(path) == xxhash.xxh3_128(b"six").hexdigest()


def test_a_file_that_has_just_been_written_is_not_trusted_to_its_times(home, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    hashes = ContentHashes(home)
    hashes.digest(path)
    assert not home.content.exists()


def test_a_file_dated_in_the_future_is_remembered_like_any_other(home, tmp_path, reads):
    path = written(tmp_path / "a", b"one", modified=4_000_000_000 * 10**9)
    assert ContentHashes(home).digest(path) == ContentHashes(home).digest(path)
    assert reads == ["a"]


def test_torn_lines_are_passed_over(home, tmp_path, reads):
    paths = [written(tmp_path / "data" / name, name.encode()) for name in ("a", "b")]
    wanted = ContentHashes(home).digests(paths)
    (log,) = home.content.iterdir()
    whole = log.read_bytes()
    log.write_bytes(whole[:-3])
    assert ContentHashes(home).digests(paths) == wanted
    log.write_bytes(whole.replace(b" ", b"0", 3))
    assert ContentHashes(home).digests(paths) == wanted


def test_a_remembering_file_does_not_grow_for_ever(home, tmp_path, reads, monkeypatch):
    monkeypatch.setattr(module, "_LINES_KEPT", 0)
    for k in range(9):
        path = written(tmp_path / "a", str(k).encode(), LONG_AGO + k)
        digest = ContentHashes(home).digest(path)
    assert ContentHashes(home).digest(path) == digest
    (log,) = home.content.iterdir()
    assert len(log.read_bytes().split()) < 3 * 7


def test_a_home_that_cannot_be_written_only_costs_the_memory(tmp_path, reads):
    blocked = written(tmp_path / "file", b"")
    hashes = ContentHashes(Home(blocked / "home"))
    path = written(tmp_path / "a", b"one")
    assert hashes.digest(path) == hashes.digest(path) == xxhash.xxh3_128(b"one").hexdigest()
    assert reads == ["a"]


def test_progress_tells_bytes_and_is_silent_where_nothing_is_read(home, tmp_path, reads):
    paths = [written(tmp_path / "data" / str(k), b"x" * (k + 1)) for k in range(3)]
    told: list[tuple[float, str]] = []
    ContentHashes(home).digests(paths, lambda *said: told.append(said))
    assert (told[0][0], told[-1][0]) == (0, 1)
    assert told[0][1] == "reading data once: 3 files, 0.1 MB"
    told.clear()
    ContentHashes(home).digests(paths, lambda *said: told.append(said))
    assert not told


def test_what_cannot_be_read_is_named(home, tmp_path):
    hashes = ContentHashes(home)
    with pytest.raises(MissingData, match=r"img2\.png is missing from .*stimuli"):
        hashes.digest(tmp_path / "stimuli" / "img2.png")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DamagedFile, match="pipe in .* is not a regular file; expected a file"):
        hashes.digest(tmp_path / "pipe")
    with pytest.raises(DamagedFile, match="is a folder; expected a file"):
        hashes.digest(tmp_path)


def test_names_that_are_no_text_are_remembered(home, tmp_path, reads):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    written(path, b"one")
    assert ContentHashes(home).digest(path) == ContentHashes(home).digest(path)
    assert len(reads) == 1


def test_a_large_file_is_told_of_while_it_is_read_and_left_when_the_work_is_stopped(
    home, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "_BLOCK", 1)
    monkeypatch.setattr(module, "_REPORT_SECONDS", 0.001)
    path = written(tmp_path / "a", b"x" * 500_000)
    told = []

    def stop(share, _):
        told.append(share)
        if 0 < share < 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ContentHashes(home).digests([path], stop)
    assert 0 < told[-1] < 1
    assert not home.content.exists()
