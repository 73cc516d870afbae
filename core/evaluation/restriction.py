"""A report over some of the vertices only, for instance the reliable ones.

The choice must not look at predictions: picking vertices by r and then summarising their r is
circular. ``ncsnr`` comes from repeats alone, and is the same for all encoders.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.datasets import Subject
from core.evaluation.report import Evaluation, places_of, score_vertices


def restrict(
    subject: Subject, report: Evaluation, keep: np.ndarray, draws: np.ndarray | None
) -> Evaluation:
    """Summarise a report again over the vertices that are kept.

    Parameters
    ----------
    keep : (n_vertices,) bool, chosen without looking at any prediction.
    draws : (n_draws, n_vertices) bootstrap draws of r behind the intervals, or None for none.

    Returns
    -------
    report : per vertex NaN where not kept; per ROI ``n`` counts the kept vertices, so a ROI
        without any has ``n`` 0.
    """
    r = np.where(keep, np.asarray(report.r), np.float32(np.nan))
    scores = tuple(
        score_vertices(roi, hemisphere, vertices[keep[vertices]], r, draws, report.ceiling)
        for roi, hemisphere, vertices in places_of(subject)
    )
    return replace(report, r=r, rois=scores)
