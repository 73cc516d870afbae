"""r over the layers of a network, small enough for the sidebar: a module of its own, as all charts.

Streamlit's HTML lets no SVG through; a mask of it is allowed. What shows through the mask is the
text's own colour, so the curve follows a change of the theme while it is on screen.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from cortiscope.markup import signed


def layer_curve(points: Sequence[tuple[str, float]], chosen: str) -> str:
    """Return an image as HTML; empty for fewer than two layers.

    Parameters
    ----------
    points : (layer, mean r on the validation images), in the order of the network.
    chosen : the layer whose value is written.
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
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="9.5">'
        f'<polyline points="{line}" fill="none" stroke="black" opacity=".35"/>'
        f'{"".join(marks)}<text x="{left}" y="{height - 4}" opacity=".7">'
        f"{caption}</text></svg>"
    )
    packed = base64.b64encode(drawing.encode()).decode()
    words = "; ".join(f"{name} {signed(value)}" for name, value in points)
    return (
        f'<div class="cs-curve" role="img" aria-label="{caption}: {escape(words)}" '
        f'title="{escape(words)}" style="aspect-ratio:{width}/{height};'
        f'mask-image:url(data:image/svg+xml;base64,{packed})"></div>'
    )
