"""Sizes of the eight released subjects of Algonauts 2023, to hold folders of these names against.

Sources: UARK's report on the challenge, the challenge's tutorial.
"""

from __future__ import annotations

from collections.abc import Mapping

from cortiscope.core.brain import FSAVERAGE_VERTICES, HEMISPHERES, Hemisphere
from cortiscope.core.datasets.check.report import Report

RELEASED_SIZES: Mapping[str, tuple[int, int, int, int]] = {
    **dict.fromkeys(("subj01", "subj02", "subj05", "subj07"), (9841, 159, 19_004, 20_544)),
    "subj03": (9082, 293, 19_004, 20_544),
    "subj04": (8779, 395, 19_004, 20_544),
    "subj06": (9082, 293, 18_978, 20_220),
    "subj08": (8779, 395, 18_981, 20_530),
}
"""Subject -> training images, test images, left and right vertices."""


def swapped_words(subject: str, n_template: int, left: int | None, right: int | None) -> str:
    """Say that all files of a subject have the other hemisphere's vertices; empty if they do not.

    Parameters
    ----------
    n_template : length of the vertex masks; only whole fsaverage is compared.
    """
    if subject not in RELEASED_SIZES or n_template != FSAVERAGE_VERTICES:
        return ""
    released = RELEASED_SIZES[subject][2:]
    if (right, left) != released:
        return ""
    return (
        f"lh.* and rh.* of {subject} look swapped in all files: {left:,} left + {right:,} right "
        f"vertices, as released {released[0]:,} + {released[1]:,}."
    )


def compare_with_release(
    subject: str,
    n_template: int,
    images: tuple[int, int],
    counts: Mapping[Hemisphere, int | None],
    report: Report,
    note: Report,
) -> None:
    """Report hemispheres that are swapped in all files; note what is not as released.

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
        report(swapped)
        return
    words = ("training images", "test images", "left vertices", "right vertices")
    for own, known, what in zip((*images, *vertices), released, words, strict=True):
        if own is not None and own != known:
            note(f"{subject} has {own:,} {what}; as released it has {known:,}.")
