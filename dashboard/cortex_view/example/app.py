"""Start with ``streamlit run dashboard/cortex_view/example/app.py``."""

import streamlit as st

from dashboard.cortex_view import cortex_asset_route
from dashboard.cortex_view.example import synthetic

app = st.App("main.py", routes=[cortex_asset_route(synthetic.folder() / "assets")])
