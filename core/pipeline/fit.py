"""Fit encoding models: features (cached), reduction, regressor, scores, saved as runs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cortiscope.core.backbones.base import choose_device
from cortiscope.core.datasets import Subject, require_usable
from cortiscope.core.datasets.subject import identify
from cortiscope.core.encoding import REGRESSORS, Work
from cortiscope.core.encoding.predictor import Predictor
from cortiscope.core.errors import InvalidInput, WorkFailed
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.designs import check_places
from cortiscope.core.pipeline.feature_passes import make_features
from cortiscope.core.pipeline.record import run_record
from cortiscope.core.pipeline.scoring import evaluation_arrays, score_held_out, up_to_date
from cortiscope.core.pipeline.training import Prepared, fit_prepared, prepare, subjects_of
from cortiscope.core.progress import Progress, Said, part, silent, staged
from cortiscope.core.runs import EncodingSpec, Run, RunStore
from cortiscope.core.storage import Home


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

    The regressor is fitted on the training images less the validation images. The report uses the
    test split where its responses are known, else the share of training images that the
    configuration puts aside for it, else the validation images.
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
        check_report(subject, spec)
    people = {spec: subjects_of(subject, spec, others or {}) for spec in specs}
    for spec, found in people.items():
        check_places(found, spec)
    surfaces = surfaces or Home.from_environment().surfaces
    missing = [s for s in dict.fromkeys(specs) if s.run_id not in runs]
    for person in {s.id: s for spec in missing for s in people[spec]}.values():
        require_usable(person, part(progress, 0.0, 0.05))
    n, sources = len(missing), {f.source for spec in missing for f in spec.features}
    then = f"{n} models to fit" if n > 1 else "the model is fitted"
    # Two networks take different times for an image: a pace measured on one says nothing of both.
    passes = staged(part(progress, 0.05, 0.6), "features", even=len(sources) == 1, then=then)
    if missing:
        choose_device(missing[0].device)  # refuses one that there is not before work begins
        features = features.on(missing[0].device)
    make_features(missing, people, features, passes)
    for k, spec in enumerate(missing):
        step = part(progress, 0.6 + 0.4 * k / n, 0.6 + 0.4 * (k + 1) / n)
        name = spec.features[0].layer if len(spec.features) == 1 else ""
        step = staged(step, "model", k + 1, n, name=name if n > 1 else "")
        _fit_one(people[spec], spec, features, runs, surfaces, step)
    progress(1.0, "done")
    opened = [runs.open(s.run_id) for s in specs]
    return [up_to_date(run, subject, runs) for run in opened]


def _fit_one(
    subjects: Sequence[Subject],
    spec: EncodingSpec,
    store: FeatureStore,
    runs: RunStore,
    surfaces: Path,
    progress: Progress,
) -> None:
    draft = runs.draft(spec.run_id)
    started = time.perf_counter()
    progress(0.0, f"reading features of {spec.features[0].layer}")
    prepared = prepare(subjects, spec, store)
    reduced = time.perf_counter()
    work = Work(str(choose_device(spec.device)), part(progress, 0.1, 0.7), draft)
    fitted = _fitted(prepared, spec, surfaces, work)
    seconds = {"readout": reduced - started, "fit": time.perf_counter() - reduced}
    progress(0.7, "scoring held-out images")
    save_fitted(prepared, spec, fitted, runs, seconds)
    draft.forget()
    progress(1.0, Said("saved", run=spec.run_id))


def _fitted(prepared: Prepared, spec: EncodingSpec, surfaces: Path, work: Work) -> Predictor:
    import torch

    try:
        return fit_prepared(prepared, spec, surfaces, work)
    except torch.OutOfMemoryError:
        raise WorkFailed(
            f"{work.device} has no memory left to fit {spec.encoder.name}; what was finished of it "
            "is kept.",
            "Free memory there and fit again, or fit elsewhere: --device cpu or cuda:1.",
        ) from None


def save_fitted(
    prepared: Prepared,
    spec: EncodingSpec,
    fitted: Predictor,
    runs: RunStore,
    seconds: Mapping[str, float],
    *,
    said: Mapping[str, Any] | None = None,
) -> Run:
    """Score what was fitted on the held-out images, and write the run whole.

    Parameters
    ----------
    seconds : what took how long so far.
    said : fields of the record that do not follow from the configuration.
    """
    solved, rows = time.perf_counter(), prepared.rows
    validation, report = score_held_out(
        prepared.subjects[0], fitted.predict, prepared.design, rows.validation, rows.report
    )
    took = {**seconds, "score": time.perf_counter() - solved}
    arrays = {
        **fitted.arrays(),
        **prepared.reductions.arrays(),
        "fit_rows": rows.fit[0],
        "validation_rows": rows.validation,
        **({"report_rows": rows.report} if len(rows.report) else {}),
        **{f"design_{name}": values for name, values in prepared.design.items()},
        **{f"residual_{name}": values for name, values in prepared.residual.items()},
        **evaluation_arrays("validation", validation),
        **evaluation_arrays("report", report),
    }
    _check_unchanged(prepared.subjects)
    record = run_record(prepared, spec, fitted, validation, report, took)
    whole = {**record, **(said or {}), "predictor": fitted.structure()}
    return runs.save(spec.run_id, whole, arrays)


def _check_unchanged(subjects: Sequence[Subject]) -> None:
    """Refuse to call a model one of these data if they were written to while it was fitted."""
    for subject in subjects:
        if changed := subject.identity.changed(identify(subject)):
            raise WorkFailed(
                f"The data of {subject.id} changed ({', '.join(changed)}) while a model was "
                "fitted to them.",
                "Fit it again once nothing writes to the folder any more.",
            )


def check_placement(subject: Subject, spec: EncodingSpec) -> None:
    """Refuse a configuration that needs positions where those of the responses are unknown.

    Raises
    ------
    NoPositions : saying what needs them, and what works without.
    """
    if subject.space.is_placed:
        return
    if spec.scope != "both":
        subject.cortex(f"The scope {spec.scope!r}")
    if REGRESSORS[spec.encoder.name].uses_positions:
        subject.cortex(f"The regressor {spec.encoder.name}")
    if spec.with_subjects:
        subject.cortex("Fitting several subjects together")


def check_report(subject: Subject, spec: EncodingSpec) -> None:
    """Refuse to put training images aside for a report that has its own images.

    Raises
    ------
    InvalidInput : the subject's test responses are known.
    """
    if spec.report_fraction and subject.test.responses is not None:
        raise InvalidInput(
            f"A report fraction of {spec.report_fraction:g} was asked for; {subject.id} has "
            f"{len(subject.test):,} test images with responses, which are the report.",
            "Leave the report fraction out: it is for subjects without known test responses.",
        )
