"""A stored brain read back: the very numbers that the browser has, both hemispheres in one."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.cortex_view.assets import AssetRef
from cortiscope.cortex_view.container import unpack
from cortiscope.cortex_view.geometry import SURFACES
from cortiscope.cortex_view.space import SIDES


@dataclass(frozen=True)
class Brain:
    """Geometry; vertices count left, then right.

    Parameters
    ----------
    positions, normals : per surface (n_vertices, 3), mm in brain axes; the flat map stands upright.
    faces : (n_faces, 3) of the closed surfaces.
    flat_faces : (n_flat_faces, 3) that the flat map keeps.
    depth : (n_vertices,) sulcal depth 0 to 1, as coarse as in the browser.
    in_flat : (n_vertices,) bool, part of the flat map.
    slices : each side's vertices.
    centres : each side's centre per surface, mm.
    """

    positions: tuple[np.ndarray, ...]
    normals: tuple[np.ndarray, ...]
    faces: np.ndarray
    flat_faces: np.ndarray
    depth: np.ndarray
    in_flat: np.ndarray
    slices: dict[str, slice]
    centres: dict[str, tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class StillRoi:
    """One region of one hemisphere: its bit in the masks and its vertices of both hemispheres."""

    name: str
    group: str
    side: str
    bit: int
    members: np.ndarray


@dataclass(frozen=True)
class Subject:
    """Which vertices have data, and the ROIs.

    Parameters
    ----------
    vertices : (n_values,) vertex of each value, left then right.
    masks : (n_vertices,) uint64, one bit per ROI name.
    rois : those with members.
    names : (name, group, colour) per bit.
    shown : groups outlined at first.
    """

    vertices: np.ndarray
    masks: np.ndarray
    rois: tuple[StillRoi, ...]
    names: tuple[tuple[str, str, str], ...]
    shown: tuple[str, ...]


def read_asset(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what ``assets.write_asset`` stored."""
    return unpack(gzip.decompress((folder / f"{name}.bin.gz").read_bytes()))


@lru_cache(maxsize=2)
def read_brain(folder: Path, geometry: str) -> Brain:
    """Read the geometry with this hash."""
    header, arrays = read_asset(folder, geometry)
    first = header["left"]["n_vertices"]
    slices = {"left": slice(0, first), "right": slice(first, first + header["right"]["n_vertices"])}
    sides: dict[str, list[np.ndarray]] = {"left": [], "right": []}
    faces: list[np.ndarray] = []
    flat: list[np.ndarray] = []
    for side in SIDES:
        own = arrays[f"{side}_faces"].reshape(-1, 3).astype(np.int64) + slices[side].start
        faces.append(own)
        flat.append(own[: header[side]["n_flat_faces"]])
        for name in SURFACES:
            at = arrays[f"{side}_{name}"].reshape(-1, 3) * header["step"]
            if name == "flat":
                sign = -1 if side == "left" else 1
                at = np.stack([np.zeros(len(at)), sign * at[:, 0], at[:, 1]], axis=1)
            sides[side].append(at)
    every, flat_faces = np.concatenate(faces), np.concatenate(flat)
    positions = tuple(
        np.concatenate(pair) for pair in zip(sides["left"], sides["right"], strict=True)
    )
    in_flat = np.zeros(len(positions[0]), bool)
    in_flat[flat_faces] = True
    normals = [_normals(at, every) for at in positions[:2]]
    facing = np.zeros_like(positions[2])
    facing[:, 0] = np.where(np.arange(len(facing)) < first, -1.0, 1.0)
    centres = {
        side: tuple(
            _middle(at[slices[side]][in_flat[slices[side]]] if k == 2 else at[slices[side]])
            for k, at in enumerate(positions)
        )
        for side in SIDES
    }
    depth = np.concatenate([arrays[f"{side}_depth"] >> 1 for side in SIDES]) / 127
    return Brain(positions, (*normals, facing), every, flat_faces, depth, in_flat, slices, centres)


@lru_cache(maxsize=8)
def read_subject(folder: Path, space: str, geometry: str) -> Subject:
    """Read the space with this hash, on the geometry with that one."""
    header, arrays = read_asset(folder, space)
    brain = read_brain(folder, geometry)
    start = {side: brain.slices[side].start for side in SIDES}
    masks = np.zeros(len(brain.depth), np.uint64)
    names: dict[str, tuple[str, str, str]] = {}
    rois = []
    offset = 0
    for name, group, side, count, colour in header["rois"]:
        members = np.zeros(0, np.int64)
        if count:
            members = arrays["members"][offset : offset + count].astype(np.int64) + start[side]
        offset += count
        names.setdefault(name, (name, group, colour))
        bit = list(names).index(name)
        masks[members] |= np.uint64(1 << bit)
        if count:
            rois.append(StillRoi(name, group, side, bit, members))
    groups = tuple(dict.fromkeys(group for _, group, _ in names.values()))
    return Subject(
        np.concatenate([arrays[f"{s}_vertices"].astype(np.int64) + start[s] for s in SIDES]),
        masks,
        tuple(rois),
        tuple(names.values()),
        groups if header["shown"] is None else tuple(header["shown"]),
    )


def read_assets(assets: AssetRef) -> tuple[Brain, Subject]:
    """Read geometry and space of a viewer."""
    return (
        read_brain(assets.folder, assets.geometry),
        read_subject(assets.folder, assets.space, assets.geometry),
    )


def _normals(positions: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(n_vertices, 3) unit normals, larger triangles weighing more."""
    a, b, c = (positions[faces[:, k]] for k in range(3))
    crossed = np.cross(b - a, c - a)
    normals = np.zeros_like(positions)
    for k in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(faces[:, k], crossed[:, axis], len(positions))
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    out: np.ndarray = normals / np.where(lengths > 0, lengths, 1)
    return out


def _middle(positions: np.ndarray) -> np.ndarray:
    out: np.ndarray = (positions.min(0) + positions.max(0)) / 2
    return out
