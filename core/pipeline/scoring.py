"""Scores of what was fitted, on the images that were not: at the end of a fit, and again later."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import numpy as np

from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import Evaluation, evaluate
from cortiscope.core.runs import Run, RunStore, report_is_current


def score_held_out(
    subject: Subject,
    predict: Callable[[np.ndarray], np.ndarray],
    design: Mapping[str, np.ndarray],
    validation_rows: np.ndarray,
    report_rows: np.ndarray,
) -> tuple[Evaluation, Evaluation]:
    """Score the validation images, and those that are reported.

    Reported are the test images if their responses are known, else the training images that were
    put aside for it, else the validation images.

    Parameters
    ----------
    predict : from a design (n_images, n_columns) to responses (n_images, n_vertices).
    design : of all images of ``train`` and ``test``.
    validation_rows : rows of ``train`` that took no part in fitting.
    report_rows : rows of ``train`` that took no part in choosing either; may be empty.

    Returns
    -------
    validation, report : the same where nothing else is known.
    """

    def scored(split: str, rows: np.ndarray, label: str) -> Evaluation:
        predicted = predict(np.asarray(design[split][rows]))
        return evaluate(subject, predicted, split=split, rows=rows, label=label)

    validation = scored("train", validation_rows, "validation")
    if len(subject.test) and subject.test.responses is not None:
        return validation, scored("test", np.arange(len(subject.test)), "test")
    if len(report_rows):
        return validation, scored("train", report_rows, "report")
    return validation, validation


def scored_again(run: Run, subject: Subject) -> Run:
    """Return a run with the scores of its stored designs on the subject as it now is.

    Nothing is fitted and nothing is written: ceilings, ROIs or the rules of a report may have
    changed since.
    """
    splits = ("train", "test") if len(subject.test) else ("train",)
    design = {split: run.array(f"design_{split}") for split in splits}
    rows = {role: run.rows_of(role) for role in ("validation", "report")}
    return run.with_scores(
        *score_held_out(subject, run.fitted.predict, design, rows["validation"], rows["report"])
    )


def up_to_date(run: Run, subject: Subject, runs: RunStore) -> Run:
    """Return a run with scores by the present rules, ceilings, ROIs and notes; nothing is fitted.

    Where what the folder says beside its numbers has changed, the new scores are kept with it.

    Parameters
    ----------
    run : fitted to the subject's data as they are, or to what may be these.
    """
    if not run.report.statistic:  # of an earlier version, by other rules
        return scored_again(run, subject)
    if run.identity is None or report_is_current(run, subject):
        return run
    again = scored_again(run, subject)
    prefixes = {name: f"{name}-{subject.report_fingerprint}" for name in ("validation", "report")}
    said = {
        **{
            name: {**evaluation_record(getattr(again, name)), "files": prefix}
            for name, prefix in prefixes.items()
        },
        "identity": subject.identity.to_json(),
        "conventions": subject.conventions.to_json(),
        "scored_again": {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "changed": list(run.identity.changed(subject.identity)),
        },
    }
    arrays: dict[str, np.ndarray] = {}
    for name, prefix in prefixes.items():
        arrays |= evaluation_arrays(prefix, getattr(again, name))
    # Where nothing can be written, they are summed up again the next time.
    with contextlib.suppress(OSError):
        return runs.replace_scores(run, said, arrays)
    return again


def evaluation_arrays(prefix: str, evaluation: Evaluation) -> dict[str, np.ndarray]:
    """Return the arrays of one set of scores, by file name."""
    arrays = {f"{prefix}_r": evaluation.r}
    if evaluation.ceiling is not None:
        arrays[f"{prefix}_ceiling"] = np.asarray(evaluation.ceiling, dtype=np.float32)
    return arrays


def evaluation_record(evaluation: Evaluation) -> dict[str, object]:
    """Return what a run's record says of one set of scores."""
    return {**evaluation.to_json(), "has_ceiling": evaluation.ceiling is not None}
