"""The queue: work in other processes, in order, never more of it than the machine can do.

Several processes (servers, command lines) may share one home. Each job is started by one of them,
which holds the job's lock, as does the process that computes; so a job whose lock is free while
its record says that it runs was interrupted. Whoever finds one puts it back to its place: what it
had finished is on disk, and it goes on there.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cortiscope.core.errors import CoreError, InvalidInput
from cortiscope.core.pipeline.job_process import (
    THREADS,
    Process,
    cores_here,
    end_left_behind,
    workers_here,
)
from cortiscope.core.pipeline.jobs import (
    CANCELLED,
    FAILED,
    INTERRUPTED,
    RUNNING,
    STOPPING,
    WAITING,
    Job,
    Journal,
    check_kind_name,
    kind_of,
)
from cortiscope.core.storage.locks import FileLock, locked
from cortiscope.core.storage.write_failures import writing

_CRASHES = 3  # what ends its server each time is not started for ever
_TICK, _IDLE = 0.25, 5.0


class Queue:
    """The jobs of a home, and this process's part in doing them.

    Parameters
    ----------
    home : folder whose ``jobs`` are kept, and to which they write.
    cores : of the machine; None counts them.
    scheduler : address of a Dask scheduler for kinds that can go there.
    """

    def __init__(self, home: Path, *, cores: int | None = None, scheduler: str = "") -> None:
        self.home, self.scheduler = home, scheduler
        self.cores = cores or cores_here()
        self.workers = workers_here(self.cores)
        self.journal = Journal(home / "jobs")
        # By what it found, not by the time of day: a clock may be set back.
        self._before = {job.id: job.ended for job in self.journal.all().values() if job.ended}
        self._own: dict[str, Process] = {}
        self._changed, self._closed = threading.Condition(), False
        self._thread: threading.Thread | None = None

    # -- asking ---------------------------------------------------------------------------------

    def submit(
        self,
        kind: str,
        title: str,
        arguments: Sequence[str],
        given: str = "",
        *,
        owner: str = "",
        about: str = "",
    ) -> Job:
        """Put a job into the queue, or return the one that does the same already.

        Parameters
        ----------
        given : what the command reads from its input; the others are as in ``Job``.

        Raises
        ------
        UnknownName : no such kind.
        CannotWrite : the journal cannot be written.
        """
        check_kind_name(kind)
        with self._journal() as journal:
            for job in journal.all().values():
                if job.state in (WAITING, RUNNING) and job.does(kind, arguments, given):
                    if owner in job.concerns:
                        return job
                    return self._update(job, askers=(*job.askers, owner))
            asked = Job("", kind, title, tuple(arguments), given, about, owner)
            return journal.add(replace(asked, submitted=time.time()))

    def jobs(self) -> list[Job]:
        """Return all jobs in the order in which they were asked for, with how far they are."""
        own = dict(self._own)
        return [
            own[job.id].now(job) if job.id in own else job for job in self.journal.all().values()
        ]

    def job(self, job_id: str) -> Job | None:
        """Return a job; None where there is none of this id."""
        return next((job for job in self.jobs() if job.id == job_id), None)

    def newest(self, kind: str, about: str = "") -> Job | None:
        """Return the latest job of a kind that concerns something.

        None where there is none, or it had ended before this queue was opened.
        """
        for job in reversed(self.jobs()):
            if (job.kind, job.about) == (kind, about):
                old = job.ended != 0 and self._before.get(job.id) == job.ended
                return None if old else job
        return None

    def before(self, job: Job) -> list[Job]:
        """Return what is at work or waits before a job in its lane."""
        quick = kind_of(job).quick
        others = [j for j in self.jobs() if j.active and j.id != job.id]
        lane = [j for j in others if kind_of(j).quick == quick]
        return [j for j in lane if j.running or j.id < job.id]

    # -- changing -------------------------------------------------------------------------------

    def cancel(self, job_id: str, *, by: str = "") -> Job:
        """Stop a job; what it has finished is kept. Its state says so at once.

        What several have asked for goes on for the others when one of them wants it no more.

        Parameters
        ----------
        by : whoever asks for it; they need not be told what they did themselves.

        Raises
        ------
        UnknownName : no such job.
        """
        with self._journal() as journal:
            job = journal.get(job_id)
            others = [who for who in job.concerns if who != by]
            if job.active and by in job.concerns and others:
                return self._update(job, owner=others[0], askers=tuple(others[1:]))
            told = (by,) if by in job.concerns else ()
            if job.state in (WAITING, INTERRUPTED):
                return self._update(job, state=CANCELLED, ended=time.time(), told=told)
            if job.state == RUNNING:
                job = self._update(job, state=STOPPING, message="stopping", told=told)
        own = self._own.get(job_id)
        if own is not None:
            own.stop()
        elif job.running:
            end_left_behind(job, self.journal.lock(job.id))
        return job

    def go_on(self, job_id: str) -> Job:
        """Put an interrupted, cancelled or failed job back to its place.

        Raises
        ------
        UnknownName : no such job.
        InvalidInput : it waits, runs or is done.
        """
        with self._journal() as journal:
            job = journal.get(job_id)
            if job.state not in (INTERRUPTED, CANCELLED, FAILED):
                raise InvalidInput(
                    f"“{job.title}” is {job.state}: there is nothing to go on with.",
                    "Interrupted, cancelled and failed jobs can be taken up again.",
                )
            again = replace(job, state=WAITING, ended=0.0, crashes=0, error="", hint="")
            return self._update(again, result=None, told=())

    def tell(self, job_id: str, who: str) -> None:
        """Take down that one of those who asked for a job has seen how it ended."""
        with contextlib.suppress(CoreError), self._journal() as journal:
            job = journal.get(job_id)
            self._update(job, told=(*job.told, who))

    def _update(self, job: Job, **changes: Any) -> Job:
        return self.journal.write(replace(job, **changes))

    @contextlib.contextmanager
    def _journal(self) -> Iterator[Journal]:
        """Have the journal alone, then look at once whether there is something to do."""
        lock = self.journal.root / ".lock"
        with writing(lock):
            self.journal.root.mkdir(parents=True, exist_ok=True)
            with locked(lock):
                yield self.journal
        with self._changed:
            self._changed.notify_all()

    # -- doing ----------------------------------------------------------------------------------

    def work(self) -> None:
        """Take part in doing the jobs from now on, in a thread of its own."""
        with self._changed:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="queue", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End what this process does; it goes on when a server of this home starts again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        for own in list(self._own.values()):
            own.stop()
        for own in list(self._own.values()):
            if own.watcher is not None:
                own.watcher.join()

    def _run(self) -> None:
        while not self._closed:
            busy = False
            # A full disk or a folder that was taken away must not end the queue for good.
            with contextlib.suppress(OSError, CoreError):
                busy = self.look()
            with self._changed:
                if not self._closed:
                    self._changed.wait(_TICK if busy else _IDLE)

    def look(self) -> bool:
        """Take up what was interrupted, and start what may be started.

        Returns
        -------
        Whether there is anything that waits or runs.
        """
        if not any(j.active or j.state == INTERRUPTED for j in self.journal.all().values()):
            return False
        with locked(self.journal.root / ".lock"):
            for job in list(self.journal.all().values()):
                if job.running and job.id not in self._own:
                    self._take_up(job)
                elif job.state == INTERRUPTED and job.crashes < _CRASHES:
                    self._update(job, state=WAITING)
            for job in self._due():
                self._start(job)
        for job_id, own in list(self._own.items()):
            if self.journal.get(job_id).state == STOPPING:  # asked for by another process
                own.stop()
        return any(job.active for job in self.journal.all().values())

    def _take_up(self, job: Job) -> None:
        """Put a job back whose processes have all ended without a word."""
        held = FileLock.take(self.journal.lock(job.id))
        if held is None:
            return
        held.release()
        if job.state == STOPPING:
            self._update(job, state=CANCELLED, ended=time.time())
        else:
            crashes = job.crashes + 1
            state = WAITING if crashes < _CRASHES else INTERRUPTED
            self._update(job, state=state, crashes=crashes, left=None, message="")

    def _due(self) -> list[Job]:
        """Return what may be started now, first come first served.

        One fit for every four cores; a quick job beside them, where there is a core for it.
        """
        jobs = list(self.journal.all().values())
        running = [job for job in jobs if job.running]
        slow = sum(not kind_of(job).quick for job in running)
        lanes = {True: len(running) - slow, False: slow}
        due: list[Job] = []
        waiting = [job for job in jobs if job.state == WAITING]
        for job in sorted(waiting, key=lambda j: not kind_of(j).quick):
            lane = kind_of(job).quick
            if sum(lanes.values()) < self.cores and lanes[lane] < self.workers:
                lanes[lane] += 1
                due.append(job)
        return due

    def _start(self, job: Job) -> None:
        held = FileLock.take(self.journal.lock(job.id))
        if held is None:
            return
        try:
            job = self._update(
                job,
                state=RUNNING,
                started=time.time(),
                message="starting",
                attempts=job.attempts + 1,
                host=socket.gethostname(),
                holder=os.getpid(),
            )
            process = Process(job, held, job.command(self.scheduler), self.environment())
        except CoreError:  # the journal cannot be written: it waits until it can
            held.release()
            raise
        except OSError as error:
            held.release()
            self._update(job, state=FAILED, ended=time.time(), error=f"It cannot start: {error}.")
            return
        self._own[job.id] = process
        # Before anything else is written down, which a full disk may refuse: its end is heard.
        process.watch(
            lambda: self._heard(job.id, process), lambda c: self._ended(job.id, process, c)
        )
        self._update(job, process=process.pid)

    def environment(self) -> dict[str, str]:
        """Return the environment of what is started."""
        share = str(self.cores // self.workers)
        return {
            # Each has its share of the cores. A variable that the user has set stays as it is.
            **(dict.fromkeys(THREADS, share) if self.workers > 1 else {}),
            **os.environ,
            "CORTISCOPE_HOME": str(self.home),
            # Offline labs: a look-up of weights must fail at once instead of after retries.
            "HF_HUB_OFFLINE": "1",
        }

    def _heard(self, job_id: str, own: Process) -> None:
        """Write down how far a job is, for whoever else looks at the journal."""
        with contextlib.suppress(OSError, CoreError), locked(self.journal.root / ".lock"):
            job = self.journal.get(job_id)
            if job.running:
                self.journal.write(own.now(job))

    def _ended(self, job_id: str, own: Process, changes: dict[str, Any]) -> None:
        """Write down how a job has ended."""
        try:
            with contextlib.suppress(OSError, CoreError), locked(self.journal.root / ".lock"):
                job = own.now(self.journal.get(job_id))
                if job.state == STOPPING:
                    changes = {"state": CANCELLED}
                elif self._closed and changes["state"] == FAILED:
                    changes = {"state": INTERRUPTED}
                changes = {"ended": time.time(), "left": None, "message": "", **changes}
                self._update(job, **changes)
                self.journal.lock(job_id).unlink(missing_ok=True)
        finally:
            own.held.release()
            self._own.pop(job_id, None)
            with self._changed:
                self._changed.notify_all()
