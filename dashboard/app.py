"""Entry of ``streamlit run dashboard/app.py``: the script, and the files it serves by hash.

Geometry and stimuli go over HTTP, where a browser keeps them; the websocket carries only what
changes with the image.
"""

from __future__ import annotations

import streamlit as st

from cortiscope.core.storage import Home
from cortiscope.cortex_view import cortex_asset_route
from cortiscope.lifecycle import lifespan
from cortiscope.stimulus_files import stimulus_file
from cortiscope.stimulus_gallery import stimulus_route
from cortiscope.work.foreign_files import read_thumbnail

app = st.App(
    "main.py",
    routes=[
        cortex_asset_route(Home.from_environment().root / "cortex"),
        stimulus_route(stimulus_file, read_thumbnail),
    ],
    lifespan=lifespan,
)
