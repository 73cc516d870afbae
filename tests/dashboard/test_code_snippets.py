"""The code that a page shows runs in an empty folder and gives the numbers that the page shows."""

from __future__ import annotations

import numpy as np
import pytest

import cortiscope
from cortiscope.work import picture_worker


@pytest.fixture(autouse=True)
def own_worker():
    picture_worker.worker().close()
    picture_worker.worker.clear()
    yield
    picture_worker.worker().close()
    picture_worker.worker.clear()


@pytest.fixture
def shown(tiny_app, monkeypatch, tmp_path):
    """Open a page; return what it says and what its code comes to."""
    monkeypatch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
    monkeypatch.chdir(tmp_path)

    def _open(page, **address):
        run = tiny_app.runs[0].id
        app = tiny_app.open(page, subject="subj01", run=run, **address)
        if not app.code:  # sent when its button is opened
            app.session_state["explore-code"] = True
            app.run()
        (code,) = [one.value for one in app.code if "import cortiscope as cs" in one.value]
        said: dict = {}
        exec(code, said)  # noqa: S102 - the very thing that is promised
        assert said["cs"] is cortiscope
        words = " ".join(one.proto.body for one in app.get("html"))
        return words.replace("−", "-"), said, app

    return _open


def _number(value):
    return f"{value:.3f}"


def test_explore(shown, tiny_app):
    _, said, _ = shown("", image="test-3")
    run = tiny_app.runs[0]
    np.testing.assert_array_equal(said["predicted"], run.predict_rows("test", slice(None))[2])
    np.testing.assert_array_equal(
        said["measured"], tiny_app.subject().test.response_rows(slice(None))[2]
    )
    assert (len(said["left"]), len(said["right"])) == (7, 5)


@pytest.mark.parametrize(("metric", "column"), [("", "mean_r"), ("r2", "mean_r2")])
def test_accuracy(shown, metric, column):
    words, said, _ = shown("accuracy", metric=metric)
    table = said["table"].set_index(["roi", "hemisphere"])
    assert _number(table.loc[("all vertices", "both"), column]) in words
    assert _number(np.nanmean(said["values"])) in words


def test_accuracy_of_the_reliable_vertices(shown, tiny_app):
    words, said, _ = shown("accuracy", ncsnr="0.40")
    assert f"{len(said['values'])} of 12 vertices are left" in words
    assert _number(np.nanmean(said["values"])) in words


def test_compare(shown, tiny_app):
    words, said, _ = shown("compare", versus=tiny_app.runs[1].id)
    whole = said["table"].set_index(["roi", "hemisphere"]).loc[("all vertices", "both")]
    assert f"{whole.difference:+.3f}" in words
    assert f"{whole.mean_a:.3f}" in words
    assert np.nanmean(said["difference"]) == pytest.approx(whole.difference, abs=1e-6)


def test_your_image(shown):
    words, said, _ = shown("your-image", photo="temple")
    found = said["found"]
    assert said["predicted"].shape == (12,)
    assert found.verdict in words
    for one in found.nearest:
        name = f'alt="{one.split}-{one.row + 1}'  # and its caption, where it has one
        assert f'{name}"' in words or f"{name}:" in words
        assert f"<figcaption>{one.similarity:.2f}</figcaption>" in words
    for far in found.novelty.values():
        assert f"than {far.percentile:.0f} % of the held-out images" in words
    assert found.table().percentile.between(0, 100).all()


def test_data(shown):
    _, said, _ = shown("data")
    assert said["moments"].n_images == 20
