"""Streamlit's own files as this app sends them: small, Plotly late, the document with our look.

Streamlit sends its scripts as they are, four fifths of a first visit. Their names hold a hash of
their content, so that a compressed copy, kept in memory, never goes stale. In place of Plotly,
which Streamlit fetches as soon as there is a chart, goes a module that waits for its turn
(``late_plotly.js``). The document carries the app's style sheet, so that nothing is ever drawn
without it: sent by the script it came after the first elements, which then moved.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cortiscope.frontends import accepts_gzip, base_path

if TYPE_CHECKING:
    from starlette.middleware import Middleware
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# More than this takes longer and saves next to nothing: 0.2 s for Plotly's 4.7 MB.
_LEVEL = 6
_YEAR = 31_536_000  # seconds
_PLOTLY = re.compile(r"static/js/(PlotlyChart\.[^/]+)")
_LATE = Path(__file__).parent / "late_plotly.js"
# Asks for Plotly itself; the server of the files does not mind the query.
_WHOLE = "whole"


class StreamlitFiles:
    """ASGI middleware: answers for ``/static/js`` and ``/static/css``, dresses HTML documents.

    A script that is asked for in parts, without gzip, or is not there goes on to the app as it
    came, and so does everything else.

    Parameters
    ----------
    app : what stands behind.
    folder : holds ``static/js`` and ``static/css``.
    style : the style sheet that documents carry.
    base : the path the app is served under, as in ``/lab/x``; empty without one.
    """

    def __init__(self, app: ASGIApp, *, folder: Path, style: str = "", base: str = "") -> None:
        self._app = app
        # At its end, where it has the last word over the styles that Streamlit adds to the head.
        self._style = f"<style>{style}</style>".encode() if style else b""
        self._folder = folder
        name = r"(static/(?:js|css)/[A-Za-z0-9_-][A-Za-z0-9._-]*\.(?:js|css))"
        self._path = re.compile(re.escape(base) + "/" + name)
        self._kept: dict[str, bytes] = {}
        self._lock = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        name = self._name(scope)
        if name is not None:
            from anyio import to_thread
            from starlette.responses import Response

            headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            headers["Cache-Control"] = f"public, immutable, max-age={_YEAR}"
            content = await to_thread.run_sync(self._compressed, name)
            plotly = _PLOTLY.fullmatch(name)
            if content is not None and plotly and scope["query_string"] != _WHOLE.encode():
                content = _late(plotly[1])
                # The address is Streamlit's own, and another app may come to stand behind it.
                headers["Cache-Control"] = "no-store"
            if content is not None:
                kind, _ = mimetypes.guess_type(name)
                await Response(content, media_type=kind, headers=headers)(scope, receive, send)
                return
        if self._style and scope["type"] == "http" and scope["method"] == "GET":
            await self._dressed(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _dressed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; if the answer is a document, add the style sheet."""
        headers = dict(scope["headers"])
        if b"text/html" not in headers.get(b"accept", b""):
            await self._app(scope, receive, send)
            return
        # What the browser has is compared with the dressed document, not with Streamlit's, which
        # must come as it is.
        own = (b"if-none-match", b"if-modified-since", b"range", b"accept-encoding")
        kept = [(name, value) for name, value in scope["headers"] if name not in own]
        begun: Message | None = None
        parts: list[bytes] = []

        async def take(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start" and _is_document(message):
                begun = message
                return
            if begun is None:
                await send(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                answer = self._document(b"".join(parts), begun, headers)
                await answer(scope, receive, send)

        await self._app({**scope, "headers": kept}, receive, take)

    def _document(self, body: bytes, begun: Message, asked: dict[bytes, bytes]) -> Response:
        from starlette.responses import Response

        before, end, after = body.rpartition(b"</body>")
        body = before + self._style + end + after if end else body
        mark = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        replaced = ("content-length", "etag", "last-modified", "accept-ranges", "vary")
        raw = [(k, v) for k, v in begun["headers"] if k.decode().lower() not in replaced]
        fresh = [(b"etag", mark.encode()), (b"vary", b"Accept-Encoding")]
        if mark.encode() in asked.get(b"if-none-match", b""):
            answer = Response(status_code=304)
        elif accepts_gzip(_accepted(asked)):
            answer = Response(gzip.compress(body, compresslevel=_LEVEL, mtime=0))
            fresh.append((b"content-encoding", b"gzip"))
        else:
            answer = Response(body)
        length = [(k, v) for k, v in answer.raw_headers if k == b"content-length"]
        answer.raw_headers = [*raw, *fresh, *length]
        return answer

    def _name(self, scope: Scope) -> str | None:
        """Return which file is asked for, below the folder; None if it is not ours to answer."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return None
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        found = self._path.fullmatch(path)
        headers = dict(scope["headers"])
        if found is None or b"range" in headers or not accepts_gzip(_accepted(headers)):
            return None
        return found[1]

    def _compressed(self, name: str) -> bytes | None:
        # One at a time: ten visitors at once wait for one compression, not for ten.
        with self._lock:
            if name not in self._kept:
                try:
                    content = (self._folder / name).read_bytes()
                except OSError:
                    return None
                self._kept[name] = gzip.compress(content, compresslevel=_LEVEL, mtime=0)
            return self._kept[name]


def _accepted(headers: dict[bytes, bytes]) -> str:
    return headers.get(b"accept-encoding", b"").decode("latin-1")


def _is_document(start: Message) -> bool:
    """Whether an answer that begins so is a whole HTML document, not yet compressed."""
    headers = {name.lower(): value for name, value in start["headers"]}
    html = headers.get(b"content-type", b"").startswith(b"text/html")
    return start["status"] == 200 and html and b"content-encoding" not in headers


@cache
def _late(plotly: str) -> bytes:
    """Return the module that waits and then imports Plotly, gzipped."""
    text = _LATE.read_text(encoding="utf-8").replace("WHOLE", f"{plotly}?{_WHOLE}")
    return gzip.compress(text.encode(), mtime=0)


def streamlit_files(style: str) -> Middleware:
    """Return the middleware for ``st.App(middleware=[...])``; documents carry ``style``.

    Call it in the app's entry file, after Streamlit has read its configuration.
    """
    from starlette.middleware import Middleware
    from streamlit import file_util

    return Middleware(
        StreamlitFiles,
        folder=Path(file_util.get_static_dir()),
        style=style,
        base=base_path(),
    )
