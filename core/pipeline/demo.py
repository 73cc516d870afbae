"""The embedded demo: simulated subjects and the encoding models the app opens on."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from cortiscope.core.backbones import WeightsSpec, get_card, resolve_weights
from cortiscope.core.config import fingerprint
from cortiscope.core.datasets import find_subjects, open_subject
from cortiscope.core.datasets.subject import Subject
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.runs import RUN_FORMAT, EncodingSpec, RunStore
from cortiscope.core.runs.store import DELETED_FOLDER
from cortiscope.core.runs.wholeness import RECORD
from cortiscope.core.simulation.demo import demo_folder, ensure_demo, has_demo
from cortiscope.core.simulation.recipe import DEFAULT_RECIPE, GROUP_RECIPE
from cortiscope.core.storage import Home, write_json

# One reduction for all layers: what differs between two models is then the layer alone. Cells of
# 1.7 degrees keep the retinotopy that early areas need, and few enough features for 320 images.
DEMO_POOLING = Pooling("grid", 5)
_BLOCKS = get_card("small_cnn").layers_offered
DEMO_BACKBONES: tuple[tuple[str, WeightsSpec, tuple[str, ...]], ...] = (
    ("small_cnn", WeightsSpec("pretrained"), _BLOCKS),
    ("gabor", WeightsSpec("fixed"), ("energy",)),
    ("small_cnn", WeightsSpec("untrained"), _BLOCKS),
    ("pixels", WeightsSpec("fixed"), ("pixels",)),
)


@dataclass(frozen=True)
class Demo:
    """The demo as it lies on disk."""

    folder: Path
    subjects: tuple[str, ...]
    runs: tuple[str, ...]


def demo_specs(subject: Subject) -> tuple[EncodingSpec, ...]:
    """List the encoding models of a simulated subject, in menu order."""
    return tuple(
        EncodingSpec.of(
            subject,
            (FeatureSpec(name, resolve_weights(name, weights), layer, DEMO_POOLING),),
        )
        for name, weights, layers in DEMO_BACKBONES
        for layer in layers
    )


def demo_data(home: Home, progress: Progress = silent) -> Path:
    """Return the folder of the simulated subjects, made if need be."""
    return ensure_demo(home, progress=progress)


def demo_is_ready(home: Home) -> bool:
    """Whether there is enough to open the app on: all subjects, and the first backbone's models."""
    return _has_runs(home, "ready") and has_demo(home)


def demo_is_complete(home: Home) -> bool:
    """Whether every encoding model of the demo was fitted by this version, and is still there.

    One that somebody deleted counts, too: else it would come back by itself.
    """
    return _has_runs(home, "complete")


def _has_runs(home: Home, what: str) -> bool:
    """Whether the models that a marker names are there; looks at none of them closely."""
    try:
        named = json.loads(_marker(home, what).read_text(encoding="utf-8"))["runs"]
        folders = (home.runs, home.runs / DELETED_FOLDER)
        return all(any((f / str(run_id) / RECORD).is_file() for f in folders) for run_id in named)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _marker(home: Home, what: str) -> Path:
    # Other weights, reduction or format are another plan: the models must be fitted anew. So must
    # those that were fitted before a subject's identity held every byte.
    sources = [(name, resolve_weights(name, w), layers) for name, w, layers in DEMO_BACKBONES]
    plan = fingerprint(
        [sources, DEMO_POOLING, Reduction(), RegressorSpec(), RUN_FORMAT, "every byte"]
    )
    folder = demo_folder(home)
    return folder.with_name(f"{folder.name}.{what}-{plan}.json")


def prepare_demo(home: Home, progress: Progress = silent) -> Demo:
    """Make the simulated subjects and fit their encoding models; finished parts are kept.

    The app opens as soon as ``demo_is_ready``; the rest of the models follow, backbone by backbone.
    Those that were deleted, and can be brought back, are left out.
    """
    folder = demo_data(home, part(progress, 0.0, 0.5))
    found = find_subjects(folder)
    reading = part(progress, 0.5, 0.5)
    subjects = [open_subject(folder, ref.id).identified(reading) for ref in found]
    features, runs = FeatureStore(home.features), RunStore(home.runs)
    steps = [
        (subject, [s for s in demo_specs(subject) if s.features[0].backbone == backbone])
        for subject in subjects
        for backbone in dict.fromkeys(name for name, _, _ in DEMO_BACKBONES)
    ]
    fitted: list[str] = []
    planned: list[str] = []
    deleted = runs.deleted()
    for k, (subject, specs) in enumerate(steps):
        step = part(progress, 0.5 + 0.5 * k / len(steps), 0.5 + 0.5 * (k + 1) / len(steps))
        wanted = [spec for spec in specs if spec.run_id not in deleted]
        made = fit_all(subject, wanted, features=features, runs=runs, progress=step)
        fitted += [r.id for r in made]
        planned += [spec.run_id for spec in specs]
        if k == 0:
            write_json(_marker(home, "ready"), {"runs": planned})
    write_json(_marker(home, "complete"), {"runs": planned})
    progress(1.0, "ready")
    return Demo(folder, tuple(s.id for s in subjects), tuple(fitted))


def fit_group(home: Home, like: str, progress: Progress = silent) -> Demo:
    """Make the further simulated subjects of a group, and fit one run's configuration to all four.

    Parameters
    ----------
    like : id of a run of one of them; what is fitted already stays.

    Raises
    ------
    InvalidInput : it is of another subject, or of several.
    """
    features, runs = FeatureStore(home.features), RunStore(home.runs)
    run = runs.open(like)
    people = (*DEFAULT_RECIPE.subjects, *GROUP_RECIPE.subjects)
    if run.subject not in people or run.spec.with_subjects:
        raise InvalidInput(
            f"{like} is of {run.subject}{' and others' if run.spec.with_subjects else ''}; allowed "
            f"is a run of {', '.join(people)} alone.",
            "Name another with --like.",
        )
    folders = [
        demo_data(home, part(progress, 0.0, 0.1)),
        ensure_demo(home, GROUP_RECIPE, part(progress, 0.1, 0.6)),
    ]
    found = [(folder, ref.id) for folder in folders for ref in find_subjects(folder)]
    reading = part(progress, 0.6, 0.6)
    subjects = [open_subject(folder, name).identified(reading) for folder, name in found]
    own = ("subject", "data", "features", "with_subjects")
    choices = {f.name: getattr(run.spec, f.name) for f in fields(run.spec) if f.name not in own}
    fitted: list[str] = []
    for k, subject in enumerate(subjects):
        step = part(progress, 0.6 + 0.1 * k, 0.7 + 0.1 * k)
        spec = EncodingSpec.of(subject, run.spec.features, **choices)
        made = fit_all(subject, [spec], features=features, runs=runs, progress=step)
        fitted += [r.id for r in made]
    return Demo(folders[1], tuple(s.id for s in subjects), tuple(fitted))
