"""Who goes along with a vertex: the correlation of its response profile with all others'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.responses import StackedResponses
from cortiscope.core.errors import InvalidInput, MissingData, check_option
from cortiscope.core.evaluation import LEAST_STIMULI, pearson_r
from cortiscope.core.runs import Run
from cortiscope.core.stimuli import groups_over

RESPONSES = ("measured", "predicted")


@dataclass(frozen=True, eq=False)
class SeedMap:
    """The correlation of one vertex's responses with those of every vertex.

    Parameters
    ----------
    r : (n_vertices,) Pearson r over pictures; NaN where either is constant.
    responses : ``measured`` or ``predicted``.
    n_images : pictures.
    images : which, in words.
    apart : whether seed and map are from different repeats of each picture. If not, noise that
        vertices share counts as going along, most near the seed.
    """

    r: np.ndarray
    responses: str
    n_images: int
    images: str
    apart: bool

    @property
    def words(self) -> str:
        """How it came about, in a sentence or two."""
        start = (
            f"Pearson r of the {self.responses} responses of the seed with those of every other "
            f"place, over {self.n_images:,} {self.images}."
        )
        if self.responses == "predicted":
            return (
                f"{start} Predictions hold no noise; what the model cannot tell apart goes along."
            )
        if self.apart:
            return f"{start} The seed's responses are from other repeats than the map's."
        return (
            f"{start} Single trials are not kept with these data, so that seed and map are from "
            "the same repeats: noise that neighbours share counts as going along."
        )


def seed_map(
    subject: Subject, position: int, run: Run | None = None, *, responses: str = "measured"
) -> SeedMap:
    """Correlate a vertex's responses with those of all vertices.

    Parameters
    ----------
    position : of the seed, in the order of the subject's vertices.
    run : the model whose predictions for its held-out pictures are taken.
    responses : ``measured``, over all pictures whose responses are known, or ``predicted``.

    Raises
    ------
    InvalidInput, MissingData : there is no such vertex, no model, or there are no responses.
    """
    check_option("responses", responses, RESPONSES)
    n = subject.space.n_vertices()
    if not 0 <= position < n:
        raise InvalidInput(f"{subject.id} has {n:,} {subject.space.unit}; got number {position}.")
    if responses == "predicted":
        if run is None:
            raise InvalidInput("A map of predicted responses needs a model.", "Name one.")
        split, rows = run.reported
        values = run.predict_rows(split, rows)
        return SeedMap(
            _along(values[:, position], values),
            responses,
            len(rows),
            "held-out pictures",
            apart=False,
        )
    known = [s for s in (subject.train, subject.test) if s.responses is not None and len(s)]
    if not known:
        raise MissingData(f"No responses of {subject.id} are known.", "Take predicted ones.")
    measured = StackedResponses([s.rows_on_disk(np.arange(len(s))) for s in known])
    first, second = repeats_apart(np.concatenate(groups_over([s.images for s in known])))
    if len(first) < LEAST_STIMULI:
        seed = measured[:, np.array([position])][:, 0]
        return SeedMap(_along(seed, measured), responses, len(measured), "pictures", apart=False)
    seed = np.array([measured[rows, np.array([position])].mean() for rows in first])
    others = np.stack([measured[rows, :].mean(axis=0) for rows in second])
    words = "pictures with repeats that are kept apart"
    return SeedMap(_along(seed, others), responses, len(first), words, apart=True)


def _along(seed: np.ndarray, responses: np.ndarray | StackedResponses) -> np.ndarray:
    profile = np.broadcast_to(np.asarray(seed)[:, None], responses.shape)
    # Some vertices at a time are asked of either.
    return pearson_r(profile, cast(np.ndarray, responses))


def repeats_apart(labels: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Split the rows of each picture that has several: every other one, and the rest."""
    rows = [np.flatnonzero(labels == own) for own in np.unique(labels)]
    several = [own for own in rows if len(own) > 1]
    return [own[::2] for own in several], [own[1::2] for own in several]
