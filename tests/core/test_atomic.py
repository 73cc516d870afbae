import os

import numpy as np
import pytest

from cortiscope.core.storage import atomic_directory, atomic_file, write_array


def test_a_failing_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.npy"
    write_array(target, np.arange(3))

    def fail():
        with atomic_file(target) as draft:
            draft.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    np.testing.assert_array_equal(np.load(target), np.arange(3))
    assert [p.name for p in tmp_path.iterdir()] == ["a.npy"]


def test_a_failing_folder_is_never_there(tmp_path):
    def fail():
        with atomic_directory(tmp_path / "run") as draft:
            (draft / "x").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_two_makers_of_one_folder_both_succeed(tmp_path):
    with atomic_directory(tmp_path / "run") as first:
        (first / "x").write_text("same")
        with atomic_directory(tmp_path / "run") as second:
            (second / "x").write_text("same")
    assert (tmp_path / "run" / "x").read_text() == "same"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("make", [write_array, atomic_directory])
def test_what_a_killed_process_left_goes_when_it_is_old_and_not_before(tmp_path, make):
    left = {}
    for name, age in (("old", 7200), ("young", 60)):
        left[name] = tmp_path / f".a.npy.{name}.part"
        left[name].write_bytes(b"half")
        then = left[name].stat().st_mtime - age
        os.utime(left[name], (then, then))
    other = tmp_path / ".b.npy.old.part"
    other.write_bytes(b"half")
    os.utime(other, (0, 0))
    if make is write_array:
        write_array(tmp_path / "a.npy", np.arange(3))
    else:
        with atomic_directory(tmp_path / "a.npy"):
            pass
    assert not left["old"].exists()
    assert left["young"].exists()
    assert other.exists()
