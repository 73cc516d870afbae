"""Draw a simulated subject's ROIs on inflated and flat cortex: is the anatomy right.

    python -m tests.tools.simulated_rois OUT.png [subject]

Pillow and numpy only. Triangles are painted back to front with their number as the colour, so
that every pixel knows its triangle; labels, sulci and light are then interpolated per pixel,
which gives smooth ROI borders on a coarse mesh.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cortiscope.core.brain import (
    FSAVERAGE5_VERTICES,
    HEMISPHERES,
    ROI_CLASSES,
    CorticalSurfaces,
    Hemisphere,
    HemisphereSurfaces,
    load_fsaverage5,
)
from cortiscope.core.simulation.anatomy import Anatomy, build_anatomy
from cortiscope.core.simulation.recipe import individual
from cortiscope.core.storage import Home, atomic_file

_SUPERSAMPLING = 2
_FILL = 0.80  # share of a panel that the ROIs take up
_LARGEST_SCALE = 3.6 * _SUPERSAMPLING  # pixels per mm
_NAMED_PIXELS = 160 * _SUPERSAMPLING**2  # smaller slivers of a ROI get no name
_INK = (28, 32, 38)
_PAPER = (255, 255, 255)

_COLOURS = {
    "V1v": "#c1121f", "V1d": "#e5383b", "V2v": "#f3722c", "V2d": "#f8961e", "V3v": "#f9c22e",
    "V3d": "#fbd966", "hV4": "#90be3d", "EBA": "#d65db1", "FBA-1": "#b5489a", "FBA-2": "#e08bc7",
    "OFA": "#5aa9e6", "FFA-1": "#2f6fd0", "FFA-2": "#1b3f94", "OPA": "#43aa8b", "PPA": "#1f8a70",
    "RSC": "#0b6e4f", "OWFA": "#b08968", "VWFA-1": "#8a5a44", "VWFA-2": "#6b4226",
    "early": "#e5383b", "midventral": "#f8961e", "midlateral": "#f9d65c", "midparietal": "#90be6d",
    "ventral": "#43aa8b", "lateral": "#4d7ebf", "parietal": "#8e6bbf",
}  # fmt: skip


@dataclass(frozen=True)
class _View:
    """Where a panel looks from: unit vectors of the line of sight and of the picture's up."""

    title: str
    forward: tuple[float, float, float]
    up: tuple[float, float, float]


def _views(hemisphere: Hemisphere) -> tuple[_View, ...]:
    out = -1.0 if hemisphere is Hemisphere.LEFT else 1.0
    return (
        _View("lateral", (-out, 0.25, 0), (0, 0, 1)),
        _View("medial", (out, 0.25, 0), (0, 0, 1)),
        _View("ventral", (0, 0, 1), (0, 1, 0)),
        _View("posterior", (-0.35 * out, 1, 0.1), (0, 0, 1)),
    )


@dataclass(frozen=True)
class _Raster:
    """What each pixel of a panel shows: its triangle (-1 for none) and barycentric weights."""

    corners: np.ndarray  # (height, width, 3) vertex numbers
    weights: np.ndarray  # (height, width, 3)
    covered: np.ndarray  # (height, width) bool

    def interpolate(self, values: np.ndarray) -> np.ndarray:
        """Interpolate per-vertex values (n_vertices, ...) at every pixel."""
        extra = (slice(None),) * 3 + (None,) * (values.ndim - 1)
        return (values[self.corners] * self.weights[extra]).sum(axis=2)


def _rasterise(
    flat: np.ndarray, order: np.ndarray, faces: np.ndarray, size: tuple[int, int]
) -> _Raster:
    """Paint triangles, far ones first.

    Parameters
    ----------
    flat : (n_vertices, 2) pixel positions.
    order : face numbers, back to front.
    """
    canvas = Image.new("I", size, -1)
    pen = ImageDraw.Draw(canvas)
    for number in order:
        pen.polygon([tuple(p) for p in flat[faces[number]]], fill=int(number))
    shown = np.asarray(canvas)
    covered = shown >= 0
    corners = faces[np.where(covered, shown, 0)]
    a, b, c = (flat[corners[..., k]] for k in range(3))
    rows, columns = np.indices(shown.shape)
    p = np.stack([columns + 0.5, rows + 0.5], axis=-1)

    def cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]

    area = cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    weights = np.stack([cross(b - p, c - p), cross(c - p, a - p), cross(a - p, b - p)], axis=-1)
    weights = np.clip(weights / area[..., None], 0, 1)
    weights /= np.maximum(weights.sum(axis=-1, keepdims=True), 1e-9)
    return _Raster(corners, weights, covered)


def _frame(points: np.ndarray, size: tuple[int, int], limit: float) -> tuple[float, np.ndarray]:
    """Return scale and centre that show some (n, 2) points with room for their names."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = float(min(limit, *(np.array(size) * _FILL / np.maximum(high - low, 1e-9))))
    return scale, (low + high) / 2


def _project(
    mesh: np.ndarray, faces: np.ndarray, view: _View, shown: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Look at a mesh so that the vertices ``shown``, where they face the eye, fill the panel.

    Returns
    -------
    flat : (n_vertices, 2) pixel positions. order : faces back to front. forward : line of sight.
    """
    forward = np.array(view.forward) / np.linalg.norm(view.forward)
    up = np.array(view.up, dtype=float)
    up -= (up @ forward) * forward
    up /= np.linalg.norm(up)
    plane = np.stack([mesh @ np.cross(forward, up), -(mesh @ up)], axis=1)
    facing = shown & (_normals(mesh, faces) @ forward < 0)
    scale, centre = _frame(plane[facing], size, _LARGEST_SCALE)
    flat = (plane - centre) * scale + np.array(size) / 2
    return flat, np.argsort(-(mesh @ forward)[faces].mean(axis=1)), forward


def _normals(mesh: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (mesh[faces[:, k]] for k in range(3))
    per_face = np.cross(b - a, c - a)
    normals = np.zeros_like(mesh)
    for k in range(3):
        np.add.at(normals, faces[:, k], per_face)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


def _rgb(name: str) -> np.ndarray:
    text = _COLOURS[name].lstrip("#")
    return np.array([int(text[k : k + 2], 16) for k in (0, 2, 4)], dtype=float)


def _indicators(anatomy: Anatomy, hemisphere: Hemisphere, streams: bool) -> dict[str, np.ndarray]:
    """ROI -> (n_template,) 0/1, streams or everything else."""
    part = anatomy[hemisphere]
    found = {}
    for roi_class in ROI_CLASSES:
        if (roi_class.name == "streams") != streams:
            continue
        for label, name in roi_class.labels.items():
            inside = part.labels[roi_class.name] == label
            if inside.any():
                full = np.zeros(FSAVERAGE5_VERTICES)
                full[part.vertices[inside]] = 1
                found[name] = full
    return found


def _edge(mask: np.ndarray, width: int) -> np.ndarray:
    """Pixels of a mask within ``width`` of its border."""
    inner = mask.copy()
    for _ in range(width):
        inner[1:-1, 1:-1] &= inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
    return mask & ~inner


def _panel(
    raster: _Raster,
    light: np.ndarray,
    sulcal_depth: np.ndarray,
    indicators: dict[str, np.ndarray],
    labelled: bool,
) -> Image.Image:
    # Gyri light, sulci darker, in two soft tones, so that the folds read on inflated cortex.
    depth = raster.interpolate(sulcal_depth)
    grey = 214 - 78 / (1 + np.exp(-depth / 0.45))
    picture = np.repeat(grey[..., None], 3, axis=2)
    masks = {
        name: (raster.interpolate(values) > 0.5) & raster.covered
        for name, values in indicators.items()
    }
    total = np.zeros((*grey.shape, 3))
    count = np.zeros(grey.shape)
    for name, mask in masks.items():
        total[mask] += _rgb(name)
        count += mask
    filled = count > 0
    tint = total[filled] / count[filled][:, None]
    # Part of the grey shows through, so that a ROI is seen to lie in a sulcus or on a gyrus.
    picture[filled] = 0.78 * tint + 0.22 * picture[filled] * (tint / 255) ** 0.3
    picture *= light[..., None]
    for name, mask in masks.items():
        picture[_edge(mask, _SUPERSAMPLING)] = 0.45 * _rgb(name) + 6
    picture[~raster.covered] = _PAPER
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    if labelled:
        _write_labels(image, masks)
    return image


def _write_labels(image: Image.Image, masks: dict[str, np.ndarray]) -> None:
    """Name each ROI that is well visible; names that would collide move apart along a leader."""
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(13 * _SUPERSAMPLING)
    anchors, boxes = [], []
    names = [n for n, m in masks.items() if m.sum() > _NAMED_PIXELS]
    for name in names:
        rows, columns = np.nonzero(masks[name])
        # The pixel of the ROI nearest its centre of mass: a ring or a C still gets its own pixel.
        nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        anchors.append((columns[nearest], rows[nearest]))
        left, top, right, bottom = pen.textbbox((0, 0), name, font=font)
        boxes.append((right - left + 8, bottom - top + 8))
    if not names:
        return
    at, size = np.array(anchors, dtype=float), np.array(boxes, dtype=float)
    place = at.copy()
    for _ in range(300):
        moved = False
        for i in range(len(names)):
            for j in range(i):
                gap = place[i] - place[j]
                need = (size[i] + size[j]) / 2 - np.abs(gap)
                if (need > 0).all():
                    axis = int(need.argmin())
                    step = 0.5 * need[axis] * (1 if gap[axis] >= 0 else -1)
                    place[i][axis] += step
                    place[j][axis] -= step
                    moved = True
        if not moved:
            break
    place = np.clip(place, size / 2 + 2, np.array(image.size) - size / 2 - 2)
    for anchor, spot in zip(at, place, strict=True):
        if np.linalg.norm(spot - anchor) > 14 * _SUPERSAMPLING:
            pen.line([tuple(anchor), tuple(spot)], fill=_INK, width=_SUPERSAMPLING)
            r = 2 * _SUPERSAMPLING
            pen.ellipse([*(anchor - r), *(anchor + r)], fill=_INK)
    for name, spot in zip(names, place, strict=True):
        pen.text(
            tuple(spot), name, font=font, anchor="mm", fill=_INK,
            stroke_width=2 * _SUPERSAMPLING, stroke_fill=(255, 255, 255),
        )  # fmt: skip


def _inflated_panel(
    surfaces: HemisphereSurfaces, view: _View, indicators: dict, size: tuple[int, int]
) -> Image.Image:
    mesh = surfaces.inflated.astype(float)
    shown = np.any(list(indicators.values()), axis=0)
    flat, order, forward = _project(mesh, surfaces.faces, view, shown, size)
    raster = _rasterise(flat, order, surfaces.faces, size)
    facing = np.clip(-(_normals(mesh, surfaces.faces) @ forward), 0, 1)
    light = 0.62 + 0.42 * raster.interpolate(facing) ** 0.8
    return _panel(raster, light, surfaces.sulcal_depth, indicators, labelled=True)


def _flat_panel(
    surfaces: HemisphereSurfaces, indicators: dict, size: tuple[int, int]
) -> Image.Image:
    points = surfaces.flat[:, :2].astype(float) * [1, -1]
    scale, centre = _frame(points[np.any(list(indicators.values()), axis=0)], size, np.inf)
    flat = (points - centre) * scale + np.array(size) / 2
    raster = _rasterise(flat, np.arange(len(surfaces.flat_faces)), surfaces.flat_faces, size)
    light = np.ones(raster.covered.shape)
    return _panel(raster, light, surfaces.sulcal_depth, indicators, labelled=True)


def render_rois(anatomy: Anatomy, surfaces: CorticalSurfaces) -> Image.Image:
    """Compose inflated views and flat maps of both hemispheres, stamped as simulated."""
    k = _SUPERSAMPLING
    cell, flat_size = (430 * k, 360 * k), (570 * k, 520 * k)
    margin, top = 24 * k, 84 * k
    width = 2 * margin + 4 * cell[0]
    flats_top = top + 2 * (cell[1] + 26 * k) + 30 * k
    height = flats_top + flat_size[1] + 40 * k + 90 * k
    page = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(page)
    title, text = ImageFont.load_default(26 * k), ImageFont.load_default(15 * k)
    name = anatomy.person.name
    pen.text((margin, 18 * k), f"SIMULATED {name}", font=title, fill="#b00020")
    pen.text(
        (margin, 52 * k),
        "ROIs on fsaverage5: a strip model calibrated to the Benson 2014 template, and discs at "
        "approximate published locations. Not measured.",
        font=text, fill=_INK,
    )  # fmt: skip

    for row, hemisphere in enumerate(HEMISPHERES):
        indicators = _indicators(anatomy, hemisphere, streams=False)
        y = top + row * (cell[1] + 26 * k)
        for column, view in enumerate(_views(hemisphere)):
            panel = _inflated_panel(surfaces[hemisphere], view, indicators, cell)
            x = margin + column * cell[0]
            page.paste(panel, (x, y + 22 * k))
            pen.text((x + 6 * k, y), f"{hemisphere} hemisphere, {view.title}", font=text, fill=_INK)

    gap = (width - 2 * margin - 3 * flat_size[0]) // 2
    panels = [
        ("left hemisphere, flat", Hemisphere.LEFT, False),
        ("right hemisphere, flat", Hemisphere.RIGHT, False),
        ("right hemisphere, flat: the seven streams", Hemisphere.RIGHT, True),
    ]
    for column, (caption, hemisphere, streams) in enumerate(panels):
        indicators = _indicators(anatomy, hemisphere, streams)
        panel = _flat_panel(surfaces[hemisphere], indicators, flat_size)
        x = margin + column * (flat_size[0] + gap)
        page.paste(panel, (x, flats_top + 24 * k))
        pen.text((x + 6 * k, flats_top), caption, font=text, fill=_INK)
    _legend(pen, (margin, flats_top + flat_size[1] + 44 * k), width - 2 * margin, text)
    return page.resize((width // k, height // k), Image.Resampling.LANCZOS)


def _legend(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    width: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    k = _SUPERSAMPLING
    x, y = at
    for roi_class in ROI_CLASSES:
        shown = [n for n in roi_class.rois if n in _COLOURS]
        length = sum(pen.textlength(n, font=font) + 32 * k for n in shown)
        if x + 70 * k + length > at[0] + width:
            x, y = at[0], y + 26 * k
        pen.text((x, y), roi_class.title, font=font, fill=(110, 116, 124))
        x += int(pen.textlength(roi_class.title, font=font)) + 10 * k
        for name in shown:
            pen.rectangle([x, y + 2 * k, x + 14 * k, y + 16 * k], fill=_COLOURS[name])
            pen.text((x + 18 * k, y), name, font=font, fill=_INK)
            x += int(pen.textlength(name, font=font)) + 32 * k
        x += 16 * k


def _palette() -> Image.Image:
    """Return 256 colours: greys for the folds, and each ROI's colour in light and shade.

    Palettes drawn from the picture give all their colours to its many greys.
    """
    colours = [np.full(3, level) for level in np.linspace(0, 255, 98)]
    for name in _COLOURS:
        colours += [_rgb(name) * shade for shade in (0.45, 0.68, 0.78, 0.88, 1.0)]
        colours.append(0.5 * _rgb(name) + 127)
    flat = np.clip(np.array(colours[:256]).round(), 0, 255).astype(np.uint8)
    palette = Image.new("P", (1, 1))
    palette.putpalette(flat.tobytes())
    return palette


def main(arguments: list[str]) -> int:
    """Write the picture; called by ``python -m tests.tools.simulated_rois``."""
    if not 1 <= len(arguments) <= 2:
        print(
            "usage: python -m tests.tools.simulated_rois OUT.png [sim01|sim02]",
            file=sys.stderr,
        )
        return 2
    target = Path(arguments[0])
    surfaces = load_fsaverage5(Home.from_environment().surfaces)
    anatomy = build_anatomy(individual(arguments[1] if arguments[1:] else "sim01"), surfaces)
    picture = render_rois(anatomy, surfaces)
    small = picture.quantize(palette=_palette(), dither=Image.Dither.NONE)
    with atomic_file(target) as draft:
        small.save(draft, format="PNG", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
