"""The app's side of the queue: whose a job is, who may do what with it, and what is said of it."""

from __future__ import annotations

import time

import pytest

from cortiscope import access
from cortiscope.access import NotAllowed
from cortiscope.core.pipeline.jobs import DONE, RUNNING, WAITING, replace
from cortiscope.core.pipeline.pace import Left
from cortiscope.core.pipeline.queue import Queue
from cortiscope.serving import Gate, Mode, Role, Visitor
from cortiscope.work import jobs

ANNA, BO = Visitor("anna", "Anna", Role.MEMBER), Visitor("bo", "Bo", Role.MEMBER)


@pytest.fixture
def queue(tmp_path, monkeypatch):
    made = Queue(tmp_path, cores=4)
    monkeypatch.setattr(jobs, "queue", lambda: made)
    return made


@pytest.fixture
def be(monkeypatch):
    def become(who):
        monkeypatch.setattr(access, "visitor", lambda: who)

    monkeypatch.setattr(access, "gate", lambda: Gate(Mode.LAB))
    become(ANNA)
    return become


def test_a_job_belongs_to_who_asked_for_it_and_others_cannot_touch_it(queue, be):
    job = jobs.submit("fit", "Gabor on anna", ["fit"])
    assert job.owner == "anna"
    assert jobs.is_mine(job)
    be(BO)
    assert not jobs.is_mine(job)
    assert not jobs.mine(queue.jobs())
    for forbidden in (jobs.cancel, jobs.go_on):
        with pytest.raises(NotAllowed):
            forbidden(job)
    assert queue.job(job.id).state == WAITING
    be(Visitor("keeper", "keeper", Role.OWNER))
    jobs.cancel(job)
    be(ANNA)
    # She is told, since it was somebody else who stopped it.
    assert [j.title for j in jobs.mine(queue.jobs())] == ["Gabor on anna"]
    jobs.go_on(job)
    jobs.cancel(job)
    assert not jobs.mine(queue.jobs())


def test_who_asked_for_the_same_withdraws_alone_and_each_is_told(queue, be):
    job = jobs.submit("fit", "Gabor on anna", ["fit"])
    be(BO)
    assert jobs.submit("fit", "Gabor on anna", ["fit"]).id == job.id
    jobs.cancel(queue.job(job.id))
    assert queue.job(job.id).state == WAITING
    assert not jobs.mine(queue.jobs())
    jobs.submit("fit", "Gabor on anna", ["fit"])
    queue.journal.write(replace(queue.job(job.id), state=DONE))
    jobs.put_away(queue.job(job.id))
    assert not jobs.mine(queue.jobs())
    be(ANNA)
    assert [j.id for j in jobs.mine(queue.jobs())] == [job.id]


def test_a_guest_starts_nothing(queue, be):
    be(Visitor("guest", "guest"))
    with pytest.raises(NotAllowed):
        jobs.submit("fit", "Gabor on anna", ["fit"])
    assert not queue.jobs()


def test_nobody_in_particular_owns_nothing(queue, be):
    queue.submit("fit", "Gabor", ["fit"])
    be(Visitor("", "nobody", Role.MEMBER))
    assert not jobs.mine(queue.jobs())


def test_what_ended_before_the_server_started_is_not_the_latest(queue, be, monkeypatch):
    job = queue.submit("check", "checking data", ["check"], about="state")
    assert jobs.latest("check", "state") == job
    assert jobs.latest("check", "another") is None
    queue.journal.write(replace(job, state=DONE, ended=time.time()))
    assert jobs.latest("check", "state").state == DONE
    next_server = Queue(queue.home)
    monkeypatch.setattr(jobs, "queue", lambda: next_server)
    assert jobs.latest("check", "state") is None
    # A clock that was set back an hour hides nothing.
    queue.journal.write(replace(job, state=DONE, ended=time.time() - 3600))
    assert jobs.latest("check", "state").state == DONE


def test_what_waits_says_what_is_before_it_and_when_it_starts_where_that_is_known(queue, be):
    first, second, third = (jobs.submit("fit", name, [name]) for name in "abc")
    assert jobs.progress_words(first) == "starts at once"
    assert jobs.progress_words(third) == "2 jobs are before it"
    first = queue.journal.write(replace(first, state=RUNNING, attempts=1, message="fitting"))
    assert jobs.progress_words(first) == "fitting"
    assert jobs.progress_words(second) == "1 job is before it"
    first = queue.journal.write(replace(first, left=Left(170.0)))
    assert jobs.progress_words(first) == "fitting · about 3 min left"
    assert jobs.progress_words(second) == "1 job is before it; it starts in about 3 min"
    # Of the features alone it is known how long they take.
    queue.journal.write(replace(first, left=Left(170.0, "14 models to fit")))
    assert jobs.progress_words(second) == "1 job is before it"
    again = replace(first, attempts=2, left=None)
    assert jobs.progress_words(again) == "fitting (taken up again)"
    assert "was interrupted and goes on" in jobs.progress_words(replace(again, state=WAITING))


def test_times_of_other_days_have_their_date():
    assert len(jobs.time_words(time.time())) == len("14:05")
    assert len(jobs.time_words(0.0)) == len("1970-01-01 00:00")
