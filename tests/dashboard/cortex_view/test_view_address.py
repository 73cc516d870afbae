"""A view in an address: read as the browser wrote it, whatever else somebody wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from cortiscope.cortex_view import read_view, write_view
from cortiscope.cortex_view.colour import TABLES
from cortiscope.cortex_view.payload import PRESETS, check_view

PURE = Path(__file__).resolve().parents[3] / "dashboard" / "cortex_view" / "frontend" / "pure"
GROUPS = ("early visual", "faces", "floc-faces", "Gebiete für Wörter", "場所", "a_b~c.d")


def _camera(rng) -> dict:
    turn = rng.normal(size=4)
    camera = {"surface": round(float(rng.uniform(0, 2)), 4)}
    if rng.random() < 0.5:
        camera["preset"] = str(rng.choice(PRESETS))
    else:
        camera["rotation"] = [round(float(v), 4) for v in turn / np.linalg.norm(turn)]
    if rng.random() < 0.5:
        camera["zoom"] = round(float(rng.uniform(0.1, 60)), 4)
        camera["pan"] = [round(float(v), 4) for v in rng.normal(0, 1, 2)]
    if rng.random() < 0.5:
        camera["framing"] = str(rng.choice(["data", "whole"]))
    return camera


def _view(rng) -> dict:
    """Any view there can be, with the numbers as the browser rounds them."""
    low, high = sorted(round(float(v), 3) for v in rng.normal(0, 3, 2))
    choices = {
        "threshold": abs(high) if rng.random() < 0.5 else [low, high],
        "range": [-1234.5 - abs(low), high],
        "tables": {k: str(rng.choice(TABLES[k])) for k in rng.permutation(list(TABLES))[:2]},
        "opacity": round(float(rng.random()), 4),
        "reliability": [0, 0.25],
        "groups": [str(name) for name in rng.permutation(GROUPS)[: rng.integers(0, 5)]],
        "labels": bool(rng.random() < 0.5),
    }
    view = _camera(rng) | {k: v for k, v in choices.items() if rng.random() < 0.6}
    if rng.random() < 0.6:
        view["own"] = {str(i): _camera(rng) for i in rng.permutation(6)[: rng.integers(1, 7)]}
    if rng.random() < 0.3:
        view["scales"] = {
            "3": {"threshold": abs(low), "table": str(rng.choice(TABLES["sequential"]))},
            "1": {"range": [low, high]},
        }
    return view


@pytest.fixture
def views(rng) -> list[dict]:
    return [_view(rng) for _ in range(200)]


def test_what_is_written_reads_back_as_it_was(views):
    for view in views:
        assert check_view(view)
        assert read_view(write_view(view)) == (view, [])


def test_no_character_needs_escaping_and_six_own_cameras_take_a_few_hundred(views):
    texts = [write_view(view) for view in views]
    assert all(quote(text, safe="") == text for text in texts)
    assert max(map(len, texts)) < 600
    assert len(write_view({"surface": 1, "preset": "ventral", "threshold": 0.6})) == 11


def test_the_browser_writes_the_same(views):
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed; the browser tests cover part of this.")
    script = (
        f'import {{ writeView }} from "{(PURE / "address.js").as_uri()}";'
        "let text = ''; for await (const part of process.stdin) text += part;"
        "console.log(JSON.stringify(JSON.parse(text).map((view) => writeView(view))));"
    )
    run = subprocess.run(
        [node, "--input-type=module", "-e", script],
        input=json.dumps(views), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(run.stdout) == [write_view(view) for view in views]


@pytest.mark.parametrize(
    ("text", "view", "unread"),
    [
        ("", None, []),
        ("nonsense", None, ["nonsense"]),
        ("s1~zmany~t.5", {"surface": 1, "threshold": 0.5}, ["zmany"]),
        ("s3~z0~o2~g2_1~r0_0_0_0", None, ["s3", "z0", "o2", "g2_1", "r0_0_0_0"]),
        ("snan~zinf~z1e999~s1_1", None, ["snan", "zinf", "z1e999", "s1_1"]),
        ("pxyz~cdi.ember~cxx.ember", None, ["pxyz", "cdi.ember", "cxx.ember"]),
        ("s1~v7~s2~v0~pmed", {"surface": 1, "own": {"0": {"preset": "medial"}}}, ["v7"]),
        ("b9~t1~b2~t.5", {"scales": {"2": {"threshold": 0.5}}}, ["b9"]),
        ("nember", None, ["nember"]),
        ("b1~nember~g3_1", {"scales": {"1": {"table": "ember"}}}, ["g3_1"]),
        ("t1_2_3~l2~k.zz.", None, ["t1_2_3", "l2", "k.zz."]),
        ("s१", None, ["s१"]),
    ],
)
def test_nonsense_is_told_and_the_rest_is_read(text, view, unread):
    assert read_view(text) == (view, unread)


def test_a_view_without_any_group_outlined_is_no_nonsense():
    assert read_view("k") == ({"groups": []}, [])


def test_endless_text_is_cut(rng):
    view, unread = read_view("~".join(["s1"] * 100_000))
    assert view == {"surface": 1}
    assert len(unread) <= 1
