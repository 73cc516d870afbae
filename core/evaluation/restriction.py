"""A report over some of the vertices only, for instance the reliable ones.

The choice must not look at predictions: picking vertices by r and then summarising their r is
circular. ``ncsnr`` comes from repeats alone, and is the same for all encoders.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.brain import HEMISPHERES
from core.datasets import Subject
from core.evaluation.report import ALL_VERTICES, Evaluation, score_vertices


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
    scores = []
    everything = []
    for hemisphere in HEMISPHERES:
        where = subject.space.slice_of(hemisphere)
        whole = np.arange(where.start, where.stop)
        everything.append(whole)
        places = {ALL_VERTICES: whole}
        places |= {n: subject.roi_vertices(n, hemisphere) for n in subject.parcellation.roi_names}
        for name, vertices in places.items():
            own = vertices[keep[vertices]]
            scores.append(score_vertices(name, hemisphere.value, own, r, draws, report.ceiling))
    both = np.concatenate(everything)
    scores.append(score_vertices(ALL_VERTICES, "both", both[keep[both]], r, draws, report.ceiling))
    return replace(report, r=r, rois=tuple(scores))
