"""Which vertices share one model: all, a hemisphere, a ROI, a ROI class.

Chimisso et al. 2023 fitted one model per ROI and hemisphere and put them together; their rule for
vertices in several ROIs or in none is not known. Ours: a vertex in several parts gets the mean of
their predictions; vertices in none form a part of their own (one per hemisphere, or one over both
for ROI classes).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, load_fsaverage5
from cortiscope.core.brain.spaces import FSAVERAGE5_VERTICES
from cortiscope.core.brain.subdivision import positions_on_sphere
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding.predictor import Member, Predictor, merge
from cortiscope.core.encoding.regressors import (
    REGRESSORS,
    RegressorSpec,
    fit_regressor,
    restore_predictor,
)
from cortiscope.core.encoding.training import TrainingData, VertexTable, Work
from cortiscope.core.errors import InvalidInput, check_option

SCOPES = ("both", "hemisphere", "roi", "roi_class")

SCOPE_WORDS = {
    "both": "one model for both hemispheres",
    "hemisphere": "one model per hemisphere",
    "roi": "one model per ROI and hemisphere, averaged where ROIs overlap, "
    "and one for the rest of each hemisphere",
    "roi_class": "one model per ROI class over both hemispheres, averaged where classes overlap, "
    "and one for the rest",
}


@dataclass(frozen=True)
class ScopePart:
    """Vertices that share one model: their positions (n,), and a name."""

    name: str
    vertices: np.ndarray


def vertex_table(subject: Subject, surfaces: Path | None = None) -> VertexTable:
    """Gather positions, hemispheres, ROIs and ROI classes of a subject's vertices.

    Positions are those of the fsaverage5 mid-surface, whose vertices are the first 10,242 of
    fsaverage; other vertices have none (NaN). On the sphere all have one.

    Parameters
    ----------
    surfaces : folder where the converted surfaces are kept; None leaves all positions unknown.
    """
    cortex = subject.cortex("Where a vertex lies")
    meshes = None if surfaces is None else load_fsaverage5(surfaces)
    positions = np.full((cortex.n_vertices(), 3), np.nan, dtype=np.float32)
    sphere = None if meshes is None else np.empty_like(positions)
    hemispheres = np.zeros(len(positions), dtype=np.int8)
    for k, hemisphere in enumerate(HEMISPHERES):
        where = cortex.slice_of(hemisphere)
        numbers = cortex.index[hemisphere]
        hemispheres[where] = k
        if meshes is not None and sphere is not None:
            near = numbers < FSAVERAGE5_VERTICES
            positions[where][near] = meshes[hemisphere].midthickness[numbers[near]]
            sphere[where] = positions_on_sphere(meshes[hemisphere], numbers)
    rois: dict[str, np.ndarray] = {}
    classes: dict[str, np.ndarray] = {}
    for name in subject.parcellation.roi_names:
        own = np.concatenate([subject.roi_vertices(name, h) for h in HEMISPHERES])
        if len(own):
            rois[name] = own
            roi_class = subject.parcellation.class_of(name)
            classes[roi_class] = np.union1d(classes.get(roi_class, own), own)
    return VertexTable(positions, hemispheres, rois, classes, sphere)


def scope_parts(scope: str, n_vertices: int, table: VertexTable | None) -> tuple[ScopePart, ...]:
    """Cut the vertices into the parts of a scope; parts may overlap, and together hold every one.

    Raises
    ------
    InvalidInput : the scope needs to know where vertices are, and it is not known.
    """
    check_option("scope", scope, SCOPES)
    everything = np.arange(n_vertices)
    if scope == "both":
        return (ScopePart("both hemispheres", everything),)
    if table is None:
        raise InvalidInput(
            f"The scope {scope!r} needs the vertices' hemispheres and ROIs; this subject has none.",
            "Use the scope 'both'.",
        )
    sides = {name: table.hemispheres == k for k, name in enumerate(("lh", "rh"))}
    if scope == "hemisphere":
        found = [ScopePart(name, everything[here]) for name, here in sides.items()]
    elif scope == "roi":
        found = [
            ScopePart(f"{side}.{roi}", vertices[sides[side][vertices]])
            for side in sides
            for roi, vertices in table.rois.items()
        ]
        found += [
            ScopePart(f"{side}.rest", rest[sides[side][rest]])
            for side in sides
            if len(rest := _rest(found, n_vertices))
        ]
    else:
        found = [ScopePart(name, vertices) for name, vertices in table.roi_classes.items()]
        found.append(ScopePart("rest", _rest(found, n_vertices)))
    return tuple(p for p in found if len(p.vertices))


def _rest(parts: Sequence[ScopePart], n_vertices: int) -> np.ndarray:
    covered = np.zeros(n_vertices, dtype=bool)
    for part in parts:
        covered[part.vertices] = True
    return np.flatnonzero(~covered)


def fit_scoped(
    data: TrainingData, spec: RegressorSpec, scope: str = "both", work: Work | None = None
) -> Predictor:
    """Fit one regressor per part of a scope, and merge them.

    A regressor that fits every vertex by itself comes out the same under every scope, and is fitted
    once. A part that was finished before is read from the checkpoint.
    """
    work = work or Work()
    parts = scope_parts(scope, data.n_vertices, data.vertices)
    if len(parts) == 1 or REGRESSORS[spec.name].separable:
        return fit_regressor(data, spec, work)
    total = sum(len(p.vertices) for p in parts)
    members, done = [], 0
    for part in parts:
        step = work.step(part.name, done / total, (done + len(part.vertices)) / total)
        members.append(Member(part.name, part.vertices, _fit_part(data, spec, part, step)))
        done += len(part.vertices)
    return merge(members, data.n_vertices)


def _fit_part(data: TrainingData, spec: RegressorSpec, part: ScopePart, work: Work) -> Predictor:
    kept = work.checkpoint.load("fitted")
    if kept is not None:
        work.progress(1.0, f"found {part.name}")
        return restore_predictor(json.loads(bytes(kept.pop("structure"))), kept.__getitem__)
    fitted = fit_regressor(data.of_vertices(part.vertices), spec, work)
    structure = np.frombuffer(json.dumps(fitted.structure()).encode(), dtype=np.uint8)
    work.checkpoint.save("fitted", {**fitted.arrays(), "structure": structure})
    return fitted
