"""Builders of a tiny, deliberately asymmetric world, and the seeded generator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# Before numpy is imported: tests run side by side, each on matrices too small to share among
# threads. With the default, the threads of two processes wait for each other most of the time.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from filelock import FileLock  # noqa: E402

# Long files begin, so that no worker is left alone with one at the end. The first makes the demo;
# for as long as that takes, the other workers are given what needs no demo. The last of them looks
# on for two minutes, and takes next to nothing of the machine.
_FIRST = (
    "tests/browser/test_app.py",
    "tests/core/cli/test_killed_commands.py",
    "tests/core/pipeline/test_killed_fits.py",
    "tests/dashboard/test_server_process.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, and spread those with a browser evenly among the others.

    A browser draws in software, on a core of its own: three at once would wait for each other.
    """
    files = list(dict.fromkeys(_file(item) for item in items))
    place = {name: (0.0, k) for k, name in enumerate(_FIRST)}
    rest = [name for name in files if name not in place]
    kinds = [[], []]
    for name in rest:
        kinds["/browser/" in name].append(name)
    for names in kinds:
        place |= {name: ((k + 1) / (len(names) + 1), k) for k, name in enumerate(names)}
    items.sort(key=lambda item: place[_file(item)])


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(42)


ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _main_module():
    """Leave ``__main__`` as it was: AppTest puts a page there, and started processes import it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def _at_this_machine(monkeypatch):
    """Have pages that run without a server be looked at by whoever sits at the machine."""
    if "streamlit.testing.v1" in sys.modules:
        from cortiscope.serving import Connection

        here = Connection("127.0.0.1", (("Host", "localhost:8501"),), {})
        monkeypatch.setattr("cortiscope.access._connection", lambda: here)


@pytest.fixture(scope="session", autouse=True)
def _no_home_of_people(tmp_path_factory):
    """Keep what tests remember out of the home folder of whoever runs them."""
    if "CORTISCOPE_HOME" in os.environ:
        yield
        return
    os.environ["CORTISCOPE_HOME"] = str(tmp_path_factory.mktemp("home"))
    yield
    del os.environ["CORTISCOPE_HOME"]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real weights and photographs, for trials only; they are no part of the project."""
    folder = ROOT.parent / "shared"
    if not (folder / "weights").is_dir():
        pytest.skip(
            f"No real weights and photographs: there is no {folder.name}/ beside the project."
        )
    return folder


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory) -> Path:
    """A home with the whole demo in it, made once for all tests that look at it.

    Tests running side by side share it: the first to need it makes it, the others wait.
    ``CORTISCOPE_TEST_HOME`` names a folder to keep between runs while tests are being written.
    """
    kept = os.environ.get("CORTISCOPE_TEST_HOME")
    home = Path(kept) if kept else _of_all_processes(tmp_path_factory) / "demo_home"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_name(f"{home.name}.lock")):
        made = subprocess.run(
            [sys.executable, "-m", "cortiscope.core", "demo", "--progress", "none"],
            cwd=ROOT,
            env={**os.environ, "CORTISCOPE_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert made.returncode == 0, made.stderr
    return home


def _of_all_processes(tmp_path_factory) -> Path:
    """Return the temporary folder of the whole run, of which each worker has a part."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def surfaces(tmp_path_factory) -> Path:
    """A folder of converted surfaces, filled by the first test that needs them."""
    return tmp_path_factory.mktemp("surfaces")
