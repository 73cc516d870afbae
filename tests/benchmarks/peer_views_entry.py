"""Entry of the peers' app: serves the viewer's geometry beside the page."""

import streamlit as st

from cortiscope.cortex_view import cortex_asset_route
from cortiscope.cortex_view.example import synthetic

app = st.App("peer_views_app.py", routes=[cortex_asset_route(synthetic.folder() / "assets")])
