"""Synthetic maps on fsaverage5, or finer: smooth, plausible in shape, and nobody's data.

Regions are discs and bands around published centres, invented for looking at the viewer only.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from cortiscope.core.brain import CorticalSurfaces, HemisphereSurfaces, load_fsaverage5
from cortiscope.core.brain.fsaverage import find_fsaverage, load_fsaverage
from cortiscope.core.brain.subdivision import subdivide
from cortiscope.cortex_view import (
    AssetRef,
    CortexGeometry,
    CortexRoi,
    CortexSpace,
    HemisphereMesh,
    register_assets,
)

# name, group, centre on the right pial surface (mm; the left is mirrored), radius on the sphere.
_DISCS = (
    ("hV4", "early visual", (28, -80, -14), 11),
    ("EBA", "bodies", (48, -72, 4), 18),
    ("FBA-1", "bodies", (42, -48, -20), 8),
    ("OFA", "faces", (42, -78, -10), 11),
    ("FFA-1", "faces", (40, -60, -18), 10),
    ("FFA-2", "faces", (39, -46, -22), 9),
    ("OPA", "places", (34, -80, 22), 13),
    ("PPA", "places", (26, -46, -10), 14),
    ("RSC", "places", (16, -56, 10), 12),
    ("VWFA-1", "words", (50, -58, -14), 8),
    ("VWFA-2", "words", (49, -46, -18), 7),
)
_COLOURS = {
    "early visual": "#5b6b8c",
    "bodies": "#1b8a5a",
    "faces": "#c8452f",
    "places": "#2f6fd0",
    "words": "#8a4fb8",
}
_SIDES = ("left", "right")
FSAVERAGE5 = "fsaverage5"
FINE = "fine"  # fsaverage5 subdivided twice: as many vertices as fsaverage
FSAVERAGE = "fsaverage"  # where nilearn has fetched it
MEANING = {
    FSAVERAGE5: "fsaverage5: 10,242 vertices a hemisphere",
    FINE: "fsaverage5 subdivided twice: 163,842 vertices a hemisphere, no finer anatomy",
    FSAVERAGE: "fsaverage, nilearn’s copy: 163,842 vertices a hemisphere",
}


def folder() -> Path:
    """Where the example keeps its converted surfaces and assets."""
    named = os.environ.get("CORTEX_EXAMPLE_FOLDER")
    return Path(named) if named else Path(tempfile.gettempdir()) / "cortex-view-example"


@cache
def templates() -> tuple[str, ...]:
    """Names of the templates that can be shown here."""
    return (FSAVERAGE5, FINE, FSAVERAGE) if find_fsaverage() else (FSAVERAGE5, FINE)


@cache
def surfaces(template: str = FSAVERAGE5) -> CorticalSurfaces:
    """Return the template's surfaces; fsaverage5 is converted on first use."""
    if template not in templates():
        raise ValueError(f"template is {template!r}; allowed: {', '.join(templates())}.")
    folder().mkdir(parents=True, exist_ok=True)
    if template == FSAVERAGE:
        return load_fsaverage(folder())
    coarse = load_fsaverage5(folder())
    if template == FSAVERAGE5:
        return coarse
    return CorticalSurfaces(*(subdivide(subdivide(getattr(coarse, side))) for side in _SIDES))


@cache
def geometry(template: str = FSAVERAGE5) -> CortexGeometry:
    """Return the template's meshes as the viewer takes them."""
    sides = []
    for side in _SIDES:
        coarse = None if template == FSAVERAGE5 else getattr(surfaces(), side)
        sides.append(_mesh(getattr(surfaces(template), side), coarse))
    return CortexGeometry(*sides)


def _mesh(surface: HemisphereSurfaces, coarse: HemisphereSurfaces | None) -> HemisphereMesh:
    return HemisphereMesh(
        pial=surface.pial,
        inflated=surface.inflated,
        flat=surface.flat,
        faces=surface.faces,
        flat_faces=surface.flat_faces,
        sulcal_depth=surface.sulcal_depth,
        coarse_faces=None if coarse is None else coarse.faces,
        coarse_flat_faces=None if coarse is None else coarse.flat_faces,
    )


@cache
def space(template: str = FSAVERAGE5) -> CortexSpace:
    """Return a made-up subject: occipital and ventral temporal vertices, and regions."""
    vertices: dict[str, np.ndarray] = {}
    rois: list[CortexRoi] = []
    for side in _SIDES:
        surface = getattr(surfaces(template), side)
        centres = [(14, -88, 0), (40, -62, -12), (36, -76, 14), (28, -48, -12), (14, -66, 6)]
        near = [
            _distance(surface, side, c) < r
            for c, r in zip(centres, (46, 40, 42, 30, 34), strict=True)
        ]
        near += [_distance(surface, side, centre) < radius + 7 for _, _, centre, radius in _DISCS]
        covered = np.any(near, axis=0)
        vertices[side] = np.flatnonzero(covered)
        rois += _bands(surface, side, covered)
        for name, group, centre, radius in _DISCS:
            inside = (_distance(surface, side, centre) < radius) & covered
            rois.append(CortexRoi(name, group, side, np.flatnonzero(inside), _COLOURS[group]))
    return CortexSpace(vertices, tuple(rois))


def _distance(surface: HemisphereSurfaces, side: str, centre: tuple[float, ...]) -> np.ndarray:
    """(n_vertices,) distance on the sphere, mm, from the vertex nearest to a pial point."""
    mirrored = np.array(centre) * ([-1, 1, 1] if side == "left" else [1, 1, 1])
    seed = np.argmin(((surface.pial - mirrored) ** 2).sum(1))
    unit = surface.sphere / np.linalg.norm(surface.sphere, axis=1, keepdims=True)
    distance: np.ndarray = 100 * np.arccos(np.clip(unit @ unit[seed], -1, 1))
    return distance


def _bands(surface: HemisphereSurfaces, side: str, covered: np.ndarray) -> list[CortexRoi]:
    """V1 to V3 as bands above and below a line along the calcarine sulcus."""
    sign = -1 if side == "left" else 1
    ends = []
    for centre in ((10, -98, -4), (10, -68, 6)):
        seed = np.argmin(((surface.pial - np.array(centre) * [sign, 1, 1]) ** 2).sum(1))
        ends.append(surface.sphere[seed] / 100)
    pole, front = ends
    across = np.cross(front, pole)
    across /= np.linalg.norm(across)
    unit = surface.sphere / 100
    # Degrees on a sphere of 100 mm radius, as mm; positive is one bank, negative the other.
    off = 100 * np.arcsin(np.clip(unit @ across, -1, 1))
    if np.corrcoef(off[covered], surface.pial[covered, 2])[0, 1] < 0:
        off = -off
    along = unit @ np.cross(across, pole)
    span = front @ np.cross(across, pole)
    inside = covered & (np.minimum(along / span, 9) > -0.35) & (along / span < 1.1)
    inside &= unit @ pole > 0
    out = []
    for name, low, high in (("V1", 0, 11), ("V2", 11, 19), ("V3", 19, 27)):
        for bank, sense in (("v", -1), ("d", 1)):
            members = inside & (sense * off >= low) & (sense * off < high)
            out.append(
                CortexRoi(
                    name + bank, "early visual", side, np.flatnonzero(members),
                    _COLOURS["early visual"],
                )
            )  # fmt: skip
    return out


@cache
def assets(template: str = FSAVERAGE5) -> AssetRef:
    """Everything that stays, stored once."""
    return register_assets(folder() / "assets", geometry(template), space(template))


@cache
def responses(image: int, template: str = FSAVERAGE5) -> tuple[np.ndarray, np.ndarray]:
    """(n_values,) measured and predicted z-scored responses to a made-up image, float32."""
    rng = np.random.default_rng(image)
    gains = {group: rng.normal(0, 1.1) for group in _COLOURS}
    parts = []
    for side in _SIDES:
        surface = getattr(surfaces(template), side)
        indices = np.asarray(space(template).vertices[side])
        unit = surface.sphere[indices] / 100
        field = np.zeros(len(indices))
        for width, weight in ((6, 0.75), (11, 0.55)):
            waves = rng.normal(0, width, (40, 3))
            phases = rng.uniform(0, 2 * np.pi, 40)
            field += weight * np.sqrt(2 / 40) * np.cos(unit @ waves.T + phases).sum(1)
        for name, group, centre, radius in _DISCS:
            bump = np.exp(-((_distance(surface, side, centre)[indices] / (radius * 1.3)) ** 2))
            field += bump * gains[group] * (1.1 if name.startswith("FFA") else 0.8)
        parts.append(field)
    true = np.concatenate(parts)
    measured = true + rng.normal(0, 0.28, len(true))
    return measured.astype(np.float32), (0.72 * true).astype(np.float32)


@cache
def accuracy(template: str = FSAVERAGE5) -> np.ndarray:
    """(n_values,) made-up prediction accuracy, r from 0 to about .8, float32."""
    signal = np.mean([np.abs(responses(i, template)[1]) for i in range(6)], axis=0)
    scaled: np.ndarray = (0.12 + 0.68 * (signal / signal.max()) ** 0.7).astype(np.float32)
    return scaled


@cache
def angle(template: str = FSAVERAGE5) -> np.ndarray:
    """(n_values,) made-up polar angle, -pi to pi, float32: a map on a circle."""
    parts = []
    for side in _SIDES:
        surface = getattr(surfaces(template), side)
        at = surface.sphere[np.asarray(space(template).vertices[side])]
        parts.append(np.arctan2(at[:, 2] + 20, at[:, 0] - (18 if side == "right" else -18)))
    return np.concatenate(parts).astype(np.float32)


@cache
def categories(template: str = FSAVERAGE5) -> np.ndarray:
    """(n_values,) number of the largest of eight made-up responses, float32."""
    maps = np.stack([responses(100 + i, template)[1] for i in range(8)])
    return np.argmax(maps, axis=0).astype(np.float32)
