"""The queue: order, lanes, cancelling, and what becomes of jobs when a server ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from cortiscope.core.errors import CannotWrite, InvalidInput, UnknownName
from cortiscope.core.pipeline import jobs as jobs_module
from cortiscope.core.pipeline.jobs import (
    CANCELLED,
    DONE,
    FAILED,
    INTERRUPTED,
    RUNNING,
    STOPPING,
    WAITING,
    Journal,
    Kind,
    register_kind,
)
from cortiscope.core.pipeline.queue import Queue
from cortiscope.core.storage.locks import FileLock

# Says a line of progress, waits for a file, and writes its own name down.
_TINY = """
import json, os, pathlib, sys, time
name, gate, log = sys.argv[1:4]
say = lambda share, words, **more: print(
    json.dumps({"progress": share, "message": words, **more}), file=sys.stderr, flush=True)
say(0.5, "at work", run="run-" + name, curves={"curve_train_loss": [1, None]})
with open(log, "a") as out: out.write(name + "\\n")
while gate != "-" and not pathlib.Path(gate).exists():
    say(0.5, "at work")
    time.sleep(0.02)
print(json.dumps({"name": name, "read": sys.stdin.read()}))
"""
_COMMAND = (sys.executable, "-c", _TINY)


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    monkeypatch.setattr(jobs_module, "KINDS", dict(jobs_module.KINDS))
    register_kind(Kind("tiny", announced=True, command=_COMMAND, ending=()))
    register_kind(Kind("quick", quick=True, command=_COMMAND, ending=()))
    register_kind(Kind("word", command=(sys.executable, "-c"), ending=()))


class _Home:
    """A home with its queues, and what the tiny jobs wrote down."""

    def __init__(self, root):
        self.root, self.gate, self.log = root, root / "gate", root / "log"
        self.queues = []

    def queue(self, cores=4, **options):
        made = Queue(self.root, cores=cores, **options)
        self.queues.append(made)
        return made

    def submit(self, queue, name, kind="tiny", gate="-", **options):
        words = [name, str(gate), str(self.log)]
        return queue.submit(kind, f"{name} on sim01", words, **options)

    def done(self):
        return self.log.read_text().split() if self.log.exists() else []


@pytest.fixture
def home(tmp_path):
    made = _Home(tmp_path)
    yield made
    for queue in made.queues:
        queue.close()


def _until(condition, what=""):
    """Wait for a condition, as long as it takes on a busy machine."""
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.01)
    return found


def _state(queue, job):
    return queue.job(job.id).state


def test_a_job_is_done_with_its_answer_its_runs_and_its_times(home):
    queue = home.queue()
    job = home.submit(queue, "a", given="words", owner="anna")
    assert (job.state, job.id) == (WAITING, "000001")
    queue.work()
    _until(lambda: not queue.job(job.id).active)
    job = queue.job(job.id)
    assert job.state == DONE
    assert job.result == {"name": "a", "read": "words"}
    assert job.runs == ("run-a",)
    assert job.curves == {"curve_train_loss": [1, None]}
    assert job.submitted <= job.started <= job.ended


def test_twenty_jobs_keep_their_order_one_at_a_time(home):
    queue = home.queue()
    jobs = [home.submit(queue, f"job{k:02d}", owner=f"visitor {k % 3}") for k in range(20)]
    assert [len(queue.before(job)) for job in jobs] == list(range(20))
    queue.work()
    _until(lambda: not any(job.active for job in queue.jobs()))
    assert home.done() == [f"job{k:02d}" for k in range(20)]
    found = queue.jobs()
    assert all(job.state == DONE for job in found)
    assert all(a.ended <= b.started for a, b in zip(found, found[1:], strict=False))


def test_two_holders_of_one_home_start_no_job_twice(home):
    queues = [home.queue(), home.queue()]
    for k in range(8):
        home.submit(queues[k % 2], str(k))
    for queue in queues:
        queue.work()
    _until(lambda: not any(job.active for job in queues[0].jobs()))
    assert home.done() == [str(k) for k in range(8)]
    assert [job.attempts for job in queues[1].jobs()] == [1] * 8


def test_who_asks_for_the_same_shares_the_job_and_both_are_concerned(home):
    queue = home.queue()
    first = home.submit(queue, "a", owner="anna")
    again = home.submit(queue, "a", owner="bo")
    assert again.id == first.id
    assert again.concerns == ("anna", "bo")
    assert home.submit(queue, "a", owner="bo").concerns == ("anna", "bo")
    assert home.submit(queue, "a", owner="anna", given="other words").id != first.id


def test_a_quick_job_does_not_wait_behind_fits_where_there_is_a_core(home):
    queue = home.queue(cores=2)
    slow = [home.submit(queue, name, gate=home.gate) for name in "ab"]
    check = home.submit(queue, "check", kind="quick")
    queue.work()
    _until(lambda: _state(queue, check) == DONE and "a" in home.done())
    assert [_state(queue, job) for job in slow] == [RUNNING, WAITING]
    assert queue.before(slow[1]) == [queue.job(slow[0].id)]
    home.gate.touch()
    _until(lambda: _state(queue, slow[1]) == DONE)


@pytest.mark.parametrize(("cores", "fits", "quick"), [(1, 0, 1), (2, 1, 1), (4, 1, 1), (8, 2, 2)])
def test_never_more_processes_than_cores_and_fits_for_a_quarter_of_them(home, cores, fits, quick):
    queue = home.queue(cores=cores)
    for k in range(10):
        home.submit(queue, f"f{k}")
        home.submit(queue, f"q{k}", kind="quick")
    due = queue._due()
    assert [job.kind for job in due] == ["quick"] * quick + ["tiny"] * fits
    assert len(due) <= cores


def test_cancelling_says_so_at_once_and_ends_all_that_was_started(home):
    queue = home.queue()
    # A child that ignores being asked, as a solver deep in C does.
    stubborn = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(home.log)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)"
    )
    job = queue.submit("word", "stubborn", [stubborn], owner="anna")
    waiting = home.submit(queue, "next", owner="anna")
    queue.work()
    child = int(_until(home.done, "it never started")[0])
    assert queue.cancel(job.id, by="anna").state == STOPPING
    assert queue.job(job.id).message == "stopping"
    _until(lambda: _state(queue, job) == CANCELLED)
    _until(lambda: not _is_alive(child), "a grandchild lives on")
    assert queue.job(job.id).told == ("anna",)
    _until(lambda: _state(queue, waiting) == DONE)


def _is_alive(process):
    try:
        with open(f"/proc/{process}/stat") as about:  # noqa: PTH123
            return about.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_waits_is_cancelled_without_having_started_and_can_go_on_at_its_place(home):
    queue = home.queue()
    first, second, third = (home.submit(queue, name) for name in "abc")
    assert queue.cancel(second.id, by="somebody else").state == CANCELLED
    assert not queue.job(second.id).told
    queue.go_on(second.id)
    with pytest.raises(InvalidInput, match=r"“c on sim01” is waiting"):
        queue.go_on(third.id)
    queue.work()
    _until(lambda: not any(job.active for job in queue.jobs()))
    assert home.done() == ["a", "b", "c"]


def test_another_process_can_cancel_what_this_one_runs(home):
    queue, other = home.queue(), home.queue()
    job = home.submit(queue, "a", gate=home.gate)
    queue.work()
    _until(home.done)
    other.cancel(job.id)
    _until(lambda: _state(other, job) == CANCELLED)


def test_what_went_wrong_is_kept_in_the_command_s_own_words(home):
    queue = home.queue()
    wrong = queue.submit("check", "no folder", ["check", str(home.root / "none")])
    dies = queue.submit("word", "dies", ["import os; os.abort()"])
    talks = queue.submit("word", "talks", ["import sys; sys.exit('no memory')"])
    queue.work()
    _until(lambda: not any(job.active for job in queue.jobs()))
    found = queue.job(wrong.id)
    assert found.state == FAILED
    assert "none" in found.error
    assert found.hint
    assert queue.job(dies.id).error == "It ended with status -6."
    assert queue.job(talks.id).error == "no memory"


def test_an_answer_longer_than_a_pipe_holds_arrives_whole(home):
    queue = home.queue()
    job = queue.submit("word", "long", ["print('{\"long\": \"' + 100_000 * 'x' + '\"}')"])
    queue.work()
    _until(lambda: not queue.job(job.id).active)
    assert len(queue.job(job.id).result["long"]) == 100_000


def test_a_sweep_with_failures_keeps_what_became_of_the_rest(home):
    queue = home.queue()
    job = queue.submit("word", "sweep", ["print('{\"done\": 3}'); raise SystemExit(1)"])
    queue.work()
    _until(lambda: not queue.job(job.id).active)
    assert (queue.job(job.id).state, queue.job(job.id).result) == (FAILED, {"done": 3})


def test_a_server_that_is_closed_ends_its_work_and_the_next_takes_it_up(home):
    first = home.queue()
    running = home.submit(first, "a", gate=home.gate)
    waiting = home.submit(first, "b")
    first.work()
    _until(home.done)
    first.close()
    assert _state(first, running) == INTERRUPTED
    second = home.queue()
    second.work()
    home.gate.touch()
    _until(lambda: not any(job.active for job in second.jobs()))
    assert home.done() == ["a", "a", "b"]
    assert [j.state for j in second.jobs()] == [DONE, DONE]
    assert [j.attempts for j in second.jobs()] == [2, 1]
    assert second.job(waiting.id).started >= second.job(running.id).ended


_SERVER = """
import pathlib, sys, time
from cortiscope.core.pipeline.jobs import Kind, register_kind
from cortiscope.core.pipeline.queue import Queue
register_kind(Kind("tiny", command=(sys.executable, "-c", sys.argv[2]), ending=()))
Queue(pathlib.Path(sys.argv[1]), cores=4).work()
time.sleep(600)
"""


def test_what_a_killed_server_ran_is_taken_up_once_its_processes_have_ended(home):
    queue = home.queue()
    running = home.submit(queue, "a", gate=home.gate)
    waiting = home.submit(queue, "b")
    server = subprocess.Popen([sys.executable, "-c", _SERVER, str(home.root), _TINY])
    _until(home.done)
    assert _state(queue, running) == RUNNING
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    queue.work()
    # The command finds nobody listening any more, and ends.
    _until(lambda: home.done() == ["a", "a"])
    assert _state(queue, waiting) == WAITING
    home.gate.touch()
    _until(lambda: not any(job.active for job in queue.jobs()))
    assert home.done() == ["a", "a", "b"]
    assert [j.state for j in queue.jobs()] == [DONE, DONE]
    assert queue.job(running.id).crashes == 1


def test_what_ends_its_server_each_time_waits_for_somebody_to_go_on_with_it(home):
    queue = home.queue()
    job = home.submit(queue, "a")
    journal = Journal(home.root / "jobs")
    for _ in range(3):
        journal.write(jobs_module.replace(journal.get(job.id), state=RUNNING))
        queue._take_up(journal.get(job.id))
    assert _state(queue, job) == INTERRUPTED
    queue.look()
    assert _state(queue, job) == INTERRUPTED
    queue.go_on(job.id)
    queue.work()
    _until(lambda: _state(queue, job) == DONE)


def test_a_job_whose_process_computes_yet_is_not_taken_up(home):
    queue = home.queue()
    job = home.submit(queue, "a")
    queue.journal.write(jobs_module.replace(job, state=RUNNING, host="elsewhere", holder=1))
    held = FileLock.take(queue.journal.lock(job.id))
    queue.look()
    assert _state(queue, job) == RUNNING
    held.release()
    queue.look()
    assert _state(queue, job) == RUNNING
    assert queue.job(job.id).attempts == 1
    _until(lambda: _state(queue, job) == DONE)


def test_a_damaged_record_and_one_of_another_version_hide_no_other(home):
    queue = home.queue()
    job = home.submit(queue, "a")
    folder = home.root / "jobs"
    (folder / "000007.json").write_text("[")
    (folder / "000008.json").write_text('{"id": "000008"}')
    stored = json.loads((folder / "000001.json").read_text())
    later = {**stored, "id": "000009", "kind": "of later", "colour": "blue"}
    (folder / "000009.json").write_text(json.dumps(later))
    assert [j.id for j in Queue(home.root).jobs()] == [job.id, "000009"]


def test_the_latest_two_hundred_that_ended_are_kept(home, monkeypatch):
    monkeypatch.setattr(jobs_module, "_KEPT", 3)
    queue = home.queue()
    for k in range(6):
        job = home.submit(queue, str(k))
        if k != 1:
            queue.cancel(job.id)
    home.submit(queue, "last")
    assert [j.title[0] for j in queue.jobs()] == ["1", "3", "4", "5", "l"]
    assert queue.jobs()[-1].id == "000007"


def test_unknown_kinds_and_jobs_are_named(home):
    queue = home.queue()
    with pytest.raises(UnknownName, match="Did you mean 'sweep'"):
        queue.submit("sweeep", "", [])
    with pytest.raises(UnknownName, match="no job 000004"):
        queue.cancel("000004")
    assert queue.job("000004") is None


def test_what_two_asked_for_goes_on_for_one_when_the_other_wants_it_no_more(home):
    queue = home.queue()
    home.submit(queue, "a", owner="anna")
    job = home.submit(queue, "a", owner="bo")
    left = queue.cancel(job.id, by="anna")
    assert (left.state, left.concerns) == (WAITING, ("bo",))
    assert queue.cancel(job.id, by="bo").state == CANCELLED


def test_each_who_asked_is_told_by_themselves(home):
    queue = home.queue()
    home.submit(queue, "a", owner="anna")
    job = home.submit(queue, "a", owner="bo")
    queue.cancel(job.id, by="keeper")
    queue.tell(job.id, "anna")
    assert queue.job(job.id).told == ("anna",)
    queue.tell(job.id, "bo")
    assert queue.job(job.id).told == ("anna", "bo")


def test_after_a_full_disk_a_job_starts_and_its_end_is_heard(home, monkeypatch):
    queue = home.queue()
    job = home.submit(queue, "a")
    write = queue.journal.write

    def full(job):
        raise CannotWrite("The disk is full.")

    monkeypatch.setattr(queue.journal, "write", full)
    with pytest.raises(CannotWrite):
        queue.look()
    monkeypatch.setattr(queue.journal, "write", lambda job: (full if job.process else write)(job))
    with pytest.raises(CannotWrite):
        queue.look()
    monkeypatch.setattr(queue.journal, "write", write)
    _until(lambda: _state(queue, job) == DONE)


def test_a_journal_that_cannot_be_written_is_said_in_words(home):
    (home.root / "jobs").write_text("in the way")
    with pytest.raises(CannotWrite, match="jobs"):
        home.submit(home.queue(), "a")


def test_a_complaint_in_another_encoding_does_not_hide_the_end(home):
    queue = home.queue()
    says = "import sys; sys.stderr.buffer.write(b'caf\\xe9\\n'); print('{\"a\": 1}')"
    job = queue.submit("word", "latin", [says])
    queue.work()
    _until(lambda: not queue.job(job.id).active)
    assert _state(queue, job) == DONE


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": "half"},
        {"share": 7},
        {"submitted": None},
        {"ended": float("inf")},
        {"title": 3},
        {"left": 5},
        {"left": ["soon", ""]},
        {"result": [1]},
    ],
)
def test_a_record_with_values_of_other_kinds_is_damaged_and_keeps_its_number(home, wrong):
    queue = home.queue()
    job = home.submit(queue, "a")
    path = home.root / "jobs" / f"{job.id}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **wrong}))
    assert Queue(home.root).jobs() == []
    assert home.submit(Queue(home.root), "b").id == "000002"


def test_nobody_else_s_process_is_ended_by_a_number_that_was_used_again(home):
    queue = home.queue()
    job = home.submit(queue, "a")
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    stored = replace(job, state=RUNNING, host=socket.gethostname())
    queue.journal.write(replace(stored, holder=gone.pid, process=stranger.pid))
    queue.cancel(job.id)
    assert stranger.poll() is None
    stranger.kill()
    assert stranger.wait() == -signal.SIGKILL


def test_a_sweep_goes_to_the_scheduler_that_is_named_and_a_fit_does_not(home):
    queue = home.queue(scheduler="tcp://hub:8786")
    sweep = queue.submit("sweep", "plan", ["sweep", "plan.toml"])
    assert sweep.command(queue.scheduler)[3:7] == [
        "sweep",
        "plan.toml",
        "--scheduler",
        "tcp://hub:8786",
    ]
    fit = queue.submit("fit", "fit", ["fit"])
    assert "--scheduler" not in fit.command(queue.scheduler)
