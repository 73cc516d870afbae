"""Six images are too few for an interval or a p: pages give the numbers and say so."""

from __future__ import annotations

from cortiscope.core.evaluation import LEAST_STIMULI


def _read(app):
    bodies = [one.proto.body for one in app.get("html")]
    return " ".join([*bodies, *(one.value for one in app.markdown)])


def test_accuracy_gives_the_mean_and_says_why_it_has_no_interval(tiny_app):
    said = _read(tiny_app.open("accuracy", subject="subj01"))
    assert "<b>mean r</b> over vertices</dd>" in said
    assert f"No intervals and no p: 6 images are fewer than the {LEAST_STIMULI}" in said
    assert "in brackets" not in said


def test_compare_gives_the_difference_and_no_p(tiny_app):
    a, b = tiny_app.runs
    said = _read(tiny_app.open("compare", subject="subj01", run=a.id, versus=b.id))
    assert f"Fewer than {LEAST_STIMULI} images" in said
    assert "of the means, paired over images" in said
    assert "p = " not in said
    assert "p &lt; " not in said
