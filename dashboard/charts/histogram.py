"""How numbers are distributed over vertices, voxels or images: one histogram, or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.charts.style import MEASURED, QUIET
from cortiscope.markup import signed
from cortiscope.svg_chart import Axis, Bins, Chart, Colour, bars, cross, draw, note, steps


def vertex_histogram(
    values: np.ndarray,
    *,
    low: float,
    high: float,
    width: float,
    label: str,
    stamp: str = "",
    unit: str = "vertices",
) -> Chart:
    """Count vertices in bins, and mark the median.

    Parameters
    ----------
    values : (n_vertices,); NaN is left out.
    low, high : ends of the axis; values beyond it are counted in the outermost bins.
    width : of a bin.
    label : of the axis, with its unit.
    unit : what is counted, in the plural.
    """
    defined = values[np.isfinite(values)]
    edges = _edges(low, high, width)
    counts, _ = np.histogram(np.clip(defined, low, high), edges)
    # Room above the highest bar for the median's label.
    x, y = Axis(label, low, high), Axis(unit, 0, 1.45 * max(1, int(counts.max())), 4)
    says = [f"{n:,} {unit}\n{where}" for n, where in zip(counts, _ranges(edges), strict=True)]
    marks: list[str | Bins] = [Bins(says), bars(y, counts, QUIET)]
    words = f"Histogram of {label} over {len(defined):,} {unit}"
    if len(defined):
        median = float(np.median(defined))
        marks.append(cross(x, median, MEASURED, width=1.5))
        marks.append(note(x, median, [f"median {_short(median)}", f"n {len(defined):,}"], MEASURED))
        words += (
            f": median {_short(median)}, from {_short(defined.min())} to {_short(defined.max())}"
        )
    return draw(x, y, marks, words=f"{words}.", stamp=stamp)


def round_bins(values: np.ndarray, n_bins: int = 50) -> tuple[float, float, float]:
    """Return low end, high end and width of round bins for all finite values.

    Values farther than ten interquartile ranges from the middle half do not stretch them.

    Parameters
    ----------
    values : any shape.
    n_bins : about how many.
    """
    finite = values[np.isfinite(values)].astype(float)
    if not len(finite):
        return 0.0, 1.0, 0.1
    first, third = np.quantile(finite, [0.25, 0.75])
    reach = 10 * (third - first) or np.inf
    low = float(max(finite.min(), first - reach))
    high = float(min(finite.max(), third + reach))
    raw = max((high - low) / n_bins, 1e-6 * max(abs(low), abs(high), 1e-3))
    power = 10.0 ** np.floor(np.log10(raw))
    width = float(power * min(f for f in (1, 2, 2.5, 5, 10) if f * power >= raw * 0.999))
    start, stop = np.floor(low / width), np.ceil(high / width)
    return float(start * width), float(max(stop, start + 1) * width), width


@dataclass(frozen=True)
class Distribution:
    """One outline.

    Parameters
    ----------
    title : in the key, where its median is added.
    values : any shape; NaN is left out.
    colour : on a light and on a dark page.
    """

    title: str
    values: np.ndarray
    colour: Colour


def overlaid_histogram(
    shown: Sequence[Distribution],
    *,
    low: float,
    high: float,
    width: float,
    label: str,
    unit: str,
    stamp: str = "",
) -> Chart:
    """Draw the outlines on common bins, each with its median in the key.

    Parameters
    ----------
    low, high : ends of the axis; values beyond it are counted in the outermost bins.
    width : of a bin.
    label : of the axis, with its unit.
    unit : what is counted, in the plural.
    """
    edges = _edges(low, high, width)
    # The bins may end a little beyond: what is drawn over them ends with them.
    x = Axis(label, low, float(edges[-1]))
    defined = [one.values[np.isfinite(one.values)] for one in shown]
    counts = [np.histogram(np.clip(own, low, high), edges)[0] for own in defined]
    y = Axis(unit, 0, 1.12 * max(1, *(int(own.max()) for own in counts)), 4)
    says = [
        "\n".join([where, *(f"{one.title}: {n:,}" for one, n in zip(shown, own, strict=True))])
        for where, *own in zip(_ranges(edges), *counts, strict=True)
    ]
    marks: list[str | Bins] = [Bins(says)]
    marks += [steps(y, own, one.colour) for one, own in zip(shown, counts, strict=True)]
    key = []
    for one, own in zip(shown, defined, strict=True):
        if len(own):
            marks.append(cross(x, float(np.median(own)), one.colour, dots=True))
        median = f" · median {signed(np.median(own))}" if len(own) else ""
        key.append((f"{one.title}{median}", one.colour))
    listed = "; ".join(words for words, _ in key)
    words = f"Histograms of {label}, counting {unit}: {listed}."
    return draw(x, y, marks, words=words, key=key, stamp=stamp)


def _edges(low: float, high: float, width: float) -> np.ndarray:
    return np.arange(round((high - low) / width) + 1) * width + low


def _ranges(edges: np.ndarray) -> list[str]:
    ends = [_short(edge) for edge in edges]
    return [f"{a} to {b}" for a, b in zip(ends[:-1], ends[1:], strict=True)]


def _short(value: float) -> str:
    """Write three digits, with a true minus; nothing next to 0 has a name of its own."""
    return f"{float(value) if abs(value) > 1e-12 else 0.0:.3g}".replace("-", "\u2212")
