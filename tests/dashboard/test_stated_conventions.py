"""Pages say of a dataset's numbers what somebody stated, and nothing else."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from cortiscope.core.cli.main import main
from cortiscope.pages import PAGES
from tests.data.plain_folder import values, write_plain, write_responses

# Compare has nothing to show of a single run.
URLS = [page.url for page in PAGES if page.url != "compare"]
CLAIMS = re.compile(
    r"[(,] ?z\b|[0-9] z\b|z-scored|\b8\.4\b|withheld|averaged over (an image|repeats)|_z\b"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = write_plain(tmp_path_factory.mktemp("data") / "anna", n=24)
    write_responses(folder, "npy", {h: 26 * v + 500 for h, v in values(24).items()})
    return folder


@pytest.fixture
def fitted(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CORTISCOPE_HOME", str(data.parent / "home"))
    monkeypatch.setenv("CORTISCOPE_DATA", str(data))
    what = ("--backbone", "pixels", "--layers", "pixels", "--reduce", "pca:4")
    assert main(["fit", "--data", str(data), *what]) == 0


def _page(url):
    from cortiscope.pages import PAGES

    next(page for page in PAGES if page.url == url).render()


def _texts(page):
    found = []
    for element in page.main:
        if element.type in ("code", "caption"):  # the guide to folders tells what could be stated
            continue
        found += [str(getattr(element, "value", "")), str(getattr(element, "label", ""))]
        found.append(str(element.proto))
    return "\n".join(found)


@pytest.mark.usefixtures("fitted")
@pytest.mark.parametrize("url", URLS)
def test_pages_claim_nothing_of_responses_of_unknown_units(url):
    page = AppTest.from_function(_page, args=(url,), default_timeout=60)
    page.session_state["explore-methods"] = True  # its words are sent to whoever opens it
    page.run()
    assert not page.exception
    text = _texts(page)
    assert "anna" in text
    claims = [text[max(m.start() - 60, 0) : m.end() + 20] for m in CLAIMS.finditer(text)]
    assert claims == []
