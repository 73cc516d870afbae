"""Several subjects: what holds for people like them, and what these vertices say together.

Two questions, two numbers. Subjects as random effects: each subject is one observation, and the
interval applies to further subjects. Pooled over vertices, as the Algonauts challenge does: a
subject with more vertices weighs more, and nothing is said of further subjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from cortiscope.core.errors import InvalidInput


@dataclass(frozen=True)
class SubjectsMean:
    """Mean over subjects with its t interval.

    Parameters
    ----------
    mean, low, high : in the unit of the values.
    sd : between subjects, n - 1 in the denominator.
    n : subjects behind it.
    n_absent : subjects without a value (their ROI is absent), left out.
    """

    mean: float
    low: float
    high: float
    sd: float
    n: int
    n_absent: int


@dataclass(frozen=True)
class PooledScore:
    """Mean and median over the vertices of all subjects together.

    Parameters
    ----------
    mean, median : over defined vertices; None where there is none.
    n_vertices, n_undefined : of all subjects; undefined ones are left out.
    n_subjects : with at least one defined vertex.
    """

    mean: float | None
    median: float | None
    n_vertices: int
    n_undefined: int
    n_subjects: int


def mean_over_subjects(values: np.ndarray, *, level: float = 0.95) -> SubjectsMean:
    """Treat subjects as random effects.

    Parameters
    ----------
    values : (n_subjects,) one score per subject; NaN where a subject has none.
    level : of the interval, between 0 and 1.

    Raises
    ------
    InvalidInput : fewer than two subjects have a value: the spread between people is unknown.

    References
    ----------
    Holmes and Friston 1998, NeuroImage 7:S754 (summary statistics as random effects). Student
    1908, Biometrika 6:1 (t interval).
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise InvalidInput(f"One value per subject is needed; got an array {values.shape}.")
    if not 0 < level < 1:
        raise InvalidInput(f"The interval's level lies between 0 and 1; got {level}.")
    own = values[np.isfinite(values)]
    n = own.size
    if n < 2:
        raise InvalidInput(
            f"Only {n} of {values.size} subjects {'has' if n == 1 else 'have'} a value: nothing "
            "can be said about people in general.",
            "Name at least 2 subjects, or show one subject's interval over images.",
        )
    mean, sd = float(own.mean()), float(own.std(ddof=1))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * sd / np.sqrt(n)
    return SubjectsMean(mean, mean - half, mean + half, sd, n, values.size - n)


def pool_vertices(scores: Sequence[np.ndarray]) -> PooledScore:
    """Pool the vertices of subjects of different size.

    Parameters
    ----------
    scores : per subject (n_vertices of this subject,), r or challenge scores; NaN undefined.

    Notes
    -----
    The mean of challenge scores is the official Algonauts 2023 number (vertices of all subjects
    and hemispheres appended), not the mean of the subjects' means.
    """
    each = [np.asarray(s, dtype=np.float64).ravel() for s in scores]
    together = np.concatenate([*each, np.empty(0)])
    defined = together[np.isfinite(together)]
    return PooledScore(
        mean=float(defined.mean()) if defined.size else None,
        median=float(np.median(defined)) if defined.size else None,
        n_vertices=together.size,
        n_undefined=together.size - defined.size,
        n_subjects=sum(bool(np.isfinite(s).any()) for s in each),
    )
