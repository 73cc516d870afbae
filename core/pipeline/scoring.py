"""Scores of what was fitted, on the images that were not: at the end of a fit, and again later."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from core.datasets import Subject
from core.evaluation import Evaluation, evaluate
from core.runs import Run


def score_held_out(
    subject: Subject,
    predict: Callable[[np.ndarray], np.ndarray],
    design: Mapping[str, np.ndarray],
    validation_rows: np.ndarray,
) -> tuple[Evaluation, Evaluation]:
    """Score the validation images, and what is reported: test images if their responses are known.

    Parameters
    ----------
    predict : from a design (n_images, n_columns) to responses (n_images, n_vertices).
    design : of all images of ``train`` and ``test``.
    validation_rows : rows of ``train`` that took no part in fitting.

    Returns
    -------
    validation, report : the same where nothing else is known.
    """
    validation = evaluate(
        subject,
        predict(np.asarray(design["train"][validation_rows])),
        split="train",
        rows=validation_rows,
        label="validation",
    )
    if subject.test.responses is None:
        return validation, validation
    report = evaluate(
        subject,
        predict(np.asarray(design["test"])),
        split="test",
        rows=np.arange(len(subject.test)),
        label="test",
    )
    return validation, report


def scored_again(run: Run, subject: Subject) -> Run:
    """Return a run with the scores of its stored designs on the subject as it now is.

    Nothing is fitted and nothing is written: ceilings, ROIs or the rules of a report may have
    changed since.
    """
    design = {split: run.array(f"design_{split}") for split in ("train", "test")}
    return run.with_scores(
        *score_held_out(subject, run.fitted.predict, design, run.array("validation_rows"))
    )
