"""Responses over images: predicted against measured, both in a row, one vertex's alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cortiscope.charts.style import MEASURED, PREDICTED, QUIET
from cortiscope.core.datasets.conventions import Conventions
from cortiscope.markup import signed
from cortiscope.svg_chart import Axis, Chart, Dots, draw, line, mark

# Beyond this many dots in a row the line that joins them hides them.
_MOST_JOINED = 2000


def predicted_against_measured(
    measured: np.ndarray,
    predicted: np.ndarray,
    *,
    numbers: np.ndarray,
    label: str,
    marked: int | None,
    facts: Conventions,
    stamp: str = "",
) -> Chart:
    """Draw one dot per image (or voxel), the identity line, and the one on screen.

    Parameters
    ----------
    measured, predicted : (n,) responses, in units that ``facts`` knows or not.
    numbers, label : (n,) and what stands before them, for the tooltip: ``test-`` and 1 to n.
    marked : which one is on screen, or None.
    """
    x = Axis(facts.label("measured"), *_ends(measured))
    y = Axis(facts.label("predicted"), *_ends(predicted), 5)
    # Where the line on which both are equal crosses the plot.
    ends = [max(x.low, y.low), min(x.high, y.high)]
    says = "measured {x}\npredicted {y}"
    marks: list[str | Dots] = [
        line(x, y, ends, ends, QUIET, dots=True) if ends[0] < ends[1] else "",
        Dots(measured, predicted, numbers, label, says, MEASURED),
    ]
    if marked is not None and np.isfinite([measured[marked], predicted[marked]]).all():
        at = float(measured[marked]), float(predicted[marked])
        name = f"{label}{numbers[marked]}, on screen\n"
        here = name + says.format(x=signed(at[0]), y=signed(at[1]))
        marks.append(mark(x, y, at, PREDICTED, here))
    words = (
        f"{len(measured):,} dots, predicted against measured response: measured from "
        f"{_span(measured)}, predicted from {_span(predicted)}."
    )
    return draw(x, y, marks, words=words, stamp=stamp)


def measured_and_predicted(
    measured: np.ndarray,
    predicted: np.ndarray,
    *,
    numbers: np.ndarray,
    label: str,
    facts: Conventions,
    stamp: str = "",
) -> Chart:
    """Draw both as lines over the images, in the order of their rows.

    Parameters
    ----------
    measured, predicted : (n_images,), in units that ``facts`` knows or not.
    numbers, label : (n_images,) and what stands before them, for the tooltip.
    """
    n = len(measured)
    x = Axis("images, in row order", *_row_ends(n))
    y = Axis(facts.label("response"), *_ends(np.concatenate([measured, predicted])), 5)
    places = np.arange(1, n + 1)
    marks: list[str | Dots] = []
    for name, values, colour in (
        ("measured", measured, MEASURED),
        ("predicted", predicted, PREDICTED),
    ):
        marks.append(line(x, y, places, values, colour, width=1.2, opacity=0.9))
        says = facts.with_unit(f"{name} {{y}}")
        marks.append(Dots(places, values, numbers, label, says, colour, size=0))
    words = (
        f"Responses to {n:,} images, in the order of their rows: measured from "
        f"{_span(measured)}, predicted from {_span(predicted)}."
    )
    key = [("measured", MEASURED), ("predicted", PREDICTED)]
    return draw(x, y, marks, words=words, key=key, stamp=stamp)


def response_series(
    responses: np.ndarray,
    *,
    split: str,
    marked: int | None,
    captions: Sequence[str] = (),
    facts: Conventions,
    stamp: str = "",
) -> Chart:
    """Draw one dot per image, joined in row order; mean and the image on screen are marked.

    Parameters
    ----------
    responses : (n_images,), in units that ``facts`` knows or not.
    split : ``train`` or ``test``, for names of images.
    marked : row of the image on screen, or None.
    captions : one per image, for the tooltip; or none.
    """
    n = len(responses)
    numbers = np.arange(1, n + 1)
    x = Axis(f"{split} image", *_row_ends(n))
    y = Axis(facts.label("measured"), *_ends(responses), 5)
    many = n > _MOST_JOINED
    known = responses[np.isfinite(responses)]
    mean = float(known.mean()) if len(known) else 0.0
    says = facts.with_unit("{y}")
    size = 3 if many else 4
    dots = Dots(
        *(numbers, responses, numbers, f"{split}-", says, MEASURED),
        captions=captions,
        size=size,
        opacity=0.55,
    )
    marks: list[str | Dots] = [
        "" if many else line(x, y, numbers, responses, QUIET, width=0.6),
        line(x, y, [x.low, x.high], [mean, mean], QUIET, dots=True),
        dots,
    ]
    if marked is not None and np.isfinite(responses[marked]):
        value = float(responses[marked])
        words = f"image on screen\n{facts.with_unit(signed(value))}"
        marks.append(mark(x, y, (marked + 1, value), PREDICTED, words))
    words = (
        f"Responses to {n:,} {split} images, in the order of their rows: mean {signed(mean)}, "
        f"from {_span(responses)}."
    )
    return draw(x, y, marks, words=words, stamp=stamp)


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Return ends a little beyond all values."""
    known = values[np.isfinite(values)]
    if not len(known):
        return -1.0, 1.0
    low, high = float(known.min()), float(known.max())
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _row_ends(n: int) -> tuple[float, float]:
    return -0.01 * n, 1.01 * n + 1


def _span(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    return f"{signed(known.min())} to {signed(known.max())}" if len(known) else "nothing known"
