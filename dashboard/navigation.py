"""What a page is, and links between pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from cortiscope.address_bar import LINK_CLASS
from cortiscope.markup import Html, html

_KEY = "pages"


@dataclass(frozen=True)
class Page:
    """One page of the app.

    Parameters
    ----------
    title : in the bar at the top.
    url : the end of its address; the first page is at the root instead.
    render : draws it, once per run.
    """

    title: str
    url: str
    render: Callable[[], None]


def first_page_route(url: str) -> Route:
    """Return a route that leads from the first page's own name to the root, where it is.

    Streamlit knows it at the root alone. The address stays relative: behind a proxy nobody here
    knows the path that the browser sees.
    """
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")

    def lead(request: Request) -> RedirectResponse:
        query = request.url.query
        return RedirectResponse(f"./?{query}" if query else "./")

    return Route(f"{f'/{base}' if base else ''}/{url}", lead, methods=["GET"])


def open_page(pages: Iterable[Page]) -> Any:
    """Draw the bar of pages and return the one that the address names, as Streamlit has it."""
    made = {
        page.url: st.Page(page.render, title=page.title, url_path=page.url, default=number == 0)
        for number, page in enumerate(pages)
    }
    # Links need the very objects of this run.
    st.session_state[_KEY] = made
    return st.navigation(list(made.values()), position="top")


def link_with(
    words: str | Html, *, page: str | None = None, title: str = "", **changes: object
) -> Html:
    """Return a link to the app as it is but for some fields of the selection, also in a new tab.

    Parameters
    ----------
    words : what is clicked.
    page : where it leads: the end of a page's address, empty for the first; None stays.
    title : shown on hover.
    changes : fields of the selection, such as ``image``; None or empty takes one away.
    """
    query = urlencode(
        {name: "" if value is None else str(value) for name, value in changes.items()}
    )
    start = "" if page is None else f"./{page}"
    return html(
        '<a class="{css}" href="{start}?{query}" title="{title}">{words}</a>',
        css=LINK_CLASS,
        start=start,
        query=query,
        title=title,
        words=words,
    )


def link_to(url: str, label: str) -> None:
    """Draw a link to a page; the selection comes along."""
    page = st.session_state.get(_KEY, {}).get(url)
    if page is not None:
        st.page_link(page, label=label, icon=":material/arrow_forward:")
