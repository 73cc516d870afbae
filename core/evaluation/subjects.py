"""Several subjects: what holds for people like them, and what these vertices say together.

Two questions, two numbers. Subjects as random effects: each subject is one observation, and the
interval applies to further subjects. Pooled over vertices, as the Algonauts challenge does: a
subject with more vertices weighs more, and nothing is said of further subjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import stdtr, stdtrit

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation.metrics import Group, Metric, Scored
from cortiscope.core.evaluation.report import ALL_VERTICES
from cortiscope.core.evaluation.significance import adjusted_p

LEAST_SUBJECTS = 3
"""Below, nothing is tested: of two, one degree of freedom is left, and t follows the noise."""


@dataclass(frozen=True)
class SubjectsMean:
    """Mean over subjects with its t interval.

    Parameters
    ----------
    mean, low, high : in the unit of the values.
    sd : between subjects, n - 1 in the denominator.
    n : subjects behind it.
    n_absent : subjects without a value (their ROI is absent), left out.
    t, df, p : one-sample t of the mean against 0, its degrees of freedom, and its two-sided p;
        t and p are None where all subjects are equal, or fewer than ``LEAST_SUBJECTS``.
    """

    mean: float
    low: float
    high: float
    sd: float
    n: int
    n_absent: int
    t: float | None
    df: int
    p: float | None


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
    error = sd / float(np.sqrt(n))
    half = float(stdtrit(n - 1, (1 + level) / 2)) * error
    t = mean / error if error > 0 and n >= LEAST_SUBJECTS else None
    p = None if t is None else 2 * float(stdtr(n - 1, -abs(t)))
    return SubjectsMean(mean, mean - half, mean + half, sd, n, values.size - n, t, n - 1, p)


@dataclass(frozen=True)
class GroupMap:
    """Values of several subjects at the vertices of fsaverage that the first of them has.

    Parameters
    ----------
    mean : (n_vertices,) over the subjects with a value there; NaN without any.
    t : (n_vertices,) one-sample t against 0; NaN with fewer than ``LEAST_SUBJECTS``, or where all
        are equal.
    n : (n_vertices,) subjects with a value.
    """

    mean: np.ndarray
    t: np.ndarray
    n: np.ndarray


def group_map(values: Sequence[tuple[Subject, np.ndarray]]) -> GroupMap:
    """Put subjects over each other vertex by vertex.

    Parameters
    ----------
    values : subject and (n_vertices,) a value of each of its vertices. A vertex that a subject
        lacks, as subjects 6 and 8 of the challenge do, is left out for that subject alone.

    Raises
    ------
    IncompatibleSpace : a subject of voxels, or of another template.

    References
    ----------
    Holmes and Friston 1998, NeuroImage 7:S754.
    """
    first = values[0][0].cortex("A group map")
    every = np.full((len(values), first.n_vertices()), np.nan)
    for own, (subject, value) in zip(every, values, strict=True):
        cortex = subject.cortex("A group map")
        if cortex.n_template != first.n_template:
            raise IncompatibleSpace(
                f"{subject.id} lies on a template of {cortex.n_template:,} vertices, "
                f"{values[0][0].id} on one of {first.n_template:,}.",
                "Choose subjects of one template.",
            )
        for hemisphere in HEMISPHERES:
            whole = np.full(cortex.n_template, np.nan)
            whole[cortex.index[hemisphere]] = value[cortex.slice_of(hemisphere)]
            own[first.slice_of(hemisphere)] = whole[first.index[hemisphere]]
    defined = np.isfinite(every)
    n = defined.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(defined, every, 0).sum(axis=0) / n
        sd = np.sqrt((np.where(defined, every - mean, 0) ** 2).sum(axis=0) / (n - 1))
        t = np.where((n >= LEAST_SUBJECTS) & (sd > 0), mean / (sd / np.sqrt(n)), np.nan)
    return GroupMap(mean, t, n.astype(np.float64))


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


def _random_effects(
    models: Sequence[Scored], groups: Sequence[Group]
) -> tuple[list[Any], dict[str, np.ndarray]]:
    ids = [one.subject.id for one in models if one.subject is not None]
    if len(set(ids)) < len(models):
        raise InvalidInput(
            f"Subjects as random effects need one model of each; got {', '.join(ids) or 'arrays'}.",
            "Name runs of different subjects.",
        )
    found: list[Any] = []
    for group in groups:
        values = [_mean_r(one, group) for one in models]
        n = int(np.isfinite(values).sum())
        found.append(asdict(mean_over_subjects(np.array(values))) if n >= 2 else None)
    # Over the ROIs of both hemispheres: the wholes hold them, and are no part of the family.
    tested = [
        own for own, (roi, _) in zip(found, groups, strict=True) if own and roi != ALL_VERTICES
    ]
    p = np.array([np.nan if own["p"] is None else own["p"] for own in tested], dtype=np.float64)
    for own, q in zip(tested, adjusted_p(p), strict=True):
        own["p_adjusted"] = None if np.isnan(q) else float(q)
    people = [(one.subject, np.asarray(one.report.r)) for one in models if one.subject is not None]
    if not all(subject.space.is_placed for subject, _ in people):
        return found, {}
    over = group_map(people)
    return found, {"group_mean": over.mean, "group_t": over.t, "group_n": over.n}


def _mean_r(one: Scored, group: Group) -> float:
    if group not in one.groups:
        return float("nan")
    value = one.report.of(*group).mean_r
    return float("nan") if value is None else value


RANDOM_EFFECTS = Metric(
    name="random_effects",
    title="mean over subjects",
    definition="mean r of each subject, averaged over subjects, with a 95 % t interval over "
    "subjects: it applies to further subjects; t (df = subjects - 1) and p against 0 from "
    f"{LEAST_SUBJECTS} subjects on (of two, one degree of freedom is left), p_adjusted: "
    "Benjamini and Hochberg over the ROIs of both hemispheres",
    with_maps=_random_effects,
    maps={
        "group_mean": "mean r over the subjects that have the vertex of fsaverage",
        "group_t": "t of that mean against 0 over subjects; none with fewer than "
        f"{LEAST_SUBJECTS} of them",
        "group_n": "subjects that have the vertex, and an r there",
    },
    question="Does it hold over subjects?",
    arity="subjects",
    shape="roi",
    limits=(-1, 1),
    needs=("model",),
    source="Holmes and Friston 1998, NeuroImage 7:S754",
)
