"""The embedded demo: simulated subjects and the encoding models the app opens on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cortiscope.core.backbones import WeightsSpec, get_card, resolve_weights
from cortiscope.core.config import fingerprint
from cortiscope.core.datasets import find_subjects, open_subject
from cortiscope.core.datasets.subject import Subject
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.runs import RUN_FORMAT, EncodingSpec, RunStore
from cortiscope.core.runs.wholeness import RECORD
from cortiscope.core.simulation.demo import demo_folder, ensure_demo, has_demo
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
    """Whether every encoding model of the demo was fitted by this version, and is still there."""
    return _has_runs(home, "complete")


def _has_runs(home: Home, what: str) -> bool:
    """Whether the models that a marker names are there; looks at none of them closely."""
    try:
        named = json.loads(_marker(home, what).read_text(encoding="utf-8"))["runs"]
        return all((home.runs / str(run_id) / RECORD).is_file() for run_id in named)
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
    for k, (subject, specs) in enumerate(steps):
        step = part(progress, 0.5 + 0.5 * k / len(steps), 0.5 + 0.5 * (k + 1) / len(steps))
        made = fit_all(subject, specs, features=features, runs=runs, progress=step)
        fitted += [r.id for r in made]
        if k == 0:
            write_json(_marker(home, "ready"), {"runs": fitted})
    write_json(_marker(home, "complete"), {"runs": fitted})
    progress(1.0, "ready")
    return Demo(folder, tuple(s.id for s in subjects), tuple(fitted))
