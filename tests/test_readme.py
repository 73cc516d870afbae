"""README's promises: commands that exist, names that are all there."""

from __future__ import annotations

import re
from pathlib import Path

from cortiscope.core.cli.main import VERBS
from cortiscope.core.encoding import regressor_names
from cortiscope.subject.model_menu import ModelKey

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_two_commands_are_there_and_name_files_that_exist():
    commands = [line for line in README.splitlines() if line.startswith("pip install")]
    assert commands == [
        "pip install -r requirements.txt && streamlit run dashboard/app.py",
        "pip install -r tests/requirements.txt && "
        "python -m pytest -n 2 --dist loadfile --no-loadscope-reorder",
    ]
    for name in re.findall(r"-r (\S+)", " ".join(commands)):
        assert (ROOT / name).exists()


def test_every_verb_shown_exists_and_every_public_verb_is_shown():
    shown = set(re.findall(r"cortiscope ([a-z-]+)", README))
    verbs = {module.NAME for module in VERBS}
    assert shown <= verbs
    assert verbs - shown == {"worker", "reader"}  # used by the app only


def test_every_package_is_on_the_map():
    packages = {p.parent.name for p in (ROOT / "core").glob("*/__init__.py")}
    assert all(f"`{name}`" in README for name in packages)


def test_every_variable_read_is_explained():
    read = set()
    for path in [*(ROOT / "core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]:
        read |= set(re.findall(r'"(CORTISCOPE_[A-Z]+|TORCH_HOME)"', path.read_text()))
    assert all(f"`{name}`" in README for name in read)


def test_every_picture_shown_is_there():
    for name in re.findall(r"\]\((assets/[^)]+)\)", README):
        assert (ROOT / name).exists(), name


def test_model_keys_survive_the_address():
    key = ModelKey("small_cnn~untrained0", "block1", regressor_names()[0])
    assert ModelKey.parse(str(key)) == key
