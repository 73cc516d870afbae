"""The menu "Map" reads one registry: what is registered can be shown, and what lacks nothing."""

from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.evaluation import vertex_metrics
from cortiscope.panels.maps import MAPS, OF_IMAGE, MapKind, Shown, map_kinds, register_map


@pytest.fixture
def doubled():
    """A map of one's own."""
    kind = MapKind(
        *("doubled", "twice as much", OF_IMAGE, "the measured responses times two"),
        lambda shown: 2 * shown.measured,
        lambda shown: "measured responses" if shown.measured is None else "",
        lambda scale, shown: scale,
    )
    yield register_map(kind)
    del MAPS["doubled"]


def _maps(app):
    return str(next(one.proto for one in app.get("bidi_component") if "brain" in str(one.proto)))


def test_every_metric_of_a_model_is_a_map_and_a_model_is_what_it_needs(tiny_app):
    run, subject = tiny_app.runs[0], tiny_app.subject()
    kinds = {kind.name: kind for kind in map_kinds()}
    assert list(kinds)[: len(MAPS)] == list(MAPS)
    metrics = {m.name: m for m in vertex_metrics()}
    assert set(kinds) == {*MAPS, *metrics}
    for name, kind in kinds.items():
        assert kind.lacks(Shown(subject)), name
        if name in metrics:
            assert not kind.lacks(Shown(subject, run))
            assert kind.values(Shown(subject, run)).shape == np.shape(run.report.r)


def test_a_map_beside_the_responses_is_chosen_in_the_menu_and_kept_in_the_address(tiny_app):
    app = tiny_app.open(subject="subj01", show="difference")
    of_image, of_model = app.radio("explore-map-0"), app.radio("explore-map-1")
    assert of_image.options == ["measured and predicted alone", "measured − predicted"]
    assert of_image.value == "difference"
    assert of_model.value is None
    assert "what the model misses" in _maps(app)
    of_model.set_value("r").run()
    assert tiny_app.address(app)["show"] == "r"
    assert app.radio("explore-map-0").value is None
    assert "Pearson r between" in _maps(app)
    assert "what the model misses" not in _maps(app)
    app.radio("explore-map-0").set_value("").run()
    assert "show" not in tiny_app.address(app)
    assert "Pearson r between" not in _maps(app)


def test_a_map_that_cannot_be_shown_here_is_not_offered(tiny_app):
    app = tiny_app.open(subject="subj01", show="truth")  # of a simulated subject
    assert app.radio("explore-map-0").value == ""
    assert "truth" not in str(app.radio("explore-map-0").options)


def test_a_map_that_is_registered_is_in_the_menu_and_has_an_address(tiny_app, doubled):
    app = tiny_app.open(subject="subj01", show="doubled")
    assert app.radio("explore-map-0").options[-1] == "twice as much"
    assert "the measured responses times two" in _maps(app)
