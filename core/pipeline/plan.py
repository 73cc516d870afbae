"""Plans of many fits: what a TOML file asks for, and the tasks that it comes to.

A plan::

    data = "demo"                    # or a folder; required unless given on the command line
    subjects = ["sim01"]             # all of the folder if left out
    recipes = ["clip_linear", ...]   # or ["all"]

    [[models]]                       # every combination of these, as often as wanted
    backbones = ["small_cnn", "squeezenet1_1"]
    weights = ["pretrained", "untrained"]
    layers = ["block*"]              # names or globs; one model per layer, or "all" of them in one
    encoders = ["ridge", "lasso"]
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
    settings.ridge.n_folds = 3       # of an encoder
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cortiscope.core.backbones import PUBLISHED, Framing, get_card, list_layers, parse_weights
from cortiscope.core.backbones.precision import PRECISIONS, Precision
from cortiscope.core.datasets import Subject, find_subjects, open_subject
from cortiscope.core.datasets.subject_names import named_subject
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.encoding.scopes import SCOPES
from cortiscope.core.encoding.settings import with_plain_settings
from cortiscope.core.encoding.splits import RANDOM, check_split_rule
from cortiscope.core.errors import (
    CoreError,
    InvalidInput,
    MissingData,
    check_option,
    check_whole,
    unknown_name,
)
from cortiscope.core.features import FeatureSpec, Pooling
from cortiscope.core.pipeline.fit import check_placement
from cortiscope.core.progress import Progress, silent
from cortiscope.core.recipes import configurations, get_recipe, recipe_names
from cortiscope.core.runs import EncodingSpec
from cortiscope.core.storage.foreign import is_there, read_text

_TOP = ("data", "subjects", "recipes", "models")


@dataclass(frozen=True)
class ModelPlan:
    """One ``[[models]]`` table: every combination of its lists."""

    backbones: tuple[str, ...]
    layers: tuple[str, ...]
    weights: tuple[str, ...] = ("",)
    encoders: tuple[RegressorSpec, ...] = (RegressorSpec(),)
    together: bool = False
    reduce: Reduction = Reduction()
    pool: Pooling = Pooling("grid", 5)
    framing: Framing = PUBLISHED
    precision: Precision = "float32"
    scope: str = "both"
    seeds: tuple[int, ...] = (0,)
    split_rule: str = RANDOM
    split_seed: int = 0
    validation_fraction: float = 0.2
    report_fraction: float = 0.0


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
    models: tuple[ModelPlan, ...] = field(default=())


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
        raise InvalidInput(f"{path.name} is not TOML: {error}.", "See README for a plan.") from None
    _check_keys(raw, _TOP, path.name)
    recipes = _texts(raw, "recipes", path.name)
    if recipes == ("all",):
        recipes = recipe_names()
    for name in recipes:
        get_recipe(name)
    models = tuple(_model(m, k, path.name) for k, m in enumerate(raw.get("models", []), 1))
    if not recipes and not models:
        raise InvalidInput(
            f"{path.name} plans nothing.", 'Add recipes = ["all"], or a [[models]] table.'
        )
    return Plan(str(raw.get("data", "")), _texts(raw, "subjects", path.name), recipes, models)


def _model(raw: Mapping[str, Any], number: int, name: str) -> ModelPlan:
    where = f"{name}, models table {number}"
    known = [*ModelPlan.__dataclass_fields__, "settings"]
    _check_keys(raw, known, where)
    for key in ("backbones", "layers"):
        if not raw.get(key):
            raise InvalidInput(f"{where}: {key} is missing.", f'As in {key} = ["..."].')
    encoders = _texts(raw, "encoders", where) or ("ridge",)
    settings = raw.get("settings", {})
    seeds = raw.get("seeds", [0])
    if not isinstance(seeds, list) or not all(isinstance(s, int) for s in seeds):
        raise InvalidInput(f"{where}: seeds must be a list of whole numbers; got {seeds!r}.")
    return ModelPlan(
        backbones=_texts(raw, "backbones", where),
        layers=_texts(raw, "layers", where),
        weights=_texts(raw, "weights", where) or ("",),
        encoders=tuple(
            with_plain_settings(RegressorSpec(e), settings.get(e, {})) for e in encoders
        ),
        together=bool(raw.get("together", False)),
        reduce=Reduction.parse(str(raw.get("reduce", "pca:200"))),
        pool=Pooling.parse(str(raw.get("pool", "grid:5"))),
        framing=Framing.parse(str(raw.get("framing", "published"))),
        precision=_precision(raw),
        scope=_scope(raw),
        seeds=tuple(check_whole(f"{where}: a seed", seed) for seed in seeds),
        split_rule=check_split_rule(str(raw.get("split_rule", RANDOM))),
        split_seed=check_whole(f"{where}: split_seed", _number(raw, "split_seed", int, 0, where)),
        validation_fraction=_number(raw, "validation_fraction", float, 0.2, where),
        report_fraction=_number(raw, "report_fraction", float, 0.0, where),
    )


def _scope(raw: Mapping[str, Any]) -> str:
    scope = str(raw.get("scope", "both"))
    check_option("scope", scope, SCOPES)
    return scope


def _precision(raw: Mapping[str, Any]) -> Precision:
    precision: Precision = raw.get("precision", "float32")
    check_option("precision", precision, PRECISIONS)
    return precision


def _number(raw: Mapping[str, Any], key: str, kind: type, default: Any, where: str) -> Any:
    value = raw.get(key, default)
    if isinstance(value, bool) or not isinstance(value, kind):
        what = "a whole number" if kind is int else "a number like 0.2"
        raise InvalidInput(f"{where}: {key} must be {what}; got {value!r}.")
    return value


def _texts(raw: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = raw.get(key, [])
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise InvalidInput(f"{where}: {key} must be a list of texts; got {values!r}.")
    return tuple(values)


def _check_keys(raw: Mapping[str, Any], known: Any, where: str) -> None:
    for key in raw:
        if key not in known:
            raise unknown_name(f"key of {where}", key, known)


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


def failure(task: str, error: CoreError) -> dict[str, str]:
    """Return what a sweep reports of a task that failed."""
    return {"task": task, "kind": error.kind, "message": error.message, "hint": error.hint or ""}
