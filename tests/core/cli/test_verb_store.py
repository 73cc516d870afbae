"""``store du`` and ``store clean``: keys, sums and refusals."""

import json
import os
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.backbones import resolve_weights
from cortiscope.core.cli.main import main
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.stimuli import StimulusImages


@pytest.fixture
def features(tmp_path, monkeypatch):
    """A cache with features of one layer, 40 days unused, and a draft of 30 hours ago."""
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "a.png")
    root = tmp_path / "home" / "features"
    spec = FeatureSpec("pixels", resolve_weights("pixels"), "pixels")
    FeatureStore(root).get([spec], StimulusImages.from_paths([tmp_path / "a.png"]))
    draft = root / "gabor" / f".{'a' * 16}-{'0' * 16}.draft"
    draft.mkdir(parents=True)
    (draft / "00000000.chunk").write_bytes(b"12345")
    for path in (draft / "00000000.chunk", draft):
        os.utime(path, (time.time() - 30 * 3600,) * 2)
    for path in root.rglob("*.json"):
        os.utime(path, (time.time() - 40 * 86400,) * 2)
    # Digests of files are remembered or not, by how long the fixture took.
    shutil.rmtree(tmp_path / "home" / "content", ignore_errors=True)
    return root


def _run(capsys, *arguments):
    status = main(["store", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


def _sizes(result):
    return {(i["name"], i["kind"]): (i["n"], i["bytes"]) for i in result["items"]}


def test_du_gives_sizes_per_backbone_drafts_apart_and_in_all(features, capsys):
    size = sum(p.stat().st_size for p in (features / "pixels").iterdir())
    status, result = _run(capsys, "du")
    assert status == 0
    assert set(result) == {"items", "bytes"}
    assert _sizes(result) == {("pixels", "features"): (1, size), ("gabor", "drafts"): (1, 5)}
    assert result["bytes"] == size + 5
    assert main(["store", "du"]) == 0
    assert "in all" in capsys.readouterr().out


def test_clean_removes_drafts_and_unused_features_only_if_asked(features, capsys):
    assert _sizes(_run(capsys, "clean")[1]) == {("gabor", "drafts"): (1, 5)}
    assert _run(capsys, "clean", "--older-than", "50")[1] == {"items": [], "bytes": 0}
    assert set(_sizes(_run(capsys, "clean", "--older-than", "30")[1])) == {("pixels", "features")}
    assert _run(capsys, "du")[1] == {"items": [], "bytes": 0}


def test_drafts_of_today_need_asking_and_one_that_is_written_stays(features, capsys):
    (chunk,) = features.rglob("*.chunk")
    for path in (chunk, chunk.parent):
        os.utime(path, (time.time() - 2 * 3600,) * 2)
    assert _run(capsys, "clean")[1]["items"] == []
    assert _run(capsys, "clean", "--drafts")[1]["bytes"] == 5


@pytest.mark.parametrize(
    "arguments", [("clean", "--older-than", "-1"), ("du", "--drafts"), ("du", "--older-than", "3")]
)
def test_what_makes_no_sense_is_refused(features, capsys, arguments):
    status, result = _run(capsys, *arguments)
    assert (status, result["error"]["kind"]) == (2, "invalid_input")
    assert len(list(features.rglob("*.chunk"))) == 1


def _written(path, hours):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"1234567")
    then = time.time() - 3600 * hours
    for each in (path, path.parent):
        os.utime(each, (then, then))
    return path


def test_du_and_clean_see_runs_their_drafts_and_everything_else(features, tmp_path, capsys):
    home = features.parent
    old = [
        _written(home / "runs/.drafts/s1-ridge-0123456789/vertices-0-9.npz", 30),
        _written(home / "runs/.s1-ridge-0123456789.77-0123abcd.part/coef.npy", 30),
        _written(home / "demo/.f00.77-0123abcd.part/sim01/a.npy", 30),
        _written(home / "surfaces/.fsaverage5-v1.npz.77-0123abcd.part", 30),
        _written(home / "cortex/tmpabcd1234.part", 30),
    ]
    os.utime(old[2].parent.parent, (time.time() - 30 * 3600,) * 2)
    young = _written(home / "runs/.drafts/s2-ridge-0123456789/epoch.npz", 3)
    kept = [
        _written(home / "runs/notes/mine.txt", 1000),
        _written(home / "demo/f00/sim01/a.npy", 1000),
        _written(home / "opened-folders.json", 1000),
        _written(home / "networks/.mine.part", 1000),
    ]
    sizes = _sizes(_run(capsys, "du")[1])
    expected = {
        ("runs", "drafts"): (3, 21),
        ("runs", "set aside"): (1, 7),
        ("demo", "drafts"): (1, 7),
        ("demo", "files"): (1, 7),
        ("surfaces", "drafts"): (1, 7),
        ("cortex", "drafts"): (1, 7),
        ("networks", "files"): (1, 7),
        ("opened-folders.json", "files"): (1, 7),
    }
    assert {k: v for k, v in sizes.items() if k[0] not in ("pixels", "gabor")} == expected
    removed = _sizes(_run(capsys, "clean")[1])
    del removed["gabor", "drafts"]
    assert sum(n for n, _ in removed.values()) == 5
    assert {kind for _, kind in removed} == {"drafts"}
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in (young, *kept))
    _run(capsys, "clean", "--drafts", "--older-than", "0")
    assert not young.exists()
    assert all(path.exists() for path in kept)


def test_runs_of_another_folder_are_seen_when_it_is_named(features, tmp_path, capsys):
    _written(tmp_path / "elsewhere/.drafts/s1-ridge-0123456789/a.npz", 30)
    assert ("runs", "drafts") not in _sizes(_run(capsys, "du")[1])
    options = ("--runs", str(tmp_path / "elsewhere"))
    assert _sizes(_run(capsys, "du", *options)[1])["runs", "drafts"] == (1, 7)
    assert ("runs", "drafts") in _sizes(_run(capsys, "clean", *options)[1])
