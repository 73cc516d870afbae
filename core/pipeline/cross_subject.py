"""Training data of several subjects as one: more images for vertices that they share.

A vertex's responses are taken together over the subjects that have the same fsaverage vertex;
vertices that only the target subject has are fitted on its own images alone. Their units may
differ (z, percent, raw): each vertex has one mean and one SD over all subjects. No image that is a
test image of any of these subjects, or a validation image of the target, is fitted in any of them:
images are distinguished as everywhere (``core.stimuli.copies``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.responses import RescaledResponses, StackedResponses, moments
from cortiscope.core.errors import InvalidInput
from cortiscope.core.stimuli import groups_over

_WHAT = "Fitting several subjects together"


@dataclass(frozen=True)
class PooledGroup:
    """Vertices of the target that the same subjects have.

    Parameters
    ----------
    vertices : (n,) positions in the target.
    members : numbers of the subjects fitted for them, 0 the target.
    positions : per member, (n,) the same vertices' positions in that subject.
    """

    vertices: np.ndarray
    members: tuple[int, ...]
    positions: tuple[np.ndarray, ...]


def allowed_rows(
    target: Subject, fit_rows: np.ndarray, others: Sequence[Subject]
) -> tuple[np.ndarray, ...]:
    """Return the training rows of target and others that may be fitted together.

    Parameters
    ----------
    fit_rows : the target's training rows less its held-out images.
    """
    everyone = (target, *others)
    labels = groups_over([split.images for s in everyone for split in (s.train, s.test)])
    trained, tested = labels[::2], labels[1::2]
    held_out = np.concatenate([np.delete(trained[0], fit_rows), *tested])
    allowed = [np.flatnonzero(~np.isin(own, held_out)) for own in trained]
    found = [np.intersect1d(fit_rows, allowed[0]), *allowed[1:]]
    if not len(found[0]):
        raise InvalidInput(
            f"Every training image of {target.id} is a test image of "
            f"{', '.join(s.id for s in others)}: nothing can be fitted.",
            "Choose other subjects, or fit this one by itself.",
        )
    return tuple(found)


def shared_vertices(target: Subject, others: Sequence[Subject]) -> tuple[PooledGroup, ...]:
    """Group the target's vertices by which other subjects have the same fsaverage vertex."""
    cortex = target.cortex(_WHAT)
    n = cortex.n_vertices()
    place = np.full((len(others) + 1, n), -1)
    place[0] = np.arange(n)
    for k, other in enumerate(others, 1):
        their_cortex = other.cortex(_WHAT)
        for hemisphere in HEMISPHERES:
            own, theirs = cortex.index[hemisphere], their_cortex.index[hemisphere]
            _, here, there = np.intersect1d(own, theirs, return_indices=True)
            start = cortex.slice_of(hemisphere).start
            place[k, start + here] = their_cortex.slice_of(hemisphere).start + there
    patterns, group_of = np.unique(place >= 0, axis=1, return_inverse=True)
    groups = []
    for g, pattern in enumerate(patterns.T):
        vertices = np.flatnonzero(group_of.reshape(-1) == g)
        members = tuple(int(m) for m in np.flatnonzero(pattern))
        groups.append(PooledGroup(vertices, members, tuple(place[m, vertices] for m in members)))
    return tuple(groups)


def pooled_responses(
    subjects: Sequence[Subject], rows: Sequence[np.ndarray], group: PooledGroup
) -> StackedResponses:
    """Stack the members' responses to their own images, for one group of vertices.

    Subjects are standardised per vertex, in the target's units: the others' responses are given the
    mean and SD of the target's fitted ones, so that what is fitted predicts the target as it is.
    """
    target, *others = (
        subjects[m].train.rows_on_disk(rows[m]).columns(positions)
        for m, positions in zip(group.members, group.positions, strict=True)
    )
    if not others:
        return StackedResponses([target])
    own = moments(target)
    return StackedResponses([target, *(RescaledResponses.as_of(o, own) for o in others)])
