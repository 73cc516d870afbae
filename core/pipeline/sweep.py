"""Many fits by one plan, on a Dask cluster: local, or wherever an address says.

A cluster's workers need this project installed and the same file system: data, features and runs
are named by path. What is finished is on disk; a sweep that is started again skips it.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cortiscope.core.backbones.precision import Precision
from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import CoreError, InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.pipeline.designs import extract_together
from cortiscope.core.pipeline.feature_passes import make_features
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.pipeline.job_process import THREADS, cores_here, workers_here
from cortiscope.core.pipeline.plan import Plan, Task, failure, plan_tasks
from cortiscope.core.pipeline.streaming import source_of
from cortiscope.core.pipeline.training import may_stream, subjects_of
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.runs import EncodingSpec, RunStore

_SECONDS = 1.0
_WORKER_ENVIRONMENT = "distributed.nanny.pre-spawn-environ"
_CONNECT_TIMEOUT = "20s"


@dataclass(frozen=True)
class SharedFolders:
    """Folders that every worker sees under the same name."""

    data: Path
    features: Path
    runs: Path
    surfaces: Path


@dataclass
class SweepResult:
    """What a sweep did.

    Parameters
    ----------
    planned : tasks of the plan.
    done, skipped : names of tasks fitted now, and of those that were there.
    failed : {task, kind, message, hint} each.
    runs : names of all runs of the plan that exist, in the plan's order.
    """

    planned: int
    done: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)


def run_sweep(
    plan: Plan,
    folders: SharedFolders,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    precision: Precision | None = None,
    progress: Progress = silent,
) -> SweepResult:
    """Fit everything a plan asks for; one failure stops nothing else.

    Parameters
    ----------
    scheduler : address of a Dask scheduler; None starts a local cluster.
    workers : processes of the local cluster; None takes one for every four cores.
    precision : of all networks; None leaves it to the plan.
    """
    tasks, failed = plan_tasks(plan, folders.data, precision, part(progress, 0.0, 0.0))
    store = RunStore(folders.runs)
    result = SweepResult(len(tasks) + len(failed), failed=failed)
    missing = [t for t in tasks if any(s.run_id not in store for s in t.specs)]
    result.skipped = [t.name for t in tasks if t not in missing]
    if missing:
        with _client(scheduler, workers) as client:
            _carry_out(client, missing, folders, result, progress)
    result.runs = [s.run_id for t in tasks for s in t.specs if s.run_id in store]
    return result


def _carry_out(
    client: Any,
    tasks: Sequence[Task],
    folders: SharedFolders,
    result: SweepResult,
    progress: Progress,
) -> None:
    from distributed import as_completed

    # Features first: two fits of one network would otherwise both send the images through it.
    passes: dict[tuple[Any, ...], dict[FeatureSpec | EncodingSpec, None]] = {}
    for task in tasks:
        for key, wanted in _passes(task):
            passes.setdefault(key, {})[wanted] = None
    names = {
        key: _pass_name(k, len(passes), wanted) for k, (key, wanted) in enumerate(passes.items())
    }
    far = WorkersProgress([*names.values(), *(task.name for task in tasks)], progress)
    far.listen(client)
    extracted = {
        key: client.submit(
            *(_extract_safely, key[0], tuple(wanted), folders, (far.topic, names[key])), pure=False
        )
        for key, wanted in passes.items()
    }
    fitted = {
        client.submit(
            _fit_safely,
            task,
            folders,
            [extracted[key] for key in dict.fromkeys(k for k, _ in _passes(task))],
            (far.topic, task.name),
            pure=False,
        ): task
        for task in tasks
    }
    far.say(f"{len(tasks)} fits and {len(passes)} passes through networks")
    of_pass = {future: names[key] for key, future in extracted.items()}
    for future in as_completed([*of_pass, *fitted]):
        if future in of_pass:
            far.ended(of_pass[future], f"{of_pass[future]} ended")
            continue
        task = fitted[future]
        try:
            problem = future.result()
        except Exception as error:  # the worker died; the sweep goes on
            problem = {"task": task.name, "kind": "worker", "message": repr(error), "hint": ""}
        if problem is None:
            result.done.append(task.name)
        else:
            result.failed.append(problem)
        words = "could not be fitted" if problem else "fitted"
        far.ended(task.name, f"{task.name} {words}")


def _pass_name(k: int, n: int, wanted: Iterable[FeatureSpec | EncodingSpec]) -> str:
    first = next(iter(wanted))
    backbone = (first if isinstance(first, FeatureSpec) else first.features[0]).backbone
    return f"pass {k + 1} of {n}, {backbone}"


def _passes(task: Task) -> list[tuple[tuple[Any, ...], FeatureSpec | EncodingSpec]]:
    """Name each pass through a network that a task needs, with what it is to give.

    That is features, or a configuration whose features are reduced while images pass.
    """
    found: list[tuple[tuple[Any, ...], FeatureSpec | EncodingSpec]] = []
    for spec in task.specs:
        if spec.on_the_way == "always" and may_stream(spec, spec.features):
            found.append(((spec.subject, spec.with_subjects, source_of(spec.features)), spec))
            continue
        for subject in (spec.subject, *(o.subject for o in spec.with_subjects)):
            found += [((subject, f.source), f) for f in spec.features]
    return found


def _extract_safely(
    subject_id: str,
    wanted: tuple[FeatureSpec | EncodingSpec, ...],
    folders: SharedFolders,
    report: tuple[str, str],
) -> None:
    # A pass that fails is reported by the fits that need it.
    with contextlib.suppress(CoreError):
        _extract(subject_id, wanted, folders, from_worker(*report))


def _extract(
    subject_id: str,
    wanted: tuple[FeatureSpec | EncodingSpec, ...],
    folders: SharedFolders,
    progress: Progress,
) -> None:
    subject, store = open_subject(folders.data, subject_id), FeatureStore(folders.features)
    features = [f for f in wanted if isinstance(f, FeatureSpec)]
    extract_together(store, features, [subject.train.images, subject.test.images], progress)
    specs = [s for s in wanted if isinstance(s, EncodingSpec)]
    names = {o.subject for spec in specs for o in spec.with_subjects}
    others = {name: open_subject(folders.data, name) for name in names}
    people = {s: subjects_of(subject, s, others) for s in specs}
    make_features(specs, people, store, progress)


def _fit_safely(
    task: Task, folders: SharedFolders, after: Sequence[None], report: tuple[str, str]
) -> dict[str, str] | None:
    """Fit a task in a worker; return what went wrong, or None."""
    try:
        subject = open_subject(folders.data, task.subject)
        names = {o.subject for spec in task.specs for o in spec.with_subjects}
        fit_all(
            subject,
            task.specs,
            features=FeatureStore(folders.features),
            runs=RunStore(folders.runs),
            others={name: open_subject(folders.data, name) for name in names},
            surfaces=folders.surfaces,
            progress=from_worker(*report),
        )
    except CoreError as error:
        return failure(task.name, error)
    except Exception as error:  # reported in the sweep's result; the other tasks go on
        return failure(task.name, CoreError(f"{type(error).__name__}: {error}"))
    return None


@contextlib.contextmanager
def _client(scheduler: str | None, workers: int | None) -> Iterator[Any]:
    """Connect to a cluster, or start one on this machine and end it afterwards."""
    import dask
    from distributed import Client, LocalCluster

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_CONNECT_TIMEOUT)
        except (OSError, TimeoutError, ValueError) as error:
            raise InvalidInput(
                f"There is no Dask scheduler at {scheduler} ({type(error).__name__}).",
                "Start one, or leave --scheduler out for a cluster on this machine.",
            ) from error
        with client:
            yield client
        return
    cores = cores_here()
    count = workers or workers_here(cores)
    # Dask gives every worker one thread for arithmetic, which leaves most cores idle
    # here. A variable that the user has set stays as it is.
    share = {f"{_WORKER_ENVIRONMENT}.{name}": max(1, cores // count) for name in THREADS}
    # A worker's task runs in a thread, whose own heap in glibc takes no block above 64 MiB, and
    # networks' memory could not be kept (core.features.extract).
    share[f"{_WORKER_ENVIRONMENT}.MALLOC_ARENA_MAX"] = 1
    with (
        dask.config.set(share),
        tempfile.TemporaryDirectory() as scratch,
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            dashboard_address=None,
            memory_limit=0,
            local_directory=scratch,
            silence_logs=50,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


class WorkersProgress:
    """The mean over steps that run in other processes, each step counting the same.

    Parameters
    ----------
    steps : names of all steps.
    progress : called with the mean share, never less than before, with what a step says.
    """

    def __init__(self, steps: Sequence[str], progress: Progress) -> None:
        self.topic = f"cortiscope-{uuid.uuid4()}"
        self._shares = dict.fromkeys(steps, 0.0)
        self._progress = progress
        # Called from the client's own thread as well as from the one that waits for results.
        self._lock = threading.Lock()

    def listen(self, client: Any) -> None:
        """Hear from every worker of a Dask client."""
        client.subscribe_topic(self.topic, self._heard)

    def say(self, message: str) -> None:
        """Say something between the steps."""
        with self._lock:
            self._report(message)

    def ended(self, step: str, message: str) -> None:
        """Count a step as done, whatever became of it."""
        with self._lock:
            self._shares[step] = 1.0
            self._report(message)

    def _heard(self, event: tuple[float, dict[str, Any]]) -> None:
        step = event[1]
        with self._lock:
            before = self._shares[step["step"]]
            self._shares[step["step"]] = max(before, step["share"])
            # A step that has ended has had its last word.
            if before < 1:
                self._report(f"{step['step']}: {step['message']}")

    def _report(self, message: str) -> None:
        self._progress(sum(self._shares.values()) / max(len(self._shares), 1), message)


def from_worker(topic: str, step: str) -> Progress:
    """Return a callback, for use inside a task, that reports a step to ``topic``'s listener."""
    from distributed import get_worker

    worker = get_worker()
    last = -_SECONDS

    def report(share: float, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _SECONDS or share >= 1:
            last = now
            worker.log_event(topic, {"step": step, "share": float(share), "message": str(message)})

    return report
