"""The viewer on its own: two to six maps, made-up responses."""

import numpy as np
import streamlit as st

from dashboard.cortex_view import ColourScale, CortexMap, cortex_view
from dashboard.cortex_view.example import synthetic

st.set_page_config("Cortex viewer", layout="wide")

with st.sidebar:
    image = st.number_input("image", 0, 500, 3, key="image", bind="query-params")
    n_views = st.slider("views", 1, 6, 2, key="views", bind="query-params")
    focus = st.selectbox("focus", ["none", "FFA-1", "PPA", "V1v"], key="focus", bind="query-params")

measured, predicted = synthetic.responses(image)
# A hole and a single missing vertex: neither may get a colour.
measured = measured.copy()
measured[np.arange(5) * 211] = np.nan
response = ColourScale("diverging", -2.5, 2.5, "z", "response")
correlation = ColourScale("sequential", 0, 0.8, "r", "accuracy")
maps = [
    CortexMap("measured", measured, response, f"image {image}", "measured", simulated=True),
    CortexMap("predicted", predicted, response, "smooth field · no model", "predicted", True),
    CortexMap("difference", predicted - measured, response, "", "difference", True),
    CortexMap("accuracy", synthetic.accuracy(), correlation, "r per vertex", "score", True),
    CortexMap("measured, next", synthetic.responses(image + 1)[0], response, "", "measured", True),
    CortexMap(
        "predicted, next", synthetic.responses(image + 1)[1], response, "", "predicted", True
    ),
][:n_views]
event = cortex_view(
    maps,
    assets=synthetic.assets(),
    key="cortex",
    height=int(st.query_params.get("height", 520)),
    focus_roi=None if focus == "none" else focus,
    view={"surface": 1},
    stamp="SIMULATED example",
    publish_view=True,
)
st.write("picked:", event.picked, "view:", event.view)
