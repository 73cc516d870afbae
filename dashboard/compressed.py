"""Streamlit's scripts and style sheets, compressed once and kept in memory; Plotly's late.

Streamlit sends its own files as they are, four fifths of a first visit. Their names hold a hash of
their content, so that a compressed copy never goes stale. In place of Plotly, which Streamlit
fetches as soon as there is a chart, goes a module that waits for its turn (``late_plotly.js``).
"""

from __future__ import annotations

import gzip
import mimetypes
import re
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.middleware import Middleware
    from starlette.types import ASGIApp, Receive, Scope, Send

# More than this takes longer and saves next to nothing: 0.2 s for Plotly's 4.7 MB.
_LEVEL = 6
_YEAR = 31_536_000  # seconds
_PLOTLY = re.compile(r"static/js/(PlotlyChart\.[^/]+)")
_LATE = Path(__file__).parent / "late_plotly.js"
# Asks for Plotly itself; the server of the files does not mind the query.
_WHOLE = "whole"


class CompressedStatic:
    """ASGI middleware that answers for ``/static/js`` and ``/static/css`` and nothing else.

    What is asked for in parts, without gzip, or is not there goes on to the app as it came.

    Parameters
    ----------
    app : what stands behind.
    folder : holds ``static/js`` and ``static/css``.
    base : the path the app is served under (``server.baseUrlPath``), or nothing.
    """

    def __init__(self, app: ASGIApp, *, folder: Path, base: str = "") -> None:
        self._app = app
        self._folder = folder
        start = f"/{base.strip('/')}" if base.strip("/") else ""
        name = r"(static/(?:js|css)/[A-Za-z0-9_-][A-Za-z0-9._-]*\.(?:js|css))"
        self._path = re.compile(re.escape(start) + "/" + name)
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
        await self._app(scope, receive, send)

    def _name(self, scope: Scope) -> str | None:
        """Return which file is asked for, below the folder; None if it is not ours to answer."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return None
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        found = self._path.fullmatch(path)
        headers = dict(scope["headers"])
        if found is None or b"range" in headers or not accepts_gzip(headers):
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


@cache
def _late(plotly: str) -> bytes:
    """Return the module that waits and then imports Plotly, gzipped."""
    text = _LATE.read_text(encoding="utf-8").replace("WHOLE", f"{plotly}?{_WHOLE}")
    return gzip.compress(text.encode(), mtime=0)


def accepts_gzip(headers: dict[bytes, bytes]) -> bool:
    """Whether a request's headers allow a gzipped answer."""
    for part in headers.get(b"accept-encoding", b"").decode("latin-1").split(","):
        coding, _, quality = part.partition(";")
        if coding.strip().lower() == "gzip":
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", quality)
    return False


def compressed_static() -> Middleware:
    """Return the middleware for ``st.App(middleware=[...])``, for Streamlit's own files.

    Call it in the app's entry file, after Streamlit has read its configuration.
    """
    from starlette.middleware import Middleware
    from streamlit import config, file_util

    return Middleware(
        CompressedStatic,
        folder=Path(file_util.get_static_dir()),
        base=config.get_option("server.baseUrlPath") or "",
    )
