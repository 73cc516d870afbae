"""What README and docs promise: commands that exist, links that lead somewhere, code that runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from cortiscope import serve
from cortiscope.core.cli.main import INTERNAL_VERBS, VERBS
from cortiscope.core.datasets import open_subject
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.runs import RunStore
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {p.name: p.read_text(encoding="utf-8") for p in sorted((ROOT / "docs").glob("*.md"))}


def test_the_two_commands_are_there_and_name_files_that_exist():
    commands = [line for line in README.splitlines() if line.startswith("pip install")]
    assert commands == [
        "pip install -r requirements.txt && streamlit run dashboard/app.py",
        "pip install -r tests/requirements.txt && "
        "python -m pytest -n 3 --dist loadfile --no-loadscope-reorder",
    ]
    for name in re.findall(r"-r (\S+)", " ".join(commands)):
        assert (ROOT / name).exists()


def test_readme_is_short():
    assert len(README.splitlines()) <= 110


def test_every_verb_shown_exists_and_every_public_verb_is_shown():
    command = re.compile(r"^\s*cortiscope ([a-z-]+)|[`'(]cortiscope ([a-z-]+)", re.MULTILINE)
    found = command.findall("\n".join([README, *PAGES.values()]))
    shown = {a or b for a, b in found}
    public = {m.NAME for m in (serve, *VERBS)} - {m.NAME for m in INTERNAL_VERBS}
    assert shown <= public
    assert public <= set(re.findall(r"cortiscope ([a-z-]+)", PAGES["command-line.md"]))


def test_every_package_is_on_the_map():
    packages = {p.parent.name for p in (ROOT / "core").glob("*/__init__.py")}
    packages |= {p.parent.name for p in (ROOT / "dashboard").glob("*/__init__.py")}
    for text in (README, PAGES["architecture.md"]):
        assert [name for name in sorted(packages) if f"`{name}`" not in text] == []


def test_every_variable_read_is_explained():
    read = set()
    for path in [*(ROOT / "core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]:
        read |= set(re.findall(r'"(CORTISCOPE_[A-Z]+|TORCH_HOME)"', path.read_text()))
    assert all(f"`{name}`" in PAGES["command-line.md"] for name in read)


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{name}" for name in PAGES)])
def test_links_lead_somewhere(page):
    path = ROOT / page
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    local = [t for t in targets if "://" not in t]
    assert [t for t in local if not (path.parent / t).exists()] == []


def test_the_places_of_faults_exist_and_each_is_listed_once():
    page = PAGES["faults.md"]
    files = [p.as_posix() for p in ROOT.rglob("*") if p.suffix in (".py", ".js", ".mjs")]
    named = set(re.findall(r"`([\w/]+(?:\.test)?\.(?:py|js|mjs))`", page))
    assert [n for n in sorted(named) if not any(f.endswith(f"/{n}") for f in files)] == []
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    kinds = [row.split("|")[1].strip() for row in rows]
    assert [k for k in {*kinds} - {"kind"} if kinds.count(k) > 1] == []


def test_a_run_is_read_with_numpy_alone_as_shown(tmp_path, capsys):
    write_subject(tmp_path / "data" / "subj01")
    subject = open_subject(tmp_path / "data" / "subj01")
    (run,) = fit_all(
        subject,
        [pixels_spec(subject)],
        features=FeatureStore(tmp_path / "features"),
        runs=RunStore(tmp_path / "runs"),
    )
    (code,) = re.findall(r"```python\n(.*?)```", PAGES["formats.md"], re.DOTALL)
    names = {"folder": run.folder}
    exec(code, names)
    np.testing.assert_allclose(names["predicted"], run.predict_rows("test", slice(None)), atol=1e-5)
    assert capsys.readouterr().out.startswith(run.record["title"])
