"""The component's README: its ten lines are a whole app, and it draws."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "dashboard" / "cortex_view" / "README.md").read_text(encoding="utf-8")

#: What the README leaves to its reader: two meshes, a subject's vertices and ROIs, two maps.
GIVEN = """
from pathlib import Path

import numpy as np
from cortiscope.core.brain.subdivision import subdivide_sphere
from cortiscope.cortex_view import CortexRoi, HemisphereMesh
from tests.data import tiny_icosphere

FOLDER = Path(__file__).parent / "assets"
points, faces = tiny_icosphere.points(), tiny_icosphere.FACES
for _ in range(3):
    points, faces = subdivide_sphere(points, faces)
brain = tiny_icosphere.lumpy_brain(points, faces)
names = ("pial", "inflated", "flat", "faces", "flat_faces", "sulcal_depth")
left, right = (HemisphereMesh(*(getattr(b, n) for n in names)) for b in (brain.left, brain.right))
vertices = {"left": np.arange(0, 642, 2), "right": np.arange(100, 500)}
rois = (CortexRoi("FFA-1", "faces", "left", np.arange(40, 80, 2), "#c8452f"),)
y = np.linspace(-2, 2, 721)
p = 0.7 * y
"""


def _code() -> list[str]:
    block, *_ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    app, main = block.split("# main.py\n")
    return [app, main]


def test_the_use_shown_takes_ten_lines():
    lines = [line for part in _code() for line in part.splitlines()]
    assert len([line for line in lines if line.strip() and not line.startswith("#")]) == 10


def test_the_use_shown_draws_what_it_is_given(page, start_app, tmp_path):
    for name, code in zip(("app.py", "main.py"), _code(), strict=True):
        (tmp_path / name).write_text(f"from given import *\n{code}")
    (tmp_path / "given.py").write_text(GIVEN)
    page.goto(start_app(tmp_path / "app.py", env={"PYTHONPATH": str(ROOT)}))
    root = page.locator("[data-payload]").first
    root.wait_for()
    assert page.locator('[data-testid="stException"]').count() == 0
    call = "(root, [name, all]) => root.__cortex[name](...all)"
    assert root.evaluate(call, ["valueAt", [0, "left", 642 - 2]]) == pytest.approx(
        -2 + 4 * 320 / 720
    )
    assert root.evaluate(call, ["valueAt", [1, "right", 499]]) == pytest.approx(1.4)
    assert root.evaluate(call, ["roisAt", ["left", 40]]) == ["FFA-1"]
    root.evaluate(call, ["setView", [{"surface": 2}]])
    vertices = [["right", v] for v in range(100, 500)]
    vertex = vertices[root.evaluate(call, ["visible", [vertices]])[0]]
    x, y = root.evaluate(call, ["screenPosition", [0, *vertex]])
    left, top = root.evaluate(call, ["origin", []])
    page.mouse.click(left + x, top + y)
    page.get_by_text("PickedVertex").first.wait_for()
