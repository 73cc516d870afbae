"""Charts go out unchecked: here Plotly checks each, and what is sent is what it would send."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import plotly.io
import streamlit as st

from cortiscope.pages import PAGES


def test_every_pages_figures_are_valid_and_sent_as_plotly_would(tiny_app, monkeypatch):
    shown, draw = [], st.plotly_chart
    monkeypatch.setattr(st, "plotly_chart", lambda f, **kw: (shown.append(f), draw(f, **kw))[1])
    app = tiny_app.open(subject="subj01")
    for page in PAGES:
        tiny_app.turn_to(app, page.url)
        assert not app.error, page
    assert len(shown) >= 5
    for figure in shown:
        checked = go.Figure(**figure.__dict__["_plain"]).to_dict()
        sent = json.loads(plotly.io.to_json(figure.to_dict(), validate=False))
        assert sent == json.loads(plotly.io.to_json(checked, validate=False))
