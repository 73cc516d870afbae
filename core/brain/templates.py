"""Which template a number of vertices per hemisphere is of.

The meshes of fsaverage are nested: fsaverage6 is the first 40,962 of its 163,842 vertices,
fsaverage5 the first 10,242, so that one numbering holds for all. fs_LR (Human Connectome Project,
CIFTI) is another template, whose numbers mean other places.

Sources: FreeSurfer, fsaverage3 to fsaverage6; Glasser et al. 2013, NeuroImage 80:105 (fs_LR).
"""

from __future__ import annotations

from collections.abc import Mapping

from cortiscope.core.brain.spaces import FSAVERAGE5_VERTICES, FSAVERAGE_VERTICES

NESTED: Mapping[int, str] = {
    642: "fsaverage3",
    2_562: "fsaverage4",
    FSAVERAGE5_VERTICES: "fsaverage5",
    40_962: "fsaverage6",
    FSAVERAGE_VERTICES: "fsaverage",
}
"""Vertices per hemisphere -> name."""

_FS_LR: Mapping[int, str] = {
    32_492: "fs_LR 32k",
    59_292: "fs_LR 59k",
    29_696: "fs_LR 32k without the medial wall (left)",
    29_716: "fs_LR 32k without the medial wall (right)",
}
ALLOWED = f"{FSAVERAGE5_VERTICES:,} (fsaverage5) or {FSAVERAGE_VERTICES:,} (fsaverage)"

RESAMPLE = (
    "Its vertex numbers mean other places than fsaverage's: resample to fsaverage first "
    "(wb_command -metric-resample with the HCP's fs_LR-to-fsaverage spheres), as GIfTI or .npy."
)


def home_template(n_vertices: int) -> int:
    """Return the template that holds a nested one: fsaverage5 up to its size, else fsaverage."""
    return FSAVERAGE5_VERTICES if n_vertices <= FSAVERAGE5_VERTICES else FSAVERAGE_VERTICES


def nested_words(n_vertices: int) -> str:
    """Say what a size was taken for; empty for fsaverage and fsaverage5 themselves."""
    home = home_template(n_vertices)
    if n_vertices not in NESTED or n_vertices == home:
        return ""
    return (
        f"{n_vertices:,} vertices per hemisphere are taken for {NESTED[n_vertices]}, the first of "
        f"{NESTED[home]}'s {home:,}."
    )


def fs_lr_words(n_vertices: int) -> str:
    """Return which fs_LR mesh a number of vertices is of; empty if it is of none."""
    return _FS_LR.get(n_vertices, "")
