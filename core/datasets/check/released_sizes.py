"""A folder of a released subject's name, held against the sizes of the release."""

from __future__ import annotations

from collections.abc import Mapping

from cortiscope.core.brain import FSAVERAGE_VERTICES, HEMISPHERES, Hemisphere
from cortiscope.core.datasets.algonauts_release import RELEASED_SIZES, swapped_words
from cortiscope.core.datasets.check.report import Tell


def compare_with_release(
    subject: str,
    n_template: int,
    images: tuple[int, int],
    counts: Mapping[Hemisphere, int | None],
    tell: Tell,
    note: Tell,
) -> None:
    """Tell hemispheres that are swapped in all files; note what is not as released.

    Parameters
    ----------
    n_template : length of the vertex masks; only whole fsaverage is compared.
    images : training and test images.
    """
    if subject not in RELEASED_SIZES or n_template != FSAVERAGE_VERTICES:
        return
    released = RELEASED_SIZES[subject]
    vertices = tuple(counts[h] for h in HEMISPHERES)
    if swapped := swapped_words(subject, n_template, *vertices):
        tell(swapped)
        return
    words = ("training images", "test images", "left vertices", "right vertices")
    for own, known, what in zip((*images, *vertices), released, words, strict=True):
        if own is not None and own != known:
            note(f"{subject} has {own:,} {what}; as released it has {known:,}.")
