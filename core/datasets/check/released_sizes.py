"""Sizes of the eight released subjects, against which a folder of that name is held.

Sources: UARK's report on the challenge, the challenge's tutorial.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.brain import FSAVERAGE_VERTICES, HEMISPHERES, Hemisphere
from core.datasets.check.report import Tell

# Subject -> training images, test images, left and right vertices.
_SIZES: Mapping[str, tuple[int, int, int, int]] = {
    **dict.fromkeys(("subj01", "subj02", "subj05", "subj07"), (9841, 159, 19_004, 20_544)),
    "subj03": (9082, 293, 19_004, 20_544),
    "subj04": (8779, 395, 19_004, 20_544),
    "subj06": (9082, 293, 18_978, 20_220),
    "subj08": (8779, 395, 18_981, 20_530),
}


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
    if subject not in _SIZES or n_template != FSAVERAGE_VERTICES:
        return
    released = _SIZES[subject]
    vertices = tuple(counts[h] for h in HEMISPHERES)
    if vertices == released[:1:-1]:
        tell(
            f"lh.* and rh.* of {subject} look swapped in all files: {vertices[0]:,} left + "
            f"{vertices[1]:,} right vertices, as released {released[2]:,} + {released[3]:,}."
        )
        return
    words = ("training images", "test images", "left vertices", "right vertices")
    for own, known, what in zip((*images, *vertices), released, words, strict=True):
        if own is not None and own != known:
            note(f"{subject} has {own:,} {what}; as released it has {known:,}.")
