"""What a regressor is given: designs and responses of the fit images, and how to go about the work.

Only images that may be fitted are in it. Whatever a regressor chooses (a penalty, an epoch, a
feature space), it chooses by cutting these images further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import numpy as np

from cortiscope.core.encoding.checkpoint import Checkpoint, NoCheckpoint
from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress, part, silent


class Responses(Protocol):
    """Responses (n_stimuli, n_vertices) that are read in parts: an array, or rows of files.

    ``responses[rows, columns]`` and ``responses[:, columns]`` give float arrays in memory, for
    slices and integer arrays, of which at most one is an array.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(n_stimuli, n_vertices)."""

    def __getitem__(self, key: Any) -> np.ndarray:
        """Read a part."""

    def __len__(self) -> int:
        """Return the number of stimuli."""


class StoredResponses(Responses, Protocol):
    """Responses that are not in memory."""

    def columns(self, vertices: np.ndarray) -> StoredResponses:
        """Return the same stimuli with some vertices (positions), unread."""


@dataclass(frozen=True)
class VertexTable:
    """Where vertices are: for regressors that use it.

    Parameters
    ----------
    positions : (n_vertices, 3) millimetres, on the pial/white mid-surface of fsaverage; NaN where
        unknown.
    hemispheres : (n_vertices,) 0 left, 1 right.
    rois : ROI name -> positions (n,) of its vertices in these arrays, both hemispheres.
    roi_classes : ROI class name -> positions (n,), likewise.
    sphere : (n_vertices, 3) millimetres, on the registered sphere of fsaverage (radius 100 mm),
        where distances are along the cortex and not across a sulcus; None where unknown.
    """

    positions: np.ndarray
    hemispheres: np.ndarray
    rois: dict[str, np.ndarray] = field(default_factory=dict)
    roi_classes: dict[str, np.ndarray] = field(default_factory=dict)
    sphere: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.hemispheres)

    def subset(self, vertices: np.ndarray) -> VertexTable:
        """Return the table of some vertices, in the order given."""
        place = np.full(len(self), -1)
        place[vertices] = np.arange(len(vertices))

        def kept(groups: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            found = {name: place[rows] for name, rows in groups.items()}
            return {name: rows[rows >= 0] for name, rows in found.items()}

        return VertexTable(
            self.positions[vertices],
            self.hemispheres[vertices],
            kept(self.rois),
            kept(self.roi_classes),
            None if self.sphere is None else self.sphere[vertices],
        )


@dataclass(frozen=True)
class PictureGrid:
    """What columns of a design are: channels x rows x columns of places on the picture.

    Places go from the top left, the last axis varying fastest, and tile the box evenly.

    Parameters
    ----------
    channels, height, width : features that are of no place are channels of 1 x 1 places.
    box : left, top, right, bottom in degrees from the picture's middle, upwards positive.
    """

    channels: int
    height: int = 1
    width: int = 1
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def n_places(self) -> int:
        """Number of places."""
        return self.height * self.width

    @property
    def n_columns(self) -> int:
        """Number of the design's columns."""
        return self.channels * self.n_places


@dataclass(frozen=True)
class TrainingData:
    """Designs and responses of the images that may be fitted.

    Parameters
    ----------
    design : (n_stimuli, n_features) float32; of regressors that read places rows of it may be read
        in parts, ``design[rows]``.
    responses : (n_stimuli, n_vertices), possibly not in memory.
    spaces : columns of each feature space; together all columns, in order. Empty means one space.
    vertices : what is known about the vertices, or None.
    groups : (n_stimuli,) labels, equal for rows of one image (copies of it, other subjects'
        responses to it), which no choice by held-out images may separate; None where each row is
        an image of its own.
    grids : what the columns are, one after another; empty where nothing keeps its places.
    """

    design: np.ndarray
    responses: Responses
    spaces: tuple[slice, ...] = ()
    vertices: VertexTable | None = None
    groups: np.ndarray | None = None
    grids: tuple[PictureGrid, ...] = ()

    def __repr__(self) -> str:
        """Its shape: arrays would fill the screen."""
        n_images, n_columns = self.design.shape
        spaces = f" in {len(self.spaces)} feature spaces" if len(self.spaces) > 1 else ""
        return (
            f"<TrainingData, {n_images:,} images, {n_columns:,} columns{spaces}, "
            f"{self.n_vertices:,} vertices>"
        )

    def __post_init__(self) -> None:
        if self.design.ndim != 2 or len(self.design) != self.responses.shape[0]:
            raise InvalidInput(
                f"Design {self.design.shape} and responses {tuple(self.responses.shape)} must have "
                "one row per image each."
            )
        if self.groups is not None and np.shape(self.groups) != (len(self.design),):
            raise InvalidInput(
                f"Groups {np.shape(self.groups)} must have one label per row of {len(self.design)}."
            )
        if not self.spaces:
            object.__setattr__(self, "spaces", (slice(0, self.design.shape[1]),))
        edges = [0, *(s.stop for s in self.spaces)]
        starts = [s.start for s in self.spaces]
        if edges[:-1] != starts or edges[-1] != self.design.shape[1]:
            raise InvalidInput(
                f"Feature spaces {self.spaces} do not cut {self.design.shape[1]} columns."
            )
        if self.grids and sum(grid.n_columns for grid in self.grids) != self.design.shape[1]:
            raise InvalidInput(f"Grids {self.grids} do not cut {self.design.shape[1]} columns.")

    @property
    def n_vertices(self) -> int:
        """Number of response columns."""
        return int(self.responses.shape[1])

    def of_vertices(self, vertices: np.ndarray) -> TrainingData:
        """Return the data of some vertices; responses on disk stay there."""
        if isinstance(self.responses, np.ndarray):
            chosen: Responses = self.responses[:, vertices]
        else:
            chosen = cast(StoredResponses, self.responses).columns(vertices)
        table = None if self.vertices is None else self.vertices.subset(vertices)
        return replace(self, responses=chosen, vertices=table)


@dataclass(frozen=True)
class Work:
    """How to compute: never changes what comes out, beyond rounding.

    Parameters
    ----------
    device : a torch device.
    """

    device: str = "cpu"
    progress: Progress = silent
    checkpoint: Checkpoint = field(default_factory=NoCheckpoint)

    def step(self, name: str, start: float, stop: float) -> Work:
        """Return the work of a sub-fit: its stretch of the progress, its own checkpoint."""
        return Work(self.device, part(self.progress, start, stop), self.checkpoint.part(name))


def check_responses(responses: Responses, *, columns: int = 4096) -> None:
    """Refuse responses that are not finite, with the vertex numbers; reads a chunk at a time."""
    bad: list[int] = []
    for start in range(0, responses.shape[1], columns):
        chunk = np.asarray(responses[:, start : start + columns])
        bad += (start + np.flatnonzero(~np.isfinite(chunk).all(axis=0))).tolist()
    if bad:
        raise InvalidInput(
            f"{len(bad)} vertices have NaN or infinite responses: {_some(bad)}.",
            "Leave these vertices out of the subject's masks, or repair the file.",
        )


def _some(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:8])) + (", ..." if len(numbers) > 8 else "")
