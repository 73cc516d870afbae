"""Plans of many fits: what a TOML file asks for, and the tasks that it comes to.

A plan::

    data = "demo"                    # or a folder; required unless given on the command line
    subjects = ["sim01"]             # all of the folder if left out
    recipes = ["clip_linear", ...]   # or ["all"]

    [[models]]                       # every combination of these, as often as wanted
    backbones = ["small_cnn", "squeezenet1_1"]
    weights = ["pretrained", "untrained"]
    layers = ["block*"]              # names or globs; one model per layer, or "all" of them in one
    regressors = ["ridge", "lasso"]
    together = false                 # true: all layers of a backbone in one model
    reduce = "pca:200"
    pool = "grid:5"
    framing = "published"            # or "stretch:N": whole pictures, N x N pixels
    precision = "float32"            # or "bfloat16"
    scope = "both"
    seeds = [0]                      # of untrained weights
    split_rule = "random"            # or "shuffled", "fold:1/5"
    split_seed = 0
    validation_fraction = 0.2
    report_fraction = 0.0            # kept for the report, where test responses are unknown
    denoise = "none"                 # or "auto", "pca:20": of the responses to fit
    settings.ridge.n_folds = 3       # of a regressor
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cortiscope.core.backbones import PUBLISHED, Framing, parse_weights
from cortiscope.core.backbones.precision import Precision
from cortiscope.core.config import from_plain
from cortiscope.core.datasets import Subject, find_subjects, open_subject
from cortiscope.core.datasets.subject_names import named_subject
from cortiscope.core.encoding import REGRESSORS, Reduction, RegressorSpec
from cortiscope.core.encoding.denoising import NONE, check_denoising
from cortiscope.core.encoding.scopes import SCOPES
from cortiscope.core.encoding.settings import with_plain_settings
from cortiscope.core.encoding.splits import RANDOM, check_split_rule
from cortiscope.core.errors import (
    CoreError,
    InvalidInput,
    MissingData,
    check_option,
    check_whole,
)
from cortiscope.core.features import Pooling
from cortiscope.core.pipeline.fit import check_placement
from cortiscope.core.progress import Progress, silent
from cortiscope.core.recipes import configurations, get_recipe, recipe_names
from cortiscope.core.runs import EncodingSpec
from cortiscope.core.runs.spec import GRID
from cortiscope.core.storage.foreign import is_there, read_text


@dataclass(frozen=True)
class ModelPlan:
    """One ``[[models]]`` table: every combination of its lists."""

    backbones: tuple[str, ...]
    layers: tuple[str, ...]
    weights: tuple[str, ...] = ("",)
    regressors: tuple[RegressorSpec, ...] = (RegressorSpec(),)
    together: bool = False
    reduce: Reduction = Reduction()
    pool: Pooling = GRID
    framing: Framing = PUBLISHED
    precision: Precision = "float32"
    scope: str = "both"
    seeds: tuple[int, ...] = (0,)
    split_rule: str = RANDOM
    split_seed: int = 0
    validation_fraction: float = 0.2
    report_fraction: float = 0.0
    denoise: str = NONE
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("backbones", "layers"):
            if not getattr(self, name):
                raise InvalidInput(f"{name} is missing.", f'As in {name} = ["..."].')
        check_option("scope", self.scope, SCOPES)
        check_split_rule(self.split_rule)
        check_denoising(self.denoise)
        for seed in self.seeds:
            check_whole("A seed", seed)
        check_whole("split_seed", self.split_seed)
        for name in ("validation_fraction", "report_fraction"):
            if not 0 <= getattr(self, name) < 1:
                raise InvalidInput(
                    f"{name} must be a number like 0.2, at least 0 and below 1; "
                    f"got {getattr(self, name):g}."
                )
        for name in self.settings:
            check_option("regressor of settings", name, REGRESSORS)
        own = (with_plain_settings(r, self.settings.get(r.name, {})) for r in self.regressors)
        object.__setattr__(self, "regressors", tuple(own))


@dataclass(frozen=True)
class Plan:
    """A whole plan.

    Parameters
    ----------
    data : a folder or ``demo``; empty if the plan does not say.
    subjects : ids; empty means all of the folder.
    """

    data: str = ""
    subjects: tuple[str, ...] = ()
    recipes: tuple[str, ...] = ()
    models: tuple[ModelPlan, ...] = ()

    def __post_init__(self) -> None:
        if self.recipes == ("all",):
            object.__setattr__(self, "recipes", recipe_names())
        for name in self.recipes:
            get_recipe(name)


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises
    ------
    MissingData, InvalidInput, UnknownName : no such file, no TOML, or not what a plan may hold.
    """
    if not is_there(path):
        raise MissingData(f"There is no plan {path}.", "Name a TOML file.")
    text = read_text(path)
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"{path.name} is not TOML: {error}.", "docs/command-line.md shows a plan."
        ) from None
    tables = raw.get("models")
    for table in tables if isinstance(tables, list) else ():
        # The former word.
        if isinstance(table, dict) and "encoders" in table:
            table.setdefault("regressors", table.pop("encoders"))
    plan = from_plain(Plan, raw, path.name)
    if not plan.recipes and not plan.models:
        raise InvalidInput(
            f"{path.name} plans nothing.", 'Add recipes = ["all"], or a [[models]] table.'
        )
    return plan


@dataclass(frozen=True)
class Task:
    """One thing to fit: a recipe or one combination, for one subject."""

    name: str
    subject: str
    specs: tuple[EncodingSpec, ...]


def plan_tasks(
    plan: Plan, data: Path, precision: Precision | None = None, progress: Progress = silent
) -> tuple[list[Task], list[dict[str, str]]]:
    """Turn a plan into tasks for the subjects of a data folder.

    Returns
    -------
    tasks : in the plan's order.
    failed : what cannot be planned, as {task, kind, message, hint}: a subject that cannot be
        opened, weights that are not there, no such layer.
    """
    names = [ref.id for ref in find_subjects(data)]
    planned = [named_subject(s, names) for s in plan.subjects] or names
    crossing = [n for n in plan.recipes if get_recipe(n).cross_subject]
    opened: dict[str, Subject] = {}
    broken: dict[str, CoreError] = {}
    for name in names if crossing else planned:
        try:
            opened[name] = open_subject(data, name).identified(progress)
        except CoreError as error:
            broken[name] = error
    tasks, failed = [], []
    for subject_id in planned:
        if subject_id in broken:
            failed.append(failure(subject_id, broken[subject_id]))
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
                failed.append(failure(f"{subject_id} {name}", error))
    return tasks, failed


def _wanted(plan: Plan, subject: Subject, others: Sequence[Subject]) -> Iterator[tuple[str, Any]]:
    for name in plan.recipes:
        recipe = get_recipe(name)
        yield name, lambda r=recipe: configurations(r, subject, others)
    for model in plan.models:
        for backbone in model.backbones:
            for kind in model.weights:
                for regressor in model.regressors:
                    for seed in model.seeds:
                        words = " ".join(w for w in (backbone, kind, regressor.name) if w)
                        label = f"{words} seed {seed}" if len(model.seeds) > 1 else words
                        choice = (model, backbone, kind, regressor, seed)
                        yield label, lambda choice=choice: _model_specs(subject, *choice)


def _model_specs(
    subject: Subject,
    model: ModelPlan,
    backbone: str,
    kind: str,
    regressor: RegressorSpec,
    seed: int,
) -> tuple[EncodingSpec, ...]:
    specs = EncodingSpec.of_layers(
        subject,
        backbone,
        model.layers,
        weights=parse_weights(backbone, kind or None, seed=seed),
        pooling=model.pool,
        framing=model.framing,
        each=not model.together,
        reduction=model.reduce,
        encoder=regressor,
        scope=model.scope,
        seed=model.split_seed,
        split_rule=model.split_rule,
        validation_fraction=model.validation_fraction,
        report_fraction=model.report_fraction,
        denoise=model.denoise,
    )
    return tuple(spec.at_precision(model.precision) for spec in specs)


def failure(task: str, error: CoreError) -> dict[str, str]:
    """Return what a sweep reports of a task that failed."""
    return {"task": task, "kind": error.kind, "message": error.message, "hint": error.hint or ""}
