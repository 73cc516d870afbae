"""The page Data, and every page for a subject whose voxels have no known position."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from cortiscope.pages import PAGES
from tests.browser.accessibility import serious_violations
from tests.data.img2brain_folder import write_folder
from tests.data.tiny_world import write_subject

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
NAME = "Müller (S1), 2 T"


@pytest.fixture(scope="module")
def places(demo_home, tmp_path_factory):
    """A home with the demo and two encoders of voxels; a folder of voxels, one of damage."""
    made = tmp_path_factory.mktemp("data-page")
    home = made / "home"
    # With the demo's models, or the app would fit them again beside the tests.
    for name in ("demo", "surfaces", "cortex", "runs"):
        if (demo_home / name).is_dir():
            shutil.copytree(demo_home / name, home / name)
    voxels = made / "voxels"
    write_folder(voxels / NAME, n_images=60, n_test=8, n_voxels=40)
    fit = [
        sys.executable, "-m", "cortiscope.core", "fit", "--data", str(voxels),
        "--backbone", "pixels", "--layers", "pixels", "--reduce", "pca:8", "--progress", "none",
    ]  # fmt: skip
    for encoder in ("ridge", "ols"):
        subprocess.run(
            [*fit, "--encoder", encoder],
            cwd=ROOT,
            env={**os.environ, "CORTISCOPE_HOME": str(home)},
            check=True,
            capture_output=True,
        )
    broken = write_subject(made / "broken" / "subj09", sidecar=False, test_responses=False)
    (broken / "training_split/training_images/train-0004_nsd-01021.png").unlink()
    return home, voxels, broken


@pytest.fixture(scope="module")
def app(start_app, places):
    home, voxels, broken = places
    env = {
        "CORTISCOPE_HOME": str(home),
        "CORTISCOPE_DATA": os.pathsep.join(map(str, (voxels, broken.parent))),
        "TORCH_HOME": str(home / "no-weights"),
    }
    return start_app("dashboard/app.py", env=env)


def _open(page, address):
    page.goto(address)
    page.locator(".cs-note").first.wait_for()
    page.wait_for_selector('[data-test-script-state="notRunning"]')


def test_the_demos_folder_is_told_whole_and_its_state_is_in_the_address(page, app):
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    _open(page, f"{app}/data?subject=sim02&draw=test~3")
    page.locator(".cs-check", has_text="No problems").wait_for()
    text = page.locator(".stMain").inner_text()
    for words in ("simulated, written as", "320", "mTL-faces", "absent", "ncsnr", "seed 3"):
        assert words in text
    assert page.locator(".cs-stamp").inner_text() == "SIMULATED sim02"
    assert page.locator('[data-testid="stAlert"]').count() == 0
    page.get_by_role("button", name="Draw again").click()
    page.wait_for_function("() => decodeURIComponent(location.search).includes('draw=test~4')")
    page.get_by_text("with seed 4").wait_for()
    assert serious_violations(page) == []
    assert not failures


def test_a_folder_typed_in_the_app_is_opened_or_refused_and_its_damage_is_told(
    page, app, places, tmp_path
):
    _open(page, f"{app}/data?subject=subj09")
    # The loader stops at the first thing; the check tells it in its own words.
    page.locator(".cs-check li", has_text="no image numbered 4").wait_for()
    assert page.locator('[data-testid="stAlert"]').count() == 1
    field = page.get_by_role("textbox", name="folder on this machine")
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    field.fill(str(tmp_path / "nowhere"))
    page.get_by_test_id("stBaseButton-secondaryFormSubmit").click()
    page.locator('[data-testid="stAlert"]', has_text="nowhere does not exist").wait_for()
    # A form that is filled while its page is still drawn may lose what was typed.
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    write_subject(tmp_path / "mine" / "subj42", sidecar=False)
    field.fill(str(tmp_path / "mine"))
    page.get_by_test_id("stBaseButton-secondaryFormSubmit").click()
    page.wait_for_function("() => location.search.includes('subject=subj42')")
    page.locator(".cs-head", has_text="subj42").wait_for()
    page.get_by_text("To know the ceiling, add").wait_for()


@pytest.mark.parametrize("path", ["", *(page.url for page in PAGES[1:])])
def test_voxels_of_unknown_place_have_every_page_but_no_cortex(page, app, path):
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    _open(page, f"{app}/{path}?subject={quote(NAME)}")
    if path != "lab":  # where two sets of pictures are to be named first
        page.locator('.svg-chart[data-state="ready"]').first.wait_for()
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    assert f"subject={NAME}" in unquote(page.url.replace("+", " "))
    assert page.locator("[data-painted]").count() == 0
    assert page.locator('[data-testid="stAlert"]').count() == 0
    text = page.locator(".stMain").inner_text()
    assert "voxel" in text
    assert "vertices" not in text.split("Open your own data")[0]
    if path != "data":
        assert page.locator(".cs-nowhere", has_text=f"the 40 voxels of {NAME}").count() == 1
    assert not failures
