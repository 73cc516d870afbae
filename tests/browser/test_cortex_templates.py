"""Full fsaverage and fsaverage5 in the app: chosen in the sidebar, said on screen, exact."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.brain import HEMISPHERES, CorticalSurfaces, load_fsaverage5
from cortiscope.core.brain.averaging import nearest_on_fsaverage5
from cortiscope.core.brain.subdivision import subdivide
from cortiscope.core.datasets import open_subject
from tests.data.fsaverage_subject import write_subject
from tests.data.nilearn_copy import write_copy

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
NAME = "fine01"


def _elsewhere(side: str, flat: np.ndarray) -> np.ndarray:
    """Another tool's patch: turned, far off its centre, heights left in."""
    angle = 1.1 if side == "left" else -2.3
    out = flat.copy()
    out[:, 0] = np.cos(angle) * flat[:, 0] - np.sin(angle) * flat[:, 1] + 400
    out[:, 1] = np.sin(angle) * flat[:, 0] + np.cos(angle) * flat[:, 1] - 90
    out[:, 2] = 55
    return out


@pytest.fixture(scope="module")
def places(demo_home, tmp_path_factory):
    """A home, a subject on fsaverage with an encoder, and a folder with nilearn's copy."""
    pytest.importorskip("nilearn")
    made = tmp_path_factory.mktemp("templates")
    home = made / "home"
    # With the demo's models, or the app would fit them again beside the tests.
    for name in ("demo", "surfaces", "runs"):
        shutil.copytree(demo_home / name, home / name)
    (demo,) = (home / "demo").glob("*/sim01")
    data = made / "data"
    write_subject(data / NAME, demo, nearest_on_fsaverage5(home / "surfaces"))
    fit = ["fit", "--data", str(data), "--backbone", "pixels", "--layers", "pixels"]
    subprocess.run(
        [sys.executable, "-m", "cortiscope.core", *fit, "--reduce", "pca:5", "--progress", "none"],
        cwd=ROOT,
        env={**os.environ, "CORTISCOPE_HOME": str(home)},
        check=True,
        capture_output=True,
    )
    coarse = load_fsaverage5(home / "surfaces")
    fine = CorticalSurfaces(*(subdivide(subdivide(coarse[h])) for h in HEMISPHERES))
    write_copy(made / "nilearn", fine, flat=_elsewhere)
    return made, fine


def _start(start_app, made, data):
    env = {
        "CORTISCOPE_HOME": str(made / "home"),
        "CORTISCOPE_DATA": str(made / "data"),
        "NILEARN_DATA": str(data),
        "NILEARN_SHARED_DATA": "",
        "HOME": str(made / "nobody"),
        "TORCH_HOME": str(made / "no-weights"),
    }
    return start_app("dashboard/app.py", env=env)


@pytest.fixture(scope="module")
def with_copy(start_app, places):
    return _start(start_app, places[0], places[0] / "nilearn")


@pytest.fixture(scope="module")
def without_copy(start_app, places):
    return _start(start_app, places[0], places[0] / "empty")


class Brain:
    """The viewer's test hook, from Python."""

    def __init__(self, page):
        self.page = page

    def open(self, address):
        self.page.goto(address)
        self.settle()
        return self

    def settle(self):
        self.page.wait_for_selector("[data-painted]", timeout=120_000)
        self.page.wait_for_selector('[data-test-script-state="notRunning"]')

    def call(self, name, *arguments):
        root = self.page.locator("[data-painted]").first
        return root.evaluate("(root, [n, all]) => root.__cortex[n](...all)", [name, arguments])

    def said(self):
        return self.page.locator("section.stSidebar .cs-score").first.inner_text()


@pytest.fixture(scope="module")
def full(browser, with_copy):
    """The subject at its own resolution, opened once: it is 8 MB to a software renderer."""
    page = browser.new_page(viewport={"width": 1100, "height": 700})
    page.set_default_timeout(120_000)
    yield Brain(page).open(f"{with_copy}/?subject={NAME}&image=test-1")
    page.close()


@pytest.fixture(scope="module")
def small(browser, without_copy):
    """A page of the app that has no copy."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(60_000)
    yield Brain(page)
    page.close()


def _values(places):
    """What the first image's brain must show: the subject and its measured responses."""
    subject = open_subject(places[0] / "data" / NAME)
    return subject, subject.test.response_rows([0])[0]


def test_a_subject_on_fsaverage_is_drawn_at_its_own_resolution_where_the_copy_is(full, places):
    assert full.said() == "Drawn on fsaverage, 163,842 vertices per hemisphere."
    subject, values = _values(places)
    for h in HEMISPHERES:
        numbers, own = subject.cortex().index[h], values[subject.space.slice_of(h)]
        for k in range(0, len(own), len(own) // 7):
            assert full.call("valueAt", 0, h.value, int(numbers[k])) == own[k]


@pytest.mark.parametrize("surface", [0, 1, 2])
def test_on_full_fsaverage_the_morph_ends_exactly_on_each_surface(full, places, surface):
    full.call("setView", {"surface": surface})
    for side in ("left", "right"):
        mesh = getattr(places[1], side)
        truth = getattr(mesh, ("pial", "inflated", "flat")[surface])
        for vertex in np.unique(mesh.flat_faces)[::20_000].tolist():
            found = full.call("position", 0, side, vertex)
            assert found["now"] == found["surfaces"][surface]
            expected = truth[vertex].astype(float)
            if surface == 2:
                # Laid as fsaverage5's, wherever the copy had it; upright in the brain's own axes.
                expected = [0, expected[0] * (-1 if side == "left" else 1), expected[1]]
            np.testing.assert_allclose(found["now"], expected, atol=0.02)


def test_the_flat_maps_of_full_fsaverage_lie_side_by_side_without_what_was_cut_out(full, places):
    full.call("setView", {"surface": 2, "framing": "whole"})
    body = full.call("cells")[0]["body"]
    boxes = {}
    for side in ("left", "right"):
        mesh = getattr(places[1], side)
        inside = np.unique(mesh.flat_faces)
        rim = [int(inside[np.argmax(s * mesh.flat[inside, k])]) for k in (0, 1) for s in (-1, 1)]
        seen = np.array([full.call("screenPosition", 0, side, v) for v in rim])
        boxes[side] = (*seen.min(axis=0), *seen.max(axis=0))
        cut = np.setdiff1d(np.arange(len(mesh.flat)), inside)
        assert len(cut) > 1000
        assert not full.call("visible", [[side, int(v)] for v in cut[::500]])
    assert body["x"] < boxes["left"][0]
    assert boxes["left"][2] < boxes["right"][0]
    assert boxes["right"][2] < body["x"] + body["w"]


def test_the_mean_over_the_nearest_is_drawn_and_hover_tells_of_how_many(
    small, without_copy, places
):
    small.open(f"{without_copy}/?subject={NAME}&image=test-1&view=s1~ppos")
    page = small.page
    assert small.said() == "Drawn on fsaverage5, averaged over the nearest vertices."
    assert page.locator('[data-testid="stAlert"]').count() == 0
    subject, values = _values(places)
    nearest = nearest_on_fsaverage5(places[0] / "home" / "surfaces")
    for h in HEMISPHERES:
        groups = nearest[subject.cortex().index[h]]
        own = values[subject.space.slice_of(h)]
        for vertex in np.unique(groups)[::200].tolist():
            found = small.call("facts", h.value, vertex)
            assert found["counts"][0] == (groups == vertex).sum()
            np.testing.assert_allclose(found["values"][0], own[groups == vertex].mean(), atol=1e-6)
    covered = np.unique(nearest[subject.cortex().index[HEMISPHERES[0]]])
    seen = small.call("visible", [["left", int(v)] for v in covered])
    vertex = int(covered[seen[len(seen) // 2]])
    x, y = small.call("screenPosition", 0, "left", vertex)
    left, top = small.call("origin")
    page.mouse.move(left + x, top + y)
    count = small.call("facts", "left", vertex)["counts"][0]
    words = page.locator(".cortex .tooltip").inner_text()
    assert f"vertex {vertex}" in words
    assert f"mean of {count} vert" in words
    # A click means a vertex that the subject has, and its panel opens.
    page.mouse.click(left + x, top + y)
    page.wait_for_function("() => decodeURIComponent(location.search).includes('vertex=left~')")
    small.settle()
    page.locator(".cs-title", has_text="vertex").first.wait_for()


def test_the_choice_is_in_the_menu_and_in_the_address(small, without_copy):
    small.open(f"{without_copy}/?subject={NAME}&image=test-1&mesh=nested")
    page = small.page
    assert small.said() == "Drawn on fsaverage5 by every 16th vertex."
    assert small.call("facts", "left", 4000)["counts"] == [None, None]
    page.get_by_role("combobox", name="drawn by").click()
    page.get_by_role("option", name="local means").click()
    page.wait_for_function("() => location.search.includes('mesh=mean')")
    small.settle()
    page.locator("section.stSidebar .cs-score", has_text="averaged over the nearest").wait_for()
    assert "Charts, tables and numbers are over the subject’s own" in page.inner_text("body")


def test_where_the_copy_is_absent_the_choice_says_where_its_files_belong(
    small, without_copy, places
):
    small.open(f"{without_copy}/?subject={NAME}&image=test-1&mesh=full")
    told = small.page.locator("section.stSidebar .cs-note", has_text="Full fsaverage").inner_text()
    assert str(places[0] / "empty" / "fsaverage") in told
    assert "pial_left.gii.gz" in told
    assert "sulc_right.gii.gz" in told
    assert "averaged over the nearest" in small.said()
    assert small.page.get_by_role("button", name="Download it from osf.io").count() == 1


def test_a_subject_on_fsaverage5_has_nothing_to_choose(small, without_copy):
    small.open(f"{without_copy}/?subject=sim01&image=test-1&mesh=full")
    assert small.said() == "Drawn on fsaverage5, 10,242 vertices per hemisphere."
    assert small.page.get_by_text("drawn by", exact=True).count() == 0


def test_an_unknown_mesh_in_the_address_is_told_and_ignored(small, without_copy):
    small.open(f"{without_copy}/?subject={NAME}&image=test-1&mesh=fsaverage9")
    told = small.page.locator('[data-testid="stToast"]').first.inner_text()
    assert "fsaverage9" in told
    assert "full, mean, nested" in told
