"""Scripts go out compressed, and everything else as if nothing stood before it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from cortiscope.streamlit_files import StreamlitFiles

SCRIPT = b"export const answer = 42;\n" * 100
DOCUMENT = b"<!doctype html><body><div id=root></div></body></html>"
NAME = "/static/js/index.D9Z0_fxz.js"


@pytest.fixture
def folder(tmp_path):
    for name in ("js/index.D9Z0_fxz.js", "css/index.C1.css", "media/font.woff2"):
        file = tmp_path / "static" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(SCRIPT)
    (tmp_path / "index.html").write_bytes(DOCUMENT)
    return tmp_path


def _client(folder, base="", style="p{color:red}", zipping=False):
    async def echo(socket):
        await socket.accept()
        await socket.send_text(await socket.receive_text())

    app = Starlette(
        routes=[
            WebSocketRoute(NAME, echo),
            Route("/said", lambda _: PlainTextResponse("said"), methods=["POST"]),
            Mount(f"/{base}" if base else "/", StaticFiles(directory=folder, html=True)),
        ],
        # As Streamlit does, which leaves scripts and the first page out.
        middleware=[
            Middleware(StreamlitFiles, folder=folder, base=base, style=style),
            *([Middleware(GZipMiddleware, minimum_size=0)] if zipping else []),
        ],
    )
    return TestClient(app)


@pytest.mark.parametrize("name", [NAME, "/static/css/index.C1.css"])
@pytest.mark.parametrize("base", ["", "/lab/cortex"])
def test_a_script_is_sent_compressed_for_good(folder, name, base):
    with _client(folder, base) as client:
        answer = client.get(f"{base}{name}", headers={"Accept-Encoding": "br, GZIP;q=0.8"})
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


ASKED = {"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip"}


@pytest.mark.parametrize("zipping", [False, True])
def test_a_document_carries_the_style_sheet_at_its_end(folder, zipping):
    with _client(folder, zipping=zipping) as client:
        answer = client.get("/", headers=ASKED)
        plain = client.get("/", headers={**ASKED, "Accept-Encoding": "identity"})
    dressed = DOCUMENT.replace(b"</body>", b"<style>p{color:red}</style></body>")
    assert answer.content == plain.content == dressed
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(dressed)
    assert answer.headers["content-type"].startswith("text/html")


def test_a_document_is_asked_for_again_and_sent_when_its_style_is_another(folder):
    with _client(folder) as client:
        first = client.get("/", headers=ASKED)
        again = client.get("/", headers={**ASKED, "If-None-Match": first.headers["etag"]})
        day = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
        dated = client.get("/", headers={**ASKED, **day})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-length" not in again.headers
    assert dated.status_code == 200
    with _client(folder, style="p{color:blue}") as client:
        other = client.get("/", headers={**ASKED, "If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    assert b"blue" in other.content


@pytest.mark.parametrize("path", ["/static/media/font.woff2", "/none.html"])
def test_what_is_no_document_passes_undressed(folder, path):
    with _client(folder) as client:
        answer = client.get(path, headers=ASKED)
    assert b"color" not in answer.content
