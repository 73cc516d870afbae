"""Methods paragraphs say what was done to this very run, and assume nothing."""

from __future__ import annotations

import pytest

from cortiscope.core.pipeline.methods import data_methods_text, methods_text, references
from cortiscope.core.recipes import get_recipe


def _as(run, **spec):
    return type(run)(run.folder, {**run.record, "spec": {**run.record["spec"], **spec}})


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "for validation a share of 0.2, drawn at random, seed 0"),
        ({"split_rule": "fold:2/5", "seed": 7}, "for validation fold:2/5 of them in random order"),
        ({"report_fraction": 0.1}, "after a share of 0.1 was put aside for the report"),
        ({"recipe": "stacked", "stand_ins": ["A for B"]}, "with stand-ins: A for B."),
    ],
)
def test_split_and_recipe_are_the_run_s_own(tiny_app, spec, words):
    run = tiny_app.runs[0]
    text = methods_text(tiny_app.subject(), _as(run, **spec))
    assert words in text
    assert run.id in text
    assert "Central square at 32 px" in text
    assert "grid of at most 4 x 4" in text
    assert ("stacked" in spec.get("recipe", "")) == (get_recipe("stacked").title in text)


def test_the_dataset_s_paragraph_names_who_says_what(tiny_app):
    text = data_methods_text(tiny_app.subject())
    assert "20 training images (with responses) and 6 test images (with responses)" in text
    assert "units z (layout)" in text
    assert text.startswith("The responses are SIMULATED")


def test_components_are_those_that_there_were_and_not_only_those_asked_for(tiny_app):
    """Forty-eight images give 47 principal components, whatever was asked for."""
    run = tiny_app.runs[0]
    n = run.record["n_columns"]
    reduction = {**run.record["spec"]["reduction"], "kind": "pca", "components": n + 3}
    text = methods_text(tiny_app.subject(), _as(run, reduction=reduction))
    assert f"reduced to {n + 3} principal components (there were {n})" in text
    reduction["components"] = n
    assert "(there were" not in methods_text(tiny_app.subject(), _as(run, reduction=reduction))


def test_only_sources_of_what_was_done_are_cited(tiny_app):
    cited = references(data_methods_text(tiny_app.subject()))
    assert "Naselaris" not in cited
    assert "jackknife" not in cited
    assert references("Responses were predicted from pixels.").startswith("Naselaris")
    assert references("Nothing.") == ""
