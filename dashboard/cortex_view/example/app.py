"""Start with ``streamlit run dashboard/cortex_view/example/app.py``."""

import streamlit as st

from cortiscope.cortex_view import FRONTEND, cortex_asset_route, frontend_route
from cortiscope.cortex_view.example import synthetic

app = st.App(
    "main.py",
    routes=[frontend_route([FRONTEND]), cortex_asset_route(synthetic.folder() / "assets")],
)
