"""The viewer's arithmetic (camera, picking, labels, colour), run by Node without a browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FRONTEND = HERE.parents[2] / "dashboard" / "cortex_view" / "frontend"
_BROWSER_WORDS = ("document.", "window.", "navigator.", "requestAnimationFrame")


def test_the_pure_layer_answers_as_slower_ways_do():
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed; the browser tests cover part of this.")
    tests = sorted(map(str, (HERE / "pure").glob("*.test.mjs")))
    run = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_pure_layer_asks_nothing_of_a_browser():
    for path in (FRONTEND / "pure").glob("*.js"):
        text = path.read_text()
        assert not [word for word in _BROWSER_WORDS if word in text], path.name
        imports = [line for line in text.splitlines() if line.startswith("import ")]
        assert all('from "./' in line for line in imports), path.name
