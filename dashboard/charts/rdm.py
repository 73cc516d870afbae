"""How alike images are: two RDMs on one scale, and the same as maps of the images."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from cortiscope.cortex_view import colour_table
from cortiscope.markup import Html, html
from cortiscope.svg_chart import Chart, stamped

_TITLES = ("measured", "predicted")
# Side of a picture, of a map of side 2.
_PICTURE = 0.13


def rdm_pair(
    rdms: Sequence[np.ndarray], blocks: Sequence[tuple[str, int]], *, stamp: str = ""
) -> Chart:
    """Draw two RDMs beside each other, on one scale from the least to the most unlike pair.

    Parameters
    ----------
    rdms : measured and predicted, (n_images, n_images) each; NaN stays empty.
    blocks : name and number of images of each run of rows that belongs together; they add up.
    """
    n = len(rdms[0])
    pairs = np.concatenate([rdm[np.triu_indices(n, 1)] for rdm in rdms])
    low, high = np.nanquantile(pairs, [0.01, 0.99])
    edges = np.cumsum([0, *(size for _, size in blocks)])
    size = n / 24
    names = [
        html(
            '<text x="{x}" y="{y}" font-size="{size}" text-anchor="end" dy=".35em">{name}</text>',
            **{"x": -0.2 * size, "y": (top + bottom) / 2, "size": size, "name": name},
        )
        for (name, _), top, bottom in zip(blocks, edges[:-1], edges[1:], strict=True)
        if name and bottom - top >= size
    ]
    lines = [
        html(
            '<path d="M0 {at}H{n}M{at} 0V{n}" stroke="#fff" stroke-width="{width}"/>',
            **{"at": edge, "n": n, "width": n / 400},
        )
        for edge in edges[1:-1]
    ]
    parts = []
    for k, rdm in enumerate(rdms):
        picture = html(
            '<image href="{href}" width="{n}" height="{n}" style="image-rendering:pixelated"/>',
            href=_png(rdm, low, high),
            n=n,
        )
        parts.append(_square(k, f"{-0.12 * n} 0 {1.14 * n} {n}", [picture, *lines, *names]))
    words = f"Dissimilarity of {n} images, 1 - r: {low:.2f} (pale) to {high:.2f} (dark)."
    return Chart(
        svg="".join([*parts, stamped(stamp, below=True)]), words=words, margins=(22, 6, 18, 6)
    )


def image_maps(
    points: Sequence[np.ndarray],
    pictures: Sequence[str],
    link: Callable[[int, Html], Html],
    *,
    stamp: str = "",
) -> Chart:
    """Draw two maps of the same images beside each other: what is alike lies close together.

    Parameters
    ----------
    points : of the measured and of the predicted patterns, (n_images, 2) each.
    pictures : addresses of the images.
    link : puts the picture of an image into a link to it.
    """
    reach = max(float(np.nanmax(np.abs(own))) for own in points) or 1.0
    parts = []
    for k, own in enumerate(points):
        drawn: list[Html] = []
        for i, (x, y) in enumerate(own / reach):
            picture = html(
                '<image href="{href}" x="{x}" y="{y}" width="{side}" height="{side}"/>',
                href=pictures[i],
                x=round(float(x) - _PICTURE / 2, 4),
                y=round(float(y) - _PICTURE / 2, 4),
                side=_PICTURE,
            )
            drawn.append(link(i, picture))
        parts.append(_square(k, "-1.08 -1.08 2.16 2.16", drawn))
    return Chart(
        svg="".join([*parts, stamped(stamp, below=True)]),
        words=f"{len(pictures)} images in two dimensions, measured and predicted.",
        margins=(22, 6, 18, 6),
        has_links=True,
    )


def _square(place: int, box: str, marks: Sequence[Html]) -> Html:
    """Return one of two drawings that keep their shape, with its title above."""
    return html(
        '<text x="{middle}%" y="-8" text-anchor="middle">{title}</text>'
        '<svg x="{left}%" y="0" width="50%" height="100%" viewBox="{box}">{marks}</svg>',
        middle=25 + 50 * place,
        left=50 * place,
        title=_TITLES[place],
        box=box,
        marks=Html("".join(marks)),
    )


def _png(rdm: np.ndarray, low: float, high: float) -> str:
    table = colour_table("sequential")
    shade = np.clip((np.nan_to_num(rdm, nan=low) - low) / max(high - low, 1e-12), 0, 1)
    alpha = np.where(np.isfinite(rdm), 255, 0).astype(np.uint8)
    pixels = np.dstack([table[np.rint(shade * 255).astype(int)], alpha])
    stream = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
