"""``import cortiscope``: light, complete, and the same for people, editors and type checkers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import cortiscope
from cortiscope import _PLACES

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
