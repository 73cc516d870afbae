"""The peer: measured and predicted as two Plotly Mesh3d brains, rebuilt for each image."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from cortiscope.core.brain import HEMISPHERES, load_fsaverage5
from cortiscope.core.datasets import open_subject
from cortiscope.core.pipeline.demo import demo_data, demo_specs
from cortiscope.core.runs import RunStore
from cortiscope.core.storage import Home


@st.cache_resource
def _load():
    home = Home.from_environment()
    subject = open_subject(demo_data(home), "sim01")
    run = RunStore(home.runs).open(demo_specs(subject)[0].run_id)
    return load_fsaverage5(home.surfaces), subject, run


def main() -> None:
    surfaces, subject, run = _load()
    row = st.session_state.setdefault("row", 0)
    if st.button("next"):
        row = st.session_state["row"] = row + 1
    maps = (subject.test.response_rows([row])[0], run.predict_rows("test", [row])[0])
    figure = make_subplots(1, 2, specs=[[{"type": "scene"}] * 2])
    for column, values in enumerate(maps, start=1):
        for h, shift in zip(HEMISPHERES, (-45, 45), strict=True):
            x, y, z = surfaces[h].inflated.T
            i, j, k = surfaces[h].faces.T
            full = subject.space.to_fsaverage(values[subject.space.slice_of(h)], h)
            mesh = go.Mesh3d(
                x=x + shift, y=y, z=z, i=i, j=j, k=k, intensity=np.nan_to_num(full),
                cmin=-2, cmax=2, colorscale="RdBu_r", showscale=False,
            )  # fmt: skip
            figure.add_trace(mesh, row=1, col=column)
    figure.update_layout(height=480, title=f"image {row}", uirevision="same")
    st.plotly_chart(figure, key="brains")
    st.html(f'<p class="peer-row">{row}</p>')


main()
