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

from cortiscope import state
from cortiscope.access import Action, allowed
from cortiscope.address_bar import LINK_CLASS
from cortiscope.frontends import base_path
from cortiscope.markup import Html, html

_KEY, _LED_KEY = "pages", "led-from"


@dataclass(frozen=True)
class Page:
    """One page of the app.

    Parameters
    ----------
    title : in the bar at the top.
    url : the end of its address; the first page is at the root instead.
    render : draws it, once per run.
    for_class : a class sees it too; the first page is always one that it does.
    """

    title: str
    url: str
    render: Callable[[], None]
    for_class: bool = False


def first_page_route(url: str) -> Route:
    """Return a route that leads from the first page's own name to the root, where it is.

    Streamlit knows it at the root alone. The address stays relative: behind a proxy nobody here
    knows the path that the browser sees.
    """

    def lead(request: Request) -> RedirectResponse:
        query = request.url.query
        return RedirectResponse(f"./?{query}" if query else "./")

    return Route(f"{base_path()}/{url}", lead, methods=["GET"])


def open_page(pages: Iterable[Page]) -> Any:
    """Draw the bar of pages and return the one that the address names, as Streamlit has it.

    What a visitor may not open is neither in the bar nor linked to; its address shows the first
    page, and says so.
    """
    first, *others = pages
    open_to_all = allowed(Action.PAGES)
    hidden = [page for page in others if not (open_to_all or page.for_class)]
    made = {
        page.url: st.Page(page.render, title=page.title, url_path=page.url, default=page is first)
        for page in (first, *others)
        if page not in hidden
    }
    # Links need the very objects of this run.
    st.session_state[_KEY] = made
    led = [
        st.Page(
            _first_instead(page, first), title=first.title, url_path=page.url, visibility="hidden"
        )
        for page in hidden
    ]
    return st.navigation([*made.values(), *led], position="top")


def pages_in_bar() -> list[tuple[str, str]]:
    """Return title and address of each page that this visitor may open, in order."""
    made = st.session_state.get(_KEY, {}).values()
    # The first page is at the root, which Streamlit knows as an empty end.
    return [(page.title, f"./{page.url_path}") for page in made]


def _first_instead(page: Page, first: Page) -> Callable[[], None]:
    """Return what draws the first page where another was asked for.

    In its place: to be sent on would leave an address behind that going back leads to again.
    """

    def render() -> None:
        if st.session_state.get(_LED_KEY) != page.url:
            st.session_state[_LED_KEY] = page.url
            state.tell(f"{page.title} is for whoever presents; this is {first.title}.")
        first.render()

    return render


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


def link_to_place(
    words: str | Html,
    roi: state.RoiName | None,
    vertex: state.VertexName | None = None,
    *,
    page: str | None = None,
) -> Html:
    """Return a link that brings a ROI into focus, or selects a vertex in it."""
    what = "this vertex" if vertex else str(roi or "").replace("~", " ")
    return link_with(words, page=page, title=f"Go to {what}", roi=roi, vertex=vertex, picks=None)


def link_to(url: str, label: str) -> None:
    """Draw a link to a page; the selection comes along."""
    page = st.session_state.get(_KEY, {}).get(url)
    if page is not None:
        st.page_link(page, label=label, icon=":material/arrow_forward:")
