"""Scripts go out compressed, and everything else as if nothing stood before it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from cortiscope.compressed import CompressedStatic

SCRIPT = b"export const answer = 42;\n" * 100
NAME = "/static/js/index.D9Z0_fxz.js"


@pytest.fixture
def folder(tmp_path):
    for name in ("js/index.D9Z0_fxz.js", "css/index.C1.css", "media/font.woff2"):
        file = tmp_path / "static" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(SCRIPT)
    (tmp_path / "index.html").write_bytes(SCRIPT)
    return tmp_path


def _client(folder, base=""):
    async def echo(socket):
        await socket.accept()
        await socket.send_text(await socket.receive_text())

    app = Starlette(
        routes=[
            WebSocketRoute(NAME, echo),
            Route("/said", lambda _: PlainTextResponse("said"), methods=["POST"]),
            Mount(f"/{base}" if base else "/", StaticFiles(directory=folder, html=True)),
        ],
        middleware=[Middleware(CompressedStatic, folder=folder, base=base)],
    )
    return TestClient(app)


@pytest.mark.parametrize("name", [NAME, "/static/css/index.C1.css"])
@pytest.mark.parametrize("base", ["", "lab/cortex"])
def test_a_script_is_sent_compressed_for_good(folder, name, base):
    with _client(folder, base) as client:
        path = f"/{base}{name}" if base else name
        answer = client.get(path, headers={"Accept-Encoding": "br, GZIP;q=0.8"})
    assert answer.content == SCRIPT
    assert int(answer.headers["content-length"]) == len(gzip.compress(SCRIPT, 6)) < len(SCRIPT)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"] or name.endswith("css")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (NAME, {"Accept-Encoding": "identity"}),
        (NAME, {"Accept-Encoding": "br, gzip;q=0"}),
        (NAME, {"Accept-Encoding": "gzip", "Range": "bytes=0-9"}),
        ("/static/media/font.woff2", {"Accept-Encoding": "gzip"}),
        ("/index.html", {"Accept-Encoding": "gzip"}),
        ("/static/js/none.js", {"Accept-Encoding": "gzip"}),
        ("/static/js/../../index.html", {"Accept-Encoding": "gzip"}),
        ("/static/js/%2e%2e/css/index.C1.css", {"Accept-Encoding": "gzip"}),
    ],
)
def test_everything_else_is_answered_by_the_app(folder, path, headers):
    with _client(folder) as client:
        answer = client.get(path, headers=headers)
    assert "content-encoding" not in answer.headers
    assert answer.status_code == (206 if "Range" in headers else 404 if "none" in path else 200)


def test_plotly_is_a_module_that_waits_and_plotly_itself_behind_a_query(folder):
    plotly = "/static/js/PlotlyChart.D9.js"
    (folder / plotly[1:]).write_bytes(SCRIPT)
    with _client(folder) as client:
        late = client.get(plotly)
        whole = client.get(f"{plotly}?whole")
    assert 'import("./PlotlyChart.D9.js?whole")' in late.text
    assert "export { Chart as default }" in late.text
    # Another app of the same address must not meet what stands for this one's Plotly.
    assert late.headers["cache-control"] == "no-store"
    assert whole.content == SCRIPT
    assert "immutable" in whole.headers["cache-control"]


def test_streamlit_takes_no_more_of_plotly_than_the_waiting_module_hands_on():
    """Its chart alone: by that name a module is made for, and it is read by name from nowhere."""
    from streamlit import file_util

    scripts = list((Path(file_util.get_static_dir()) / "static" / "js").glob("*.js"))
    (plotly,) = (path for path in scripts if path.name.startswith("PlotlyChart."))
    named = rf"import\s*{{[^}}]*}}\s*from\s*[\"'`]\./{re.escape(plotly.name)}"
    assert not [p.name for p in scripts if re.search(named, p.read_text(encoding="utf-8"))]
    assert re.search(r"export\s*{[^}]* as default\s*}", plotly.read_text(encoding="utf-8"))


def test_head_and_posts_and_websockets_pass(folder):
    with _client(folder) as client:
        told = client.head(NAME, headers={"Accept-Encoding": "gzip"})
        assert told.content == b""
        assert int(told.headers["content-length"]) < len(SCRIPT)
        assert client.post("/said").text == "said"
        with client.websocket_connect(NAME) as socket:
            socket.send_text("hello")
            assert socket.receive_text() == "hello"
