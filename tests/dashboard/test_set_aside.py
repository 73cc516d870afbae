"""A damaged run is set aside quietly: the page stays, and says which run and why."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from core.encoding import Reduction


@pytest.fixture
def spoilt(tiny_app):
    """A third run of the subject, to be damaged."""
    run = tiny_app.fit("subj01", reduction=Reduction("pca", 3))
    yield run
    shutil.rmtree(run.folder)


def _captions(app):
    return {caption.value: caption.help for caption in app.sidebar.caption if caption.help}


@pytest.mark.parametrize("page", ["", "accuracy", "compare"])
def test_pages_go_on_without_a_damaged_run_and_name_it(tiny_app, spoilt, page):
    (spoilt.folder / "run.json").write_text("[]")
    app = tiny_app.open(page, subject="subj01", run=spoilt.id)
    assert not app.error
    assert app.query_params["run"] in [run.id for run in tiny_app.runs]
    ((words, why),) = _captions(app).items()
    assert words == "1 damaged run is set aside; fitting again replaces it."
    assert "no record of a run" in why
    assert spoilt.id[-10:] in why


def test_damage_that_is_found_while_a_page_is_drawn_is_set_aside_at_the_next_run(tiny_app, spoilt):
    np.save(spoilt.folder / "coef.npy", np.load(spoilt.folder / "coef.npy") + 1)
    app = tiny_app.open(subject="subj01", run=spoilt.id)
    assert "not what was saved" in " ".join(error.value for error in app.error)
    app.run()
    assert not app.error
    assert spoilt.id[-10:] in next(iter(_captions(app).values()))


def test_nothing_is_said_where_nothing_is_set_aside(tiny_app):
    assert not _captions(tiny_app.open(subject="subj02"))
