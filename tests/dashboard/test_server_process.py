"""What the server process holds once every page was looked at, and that its pages are its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.brain import load_fsaverage5
from cortiscope.pages import PAGES
from tests.benchmarks.load import Server, watch
from tests.test_layering import HEAVY, ROOT
from tests.visitor import serving

# In a process of its own: this one has torch from other tests.
_VISIT = """
import json, sys
from pathlib import Path
from unittest.mock import patch
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash
import cortiscope.app
from cortiscope.pages import PAGES

demo = "cortiscope.core.pipeline.demo."
with (
    patch(demo + "demo_is_ready", lambda _: True),
    patch(demo + "demo_is_complete", lambda _: True),
    patch("cortiscope.work.answering.AnsweringProcess.warm_up", lambda _: None),
    patch("cortiscope.subject.data_folders.demo_folder", lambda _: Path(sys.argv[1])),
):
    app = AppTest.from_file("dashboard/main.py", default_timeout=60)
    app.query_params["subject"] = "subj01"
    drawn = {}
    for page in PAGES:
        app._page_hash = calc_hash(page.url)
        app.run()
        assert not app.exception and not app.error, (page, app.exception, app.error)
        drawn[page.url] = len(app.get("bidi_component")) + len(app.get("plotly_chart"))
print(json.dumps([drawn, [m for m in sys.argv[2:] if m in sys.modules]]))
"""


def test_all_pages_are_drawn_without_a_heavy_library(tiny_world):
    # nilearn's surfaces are converted once, by the process that makes the demo.
    load_fsaverage5(tiny_world.home.surfaces)
    env = {
        **os.environ,
        "CORTISCOPE_HOME": str(tiny_world.home.root),
        "CORTISCOPE_DATA": str(tiny_world.data),
    }
    command = [sys.executable, "-c", _VISIT, str(tiny_world.data), *HEAVY]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env)
    assert ran.returncode == 0, ran.stderr[-2000:]
    drawn, heavy = json.loads(ran.stdout.splitlines()[-1])
    assert heavy == []
    assert list(drawn) == [page.url for page in PAGES]
    assert all(drawn[url] for url in ("explore", "accuracy", "compare", "data"))


def test_streamlit_takes_no_module_for_a_page():
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import cortiscope.app\n"
            "from streamlit.runtime.pages_manager import PagesManager\n"
            "assert PagesManager('dashboard/main.py').uses_pages_directory is False",
        ],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    assert [p.name for p in (ROOT / "dashboard" / "pages").glob("*.py")] == ["__init__.py"]


def test_every_page_is_one_folder_and_one_line():
    folders = {p.parent.name for p in Path(ROOT, "dashboard/pages").glob("*/page.py")}
    assert {page.render.__module__.split(".")[-2] for page in PAGES} == folders
    assert len({page.url for page in PAGES}) == len({page.title for page in PAGES}) == len(folders)


@pytest.mark.slow
def test_twenty_visitors_leave_nothing_behind(demo_home):
    """Two minutes, as many updates as in ten minutes of people who take three seconds each."""
    settings = ("--server.disconnectedSessionTTL", "5")
    with serving(*settings, env={"CORTISCOPE_HOME": str(demo_home), "CORTISCOPE_DATA": ""}) as app:
        looks = asyncio.run(watch(server := Server("app", app), 20, 2, think=0.5))
    assert max(server.n_bytes) <= 60_000
    _, sizes, descriptors, children = map(np.array, zip(*looks, strict=True))
    assert np.ptp(children[3:]) == 0, looks
    # A session that goes and one that comes may both be there when somebody looks.
    assert np.ptp(descriptors[6:]) <= 12, looks
    # Of 20 sessions that keep 1 MB at each of their updates it would be hundreds.
    assert np.median(sizes[9:]) - np.median(sizes[6:9]) <= 15, looks
