"""Entry of ``streamlit run dashboard/app.py``: the script, and the files it serves by hash.

Geometry and stimuli go over HTTP, where a browser keeps them; the websocket carries only what
changes with the image.
"""

from __future__ import annotations

import streamlit as st

from core.storage import Home
from dashboard.cortex_view import cortex_asset_route
from dashboard.foreign_files import read_thumbnail
from dashboard.lifecycle import lifespan
from dashboard.stimulus_files import stimulus_file
from dashboard.stimulus_gallery import stimulus_route

app = st.App(
    "main.py",
    routes=[
        cortex_asset_route(Home.from_environment().root / "cortex"),
        stimulus_route(stimulus_file, read_thumbnail),
    ],
    lifespan=lifespan,
)
