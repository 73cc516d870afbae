"""Finetune the network of a configuration, which is then fitted as any other.

What comes of it is the same configuration with other weights, known by their content: features,
runs and predictions of a finetuned network never meet those of the network as it came. A network
is finetuned once for the images to fit, whatever regressors read it afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.backbones import get_card
from cortiscope.core.backbones.base import choose_device
from cortiscope.core.backbones.finetuned import finetuned_presence, keep_finetuned
from cortiscope.core.config import fingerprint, to_plain
from cortiscope.core.datasets import Subject, require_usable
from cortiscope.core.encoding.neural.finetune import Finetuned, Source, finetune
from cortiscope.core.encoding.neural.moving import FinetuneSettings
from cortiscope.core.encoding.training import Responses, Work
from cortiscope.core.errors import InvalidInput, unknown_name
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.features.store import resolved
from cortiscope.core.pipeline.fit import check_placement, check_report, fit_all
from cortiscope.core.pipeline.training import choose_rows, vertex_table
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.runs import EncodingSpec, Run, RunStore
from cortiscope.core.storage import Home, write_json


def finetuned(
    subject: Subject,
    specs: Sequence[EncodingSpec],
    settings: FinetuneSettings,
    *,
    features: FeatureStore,
    runs: RunStore,
    progress: Progress = silent,
) -> tuple[EncodingSpec, ...]:
    """Return configurations with their networks finetuned to the images that they fit.

    Validation, report and test images take no part: of the images to fit some are kept to choose
    the epoch. Where no epoch is better than the network as it came, a configuration comes back as
    it is. Every epoch is kept, so that a stopped finetuning goes on there.

    Parameters
    ----------
    runs : whose drafts hold the epochs.

    Raises
    ------
    InvalidInput : layers of several networks, several subjects, or a network without weights that
        can move.
    """
    sources = [_only_source(spec) for spec in specs]
    for spec in specs:
        check_placement(subject, spec)
        check_report(subject, spec)
    found = []
    for k, (spec, source) in enumerate(zip(specs, sources, strict=True)):
        step = part(progress, k / len(specs), (k + 1) / len(specs))
        weights = resolved(source).weights
        sha256 = _finetuned(subject, spec, settings, features, runs, step)
        moved = replace(weights, finetuned=sha256)
        found.append(
            replace(spec, features=tuple(replace(f, weights=moved) for f in spec.features))
        )
    return tuple(found)


def fit_finetuned(
    subject: Subject,
    specs: Sequence[EncodingSpec],
    moves: str | None,
    *,
    features: FeatureStore,
    runs: RunStore,
    others: Mapping[str, Subject] | None = None,
    progress: Progress = silent,
) -> list[Run]:
    """Fit configurations (``fit.fit_all``), their networks finetuned first if that is asked for.

    Parameters
    ----------
    moves : as ``FinetuneSettings.parse`` reads it; None or empty leaves the networks as they came.
    """
    start = 0.0
    if moves:
        start = 0.7
        settings, step = FinetuneSettings.parse(moves), part(progress, 0.0, start)
        specs = finetuned(subject, specs, settings, features=features, runs=runs, progress=step)
    step = part(progress, start, 1.0)
    return fit_all(subject, specs, features=features, runs=runs, others=others, progress=step)


def _finetuned(
    subject: Subject,
    spec: EncodingSpec,
    settings: FinetuneSettings,
    features: FeatureStore,
    runs: RunStore,
    progress: Progress,
) -> str:
    """Return the hash of the weights that moved; empty where the network as it came is best."""
    reads = get_card(spec.features[0].backbone).modality == "text"
    asked = [
        [resolved(f) for f in spec.features],
        [f.revision for f in spec.features],
        subject.identity.fit(rois=bool(settings.roi), captions=reads),
        [spec.seed, spec.validation_fraction, spec.split_rule, spec.report_fraction],
        settings,
    ]
    name = f"finetune-{fingerprint(asked)}"
    answer = Home.from_environment().finetuned / f"{name}.json"
    known = _answered(answer)
    if known is None:
        require_usable(subject, part(progress, 0.0, 0.05))
        draft = runs.draft(name)
        work = Work(str(choose_device(spec.device)), part(progress, 0.05, 1.0), draft)
        known = _trained(subject, spec, settings, features.on(spec.device), work)
        write_json(answer, {"sha256": known})
        draft.forget()
    progress(1.0, "finetuned" if known else "no epoch is better than the network as it came")
    return known


def _trained(
    subject: Subject,
    spec: EncodingSpec,
    settings: FinetuneSettings,
    store: FeatureStore,
    work: Work,
) -> str:
    from cortiscope.core.backbones.module_backbone import ModuleBackbone

    feature = resolved(spec.features[0])
    backbone = store.backbone(feature)
    if not isinstance(backbone, ModuleBackbone):
        raise InvalidInput(
            f"{backbone.card.title} has no weights that could be finetuned.",
            "Choose a network: 'cortiscope list backbones' shows them.",
        )
    rows = choose_rows((subject,), spec)
    images = subject.train.images.subset(rows.fit[0])
    layers = tuple(f.layer for f in spec.features)
    found = finetune(
        Source(backbone, images, layers, feature.pooling),
        _responses(subject, rows.fit[0], settings.roi),
        rows.groups[0],
        settings,
        work,
    )
    if not found.kept_epoch:
        return ""
    return keep_finetuned(found.weights, _record(subject, spec, settings, found))


def _responses(subject: Subject, rows: np.ndarray, roi: str) -> Responses:
    responses = subject.train.rows_on_disk(rows)
    if not roi:
        return responses
    rois = vertex_table(subject).rois
    if roi not in rois:
        raise unknown_name(f"ROI of {subject.id}", roi, rois)
    return responses.columns(rois[roi])


def _record(
    subject: Subject, spec: EncodingSpec, settings: FinetuneSettings, found: Finetuned
) -> dict[str, Any]:
    """Say how weights came about; equal for equal weights, as it is part of their content."""
    return {
        "backbone": spec.features[0].backbone,
        "layers": [f.layer for f in spec.features],
        "subject": subject.id,
        "settings": to_plain(settings),
        "kept_epoch": found.kept_epoch,
        "curves": {
            name: [float(v) if np.isfinite(v) else None for v in values]
            for name, values in found.curves.items()
        },
    }


def _only_source(spec: EncodingSpec) -> FeatureSpec:
    sources = {f.source for f in spec.features}
    if len(sources) > 1 or spec.with_subjects:
        many = "several subjects" if spec.with_subjects else f"{len(sources)} networks"
        raise InvalidInput(
            f"A network is finetuned to one subject; this configuration is of {many}.",
            "Finetune one network to one subject.",
        )
    (source,) = sources
    if source.weights.finetuned:
        raise InvalidInput(
            f"{source.backbone} is finetuned already ({source.weights.finetuned[:8]}).",
            "Finetune the network as it came.",
        )
    return source


def _answered(path: Path) -> str | None:
    """Return what a finetuning gave before, if that is still there."""
    try:
        known = str(json.loads(path.read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return known if not known or finetuned_presence(known).present else None
