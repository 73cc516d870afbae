"""``features`` and ``fit`` under kill -9 at random moments, and two of them at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.tiny_world import write_subject

PROJECT = Path(__file__).parents[3]
NETWORK = ("--backbone", "small_cnn", "--weights", "untrained", "--layers", "block[12]")
N_IMAGES = 400
CHUNK = 16


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for k in range(N_IMAGES):
        Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(folder / f"{k}.png")
    return folder


def _killed(base, seed, *arguments):
    if not hasattr(os, "fork"):
        pytest.skip("processes are forked")
    homes = [str(base / name) for name in ("whole", "killed")]
    told = subprocess.run(
        [sys.executable, "-m", "tests.core.cli.killed_commands", str(seed), str(CHUNK), *homes]
        + ["--", *map(str, arguments)],
        cwd=PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert told.returncode == 0, told.stderr
    lines = [json.loads(x) for x in told.stdout.splitlines() if x.startswith('{"status"')]
    assert len(lines) == 11
    assert lines[-1]["status"] == 0
    return base / "whole", base / "killed", lines


def _array_of(chunk):
    """Return the array that a chunk's seal, or an array by its own name, is of."""
    folder, _, name = chunk.rpartition("/.")
    return f"{folder}/{name.split('.draft')[0]}.npy"


def _arrays(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.npy"))}


def test_features_killed_ten_times_lose_no_finished_chunk_and_leave_no_wrong_one(
    tmp_path, pictures
):
    whole, killed, lines = _killed(
        *(tmp_path, 7, "features", "--images", pictures, *NETWORK, "--out", "HOME/out")
    )
    assert sum(line["status"] == -9 for line in lines) >= 7
    n_chunks = [sum(n.endswith(".seal") for n in line["finished"]) for line in lines]
    assert max(n_chunks) > 2
    # A draft whose array was whole when the process died is left to `store clean`.
    last = lines[-1]["finished"]
    assert all(_array_of(name) in last for name in last if name.endswith(".seal"))
    for before, after in zip(lines, lines[1:], strict=False):
        for name, size in before["finished"].items():
            # A chunk stays until the array that holds it is whole.
            assert after["finished"].get(name) == size or _array_of(name) in after["finished"]
    assert _arrays(killed) == _arrays(whole)
    # What a kill leaves half written is hidden, and goes when it is an hour old.
    seen = [p.name for p in (killed / "out").iterdir() if not p.name.startswith(".")]
    assert sorted(seen) == ["block1.npy", "block2.npy", "images.txt"]
    assert np.load(killed / "out" / "block1.npy").shape[0] == N_IMAGES


def test_a_fit_reduced_on_the_way_and_killed_ten_times_ends_as_if_it_had_not_been(tmp_path):
    write_subject(tmp_path / "data" / "s1", n_train=150, n_test=40)
    what = (*NETWORK, "--pool", "none", "--reduce", "ipca:5:8", "--each-layer")
    whole, killed, lines = _killed(
        *(tmp_path, 3, "fit", "--data", tmp_path / "data", *what, "--on-the-way", "always")
    )
    assert sum(line["status"] == -9 for line in lines) >= 7
    assert _arrays(killed) == _arrays(whole)
    assert not list(killed.rglob("*.seal")) + list(killed.rglob("state.npz"))


def test_two_commands_at_once_both_succeed_with_equal_files(tmp_path, pictures):
    command = [
        sys.executable,
        "-m",
        "cortiscope.core",
        "features",
        "--images",
        str(pictures),
        *NETWORK,
    ]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CORTISCOPE_HOME": str(tmp_path / "home")}
    outs = [tmp_path / "a", tmp_path / "b"]
    running = [
        subprocess.Popen(
            [*command, "--out", str(out), "--progress", "none", "--json"],
            cwd=PROJECT,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        for out in outs
    ]
    told = [process.communicate(timeout=200)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert [json.loads(x.splitlines()[-1])["n_images"] for x in told] == [N_IMAGES] * 2
    assert _arrays(tmp_path / "a") == _arrays(tmp_path / "b")
    assert sorted(_arrays(tmp_path / "a")) == ["block1.npy", "block2.npy"]
    assert not list((tmp_path / "home").rglob("*.part")) + list(
        (tmp_path / "home").rglob("*.draft")
    )
