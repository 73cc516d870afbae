"""A Chromium, and real apps for it to look at."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--disable-background-networking", "--no-first-run",
    "--disable-component-update", "--disable-sync",
    # A test that asks for the internet fails; whatever asks gets nothing.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip


def pytest_itemcollected(item: pytest.Item) -> None:
    """Run what fails here once more, as Playwright's own runner does on such machines.

    A browser that draws in software beside another test is at times late by any measure. Every
    such second run is listed at the end (RERUN); what fails twice is a failure.
    """
    item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """A Chromium or Chrome: CORTISCOPE_CHROMIUM, else one on the path."""
    named = os.environ.get("CORTISCOPE_CHROMIUM")
    if named:
        if not Path(named).is_file():
            pytest.fail(f"CORTISCOPE_CHROMIUM is {named!r}, which is no file.")
        return named
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("No Chromium found (looked for " + ", ".join(_NAMES) + "; or CORTISCOPE_CHROMIUM).")


@pytest.fixture(scope="module")
def browser(chromium_path):
    """A running Chromium.

    Per module, not per session: the driver keeps an event loop running in this thread, in which
    no other test could call ``asyncio.run``.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=chromium_path, args=list(_FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def start_app(start_server) -> Callable[..., str]:
    """Return a function that starts a Streamlit script and gives its address.

    ``start_app(script, env={...}, args=(...))``.
    """

    def start(script: Path | str, env: dict[str, str] | None = None, args: tuple[str, ...] = ()):
        words = [sys.executable, "-m", "streamlit", "run", str(ROOT / script)]
        # The examples too have the app's theme there.
        return start_server(words, cwd=ROOT / "dashboard", env=env, args=args)

    return start


@pytest.fixture(scope="module")
def start_server(tmp_path_factory) -> Iterator[Callable[..., str]]:
    """Return a function that starts a command that serves a Streamlit app and gives its address.

    Every app is stopped at the end of the module: fifteen of them at rest take a tenth of a core.
    """
    running: list[subprocess.Popen[bytes]] = []

    def start(
        words: list[str],
        *,
        cwd: Path,
        env: dict[str, str] | None = None,
        args: tuple[str, ...] = (),
    ) -> str:
        port = _free_port()
        log = tmp_path_factory.mktemp("app") / "log.txt"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [
                    *words, "--server.headless", "true", "--server.port", str(port),
                    "--server.address", "127.0.0.1", "--browser.gatherUsageStats", "false",
                    "--server.fileWatcherType", "none", *args,
                ],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its own group, so that nothing it starts is left behind
            )  # fmt: skip
        running.append(process)
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(address, process, log)
        return address

    yield start
    for process in running:
        _stop(process)


@pytest.fixture(scope="module")
def window(browser):
    """What the pages of a module share: what they have loaded, so that each loads less."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(window):
    """A page without memory of earlier ones, that fails its test when it asks for the internet."""
    outside: list[str] = []

    def watch(request):
        own = ("http://127.0.0.1", "http://localhost", "data:", "blob:")
        if not request.url.startswith(own):
            outside.append(request.url)

    window.on("request", watch)
    opened = window.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    opened.evaluate("try { localStorage.clear() } catch {}")
    for left in window.pages:
        left.close()
    window.clear_cookies()
    window.remove_listener("request", watch)
    assert not outside, f"Requests left this machine: {outside}"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"The app stopped with {process.returncode}:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.2)
    _stop(process)
    pytest.fail(f"The app did not become healthy:\n{log.read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
