"""Fits of several visitors: none is dropped, each owner is told, and no other screen changes."""

from __future__ import annotations

import pytest

from cortiscope import access
from cortiscope.core.errors import DamagedFile
from cortiscope.core.pipeline.jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, replace
from cortiscope.core.pipeline.queue import Queue
from cortiscope.panels import work as panel
from cortiscope.serving import Gate, Mode, Role, Visitor
from cortiscope.work import jobs

ANNA, BO = Visitor("anna", "Anna", Role.MEMBER), Visitor("bo", "Bo", Role.MEMBER)


class _Work:
    """A queue that nobody works at: a test says what becomes of a job."""

    def __init__(self, home, monkeypatch):
        self.queue, self._patch = Queue(home, cores=4), monkeypatch

    def be(self, who):
        self._patch.setattr(access, "visitor", lambda: who)

    def submit(self, title="Pixels on subj01"):
        return jobs.submit("fit", title, ["fit", title])

    def becomes(self, job, state, **changes):
        return self.queue.journal.write(replace(self.queue.job(job.id), state=state, **changes))

    def ends(self, job, *runs):
        result = {"runs": [{"run": run.id} for run in runs]}
        return self.becomes(job, DONE, result=result, runs=tuple(r.id for r in runs), ended=1e12)


@pytest.fixture
def work(tiny_app, tmp_path, monkeypatch):
    made = _Work(tmp_path, monkeypatch)
    for module in ("work.jobs", "panels.work", "panels.fit_dialog"):
        monkeypatch.setattr(f"cortiscope.{module}.queue", lambda: made.queue)
    monkeypatch.setattr(access, "gate", lambda: Gate(Mode.LAB))
    made.be(ANNA)
    return made


def _texts(app):
    said = [one.value for one in (*app.warning, *app.info, *app.error, *app.caption, *app.toast)]
    bars = [bar.proto.text for bar in app.get("progress")]
    return " ".join((*said, *bars)).replace("\\", "")


def _press(app, label):
    next(button for button in app.button if button.label.startswith(label)).click().run()
    assert not app.exception


def _labels(app):
    return [button.label for button in app.button]


def test_its_owner_sees_a_fit_at_work_and_is_told_how_it_ended_without_a_jump(tiny_app, work):
    first, second = tiny_app.runs
    job = work.submit()
    app = tiny_app.open(subject="subj01", run=first.id)
    assert "Pixels on subj01: starts at once" in _texts(app)
    work.becomes(job, RUNNING, share=0.4, message="model 2 of 3: fitting", attempts=1)
    app.run()
    assert "Pixels on subj01: model 2 of 3: fitting" in _texts(app)
    assert "1 running" in _labels(app)
    work.ends(job, second)
    app.run()
    assert "Pixels on subj01 has been fitted." in _texts(app)
    assert tiny_app.address(app)["run"] == first.id
    assert not app.get("progress")
    _press(app, "Show it")
    assert tiny_app.address(app)["run"] == second.id
    assert "has been fitted" not in _texts(app)
    assert "has been fitted" not in _texts(tiny_app.open(subject="subj01"))


def test_another_visitor_sees_it_in_the_list_alone_and_cannot_stop_it(tiny_app, work):
    job = work.submit()
    work.be(BO)
    app = tiny_app.open(subject="subj01")
    assert "Pixels" not in _texts(app)
    _press(app, "1 waiting")
    listed = " ".join(one.proto.body for one in app.get("html"))
    assert "<b>Pixels on subj01</b>" in listed
    assert "another visitor" in listed
    assert "Cancel" not in _labels(app)
    work.ends(job, tiny_app.runs[0])
    app.run()
    assert "Pixels" not in _texts(app)


def test_two_visitors_fits_both_stand_in_line_and_each_is_told_of_their_own(tiny_app, work):
    first = work.submit("Pixels on subj01")
    work.be(BO)
    second = work.submit("Gabor on subj02")
    app = tiny_app.open(subject="subj01")
    assert "Gabor on subj02: 1 job is before it" in _texts(app)
    work.ends(first, tiny_app.runs[0])
    app.run()
    assert "Pixels" not in _texts(app)
    work.becomes(second, FAILED, error="No images.", hint="Add some.", ended=1e12)
    app.run()
    assert "Gabor on subj02: No images." in _texts(app)
    _press(app, "Close")
    assert "Gabor" not in _texts(app)
    work.be(ANNA)
    assert "Pixels on subj01 has been fitted." in _texts(tiny_app.open(subject="subj01"))


def test_what_is_finished_of_a_fit_can_be_shown_while_the_rest_is_fitted(tiny_app, work):
    first, second = tiny_app.runs
    job = work.submit()
    work.becomes(job, RUNNING, runs=(second.id,))
    app = tiny_app.open(subject="subj01", run=first.id)
    _press(app, "Show the latest of 1")
    assert tiny_app.address(app)["run"] == second.id


def test_its_owner_cancels_it_at_once(tiny_app, work):
    job = work.submit()
    app = tiny_app.open(subject="subj01")
    next(b for b in app.button if b.key == f"work-cancel-{job.id}").click()
    app.run()
    assert work.queue.job(job.id).state == CANCELLED
    app.run()
    assert "Pixels" not in _texts(app)


def test_the_first_model_of_a_subject_is_shown_as_there_is_nothing_it_takes_away(
    tiny_app, work, monkeypatch
):
    first, second = tiny_app.runs
    monkeypatch.setattr(panel, "_without_model", lambda: "subj01")
    job = work.submit()
    app = tiny_app.open(subject="subj01", run=first.id)
    work.ends(job, second)
    app.run()
    assert tiny_app.address(app)["run"] == second.id
    assert "has been fitted" not in _texts(app)


def test_a_subject_that_cannot_be_opened_is_complained_of_once(tiny_app, work, monkeypatch):
    def damaged(_):
        raise DamagedFile("subj01 is damaged.")

    work.submit()
    monkeypatch.setattr("cortiscope.services.subject", damaged)
    app = tiny_app.open(subject="subj01")
    assert _texts(app).count("subj01 is damaged.") == 1
    assert "Pixels on subj01" in _texts(app)


def test_who_wants_a_second_fit_reads_how_many_are_before_it(tiny_app, work):
    work.be(BO)
    work.submit()
    work.be(ANNA)
    app = tiny_app.open(subject="subj01")
    app.session_state["models-run"] = True  # the table of models is open
    app.run()
    _press(app, "Fit another encoding model")
    assert app.session_state["models-run"] is False  # it would lie under the dialog
    assert "A fit waits for its turn: 1 job is before it." in _texts(app)
    assert work.queue.job("000001").state == WAITING


def test_who_may_not_fit_is_not_offered_it(tiny_app, work):
    work.be(Visitor("guest", "guest"))
    app = tiny_app.open(subject="subj01")
    assert not any("Fit" in label for label in _labels(app))
