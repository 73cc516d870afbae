"""The whole app over two tiny subjects, in this process and without a browser."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from cortiscope import services
from cortiscope.core.datasets import Subject, open_subject
from cortiscope.core.encoding import Reduction
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.runs import Run, RunStore
from cortiscope.core.storage import Home
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject


class TinyApp:
    """Three subjects with ROIs, of which the first has runs and the last never has any."""

    def __init__(self, home: Home, data) -> None:
        self.home, self.data = home, data
        self.runs: list[Run] = []

    def subject(self, name: str = "subj01") -> Subject:
        return open_subject(self.data / name)

    def fit(self, name: str = "subj01", **changes) -> Run:
        subject = self.subject(name)
        spec = pixels_spec(subject, **changes)
        store = FeatureStore(self.home.features)
        return fit_all(subject, [spec], features=store, runs=RunStore(self.home.runs))[0]

    def open(self, page: str = "", **address: str) -> AppTest:
        app = AppTest.from_file("../../dashboard/main.py", default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        return self.turn_to(app, page)

    @staticmethod
    def address(app: AppTest) -> dict[str, str]:
        """Return what the last run says should stand in the address."""
        said = [re.search('data-address="([^"]*)"', one.proto.body) for one in app.get("html")]
        *_, last = [found[1] for found in said if found]
        return dict(parse_qsl(unescape(last)))

    def turn_to(self, app: AppTest, page: str) -> AppTest:
        """Open another page in the same session; pages are functions here, which have no file."""
        app._page_hash = calc_hash(page) if page else ""
        app.run()
        assert not app.exception
        return app


@pytest.fixture(scope="session")
def tiny_world(tmp_path_factory):
    """The subjects and the runs, made once."""
    root = tmp_path_factory.mktemp("tiny-app")
    world = TinyApp(Home(root / "home"), root / "data")
    write_subject(world.data / "subj01")
    write_subject(world.data / "subj02", seed=3)
    write_subject(world.data / "subj03", seed=4)
    world.runs = [world.fit(reduction=Reduction("pca", k)) for k in (6, 4)]
    return world


@pytest.fixture
def tiny_app(tiny_world, monkeypatch):
    """An app that knows these subjects alone, and starts no other process."""
    monkeypatch.setenv("CORTISCOPE_HOME", str(tiny_world.home.root))
    monkeypatch.setenv("CORTISCOPE_DATA", str(tiny_world.data))
    monkeypatch.setattr("cortiscope.core.pipeline.demo.demo_is_ready", lambda _: True)
    monkeypatch.setattr("cortiscope.core.pipeline.demo.demo_is_complete", lambda _: True)
    monkeypatch.setattr("cortiscope.work.answering.AnsweringProcess.warm_up", lambda _: None)
    monkeypatch.setattr("cortiscope.subject.data_folders.demo_folder", lambda _: tiny_world.data)
    services.look_again()
    yield tiny_world
    services.look_again()
