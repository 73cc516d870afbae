"""The chart with made-up values: ``streamlit run dashboard/roi_chart/example.py``."""

import streamlit as st

from cortiscope.frontends import frontend_route
from cortiscope.roi_chart import FRONTEND

app = st.App("example_page.py", routes=[frontend_route([FRONTEND])])
