"""What is used in a region runs that region, on the served app as a browser would use it."""

from __future__ import annotations

import asyncio

import pytest

from cortiscope.core.brain import load_fsaverage5
from cortiscope.core.encoding import Reduction
from cortiscope.core.storage import Home
from tests.dashboard.conftest import TinyApp
from tests.data.tiny_world import write_subject
from tests.visitor import serving, visiting


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The app on tiny subjects, the second without test responses, and without the demo."""
    root = tmp_path_factory.mktemp("regions")
    world = TinyApp(Home(root / "home"), root / "data")
    load_fsaverage5(world.home.surfaces)
    write_subject(world.data / "subj01")
    write_subject(world.data / "subj02", test_responses=False)
    for k in (6, 4):
        world.fit(reduction=Reduction("pca", k))
    world.fit("subj02", reduction=Reduction("pca", 4))
    env = {
        "CORTISCOPE_HOME": str(world.home.root),
        "CORTISCOPE_DATA": str(world.data),
    }
    before = (
        "import cortiscope.core.pipeline.demo as demo, pathlib\n"
        "demo.demo_is_ready = demo.demo_is_complete = lambda _: True\n"
        "import cortiscope.subject.data_folders as folders\n"
        f"folders.demo_folder = lambda _: pathlib.Path({str(world.data)!r})\n"
        "from cortiscope.work.answering import AnsweringProcess\n"
        "AnsweringProcess.warm_up = lambda _: None\n"
    )
    with serving(env=env, before=before) as served:
        yield served.address


def _visit(app, look, page="", **address):
    """Open a page and let ``look(visitor, first run)`` go on from there."""

    async def visit():
        async with visiting(app) as visitor:
            first = await visitor.open(page, **{"subject": "subj01", **address})
            assert not first.failures()
            await look(visitor, first)

    asyncio.run(visit())


_MODEL = {"menu-subject-1"}


def test_another_image_redraws_what_follows_it_and_no_more(app):
    async def look(visitor, first):
        assert first.drawn() >= _MODEL | {"gallery", "explore-brain", "explore-rois"}
        run = await visitor.see("test", 3)
        assert len(run.fragments) == 1
        assert not run.failures()
        assert run.drawn() >= {"gallery", "explore-brain", "explore-rois", "detail-scatter"}
        assert not run.drawn() & _MODEL
        assert visitor.address["image"] == "test-4"
        assert run.n_bytes <= 60_000
        assert not {"markdown", "code"} & {kind for kind, _, _ in run.elements}
        # What was drawn before the image changed is not what the next region starts from.
        again = await visitor.tell(
            "explore-rois", "picked", {"roi": "V1v", "hemisphere": "left", "count": 1}
        )
        assert "test-4" in str(again.elements)
        assert visitor.address["image"] == "test-4"

    _visit(app, look)


def test_methods_and_code_of_the_image_are_sent_to_whoever_opens_them(app):
    async def look(visitor, first):
        assert "code" not in {kind for kind, _, _ in first.elements}
        run = await visitor.use("explore-methods", bool_value=True)
        said = " ".join(e.body for kind, _, e in run.elements if kind == "markdown")
        assert "Central square" in said
        assert "Shown are responses to test\\-1" in said
        assert not run.drawn() & {"gallery", "explore-brain"}
        await visitor.use("explore-code", bool_value=True)
        # Another image while they are open is theirs, too.
        run = await visitor.see("test", 3)
        said = " ".join(e.body for kind, _, e in run.elements if kind == "markdown")
        assert "Shown are responses to test\\-4" in said
        assert [e.code_text for kind, _, e in run.elements if kind == "code"][0].count("[3]") == 1
        assert {"gallery", "explore-brain"} <= run.drawn()
        run = await visitor.use("explore-code", bool_value=False)
        assert "code" not in {kind for kind, _, _ in run.elements}

    _visit(app, look)


def test_the_search_field_is_drawn_again_for_a_search_alone(app):
    async def look(visitor, first):
        assert "menu-search-1" in first.drawn()
        run = await visitor.see("train", 3)
        assert "gallery" in run.drawn()
        assert "menu-search-1" not in run.drawn()
        run = await visitor.use("menu-search-1", string_value=" picture 1")
        assert not run.failures()
        assert {"menu-search-1", "gallery"} <= run.drawn()
        assert not run.drawn() & _MODEL
        assert visitor.address["search"] == "picture 1"
        assert visitor.address["image"] == "train-2"
        run = await visitor.use("menu-search-1", string_value="")
        assert "search" not in visitor.address
        assert visitor.address["image"] == "train-2"

    _visit(app, look)


def test_a_picked_vertex_redraws_the_cortex_and_its_panel_not_the_picture(app):
    async def look(visitor, first):
        number = visitor.widgets["gallery"]
        picks = [{"hemisphere": "left", "vertex": 3, "position": 0, "rois": []}]
        run = await visitor.tell("explore-brain", "picked", {"picks": picks})
        assert not run.failures()
        assert run.drawn() >= {"explore-brain", "explore-rois", "detail-scatter"}
        assert not run.drawn() & {"gallery", *_MODEL}
        assert visitor.address["vertex"] == "left~3"
        assert visitor.widgets["gallery"] == number

    _visit(app, look)


def test_an_option_redraws_the_cortex_alone(app):
    async def look(visitor, first):
        run = await visitor.use("explore-map-0", string_value="measured − predicted")
        assert not run.failures()
        assert run.drawn() == {"explore-brain", "explore-map-0", "explore-map-1", "explore-scale"}
        assert visitor.address["show"] == "difference"

    _visit(app, look)


def test_another_subject_redraws_the_page(app):
    async def look(visitor, first):
        run = await visitor.use("menu-subject-1", string_value="subj02")
        assert run.fragments == []
        assert "explore-brain" in run.drawn()

    _visit(app, look)


def test_an_image_of_which_less_is_known_redraws_the_page_whose_maps_are_others(app):
    async def look(visitor, first):
        assert "train" in visitor.address["image"]
        run = await visitor.see("test", 2)
        assert not run.failures()
        assert run.drawn() >= {"gallery", "explore-brain", "explore-map-0", *_MODEL}
        assert visitor.address["image"] == "test-3"
        again = await visitor.see("test", 3)
        assert not again.drawn() & {"explore-map-0", *_MODEL}

    _visit(app, look, subject="subj02")


_PICK = {"picks": [{"hemisphere": "left", "vertex": 3, "position": 0, "rois": []}]}


def test_accuracy_redraws_for_a_vertex_what_follows_it_and_for_a_metric_the_scores(app):
    async def look(visitor, first):
        run = await visitor.tell("accuracy-brain", "picked", _PICK)
        assert not run.failures()
        assert run.drawn() == {"accuracy-brain", "accuracy-rois", "statistic"}
        assert visitor.address["vertex"] == "left~3"
        picked = {"roi": "V1v", "hemisphere": "left", "count": 1}
        run = await visitor.tell("accuracy-rois", "picked", picked)
        assert run.drawn() == {"accuracy-brain", "accuracy-rois", "statistic"}
        assert (visitor.address["roi"], visitor.address.get("vertex")) == ("V1v~left", None)
        run = await visitor.use("accuracy-ncsnr", double_array_value={"data": [0.1]})
        assert not run.failures()
        assert run.drawn() >= {"accuracy-brain", "accuracy-rois", "vertices-best"}
        assert not run.drawn() & _MODEL
        assert visitor.address["ncsnr"] == "0.10"

    _visit(app, look, "accuracy")


def test_compare_redraws_for_a_roi_the_brains_and_the_chart(app):
    async def look(visitor, first):
        picked = {"roi": "V1v", "hemisphere": "left", "count": 1}
        run = await visitor.tell("compare-rois", "picked", picked)
        assert not run.failures()
        assert run.drawn() == {"compare-brain", "compare-rois", "statistic"}
        run = await visitor.use("compare-metric-0", string_value="R²")
        assert not run.failures()
        assert run.drawn() >= {"compare-brain", "compare-rois", "compare-metric-0"}
        assert not run.drawn() & _MODEL
        assert visitor.address["metric"] == "r2"

    _visit(app, look, "compare")


def test_another_image_on_data_redraws_the_responses_alone(app):
    async def look(visitor, first):
        run = await visitor.see("train", 3)
        assert not run.failures()
        assert len(run.fragments) == 1
        assert "gallery" in run.drawn()
        assert not run.drawn() & _MODEL
        run = await visitor.use("data-random-vertex", trigger_value=True)
        assert not run.failures()
        assert visitor.address["vertex"]
        assert not run.drawn() & _MODEL

    _visit(app, look, "data")
