"""Imports go downwards only; Streamlit stays in the dashboard, torch out of its process."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture import COMPONENTS

ROOT = Path(__file__).parents[1]

# Lowest first: a layer may import itself and those before it. A new package must be placed here.
CORE_LAYERS = (
    "errors",
    "progress",
    "config",
    "storage",
    "brain",
    "stimuli",
    "datasets",
    "backbones",
    "features",
    "encoding",
    "evaluation",
    "runs",
    "recipes",
    "figures",
    "simulation",
    "pipeline",
    "notebook",
    "cli",
    "__main__",
)
DASHBOARD_LAYERS = (
    "frontends",
    *COMPONENTS,
    "streamlit_files",
    "markup",
    "errors",
    "serving",
    "access",
    "state",
    "regions",
    "look",
    "navigation",
    "work",
    "subject",
    "services",
    "stimulus_files",
    "destinations",
    "first_start",
    "charts",
    "panels",
    "pages",
    "main",
    "path_names",
    "gatehouse",
    "app",
    "serve",
    "__main__",
)


def _modules(package: str) -> list[tuple[Path, str]]:
    """Every file of a package with the layer (first part below the package) it belongs to."""
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT / package).with_suffix("").parts
        if parts != ("__init__",):
            found.append((path, parts[0]))
    return found


def _below(name: str, package: str) -> str | None:
    """The layer of a package that an imported name belongs to; None if it belongs elsewhere."""
    parts = name.split(".")
    if parts[0] != "cortiscope" or (len(parts) > 1 and parts[1] == "core") != (package == "core"):
        return None
    return next(iter(parts[2:] if package == "core" else parts[1:]), None)


def _imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.append((node.lineno, node.module))
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


@pytest.mark.parametrize(
    ("package", "layers"), [("core", CORE_LAYERS), ("dashboard", DASHBOARD_LAYERS)]
)
def test_every_package_has_a_place(package, layers):
    assert {layer for _, layer in _modules(package)} <= set(layers)


@pytest.mark.parametrize(
    ("package", "layers"), [("core", CORE_LAYERS), ("dashboard", DASHBOARD_LAYERS)]
)
def test_imports_go_downwards(package, layers):
    wrong = []
    for path, layer in _modules(package):
        for line, name in _imports(path):
            below = _below(name, package)
            if below in layers and layers.index(below) > layers.index(layer):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert not wrong


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    inside = parts if parts[0] == "core" else parts[1:]
    return ".".join(("cortiscope", *inside)).removesuffix(".__init__")


def test_no_module_imports_itself_by_way_of_others():
    """Imports within functions and for types alone count too: the reader has to follow them."""
    paths = [p for package in ("core", "dashboard") for p in (ROOT / package).rglob("*.py")]
    modules = {_module_name(path): path for path in paths}
    needs = {}
    for own, path in modules.items():
        named = {name for _, name in _imports(path)}
        # A package and a name of it: what is asked for is the module where there is one.
        named -= {n.rpartition(".")[0] for n in named if n in modules}
        needs[own] = (named & modules.keys()) - {own}
    assert list(TopologicalSorter(needs).static_order())  # CycleError names the circle


def test_core_knows_neither_dashboard_nor_streamlit():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path, _ in _modules("core")
        for line, name in _imports(path)
        if name.split(".")[0] == "streamlit" or _below(name, "dashboard")
    ]
    assert not wrong


def test_charts_are_figures_outside_streamlit_too():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path, layer in _modules("dashboard")
        if layer == "charts"
        for line, name in _imports(path)
        if name.split(".")[0] == "streamlit" or name.startswith("cortiscope.look")
    ]
    assert not wrong


def test_components_know_neither_core_nor_the_rest_of_the_dashboard():
    wrong = []
    for path, layer in _modules("dashboard"):
        if layer not in COMPONENTS or "example" in path.parts or path.stem == "example":
            continue
        for line, name in _imports(path):
            if name.startswith("cortiscope") and _below(name, "dashboard") not in (
                layer,
                "frontends",
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert not wrong


def test_the_simulation_shares_no_code_with_the_models_it_is_explained_by():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path, layer in _modules("core")
        if layer == "simulation"
        for line, name in _imports(path)
        if name.startswith(
            (
                "cortiscope.core.backbones",
                "cortiscope.core.features",
                "cortiscope.core.encoding",
                "torch",
            )
        )
    ]
    assert not wrong


HEAVY = ("torch", "torchvision", "sklearn", "nilearn", "matplotlib")


def test_pages_import_no_heavy_library():
    """First paint must not wait for torch, nilearn or scikit-learn."""
    code = (
        "import sys, cortiscope.app, cortiscope.services, cortiscope.pages\n"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_the_reader_of_foreign_files_has_no_torch():
    code = "import sys, cortiscope.core.cli.verb_reader; print('torch' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ran.stdout.strip() == "False"


def test_importing_core_does_nothing_heavy():
    code = (
        "import sys, cortiscope.core\n"
        "print(sorted(m for m in sys.modules if m in ('numpy', 'torch')))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ran.stdout.strip() == "[]"
