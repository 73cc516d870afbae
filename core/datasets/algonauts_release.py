"""Sizes of the eight released subjects of Algonauts 2023.

Sources: UARK's report on the challenge, the challenge's tutorial.
"""

from __future__ import annotations

from collections.abc import Mapping

from cortiscope.core.brain import FSAVERAGE_VERTICES

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
