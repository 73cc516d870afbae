"""Every module of every frontend parses, and finds what it imports."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"
MODULES = sorted(p.relative_to(DASHBOARD).as_posix() for p in DASHBOARD.glob("*/frontend/**/*.js"))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".js": "text/javascript"}

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def served():
    handler = functools.partial(_Quiet, directory=str(DASHBOARD))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_module_loads(page, served):
    assert len(MODULES) > 60
    page.goto(f"{served}/cortex_view/frontend/pure/space.js")
    failures = page.evaluate(
        """async (modules) => {
          const failures = [];
          for (const name of modules) {
            await import('/' + name).catch((error) => failures.push(`${name}: ${error}`));
          }
          return failures;
        }""",
        MODULES,
    )
    assert failures == []
