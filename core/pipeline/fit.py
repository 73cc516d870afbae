"""Fit encoding models: features (cached), readout, encoder, scores, saved as runs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from core.datasets import Subject
from core.encoding import Work
from core.evaluation import evaluate
from core.features import FeatureStore
from core.pipeline.designs import extract_together
from core.pipeline.device import choose_device
from core.pipeline.placement import check_placement
from core.pipeline.record import evaluation_arrays, run_record
from core.pipeline.training import fit_prepared, prepare, subjects_of
from core.progress import Progress, part, silent
from core.runs import EncodingSpec, Run, RunStore
from core.storage import Home


def fit(
    subject: Subject,
    spec: EncodingSpec,
    *,
    features: FeatureStore,
    runs: RunStore,
    others: Mapping[str, Subject] | None = None,
    surfaces: Path | None = None,
    progress: Progress = silent,
) -> Run:
    """Fit one encoding model, or open it if it was fitted before.

    The encoder is fitted on the training images less the validation images. The report uses the
    test split where its responses are known, else the validation images.
    """
    return fit_all(
        subject,
        [spec],
        features=features,
        runs=runs,
        others=others,
        surfaces=surfaces,
        progress=progress,
    )[0]


def fit_all(
    subject: Subject,
    specs: Sequence[EncodingSpec],
    *,
    features: FeatureStore,
    runs: RunStore,
    others: Mapping[str, Subject] | None = None,
    surfaces: Path | None = None,
    progress: Progress = silent,
) -> list[Run]:
    """Fit several encoding models; layers of one backbone share one forward pass.

    Every finished run is on disk at once, and so is every finished piece of a run (a chunk of
    vertices, an epoch, a ROI's model): started again after it was stopped, it goes on there.

    Parameters
    ----------
    others : opened subjects by id, for configurations that fit them along.
    surfaces : folder of converted surfaces (default: the one under the home folder).
    """
    for spec in specs:
        check_placement(subject, spec)
    people = {spec: subjects_of(subject, spec, others or {}) for spec in specs}
    surfaces = surfaces or Home.from_environment().surfaces
    missing = [s for s in dict.fromkeys(specs) if s.run_id not in runs]
    _extract(missing, people, features, part(progress, 0.0, 0.6))
    for k, spec in enumerate(missing):
        step = part(progress, 0.6 + 0.4 * k / len(missing), 0.6 + 0.4 * (k + 1) / len(missing))
        _fit_one(people[spec], spec, features, runs, surfaces, step)
    progress(1.0, "done")
    return [runs.open(s.run_id) for s in specs]


def _extract(
    specs: Sequence[EncodingSpec],
    people: Mapping[EncodingSpec, Sequence[Subject]],
    store: FeatureStore,
    progress: Progress,
) -> None:
    """Fill the feature cache for all configurations that fit the same subjects together."""
    groups: dict[tuple[str, ...], list[EncodingSpec]] = {}
    for spec in specs:
        groups.setdefault(tuple(s.id for s in people[spec]), []).append(spec)
    for k, group in enumerate(groups.values()):
        target, *others = people[group[0]]
        sets = [target.train.images, target.test.images, *(o.train.images for o in others)]
        step = part(progress, k / len(groups), (k + 1) / len(groups))
        extract_together(store, [f for spec in group for f in spec.features], sets, step)


def _fit_one(
    subjects: Sequence[Subject],
    spec: EncodingSpec,
    store: FeatureStore,
    runs: RunStore,
    surfaces: Path,
    progress: Progress,
) -> None:
    subject, draft = subjects[0], runs.draft(spec.run_id)
    started = time.perf_counter()
    progress(0.0, f"reading features of {spec.features[0].layer}")
    prepared = prepare(subjects, spec, store)
    reduced = time.perf_counter()
    work = Work(choose_device(spec.device), part(progress, 0.1, 0.7), draft)
    fitted = fit_prepared(prepared, spec, surfaces, work)
    solved = time.perf_counter()
    progress(0.7, "scoring held-out images")
    validation = evaluate(
        subject,
        fitted.predict(prepared.design["train"][prepared.validation_rows]),
        split="train",
        rows=prepared.validation_rows,
        label="validation",
        # Shown as a curve for choosing a layer only; the report, if it is another, has intervals.
        n_draws=0 if subject.test.responses is not None else 1000,
    )
    report = validation
    if subject.test.responses is not None:
        report = evaluate(
            subject,
            fitted.predict(prepared.design["test"]),
            split="test",
            rows=np.arange(len(subject.test)),
            label="test",
        )
    seconds = {
        "readout": reduced - started,
        "fit": solved - reduced,
        "score": time.perf_counter() - solved,
    }
    arrays = {
        **fitted.arrays(),
        **prepared.readouts.arrays(),
        "fit_rows": prepared.rows[0],
        "validation_rows": prepared.validation_rows,
        **{f"design_{name}": values for name, values in prepared.design.items()},
        **{f"residual_{name}": values for name, values in prepared.residual.items()},
        **evaluation_arrays("validation", validation),
        **evaluation_arrays("report", report),
    }
    record = run_record(prepared, spec, validation, report, seconds)
    runs.save(spec.run_id, {**record, "predictor": fitted.structure()}, arrays)
    draft.forget()
    progress(1.0, "saved")
