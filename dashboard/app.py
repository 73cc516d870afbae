"""Entry of ``streamlit run dashboard/app.py``: the script, and the files it serves by hash.

Geometry and stimuli go over HTTP, where a browser keeps them; the websocket carries only what
changes with the image.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from cortiscope import (
    address_bar,
    command_palette,
    cortex_view,
    roi_chart,
    stimulus_gallery,
    svg_chart,
)
from cortiscope.command_palette import destinations_route
from cortiscope.core.storage import Home
from cortiscope.cortex_view import cortex_asset_route
from cortiscope.destinations import destinations
from cortiscope.frontends import base_path, frontend_route
from cortiscope.gatehouse import Gatehouse
from cortiscope.look import look_style
from cortiscope.navigation import first_page_route
from cortiscope.serving import announcement, gate
from cortiscope.stimulus_files import stimulus_file
from cortiscope.stimulus_gallery import stimulus_route
from cortiscope.streamlit_files import streamlit_files
from cortiscope.work import photographs
from cortiscope.work.foreign_files import read_thumbnail
from cortiscope.work.jobs import queue

# A folder called pages beside the script is Streamlit's old kind of pages until st.navigation is
# called: the first visitor of /accuracy would read that there is no such page.
PagesManager.uses_pages_directory = False

_COMPONENTS = (address_bar, command_palette, cortex_view, roi_chart, stimulus_gallery, svg_chart)


async def _collect() -> None:
    """Collect now and then: sessions are circles of objects, each with three descriptors."""
    while True:
        await asyncio.sleep(60)
        gc.collect()


@asynccontextmanager
async def _lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """Make this process ready for many small answers: garbage and linear algebra.

    What imports have made is set aside, so that collections walk over what came since: Python's own
    and, as ``runner.postScriptGC`` is off, one a minute for sessions that have ended. An update
    makes some thousands of objects that go by themselves, so Python looks less often. Products of
    an update are small: on several cores BLAS spends more on waiting in busy loops than on them, at
    every visitor's cost. Fits and features happen in other processes, which keep all cores.
    """
    from threadpoolctl import threadpool_limits

    import cortiscope.pages  # noqa: F401 - imported here to be frozen with the rest

    threadpool_limits(1, user_api="blas")
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    address, port = (st.get_option(f"server.{name}") for name in ("address", "port"))
    print(announcement(gate(), address or "0.0.0.0", port, base_path()), flush=True)  # noqa: S104, T201
    queue()  # takes up what was interrupted, before anybody has opened a page
    collecting = asyncio.create_task(_collect())
    yield {}
    collecting.cancel()
    # Only here: a server that is asked to end does not come to Python's own end.
    queue().close()
    photographs.remove_all()


app = st.App(
    "main.py",
    routes=[
        first_page_route("explore"),
        frontend_route(part.FRONTEND for part in _COMPONENTS),
        cortex_asset_route(Home.from_environment().root / "cortex"),
        destinations_route(destinations),
        stimulus_route(stimulus_file, read_thumbnail),
    ],
    middleware=[Middleware(Gatehouse), streamlit_files(look_style())],
    lifespan=_lifespan,
)
