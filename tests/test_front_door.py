"""``import cortiscope``: light, complete, and the same for people, editors and type checkers."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cortiscope
from cortiscope import _PLACES, serve
from cortiscope.core.cli.main import main

ROOT = Path(__file__).parents[1]


def _run(code: str) -> str:
    words = [sys.executable, "-c", code]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_package_imports_nothing_else():
    code = "import sys; old = set(sys.modules); import cortiscope; print(sorted("
    code += "{m.split('.')[0] for m in set(sys.modules) - old} - set(sys.stdlib_module_names)))"
    assert _run(code) == "['cortiscope']"


def test_opening_subjects_and_runs_needs_no_torch():
    code = "import sys, cortiscope as cs; cs.open_subject, cs.load_run, cs.compare"
    assert _run(f"{code}; print('torch' in sys.modules, 'sklearn' in sys.modules)") == "False False"


@pytest.mark.parametrize("name", sorted(_PLACES))
def test_every_name_is_there(name):
    assert getattr(cortiscope, name) is not None
    assert name in dir(cortiscope)


def test_type_checkers_see_the_same_names():
    tree = ast.parse((ROOT / "dashboard" / "__init__.py").read_text(encoding="utf-8"))
    typed = next(node for node in tree.body if isinstance(node, ast.If))
    found = {
        a.asname: n.module for n in typed.body for a in n.names if isinstance(n, ast.ImportFrom)
    }
    assert found == _PLACES


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        _ = cortiscope.fitt


@pytest.mark.parametrize("entry", ["core", "cortiscope.core", "cortiscope"])
def test_every_module_is_loaded_once(entry):
    """A registry that is loaded as ``core.x`` and as ``cortiscope.core.x`` would exist twice."""
    # ``core`` itself, which ``python -m core`` imports, holds its docstring alone.
    code = (
        "import runpy, sys\n"
        "sys.argv = ['x', 'list', 'recipes', '--json']\n"
        "try:\n"
        f"    runpy.run_module({entry!r}, run_name='__main__', alter_sys=True)\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0, end.code\n"
        "files = {}\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if name not in ('__main__', 'core') and (file := getattr(module, '__file__', None)):\n"
        "        files.setdefault(file, set()).add(name)\n"
        f"own = {{f: n for f, n in files.items() if f.startswith({str(ROOT)!r} + '/core/')}}\n"
        "assert len(own) > 50, len(own)\n"
        "print([sorted(n) for n in own.values() if len(n) > 1])"
    )
    words = [sys.executable, "-c", code]
    ran = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_the_command_lists_the_app_among_its_verbs(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"], [serve])
    text = capsys.readouterr().out
    assert end.value.code == 0
    assert re.search(r"^ +serve +Open the app", text, re.MULTILINE)
    assert re.search(r"^ +fit +Fit an encoding model", text, re.MULTILINE)
    assert not re.search(r"^ +(worker|reader) ", text, re.MULTILINE)
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"cortiscope {cortiscope.__version__}\n"


def test_the_app_is_started_with_its_port_and_options(monkeypatch, capsys):
    from streamlit.web import cli

    asked = []
    monkeypatch.setattr(cli, "main", lambda words, **how: asked.append(words))
    assert main(["serve", "--port", "8600", "--", "--server.headless", "true"], [serve]) == 0
    app = str(ROOT / "dashboard" / "app.py")
    assert asked == [["run", app, "--server.port", "8600", "--server.headless", "true"]]
    capsys.readouterr()
    assert main(["serve", "--port", "70000"], [serve]) == 2
    assert "from 1 to 65,535; got '70000'" in capsys.readouterr().err


def test_serve_says_how_to_the_server_alone(monkeypatch, capsys):
    from streamlit.web import cli

    names = ("CORTISCOPE_SERVE", "CORTISCOPE_USER_HEADER", "CORTISCOPE_PROXIES")
    # A proxy is known by its own address, whatever X-Forwarded-For says.
    names = (*names, "FORWARDED_ALLOW_IPS")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    seen = []
    monkeypatch.setattr(
        cli, "main", lambda *_, **__: seen.append([os.environ.get(n) for n in names])
    )
    assert main(["serve"], [serve]) == 0
    assert main(["serve", "--class"], [serve]) == 0
    lab = ["serve", "--lab", "--user-header", "X-User", "--proxies", "10.0.0.0/8"]
    assert main(lab, [serve]) == 0
    own, given = [None] * 3, ["lab", "X-User", "10.0.0.0/8"]
    assert seen == [[*own, ""], ["class", None, None, ""], [*given, ""]]
    assert not any(name in os.environ for name in names)
    capsys.readouterr()
    for wrong, said in (
        (["--class", "--lab"], "not allowed with"),
        (["--class", "--user-header", "X-User"], "Add --lab"),
        (["--lab", "--proxies", "10.0.0.1"], "Add --user-header"),
        (["--lab", "--user-header", "X-User", "--proxies", "nginx"], "'nginx' is neither"),
    ):
        assert main(["serve", *wrong], [serve]) == 2
        assert said in capsys.readouterr().err
    monkeypatch.setenv("CORTISCOPE_TOKEN", "1234")
    assert main(["serve", "--class"], [serve]) == 2
    assert "too short" in capsys.readouterr().err


def test_an_unknown_option_of_the_server_is_said_in_one_line(capsys):
    assert main(["serve", "--", "--nonsense"], [serve]) == 2
    assert capsys.readouterr().err.startswith("error: No such option")


def test_the_page_about_notebooks_has_every_name():
    text = (ROOT / "docs" / "notebook.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bcs\.(\w+)", text)) == set(_PLACES)
