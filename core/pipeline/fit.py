"""Fit encoding models: features (cached), readout, encoder, scores, saved as runs."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from core.backbones import get_card
from core.brain import HEMISPHERES
from core.config import to_plain
from core.datasets import Subject
from core.encoding import TrainingData, Work, fit_encoder, fit_readout, validation_split
from core.errors import InvalidInput
from core.evaluation import Evaluation, evaluate
from core.features import FeatureStore
from core.pipeline.device import choose_device
from core.progress import Progress, part, silent
from core.runs import EncodingSpec, Run, RunStore


def fit(
    subject: Subject,
    spec: EncodingSpec,
    *,
    features: FeatureStore,
    runs: RunStore,
    progress: Progress = silent,
) -> Run:
    """Fit one encoding model, or open it if it was fitted before.

    The encoder is fitted on the training images less the validation images. The report uses the
    test split where its responses are known, else the validation images.
    """
    return fit_all(subject, [spec], features=features, runs=runs, progress=progress)[0]


def fit_all(
    subject: Subject,
    specs: Sequence[EncodingSpec],
    *,
    features: FeatureStore,
    runs: RunStore,
    progress: Progress = silent,
) -> list[Run]:
    """Fit several encoding models; layers of one backbone share one forward pass.

    Every finished run is on disk at once, so that a crash loses only the one in the making.
    """
    for spec in specs:
        _check_belongs(subject, spec)
    missing = [s for s in specs if s.run_id not in runs]
    _extract_together(subject, missing, features, part(progress, 0.0, 0.6))
    for k, spec in enumerate(missing):
        step = part(progress, 0.6 + 0.4 * k / len(missing), 0.6 + 0.4 * (k + 1) / len(missing))
        _fit_one(subject, spec, features, runs, step)
    progress(1.0, "done")
    return [runs.open(s.run_id) for s in specs]


def _check_belongs(subject: Subject, spec: EncodingSpec) -> None:
    if (spec.subject, spec.data) != (subject.id, subject.fingerprint):
        raise InvalidInput(
            f"The configuration is for {spec.subject} with data {spec.data}; "
            f"the open subject is {subject.id} with data {subject.fingerprint}."
        )


def _extract_together(
    subject: Subject, specs: Sequence[EncodingSpec], store: FeatureStore, progress: Progress
) -> None:
    """Fill the feature cache: one pass per backbone and split serves all layers."""
    groups: dict[Any, dict[Any, None]] = {}
    for spec in specs:
        for f in spec.features:
            groups.setdefault((f.backbone, f.weights, f.pooling), {})[f] = None
    splits = (subject.train.images, subject.test.images)
    steps = [(list(group), images) for group in groups.values() for images in splits]
    for k, (wanted, images) in enumerate(steps):
        if len(images):
            store.get(wanted, images, progress=part(progress, k / len(steps), (k + 1) / len(steps)))


def _features(store: FeatureStore, spec: EncodingSpec, subject: Subject, split: str) -> np.ndarray:
    images = subject.split(split).images
    layers = store.get(list(spec.features), images)
    parts = [np.asarray(layers[f.layer]).reshape(len(images), -1) for f in spec.features]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _fit_one(
    subject: Subject, spec: EncodingSpec, store: FeatureStore, runs: RunStore, progress: Progress
) -> None:
    started = time.perf_counter()
    fit_rows, validation_rows = validation_split(
        len(subject.train), fraction=spec.validation_fraction, seed=spec.seed
    )
    progress(0.0, f"reading features of {spec.features[0].layer}")
    train_features = _features(store, spec, subject, "train")
    readout = fit_readout(train_features[fit_rows], spec.reduction)
    design = {"train": readout.transform(train_features)}
    residual = {"train": readout.residual(train_features, design["train"])}
    if len(subject.test):
        test_features = _features(store, spec, subject, "test")
        design["test"] = readout.transform(test_features)
        residual["test"] = readout.residual(test_features, design["test"])
    reduced = time.perf_counter()
    fitted = fit_encoder(
        TrainingData(design["train"][fit_rows], subject.train.response_rows(fit_rows)),
        spec.encoder,
        Work(choose_device(spec.device), part(progress, 0.1, 0.7)),
    )
    solved = time.perf_counter()
    progress(0.7, "scoring held-out images")
    validation = evaluate(
        subject,
        fitted.predict(design["train"][validation_rows]),
        split="train",
        rows=validation_rows,
        label="validation",
        # Shown as a curve for choosing a layer only; the report, if it is another, has intervals.
        n_draws=0 if subject.test.responses is not None else 1000,
    )
    report = validation
    if subject.test.responses is not None:
        report = evaluate(
            subject,
            fitted.predict(design["test"]),
            split="test",
            rows=np.arange(len(subject.test)),
            label="test",
        )
    seconds = {
        "readout": reduced - started,
        "fit": solved - reduced,
        "score": time.perf_counter() - solved,
    }
    record = _record(subject, spec, len(fit_rows), validation, report, seconds)
    arrays = {
        **fitted.arrays(),
        "readout_mean": readout.mean,
        "readout_scale": readout.scale,
        "readout_components": readout.components,
        "readout_explained": readout.explained,
        "fit_rows": fit_rows,
        "validation_rows": validation_rows,
        **{f"design_{name}": values for name, values in design.items()},
        **{f"residual_{name}": values for name, values in residual.items()},
        **_evaluation_arrays("validation", validation),
        **_evaluation_arrays("report", report),
    }
    runs.save(spec.run_id, {**record, "predictor": fitted.structure()}, arrays)
    progress(1.0, "saved")


def _evaluation_arrays(name: str, evaluation: Evaluation) -> dict[str, np.ndarray]:
    arrays = {f"{name}_r": evaluation.r}
    if evaluation.ceiling is not None:
        arrays[f"{name}_ceiling"] = np.asarray(evaluation.ceiling, dtype=np.float32)
    return arrays


def _record(
    subject: Subject,
    spec: EncodingSpec,
    n_fit: int,
    validation: Evaluation,
    report: Evaluation,
    seconds: dict[str, float],
) -> dict[str, Any]:
    first = spec.features[0]
    card = get_card(first.backbone)
    weights = card.weights_label(first.weights)
    layers = " + ".join(f.layer for f in spec.features)
    return {
        "title": f"{card.title} · {layers} · {weights} · {spec.encoder.name}",
        "spec": to_plain(spec),
        "fingerprint": spec.fingerprint,
        "weights": {**to_plain(first.weights), "label": weights},
        "simulated": subject.simulated,
        "layout": subject.layout,
        "n_vertices": {h.short: subject.space.n_vertices(h) for h in HEMISPHERES},
        "n_fit": n_fit,
        "n_train": len(subject.train),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": _versions(),
        "seconds": {k: round(v, 3) for k, v in seconds.items()},
        "validation": {**validation.to_json(), "has_ceiling": validation.ceiling is not None},
        "report": {**report.to_json(), "has_ceiling": report.ceiling is not None},
    }


def _versions() -> dict[str, str]:
    names = ("numpy", "torch", "torchvision", "pillow", "scikit-learn")
    return {n: importlib.metadata.version(n) for n in names}
