"""Many fits by one plan, on a Dask cluster: local, or wherever an address says.

A cluster's workers need this project installed and the same file system: data, features and runs
are named by path. What is finished is on disk; a sweep that is started again skips it.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cortiscope.core.backbones import get_card, list_layers, parse_weights
from cortiscope.core.backbones.precision import Precision
from cortiscope.core.datasets import Subject, find_subjects, open_subject
from cortiscope.core.datasets.subject_names import named_subject
from cortiscope.core.errors import CoreError, InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.pipeline.designs import extract_together
from cortiscope.core.pipeline.feature_passes import make_features
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.pipeline.placement import check_placement
from cortiscope.core.pipeline.plan import ModelPlan, Plan
from cortiscope.core.pipeline.streaming import source_of
from cortiscope.core.pipeline.sweep_progress import WorkersProgress, from_worker
from cortiscope.core.pipeline.training import may_stream, subjects_of
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.recipes import configurations, get_recipe
from cortiscope.core.runs import EncodingSpec, RunStore

_WORKER_ENVIRONMENT = "distributed.nanny.pre-spawn-environ"
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_CONNECT_TIMEOUT = "20s"


@dataclass(frozen=True)
class Places:
    """Folders that every worker sees under the same name."""

    data: Path
    features: Path
    runs: Path
    surfaces: Path


@dataclass(frozen=True)
class Task:
    """One thing to fit: a recipe or one combination, for one subject."""

    name: str
    subject: str
    specs: tuple[EncodingSpec, ...]


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


def plan_tasks(
    plan: Plan, places: Places, precision: Precision | None = None, progress: Progress = silent
) -> tuple[list[Task], list[dict[str, str]]]:
    """Turn a plan into tasks; what cannot be planned is told.

    That is a subject that cannot be opened, weights that are not there, no such layer.
    """
    names = [ref.id for ref in find_subjects(places.data)]
    planned = [named_subject(s, names) for s in plan.subjects] or names
    crossing = [n for n in plan.recipes if get_recipe(n).cross_subject]
    opened: dict[str, Subject] = {}
    broken: dict[str, CoreError] = {}
    for name in names if crossing else planned:
        try:
            opened[name] = open_subject(places.data, name).identified(progress)
        except CoreError as error:
            broken[name] = error
    tasks, failed = [], []
    for subject_id in planned:
        if subject_id in broken:
            failed.append(_failure(subject_id, broken[subject_id]))
            continue
        subject = opened[subject_id]
        others = [s for name, s in opened.items() if name != subject_id]
        for name, make in _wanted(plan, subject, others):
            try:
                if name in crossing and broken:  # fewer subjects would be another model
                    raise next(iter(broken.values()))
                specs = make()
                if precision is not None:
                    specs = tuple(spec.at_precision(precision) for spec in specs)
                for spec in specs:
                    check_placement(subject, spec)
                tasks.append(Task(f"{subject_id} {name}", subject_id, specs))
            except CoreError as error:
                failed.append(_failure(f"{subject_id} {name}", error))
    return tasks, failed


def _wanted(plan: Plan, subject: Subject, others: Sequence[Subject]) -> Iterator[tuple[str, Any]]:
    for name in plan.recipes:
        recipe = get_recipe(name)
        yield name, lambda r=recipe: configurations(r, subject, others)
    for model in plan.models:
        for backbone in model.backbones:
            for kind in model.weights:
                for encoder in model.encoders:
                    for seed in model.seeds:
                        words = " ".join(w for w in (backbone, kind, encoder.name) if w)
                        label = f"{words} seed {seed}" if len(model.seeds) > 1 else words
                        yield (
                            label,
                            lambda a=(model, backbone, kind, encoder, seed): _model_specs(
                                subject, *a
                            ),
                        )


def _model_specs(
    subject: Subject, model: ModelPlan, backbone: str, kind: str, encoder: Any, seed: int
) -> tuple[EncodingSpec, ...]:
    from cortiscope.core.backbones.base import match_layers

    weights = parse_weights(backbone, kind or None, seed=seed)
    known = [info.name for info in list_layers(get_card(backbone).name)]
    layers = match_layers(backbone, known, model.layers)
    features = [
        FeatureSpec(backbone, weights, layer, model.pool, framing=model.framing) for layer in layers
    ]
    return tuple(
        EncodingSpec.of(
            subject,
            group,
            reduction=model.reduce,
            encoder=encoder,
            scope=model.scope,
            seed=model.split_seed,
            split_rule=model.split_rule,
            validation_fraction=model.validation_fraction,
            report_fraction=model.report_fraction,
        ).at_precision(model.precision)
        for group in ([tuple(features)] if model.together else [(f,) for f in features])
    )


def run_sweep(
    plan: Plan,
    places: Places,
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
    tasks, failed = plan_tasks(plan, places, precision, part(progress, 0.0, 0.0))
    store = RunStore(places.runs)
    result = SweepResult(len(tasks) + len(failed), failed=failed)
    missing = [t for t in tasks if any(s.run_id not in store for s in t.specs)]
    result.skipped = [t.name for t in tasks if t not in missing]
    if missing:
        with _client(scheduler, workers) as client:
            _carry_out(client, missing, places, result, progress)
    result.runs = [s.run_id for t in tasks for s in t.specs if s.run_id in store]
    return result


def _carry_out(
    client: Any, tasks: Sequence[Task], places: Places, result: SweepResult, progress: Progress
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
            *(_extract_safely, key[0], tuple(wanted), places, (far.topic, names[key])), pure=False
        )
        for key, wanted in passes.items()
    }
    fitted = {
        client.submit(
            _fit_safely,
            task,
            places,
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

    That is features, or a configuration whose features are reduced on the way.
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
    places: Places,
    tell: tuple[str, str],
) -> None:
    # A pass that fails is told by the fits that need it.
    with contextlib.suppress(CoreError):
        _extract(subject_id, wanted, places, from_worker(*tell))


def _extract(
    subject_id: str,
    wanted: tuple[FeatureSpec | EncodingSpec, ...],
    places: Places,
    progress: Progress,
) -> None:
    subject, store = open_subject(places.data, subject_id), FeatureStore(places.features)
    features = [f for f in wanted if isinstance(f, FeatureSpec)]
    extract_together(store, features, [subject.train.images, subject.test.images], progress)
    specs = [s for s in wanted if isinstance(s, EncodingSpec)]
    names = {o.subject for spec in specs for o in spec.with_subjects}
    others = {name: open_subject(places.data, name) for name in names}
    people = {s: subjects_of(subject, s, others) for s in specs}
    make_features(specs, people, store, progress)


def _fit_safely(
    task: Task, places: Places, after: Sequence[None], tell: tuple[str, str]
) -> dict[str, str] | None:
    """Fit a task in a worker; return what went wrong, or None."""
    try:
        subject = open_subject(places.data, task.subject)
        names = {o.subject for spec in task.specs for o in spec.with_subjects}
        fit_all(
            subject,
            task.specs,
            features=FeatureStore(places.features),
            runs=RunStore(places.runs),
            others={name: open_subject(places.data, name) for name in names},
            surfaces=places.surfaces,
            progress=from_worker(*tell),
        )
    except CoreError as error:
        return _failure(task.name, error)
    except Exception as error:  # told in the sweep's result; the other tasks go on
        return _failure(task.name, CoreError(f"{type(error).__name__}: {error}"))
    return None


def _failure(task: str, error: CoreError) -> dict[str, str]:
    return {"task": task, "kind": error.kind, "message": error.message, "hint": error.hint or ""}


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
                "Start one, or leave --scheduler away for a cluster on this machine.",
            ) from error
        with client:
            yield client
        return
    cores = os.cpu_count() or 1
    count = workers or max(1, cores // 4)
    # Dask gives every worker one thread for arithmetic, which leaves most cores idle
    # here. A variable that the user has set stays as it is.
    share = {f"{_WORKER_ENVIRONMENT}.{name}": max(1, cores // count) for name in _THREADS}
    # A worker's task runs in a thread, whose own heap in glibc takes no block above 64 MiB, and
    # networks' memory could not be kept (core.backbones.allocator).
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
