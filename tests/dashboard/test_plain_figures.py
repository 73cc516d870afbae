"""Charts go out unchecked: here Plotly checks each, and what is sent is what it would send."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import plotly.io
import pytest
import streamlit as st

from cortiscope.pages import PAGES


@pytest.fixture
def shown(monkeypatch):
    """Every figure that Plotly is given."""
    shown, draw = [], st.plotly_chart
    monkeypatch.setattr(st, "plotly_chart", lambda f, **kw: (shown.append(f), draw(f, **kw))[1])
    return shown


def test_no_page_needs_plotly_before_a_click(tiny_app, shown):
    app = tiny_app.open(subject="subj01")
    for page in PAGES:
        tiny_app.turn_to(app, page.url)
        assert not app.error, page
    assert not shown


def test_plotly_s_figures_are_valid_and_sent_as_it_would(tiny_app, shown):
    first, second = tiny_app.runs
    app = tiny_app.open("accuracy", subject="subj01", statistic="identification")
    app = tiny_app.open("compare", subject="subj01", run=first.id, versus=second.id)
    app.session_state["compare-panel-tab"] = "vertex by vertex"
    app.run()
    assert not app.error
    assert len(shown) == 2
    for figure in shown:
        checked = go.Figure(**figure.__dict__["_plain"]).to_dict()
        sent = json.loads(plotly.io.to_json(figure.to_dict(), validate=False))
        assert sent == json.loads(plotly.io.to_json(checked, validate=False))
