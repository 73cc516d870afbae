"""What a piece of queued work is: its kind, its record, and the journal that keeps it on disk.

A job is a command line of ``cortiscope``, with what it reads from its input. A further kind is one
``register_kind``. The journal is a folder with one JSON file a job, written whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from cortiscope.core.errors import DamagedFile, InvalidInput, UnknownName, unknown_name
from cortiscope.core.pipeline.pace import Left
from cortiscope.core.storage import write_json

WAITING, RUNNING, STOPPING = "waiting", "running", "stopping"
DONE, FAILED, CANCELLED, INTERRUPTED = "done", "failed", "cancelled", "interrupted"

SCHEDULER = "CORTISCOPE_SCHEDULER"
"""Environment variable with the address of the Dask scheduler that sweeps go to."""

_KEPT = 200
_PYTHON = (sys.executable, "-m", "cortiscope.core")
_ENDING = ("--json", "--progress", "json")


@dataclass(frozen=True)
class Kind:
    """A kind of job.

    Parameters
    ----------
    quick : somebody waits for it before they can go on (a check, the demo): it does not stand in
        line behind fits.
    spreads : its command has ``--scheduler``, and goes to a Dask cluster where one is named.
    announced : its owner is told when it has ended.
    command, ending : what stands before and after a job's own words.
    """

    name: str
    quick: bool = False
    spreads: bool = False
    announced: bool = False
    command: tuple[str, ...] = _PYTHON
    ending: tuple[str, ...] = _ENDING


KINDS = {
    kind.name: kind
    for kind in (
        Kind("fit", announced=True),
        Kind("sweep", announced=True, spreads=True),
        Kind("evaluate", announced=True),
        Kind("contrast", announced=True),
        Kind("best-images", announced=True),
        Kind("compare", quick=True),
        Kind("check", quick=True),
        Kind("demo", quick=True),
        Kind("fetch-fsaverage", quick=True),
    )
}


def register_kind(kind: Kind) -> None:
    """Add a kind of job; whatever is queued can then be of it."""
    if kind.name in KINDS:
        raise InvalidInput(f"There is a kind of job called {kind.name!r} already.")
    KINDS[kind.name] = kind


@dataclass(frozen=True)
class Job:
    """A piece of work, as it stood when it was looked at.

    Parameters
    ----------
    id : its number as text, which is its place among all there ever were.
    title : for people.
    about : what it concerns, for whoever looks for it.
    arguments, given : the command's words, and what it reads from its input.
    owner : id of whoever asked for it first; ``askers`` : of all who asked for the same.
    submitted, started, ended : seconds since 1970; 0 for not yet.
    share, message : share done, and what is being done.
    runs : ids of the encoding models finished so far; they can be used.
    curves : of the training that is under way, a value per epoch so far (None: undefined).
    left : how long it takes yet, where that is known.
    result : the command's JSON, once it is done.
    error, hint : why it has failed, and what to do.
    attempts : how often it was started; more than once where a server ended under it.
    crashes : how often the processes at it ended without a word.
    host, holder, process : who runs it.
    told : ids of those who asked for it and have seen how it ended.
    """

    id: str
    kind: str
    title: str
    arguments: tuple[str, ...] = ()
    given: str = ""
    about: str = ""
    owner: str = ""
    askers: tuple[str, ...] = ()
    state: str = WAITING
    submitted: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    share: float = 0.0
    message: str = ""
    runs: tuple[str, ...] = ()
    curves: dict[str, list[float | None]] = field(default_factory=dict)
    left: Left | None = None
    result: dict[str, Any] | None = None
    error: str = ""
    hint: str = ""
    attempts: int = 0
    crashes: int = 0
    host: str = ""
    holder: int = 0
    process: int = 0
    told: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether it waits or is at work."""
        return self.state in (WAITING, RUNNING, STOPPING)

    @property
    def running(self) -> bool:
        """Whether a process is at it."""
        return self.state in (RUNNING, STOPPING)

    @property
    def concerns(self) -> tuple[str, ...]:
        """Ids of all who asked for it."""
        return (self.owner, *self.askers)

    def does(self, kind: str, arguments: Sequence[str], given: str) -> bool:
        """Whether it is what somebody asks for."""
        return (self.kind, self.arguments, self.given) == (kind, tuple(arguments), given)

    def command(self, scheduler: str = "") -> list[str]:
        """Return what is started.

        Parameters
        ----------
        scheduler : address of a Dask cluster, for a kind that can go there.
        """
        kind = kind_of(self)
        there = ("--scheduler", scheduler) if scheduler and kind.spreads else ()
        return [*kind.command, *self.arguments, *there, *kind.ending]


def kind_of(job: Job) -> Kind:
    """Return what a job's kind is; one of another version is taken for an ordinary one."""
    return KINDS.get(job.kind, Kind(job.kind))


def check_kind_name(name: str) -> None:
    """Refuse a kind that there is not."""
    if name not in KINDS:
        raise unknown_name("kind of job", name, KINDS)


class Journal:
    """The jobs of one home on disk: the folder's files, read again when one has changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._seen: tuple[int, dict[str, Job]] = (-1, {})
        self._read: dict[str, tuple[tuple[int, int, int], Job]] = {}

    def all(self) -> dict[str, Job]:
        """Return all jobs by id, in the order in which they were asked for."""
        try:
            changed = self.root.stat().st_mtime_ns
        except OSError:
            return {}
        if changed == self._seen[0]:
            return self._seen[1]
        looked = time.time_ns()
        found: dict[str, Job] = {}
        for path in sorted(self.root.glob("[0-9]*.json")):
            with contextlib.suppress(OSError, DamagedFile):
                found[path.stem] = self._job(path)
        self._read = {path: read for path, read in self._read.items() if path in found}
        # A change in the same tick of the file system's clock would not show.
        self._seen = (changed if looked - changed > 100_000_000 else -1, found)
        return found

    def get(self, job_id: str) -> Job:
        """Return a job as it stands.

        Raises
        ------
        UnknownName : there is none of this id.
        """
        found = self.all()
        if job_id not in found:
            raise UnknownName(
                f"There is no job {job_id} here.", "The list of jobs shows those there are."
            )
        return found[job_id]

    def write(self, job: Job) -> Job:
        """Write a job down.

        Raises
        ------
        CannotWrite : no room, no permission.
        """
        self._seen = (-1, {})
        write_json(self.root / f"{job.id}.json", asdict(job))
        return job

    def add(self, job: Job) -> Job:
        """Write a new job down under the next number, and let go of what ended long ago."""
        found = self.all()
        ended = [j.id for j in found.values() if not j.active and j.state != INTERRUPTED]
        for old in ended[: max(len(ended) - _KEPT, 0)]:
            self.remove(old)
        # A damaged record keeps its number: what it was may be at work yet.
        names = [path.stem for path in self.root.glob("[0-9]*.json")]
        number = max((int(name) for name in names if name.isdecimal()), default=0) + 1
        return self.write(replace(job, id=f"{number:06d}"))

    def remove(self, job_id: str) -> None:
        """Take a job that has ended off the list."""
        self._seen = (-1, {})
        for path in (self.root / f"{job_id}.json", self.lock(job_id)):
            path.unlink(missing_ok=True)

    def lock(self, job_id: str) -> Path:
        """Return the lock that whatever is at work on a job has."""
        return self.root / f".{job_id}.lock"

    def _job(self, path: Path) -> Job:
        about = os.stat(path)  # noqa: PTH116 - the three that tell one writing from the next
        state = (about.st_mtime_ns, about.st_size, about.st_ino)
        known = self._read.get(path.stem)
        if known is None or known[0] != state:
            known = (state, _restored(path))
            self._read[path.stem] = known
        return known[1]


_TUPLES = ("arguments", "askers", "runs", "told")
_NEVER = 1e13  # seconds; of what is much later no date can be said
_PLAIN: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (int, float)}


def _restored(path: Path) -> Job:
    """Read a job of this version or another.

    Raises
    ------
    DamagedFile : it is none.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        known = {f.name: stored[f.name] for f in fields(Job) if f.name in stored}
        known |= {name: tuple(map(str, known.get(name) or ())) for name in _TUPLES}
        if known.get("left") is not None:
            seconds, then = known["left"]
            known["left"] = Left(float(seconds), str(then))
        job = Job(**known)
        for f in fields(Job):
            if not isinstance(getattr(job, f.name), _PLAIN.get(str(f.type), object)):
                raise TypeError(f"its {f.name} is {getattr(job, f.name)!r}")
        times = (job.submitted, job.started, job.ended)
        if not (0 <= job.share <= 1 and all(0 <= when < _NEVER for when in times)):
            raise ValueError(f"its share is {job.share}, its times are {times}")
        if not (isinstance(job.result, dict | None) and isinstance(job.curves, dict)):
            raise TypeError(f"its result is {job.result!r}, its curves are {job.curves!r}")
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFile(f"{path} is no job: {error}.", "Delete it.") from None
    if job.id != path.stem or job.state not in _STATES:
        raise DamagedFile(f"{path} is no job.", "Delete it.")
    return job


_STATES = (WAITING, RUNNING, STOPPING, DONE, FAILED, CANCELLED, INTERRUPTED)
