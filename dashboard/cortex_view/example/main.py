"""The viewer on its own: one to six maps, made-up responses."""

import json

import numpy as np
import streamlit as st

from cortiscope.cortex_view import ColourScale, CortexMap, cortex_view, read_view
from cortiscope.cortex_view.example import synthetic

st.set_page_config("Cortex viewer", layout="wide")

with st.sidebar:
    image = st.number_input("image", 0, 500, 3, key="image", bind="query-params")
    n_views = st.slider("views", 1, 6, 2, key="views", bind="query-params")
    focus = st.selectbox("focus", ["none", "FFA-1", "PPA", "V1v"], key="focus", bind="query-params")
    names = synthetic.templates()
    template = st.selectbox("template", names, key="template", bind="query-params")
    st.caption(synthetic.MEANING[template or names[0]])
    first = st.selectbox("first", ["responses", "tables"], key="first", bind="query-params")
assert template is not None

measured, predicted = synthetic.responses(image, template)
following = synthetic.responses(image + 1, template)
accuracy = synthetic.accuracy(template)
# A hole and a single missing vertex: neither may get a colour.
measured = measured.copy()
measured[np.arange(5) * 211] = np.nan
response = ColourScale("diverging", -2.5, 2.5, "z", "response")
correlation = ColourScale("sequential", 0, 0.8, "r", "accuracy")
circle = ColourScale("cyclic", -np.pi, np.pi, "rad", "angle")
eight = ColourScale("categorical", 0, 7, "", "category")
difference = predicted - measured
maps = [
    CortexMap("measured", measured, response, f"image {image}", "measured", True, accuracy),
    CortexMap("predicted", predicted, response, "smooth field", "predicted", True, accuracy),
    CortexMap("difference", difference, response, "", "difference", True, accuracy),
    CortexMap("accuracy", accuracy, correlation, "r per vertex", "score", True),
    CortexMap("measured, next", following[0], response, "", "measured", True),
    CortexMap("predicted, next", following[1], response, "", "predicted", True),
]
if first == "tables":
    maps = [
        CortexMap("angle", synthetic.angle(template), circle, "", "score", True),
        CortexMap("category", synthetic.categories(template), eight, "", "score", True),
        *maps,
    ]
view, unread = read_view(st.query_params.get("view", ""))
if unread:
    st.warning(
        f"The address’s view holds {', '.join(unread)}, which was not recognised and was ignored."
    )
event = cortex_view(
    maps[:n_views],
    assets=synthetic.assets(template),
    key="cortex",
    height=int(st.query_params.get("height", 520)),
    focus_roi=None if focus == "none" else focus,
    view=view,
    address="view",
    stamp="SIMULATED example",
    publish_view=True,
)
if event.region is not None:
    st.session_state["brushed"] = event.region
    st.session_state["messages"] = st.session_state.get("messages", 0) + 1
if event.picked is not None:
    st.session_state["picks"] = event.picks
# A message is there for one run only, and the camera's own message may start the next.
picks = st.session_state.get("picks", ())
st.write("picked:", picks[-1] if picks else None, "picks:", len(picks), "view:", event.view)
if region := st.session_state.get("brushed"):
    numbers = {"left": region.left.tolist(), "right": region.right.tolist()}
    st.write(f"region, message {st.session_state['messages']}: {len(region)} vertices")
    st.html(f'<code class="brushed-region">{json.dumps(numbers)}</code>')
