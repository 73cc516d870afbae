"""Compare with several models: letters, the pair that is tested, and what all say together."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from cortiscope.core.encoding import Reduction
from cortiscope.core.evaluation import (
    PAIRED,
    R,
    Scored,
    best_set,
    comparable_scores,
    compare_models,
    results,
)
from cortiscope.core.pipeline.jobs import DONE, FAILED, RUNNING, Job
from cortiscope.core.runs.kept_results import kept_or_computed
from cortiscope.pages.compare import paired, published, together
from cortiscope.pages.compare.pair import Compared, pair_rows, vertices_csv
from cortiscope.panels import statistics
from cortiscope.panels.scores import scored_run


@pytest.fixture(scope="module")
def further(tiny_world):
    """Runs that other tests do not count with."""
    made = [tiny_world.fit(reduction=Reduction("pca", k)) for k in (2, 3)]
    yield made
    for run in made:
        shutil.rmtree(run.folder)


@pytest.fixture
def four(tiny_app, further):
    return [*tiny_app.runs[:2], *further]


def _open(app, runs, **address):
    versus = ",".join(run.id for run in runs[1:])
    return app.open("compare", subject="subj01", run=runs[0].id, versus=versus, **address)


def _words(app):
    words = " ".join(one.proto.body for one in app.get("html"))
    assert "This part of the page failed" not in words
    return words


def test_all_are_shown_on_one_scale_and_the_pair_of_the_address_is_tested(tiny_app, four):
    app = _open(tiny_app, four, pair="CA")
    words = _words(app)
    assert "One scale for all." in words
    assert "Where C and A differ most" in words
    assert app.selectbox("compare-pair-0").value == "C"
    subject = tiny_app.subject()
    a, c = (Scored.of_model(four[k], subject) for k in (0, 2))
    expected = compare_models(c, a).overall.difference  # C less A; the table says A less C
    assert f"{-expected:+.3f}".replace("-", "−") in words
    assert tiny_app.address(app)["pair"] == "CA"
    app.selectbox("compare-pair-1").set_value("D").run()
    assert not app.exception
    assert tiny_app.address(app)["pair"] == "CD"
    # The one that is chosen twice makes room.
    app.selectbox("compare-pair-0").set_value("D").run()
    assert tiny_app.address(app)["pair"] == "DC"


def test_statistics_are_of_the_tested_pair_or_of_all(tiny_app, four, monkeypatch):
    asked = []

    def computed(metric, models, **_):
        asked.append([own.model.id for own in models])
        return kept_or_computed(metric, models, keep=False)

    monkeypatch.setattr(statistics, "kept_or_computed", computed)
    ids = [run.id for run in four]
    app = _open(tiny_app, four, pair="CA", statistic="paired")
    assert asked.pop() == [ids[2], ids[0]]
    assert "Here A is " in _words(app)
    app.selectbox("compare-pair-1").set_value("D").run()
    assert tiny_app.address(app)["pair"] == "CD"
    _open(tiny_app, four, pair="CD", statistic="paired")
    assert asked.pop() == [ids[2], ids[3]]
    _open(tiny_app, four, statistic="preferred_layer")
    assert asked.pop() == ids


@pytest.mark.parametrize("asked", ["AE", "AA", "B", "XY"])
def test_a_pair_that_is_not_there_is_a_and_b(tiny_app, four, asked):
    app = _open(tiny_app, four[:3], pair=asked)
    assert "Where A and B differ most" in _words(app)


def test_the_menu_offers_what_models_say_together(tiny_app, four):
    app = _open(tiny_app, four, between="difference", pair="BA")
    assert "Differences to B share one scale" in _words(app)
    offered = [option for radio in app.radio for option in radio.options]
    assert {"differences to the reference", "best model"} <= set(offered)
    assert "preferred layer of A" not in offered  # its network has one layer here
    app = _open(tiny_app, four, between="best_model")
    assert "vertices have one" in _words(app)
    app = _open(tiny_app, four[:2])
    offered = [option for radio in app.radio for option in radio.options]
    assert "differences to the reference" not in offered
    assert "best model" in offered


def test_the_best_model_is_that_of_the_core(tiny_app, four):
    subject = tiny_app.subject()
    models = Compared(subject, tuple(four), R, tuple(scored_run(run, R) for run in four))
    ((_, drawn, *_),), _ = together._best_model(models)
    scored = [Scored.of_model(run, subject) for run in four]
    found = best_set([one.predicted for one in scored], scored[0].measured)
    np.testing.assert_array_equal(drawn, found.best_model)


def test_rows_and_files_hold_all_of_them(tiny_app, four):
    subject = tiny_app.subject()
    models = Compared(subject, tuple(four), R, tuple(scored_run(run, R) for run in four))
    assert len(set(models.titles)) == 4
    row = next(r for r in pair_rows(models) if (r.roi, r.hemisphere) == ("V1d", "left"))
    expected = [run.report.of("V1d", "left").mean_r for run in four]
    assert [mark.value for mark in row.marks] == pytest.approx(expected)
    text = vertices_csv(models, "about")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    assert [name for name in rows[0] if name.startswith("r_")] == ["r_a", "r_b", "r_c", "r_d"]
    assert "difference" not in rows[0]
    own = [float(r["r_c"] or "nan") for r in rows]
    np.testing.assert_allclose(own, four[2].report.r, atol=2e-4)
    assert models.pair("DB").runs == (four[3], four[1])


def test_pictures_are_drawn_where_they_are_asked_for(tiny_app, four):
    app = _open(tiny_app, four, pair="BA")
    assert "disagree most" not in _words(app)
    app.session_state["compare-rois-tab"] = "pictures"
    words = _words(app.run())
    assert "Where B and A disagree most: FFA-1 left" in words
    assert "6 held-out pictures are too few" in words


def test_scores_are_beside_no_published_ones_where_data_differ_and_it_is_said_why(tiny_app, four):
    app = _open(tiny_app, four)
    app.session_state["compare-rois-tab"] = "scores"
    words = _words(app.run())
    assert "No published score is drawn" in words
    assert "a simulated subject" in words
    best = max(run.report.overall.challenge_score for run in four)
    assert f"{best:.1f} %" in words
    assert "published</span>" not in words


def test_published_scores_stand_where_data_images_and_rule_are_theirs(tiny_app, four):
    challenge = comparable_scores("algonauts2023", "test", "challenge_score")
    assert [own.value for own in challenge] == [70.85, 63.52, 61.57, 40.97, 39.99]
    assert [own.value for own in comparable_scores("img2brain", "test", "median_r")] == [0.2417]
    assert not comparable_scores("algonauts2023", "validation", "challenge_score")
    assert not comparable_scores("img2brain", "test", "challenge_score")
    # A subject that says it was measured, with ceilings, on the challenge's own split.
    subject = replace(tiny_app.subject(), simulated=False, layout="algonauts2023")
    models = Compared(subject, tuple(four), R, tuple(scored_run(run, R) for run in four))
    bars = published.bars_of(models)
    assert [bar.value for bar in bars] == sorted((bar.value for bar in bars), reverse=True)
    assert [bar.words for bar in bars if not bar.letter][0] == "Memory Encoding Model"
    assert {bar.letter for bar in bars if bar.letter} == set("ABCD")


def test_a_large_subject_is_tested_elsewhere_while_the_page_is_there(tiny_app, four, monkeypatch):
    a, b = (Scored.of_model(run, tiny_app.subject()) for run in four[:2])
    said = json.loads(json.dumps(results(PAIRED, [a, b])))
    job = Job("000001", "compare", "Testing A − B", state=RUNNING, message="paired difference")
    known: list[Job] = []

    def start(kind, title, words, *, about):
        assert (kind, words[0], words[-1]) == ("compare", "evaluate", "paired")
        known.append(replace(job, about=about))
        return known[-1]

    monkeypatch.setattr("cortiscope.pages.compare.page._MANY_RESPONSES", 0)
    monkeypatch.setattr(paired, "submit", start)
    monkeypatch.setattr(paired, "latest", lambda kind, about: known[-1] if known else None)
    app = _open(tiny_app, four[:2])
    words = _words(app)
    assert len(known) == 1
    assert "A and B share one scale" in words  # the maps are there
    assert "cs-verdict" not in words
    known[-1] = replace(known[-1], state=DONE, result={"results": {"paired": said}})
    app.run()
    assert len(known) == 1
    expected = compare_models(a, b).overall.difference
    assert f"{expected:+.3f}".replace("-", "−") in _words(app)
    known[-1] = replace(known[-1], state=FAILED, error="It broke.", result=None)
    app.run()
    assert "It broke" in str([one.value for one in app.error])
    app.button("compare-test").click().run()
    assert len(known) == 2
