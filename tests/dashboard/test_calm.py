"""Pages stay calm: few entries in the bar, few controls in the sidebar, few figures at first."""

from __future__ import annotations

import pytest

from cortiscope import services
from cortiscope.pages import PAGES
from cortiscope.panels import mesh_menu
from cortiscope.subject.mesh_projection import MEAN, OWN

# What takes a click or a key; the gallery's component is one of them.
_CONTROLS = {
    *("button", "button_group", "checkbox", "multiselect", "number_input", "popover", "radio"),
    *("select_slider", "selectbox", "slider", "text_area", "text_input", "file_uploader"),
    *("bidi_component", "download_button", "expander"),
}
_FIGURES = {"bidi_component", "plotly_chart"}
# Components of the bar, of no height.
_NO_FIGURES = ("address-bar", "command-palette")


def _count(block, kinds, *, within=()):
    """Count elements of some kinds that are on screen before a click."""
    found = []
    for child in block.children.values():
        if child.type in kinds:
            found.append(child)
        if child.type not in ("popover", "expander") and hasattr(child, "children"):
            found += _count(child, kinds)
    return found


def test_the_bar_has_at_most_seven_entries_and_data_stands_last():
    assert len(PAGES) <= 7
    assert [page.title for page in PAGES][-1] == "Data"


@pytest.mark.parametrize("page", [page.url for page in PAGES])
def test_few_controls_stand_in_the_sidebar_and_few_figures_on_the_page(tiny_app, page):
    first, second = tiny_app.runs
    url = "" if page == PAGES[0].url else page
    app = tiny_app.open(url, subject="subj01", run=first.id, versus=second.id)
    controls = _count(app.sidebar, _CONTROLS)
    assert len(controls) <= 5, controls
    figures = [one for one in _count(app.main, _FIGURES) if one.key not in _NO_FIGURES]
    assert len(figures) <= 3, figures


@pytest.mark.parametrize("page", ["", "your-image"])
def test_a_choice_of_mesh_stands_under_the_cortex_and_is_no_sixth_control(
    tiny_app, page, monkeypatch
):
    run, drawn = tiny_app.runs[0], services.mesh_projection
    monkeypatch.setattr(mesh_menu, "default_way", lambda *_, **__: MEAN)
    # The tiny subject has no fsaverage: it is drawn on its own mesh all the same.
    monkeypatch.setattr(services, "mesh_projection", lambda *of: drawn(*of[:2], OWN))
    app = tiny_app.open(page, subject="subj01", run=run.id)
    assert len(_count(app.sidebar, _CONTROLS)) <= 5
    [menu] = [one for one in app.main.selectbox if one.label == "drawn by"]
    menu.select("nested").run()
    assert not app.exception
    assert tiny_app.address(app)["mesh"] == "nested"
