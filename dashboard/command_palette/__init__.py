"""Go anywhere by name: Ctrl K opens a list of what there is, which the browser searches.

The list is fetched when it is opened, from a route of its own: it never travels with an update.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cortiscope.frontends import Frontend, accepts_gzip, base_path, plain

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

_NAME = "cortiscope.command_palette"
FRONTEND = Frontend("command_palette", Path(__file__).parent / "frontend")
# Hidden until the style sheet is there, so that nothing unstyled is ever seen.
_HTML = '<div class="palette" style="visibility:hidden"></div>'

# No prefix that Streamlit keeps for itself (_stcore, media, component, static).
PREFIX = "destinations"

Destinations = Mapping[str, Any]
"""What there is to go to, as JSON:

``rois``: pairs of title and name in the address;
``models``: title, run id, group and layer; runs of one group differ in layer alone;
``pictures``: by split ``n``, and ``captions`` (in order, perhaps of the first ones alone);
``base``: where pictures are served, empty without any."""


def command_palette(
    *, key: str, link_class: str, source: str, pages: Sequence[tuple[str, str]], roi_page: str
) -> None:
    """Mount the palette, once per full run; only its button, in the header, is seen.

    Parameters
    ----------
    link_class : of anchors whose address names only what is to change, which the page follows.
    source : what ``destinations_route`` is asked for; empty where there are pages alone.
    pages : title and address of each.
    roi_page : address, without what it selects, of the page that shows a ROI; empty for this one.
    """
    data = {"link": link_class, "source": source, "pages": pages, "roi_page": roi_page}
    _component()(data=plain(data), key=key)


def destinations_route(resolve: Callable[[str], Destinations | None]) -> Route:
    """Return the route ``/destinations/{source}`` for ``st.App(routes=[...])``.

    Call it in the app's entry file, after Streamlit has read its configuration: the path begins
    with ``server.baseUrlPath``.

    Parameters
    ----------
    resolve : returns what there is, or None of a source that it does not know. Called from several
        threads.
    """
    from starlette.responses import PlainTextResponse
    from starlette.responses import Response as PlainResponse
    from starlette.routing import Route

    # Not async: Starlette runs it in a thread, so that 10,000 captions block nobody.
    def serve(request: Request) -> Response:
        # Another fit, another name of a run: never as it was a while ago.
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        found = resolve(request.path_params["source"])
        if found is None:
            return PlainTextResponse("Nothing is known by this name.", 404, headers=headers)
        content = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(
            errors="replace"
        )
        if accepts_gzip(request.headers.get("accept-encoding", "")):
            content = gzip.compress(content, compresslevel=4, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return PlainResponse(content, media_type="application/json", headers=headers)

    return Route(f"{base_path()}/{PREFIX}/{{source}}", serve, methods=["GET"])


@cache
def _component() -> Any:
    """Register with Streamlit on first use, so that importing this package does nothing."""
    import streamlit as st

    return st.components.v2.component(_NAME, html=_HTML, js=FRONTEND.loader)
