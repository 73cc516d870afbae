"""The script of every run: address in, navigation, page, address out."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cortiscope import first_start, services, state
from cortiscope.access import Action, allowed
from cortiscope.address_bar import LINK_CLASS
from cortiscope.core.pipeline.demo import demo_is_complete, demo_is_ready
from cortiscope.destinations import show_palette
from cortiscope.errors import errors_on_page
from cortiscope.look import show_way_of_serving
from cortiscope.markup import show_html
from cortiscope.navigation import open_page
from cortiscope.pages import PAGES
from cortiscope.pages.data.open_folder import OPENING
from cortiscope.panels.work import show_work
from cortiscope.work.jobs import latest
from cortiscope.work.picture_worker import worker

_LOGO = Path(__file__).parent / "logo.svg"


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(
        page_title="Cortiscope",
        page_icon=str(_LOGO),
        layout="wide",
        initial_sidebar_state="auto",
    )
    show_way_of_serving()
    state.mount_address()
    if not demo_is_ready(services.home()):
        first_start.render()
        return
    if not demo_is_complete(services.home()) and latest(first_start.JOB) is None:
        # The app was closed while the rest of the demo was being fitted: take it up again.
        first_start.start()
    state.read_address()
    page = open_page(PAGES)
    # Its place is above the page's, whose subject it needs.
    palette = st.container(key="palette-place")
    if allowed(Action.PAGES):
        with palette:
            show_html(
                '<a class="cs-open {css}" href="./data#{place}">Open your data</a>',
                css=LINK_CLASS,
                place=OPENING,
            )
    with errors_on_page():
        page.run()
    with errors_on_page():
        show_work()
    with palette:
        show_palette(page.url_path)
    state.publish()
    worker().warm_up()


main()
