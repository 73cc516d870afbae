"""Fits that were started in several windows: none is dropped, and none changes another's screen."""

from __future__ import annotations

import pytest

from cortiscope.work.jobs import registry


class _Work:
    """Stands for a fit in another process."""

    title, message, cancelled, seconds_left, started_at = (
        "Pixels on subj01",
        "reading",
        False,
        9,
        "9:05",
    )
    so_far = "“Pixels on subj01” has been running since 9:05 and is 40 % done."

    def __init__(self, arguments=("fit",)):
        self.running, self.progress, self.error, self.result = True, 0.4, None, None
        self.arguments = tuple(arguments)

    def end(self, run):
        self.running = False
        self.result = {"runs": [{"run": run.id, "validation_median_r": 0.1}]}


@pytest.fixture
def work():
    job = _Work()
    registry()._jobs["fit"] = job
    yield job
    registry().forget("fit")


def _texts(app):
    return " ".join(one.value for one in (*app.warning, *app.info, *app.error)).replace("\\", "")


def _press(app, label):
    next(button for button in app.button if button.label.startswith(label)).click().run()


def test_a_fit_of_another_window_is_shown_and_changes_nothing_here(tiny_app, work):
    first, second = tiny_app.runs
    app = tiny_app.open(subject="subj01", run=first.id)
    assert any("another window" in bar.proto.text for bar in app.get("progress"))
    work.end(second)
    app.run()
    app.run()
    assert tiny_app.address(app)["run"] == first.id
    assert "Pixels on subj01 has been fitted." in _texts(app)
    _press(app, "Show it")
    assert tiny_app.address(app)["run"] == second.id
    assert "has been fitted" not in _texts(app)


def test_who_wants_a_second_fit_reads_what_is_running_and_since_when(tiny_app, work):
    app = tiny_app.open(subject="subj01")
    app.session_state["models-run"] = True  # the table of models is open
    app.run()
    _press(app, "Fit another encoding model")
    assert app.session_state["models-run"] is False  # it would lie under the dialog
    assert "has been running since 9:05" in _texts(app)
    assert app.get("progress")


def test_a_window_that_comes_later_is_told_nothing_of_what_ended_before(tiny_app, work):
    work.end(tiny_app.runs[0])
    app = tiny_app.open(subject="subj01")
    assert not _texts(app)
