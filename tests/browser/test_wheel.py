"""The wheel in a new environment and an empty folder: what somebody gets who only installs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("core", "dashboard", "setup.py", "pyproject.toml", "requirements.txt")
_SOURCES += ("MANIFEST.in", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy, since a build leaves folders beside the sources."""
    folder = tmp_path_factory.mktemp("build")
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            nothing = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=nothing)
        else:
            shutil.copy(ROOT / name, folder / name)
    words = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation"]
    ran = subprocess.run([*words, "-q", "-w", "dist"], cwd=folder, capture_output=True, text=True)
    if ran.returncode and ("setuptools" in ran.stderr or "bdist_wheel" in ran.stderr):
        pytest.skip(f"No wheel can be built here: {ran.stderr.strip().splitlines()[-1]}")
    assert ran.returncode == 0, ran.stderr
    (built,) = (folder / "dist").glob("cortiscope-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A new environment with the wheel; its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("new") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    words = ["install", "-q", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, *words, str(wheel)], check=True, capture_output=True)
    (site,) = folder.glob("lib/python*/site-packages")
    # Paths in a .pth file are searched after this folder, and .pth files in them are not read: an
    # editable cortiscope among the dependencies is not found.
    others = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(others), encoding="utf-8")
    return folder


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, "CORTISCOPE_HOME": str(home), "CORTISCOPE_DATA": ""}


def _command(installed: Path, cwd: Path, home: Path, *words: str) -> str:
    command = [str(installed / "bin" / "cortiscope"), *words]
    ran = subprocess.run(command, cwd=cwd, env=_environment(home), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _name(requirement: str) -> str:
    """Return whose requirement it is, as versions of setuptools write it or not."""
    return re.split("[=<>]", requirement)[0].replace("_", "-")


def test_the_wheel_is_one_package_with_its_data_and_dependencies(wheel):
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
        (metadata,) = (n for n in names if n.endswith(".dist-info/METADATA"))
        said = Parser().parsestr(files.read(metadata).decode())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"cortiscope"}
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = {_name(line) for line in required if not line.startswith("-")}
    stated = said.get_all("Requires-Dist") or []
    assert {_name(line) for line in stated if "extra ==" not in line} == wanted
    for package, folder in (("cortiscope", "dashboard"), ("cortiscope/core", "core")):
        for path in (ROOT / folder).rglob("*"):
            name = path.relative_to(ROOT / folder).as_posix()
            unwanted = ("__pycache__", "README.md")
            if path.is_file() and not any(part in name for part in unwanted):
                assert f"{package}/{name}" in names, f"{folder}/{name} is not in the wheel"


def test_verbs_and_the_front_door_work_in_an_empty_folder(installed, tmp_path, demo_home):
    cwd = tmp_path / "empty"
    cwd.mkdir()
    assert "sim01, sim02" in _command(installed, cwd, demo_home, "demo")
    listed = json.loads(_command(installed, cwd, demo_home, "list", "runs", "--json"))["items"]
    options = ["--data", "demo", "--subject", "sim01", "--backbone", "gabor", "--layers", "energy"]
    fitted = json.loads(_command(installed, cwd, demo_home, "fit", *options, "--json"))
    # The very run that the checkout fitted: the package computes what the checkout does.
    assert fitted["run"] in {item["name"] for item in listed}
    code = "import cortiscope as cs; print(cs.__file__); print(len(cs.demo()))"
    words = [str(installed / "bin" / "python"), "-c", code]
    env = _environment(demo_home)
    ran = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=True)
    place, n_subjects = ran.stdout.split()
    assert Path(place).is_relative_to(installed)
    assert n_subjects == "2"
    assert list(cwd.iterdir()) == []


@pytest.fixture(scope="module")
def app(installed, start_server, demo_home, tmp_path_factory) -> str:
    command = [str(installed / "bin" / "cortiscope"), "serve", "--"]
    cwd = tmp_path_factory.mktemp("empty")
    return start_server(command, cwd=cwd, env=_environment(demo_home))


@pytest.mark.browser
def test_the_app_draws_its_components_in_its_theme_and_asks_nothing_outside(page, app):
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(app)
    page.wait_for_selector("[data-painted]")  # the cortex
    for component in ("roi-chart", "gallery"):
        page.wait_for_selector(f'.{component}[data-state="ready"]')
    own = "e => getComputedStyle(e).getPropertyValue('--st-primary-color').trim()"
    assert page.locator("[data-painted]").first.evaluate(own) == "#b5176b"
    assert page.locator(".cs-stamp").inner_text() == "SIMULATED sim01"
    # The theme follows the system's while one looks.
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector('.cortex[data-theme="dark"]')
    assert page.locator("[data-painted]").first.evaluate(own) == "#ff7ab8"
    shown = page.locator('[data-testid="stApp"]')
    assert shown.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(18, 21, 27)"
    assert not failures
