"""Curves small enough for the sidebar: r over the layers of a network, a training under way.

Streamlit's HTML lets no SVG through; a mask of it is allowed. What shows through the mask is the
text's own colour, so the curve follows a change of the theme while it is on screen.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

from cortiscope.markup import Html, signed


def layer_curve(
    points: Sequence[tuple[str, float]], chosen: str, links: Sequence[Html] = ()
) -> str:
    """Return an image as HTML; empty for fewer than two layers.

    Parameters
    ----------
    points : (layer, mean r on the validation images), in the order of the network.
    chosen : the layer whose value is written.
    links : one per point, laid over it, or none.
    """
    if len(points) < 2:
        return ""
    width, height, left, top = 240, 58, 6, 12
    values = [v for _, v in points]
    low, high = min(values), max(values)
    span = max(high - low, 0.02)
    xs = [left + k * (width - 2 * left) / (len(points) - 1) for k in range(len(points))]
    ys = [top + (high - v) / span * 26 for v in values]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    marks = []
    for (name, value), x, y in zip(points, xs, ys, strict=True):
        own = name == chosen
        label = (
            f'<text x="{min(max(x, 14), width - 14):.1f}" y="{y - 5:.1f}" text-anchor="middle" '
            f'font-weight="600">{signed(value)}</text>'
            if own
            else ""
        )
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3.2 if own else 2}" '
            f'opacity="{1 if own else 0.45}"/>{label}'
        )
    caption = escape(f"mean r on validation images, {points[0][0]} to {points[-1][0]}")
    drawing = (
        f'<polyline points="{line}" fill="none" stroke="black" opacity=".35"/>{"".join(marks)}'
        f'<text x="{left}" y="{height - 4}" opacity=".7">{caption}</text>'
    )
    words = "; ".join(f"{name} {signed(value)}" for name, value in points)
    image = _image(drawing, (width, height), f"{caption}: {escape(words)}", escape(words))
    if not links:
        return image
    # As wide as there is room between neighbours, and no wider than a finger.
    step = 100 * (width - 2 * left) / (len(points) - 1) / width
    laid = "".join(
        f'<i style="left:{100 * x / width:.2f}%;top:{100 * y / height:.2f}%;'
        f'width:min({step:.2f}%,24px)">{link}</i>'
        for link, x, y in zip(links, xs, ys, strict=True)
    )
    return f'<div class="cs-curve-links">{image}{laid}</div>'


def training_curve(curves: Mapping[str, Sequence[float | None]]) -> str:
    """Return an image of a training that is under way as HTML; empty before its second epoch.

    Parameters
    ----------
    curves : losses by epoch, as the training of a head names them; None where undefined.
    """
    width, height, top, bottom = 240, 58, 6, 42
    drawn = {
        words: [v for v in curves.get(f"curve_{name}_loss", ()) if v is not None]
        for name, words in (("validation", "validation"), ("train", "training"))
    }
    drawn = {words: values for words, values in drawn.items() if len(values) > 1}
    if not drawn:
        return ""
    every = [v for values in drawn.values() for v in values]
    low, span = min(every), max(max(every) - min(every), 1e-6)
    lines, said = [], []
    for words, values in drawn.items():
        step = width / (len(values) - 1)
        points = " ".join(
            f"{k * step:.1f},{bottom - (v - low) / span * (bottom - top):.1f}"
            for k, v in enumerate(values)
        )
        opacity = 0.9 if words == "validation" else 0.35
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="black" opacity="{opacity}"/>'
        )
        said.append(f"{words} {signed(values[-1])}")
    n = max(map(len, drawn.values()))
    caption = escape(f"loss after {n} epochs: {', '.join(said)}")
    drawing = f'{"".join(lines)}<text x="0" y="{height - 4}" opacity=".7">{caption}</text>'
    return _image(drawing, (width, height), caption, caption)


def _image(drawing: str, size: tuple[int, int], label: str, title: str) -> str:
    """Return a drawing in black on nothing as an image in the text's colour; words are escaped."""
    width, height = size
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="9.5">{drawing}</svg>'
    )
    packed = base64.b64encode(svg.encode()).decode()
    return (
        f'<div class="cs-curve" role="img" aria-label="{label}" '
        f'title="{title}" style="aspect-ratio:{width}/{height};'
        f'mask-image:url(data:image/svg+xml;base64,{packed})"></div>'
    )
