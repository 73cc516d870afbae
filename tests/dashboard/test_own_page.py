"""A page of one's own, as docs/add-a-page.md adds it."""

from __future__ import annotations

import re
import sys
import types

import pytest

from cortiscope import pages
from tests.test_layering import ROOT

GUIDE = (ROOT / "docs" / "add-a-page.md").read_text(encoding="utf-8")
PAGE, REGISTRATION, TEST = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def registered(monkeypatch):
    """Do what the guide says, without writing into the package."""
    module = types.ModuleType("cortiscope.pages.selectivity.page")
    monkeypatch.setitem(sys.modules, "cortiscope.pages.selectivity", types.ModuleType("folder"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(PAGE, "page.py", "exec"), module.__dict__)  # noqa: S102 - the very thing
    names = dict(vars(pages))
    exec(REGISTRATION, names)  # noqa: S102
    monkeypatch.setattr(pages, "PAGES", names["PAGES"])


@pytest.mark.usefixtures("registered")
def test_the_page_of_the_guide_is_drawn_and_its_test_passes(tiny_app):
    names: dict = {}
    exec(TEST, names)  # noqa: S102
    (test,) = (value for name, value in names.items() if name.startswith("test_"))
    test(tiny_app)
    app = tiny_app.open("selectivity", subject="subj01")
    assert not app.error
    assert len([one for one in app.get("bidi_component") if "histogram" in one.proto.id]) == 1
    assert "selectivity-brain" in str([one.proto for one in app.get("bidi_component")])
    assert tiny_app.address(app)["subject"] == "subj01"
    # Other pages are as they were.
    assert "SD of the prediction" not in str([h.proto for h in tiny_app.open().get("html")])
