"""Each name of ``list metrics`` has its panel; their numbers are tested without a browser."""

from __future__ import annotations

import re
import shutil
from functools import partial

import pytest

from cortiscope.core.evaluation import (
    METRICS,
    learning_curve,
    partition_fits,
    statistics,
    vertex_metrics,
)
from cortiscope.core.notebook.scores import scored_runs
from cortiscope.core.pipeline.demo import demo_data
from cortiscope.core.runs import RunStore
from cortiscope.core.runs.kept_results import kept_or_computed
from cortiscope.core.storage import Home
from cortiscope.panels.statistics import statistics_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(start_app, demo_home):
    """The app on the demo."""
    env = {"CORTISCOPE_HOME": str(demo_home), "CORTISCOPE_DATA": ""}
    return start_app("dashboard/app.py", env=env)


def _fitted_to_few(design, responses, a, b, held_out, *, groups):
    return partition_fits(design[:50], responses[:50], a, b, held_out, groups=groups[:50])


@pytest.fixture
def long_answers(demo_home, monkeypatch):
    """What takes long, computed before with few draws, and kept; the pair of models it is of."""
    monkeypatch.setenv("CORTISCOPE_HOME", str(demo_home))
    monkeypatch.setattr(statistics, "_N_PERMUTATIONS", 30)
    monkeypatch.setattr(statistics, "_N_DRAWS", 10)
    monkeypatch.setattr(
        statistics, "learning_curve", partial(learning_curve, sizes=[20, 40], n_orders=1)
    )
    monkeypatch.setattr(statistics, "partition_fits", _fitted_to_few)
    store = RunStore(Home.from_environment().runs)
    pair = [
        next(run for name in store.ids() if beginning in name and (run := store.open(name)))
        for beginning in ("sim01-gabor", "sim01-small_cnn-pretrained-block5")
    ]
    # By its folder: other tests of this process may know another sim01.
    models = scored_runs(pair, demo_data(Home(demo_home)))
    for name, of in (("permutation", 1), ("learning_curve", 1), ("partition", 2)):
        kept_or_computed(METRICS[name], models[:of])
    yield pair
    for run in pair:
        shutil.rmtree(run.folder / "kept", ignore_errors=True)


def test_every_statistic_has_a_panel(page, app, long_answers):
    """One visit each of Accuracy and Compare."""
    a, b = long_answers
    opened = set()
    for address, n in ((f"accuracy?run={a.id}", 1), (f"compare?run={a.id}&versus={b.id}", 2)):
        page.goto(f"{app}/{address}")
        page.wait_for_selector("[data-painted]")
        page.locator(".st-key-statistic").scroll_into_view_if_needed()
        for metric in statistics_of(n):
            page.locator(".st-key-statistic input").click()
            page.get_by_role("option", name=f"{metric.question} · {metric.title}").click()
            if metric.name == "training":
                page.get_by_text("was not trained epoch by epoch").wait_for()
            else:
                panel = f'[class*="st-key-statistic-{metric.name}"]'
                page.locator(panel).first.wait_for()
                page.locator(".st-key-statistic-code").wait_for()
            opened.add(metric.name)
        if n == 1:
            page.get_by_role("button", name=re.compile("^.*Map: r")).click()
            for metric in vertex_metrics():
                page.get_by_role("radio", name=re.compile(f"^{re.escape(metric.title)}")).wait_for(
                    state="attached"
                )
                opened.add(metric.name)
            page.keyboard.press("Escape")
    assert opened == set(METRICS)
    assert page.locator('[data-testid="stAlertContentError"]').count() == 0
