"""The app's side of the queue (``core.pipeline.queue``): who asks for work, and how it is told.

Work happens in other processes and survives a reload of the page and a restart of the server. The
queue belongs to the home: all sessions, and other servers of the same home, see the same jobs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from cortiscope import access
from cortiscope.access import Action
from cortiscope.core.pipeline.jobs import (
    CANCELLED,
    FAILED,
    INTERRUPTED,
    SCHEDULER,
    WAITING,
    Job,
    kind_of,
)
from cortiscope.core.pipeline.pace import duration_words
from cortiscope.core.pipeline.queue import Queue
from cortiscope.core.storage import Home


def queue() -> Queue:
    """Return the queue of the home; this process takes part in its work from now on."""
    return _queue(Home.from_environment().root)


@cache
def _queue(home: Path) -> Queue:
    made = Queue(home, scheduler=os.environ.get(SCHEDULER, ""))
    made.work()
    return made


def submit(
    kind: str,
    title: str,
    arguments: Sequence[str],
    given: str = "",
    *,
    about: str = "",
    action: Action = Action.FIT,
) -> Job:
    """Put a visitor's job into the queue, or return the one that does the same already.

    Parameters
    ----------
    given : what the command reads from its input.
    about : what it concerns, for ``latest``.
    action : what the visitor must be allowed to do.

    Raises
    ------
    NotAllowed : the visitor may not.
    CannotWrite : the journal cannot be written.
    """
    access.demand(action)
    owner = access.visitor().id
    return queue().submit(kind, title, arguments, given, owner=owner, about=about)


def cancel(job: Job) -> None:
    """Stop a job; what it has finished is kept. What others asked for too goes on for them.

    Raises
    ------
    NotAllowed : it is somebody else's.
    """
    access.demand(Action.CANCEL, of=whose(job))
    queue().cancel(job.id, by=access.visitor().id)


def go_on(job: Job) -> None:
    """Put an interrupted, cancelled or failed job back to its place.

    Raises
    ------
    NotAllowed : it is somebody else's.
    """
    access.demand(Action.FIT)
    access.demand(Action.CANCEL, of=whose(job))
    queue().go_on(job.id)


def latest(kind: str, about: str = "") -> Job | None:
    """Return the newest job of a kind; None where it ended before this server was started."""
    return queue().newest(kind, about)


def put_away(job: Job) -> None:
    """Take down that the visitor has seen how a job of theirs ended."""
    queue().tell(job.id, access.visitor().id)


def whose(job: Job) -> str:
    """Return whose a job is to the visitor: their own if they have asked for it too."""
    return access.visitor().id if is_mine(job) else job.owner


def is_mine(job: Job) -> bool:
    """Whether the visitor has asked for a job."""
    own = access.visitor().id
    return bool(own) and own in job.concerns


def mine(jobs: Iterable[Job]) -> list[Job]:
    """Return what the visitor has asked for and is told of: at work, waiting, or just ended."""
    own = access.visitor().id
    return [
        job
        for job in jobs
        if is_mine(job) and kind_of(job).announced and (job.active or own not in job.told)
    ]


def progress_words(job: Job) -> str:
    """Say what a job is doing and how long it takes yet, where that is known."""
    if job.state == WAITING:
        again = "was interrupted and goes on; " if job.attempts else ""
        return f"{again}{waiting_words(queue().before(job))}"
    left = f" · {job.left.words()}" if job.left is not None else ""
    again = " (taken up again)" if job.attempts > 1 else ""
    return f"{job.message}{left}{again}"


def waiting_words(before: Sequence[Job]) -> str:
    """Say what is before a job that waits, and when it starts, where that is known."""
    if not before:
        return "starts at once"
    n = len(before)
    words = "1 job is before it" if n == 1 else f"{n} jobs are before it"
    left = [job.left for job in before if job.left is not None and not job.left.then]
    # Of what waits nobody knows how long it takes.
    if len(left) == n <= queue().workers:
        words += f"; it starts in {duration_words(min(each.seconds for each in left))}"
    return words


def end_words(job: Job) -> tuple[str, str]:
    """Say how a job has ended without what was wanted, and what to do."""
    if job.state == CANCELLED:
        return "Stopped.", "Finished parts are kept."
    if job.state == INTERRUPTED:
        return (
            "Interrupted: the server ended under it more than once.",
            "Finished parts are kept; it can go on.",
        )
    return (job.error, job.hint) if job.state == FAILED else ("", "")


def time_words(seconds: float) -> str:
    """Say a time of day, with the date where it is not today's."""
    then, today = time.localtime(seconds), time.localtime()
    return time.strftime("%H:%M" if then[:3] == today[:3] else "%Y-%m-%d %H:%M", then)
