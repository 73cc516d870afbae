"""Charts as SVG: places against numbers written out, words as text, ticks that are round."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from cortiscope.charts.responses import predicted_against_measured, response_series
from cortiscope.core.datasets.conventions import Conventions
from cortiscope.svg_chart import Axis, Chart, Dots, draw, line

INK = ("#112233", "#ddeeff")
FACTS = Conventions()


def drawn(chart: Chart) -> ET.Element:
    return ET.fromstring(f"<svg>{chart.svg}</svg>")


def dots_of(chart: Chart) -> dict[int, tuple[int, int]]:
    """Return each dot's number and place, read as the browser reads them."""
    (group,), (said,) = [g for g in drawn(chart).iter("g") if "data-dots" in g.attrib], chart.dots
    found = [
        (int(x), int(y))
        for path in group.iter("path")
        for x, y in re.findall(r"M(-?\d+) (-?\d+)h0", path.get("d", ""))
    ]
    return dict(zip(said["numbers"], found, strict=True))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (-0.2, 1.0, ["−0.2", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-1.22, 1.43, ["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
        (0, 2600, ["0", "500", "1,000", "1,500", "2,000", "2,500"]),
        (0.0011, 0.0019, ["0.0012", "0.0014", "0.0016", "0.0018"]),
    ],
)
def test_ticks_are_round_numbers_within_the_axis(low, high, ticks):
    assert [text for _, text in Axis("r", low, high).ticks()] == ticks


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (0.0, np.nan), (0.0, np.inf)])
def test_an_axis_without_length_is_refused(low, high):
    with pytest.raises(ValueError, match="low < high"):
        Axis("r", low, high)


@pytest.mark.parametrize("n", [1, 5, 6, 100])
def test_every_dot_stands_where_its_values_are_and_keeps_its_number(rng, n):
    x, y = rng.uniform(-2, 6, n), rng.uniform(10, 11, n)
    numbers = rng.permutation(1000)[:n]
    dots = Dots(x, y, numbers, "test-", "{x}", INK)
    found = dots_of(draw(Axis("x", -2, 6), Axis("y", 10, 11), [dots], words="dots"))
    assert found == {
        int(k): (round((a + 2) / 8 * 1e5), round((11 - b) * 1e5))
        for k, a, b in zip(numbers, x, y, strict=True)
    }


def test_a_dot_without_a_value_is_left_out_and_takes_no_other_ones_caption(rng):
    x, y = np.arange(20.0), np.arange(20.0)
    x[3], y[7] = np.nan, np.inf
    captions = [f"caption {k}" for k in range(20)]
    dots = Dots(x, y, np.arange(20), "", "", INK, captions=captions)
    chart = draw(Axis("x", 0, 20), Axis("y", 0, 20), [dots], words="dots")
    assert dots_of(chart).keys() == set(range(20)) - {3, 7}
    said = chart.dots[0]
    assert said["captions"] == [f"caption {k}" for k in said["numbers"]]


def test_a_line_is_broken_where_a_value_is_unknown():
    ys = np.array([0.0, 1.0, np.nan, 2.0, 4.0, np.nan, 3.0])
    text = line(Axis("x", 0, 10), Axis("y", 0, 4), np.arange(7), ys, INK)
    path = ET.fromstring(text).get("d")
    assert path == "M0 100000L10000 75000M30000 50000L40000 0"


def test_words_from_outside_stay_words():
    axis = Axis("<script>&\"'", 0, 1)
    chart = draw(axis, axis, [], words="w", key=[("<b>a</b>", INK)], stamp="SIMULATED <i>")
    texts = ["".join(one.itertext()) for one in drawn(chart).iter("text")]
    assert {"<script>&\"'", "<b>a</b>", "SIMULATED <i>"} <= set(texts)
    assert not list(drawn(chart).iter("b"))


def test_the_line_of_equality_runs_where_both_responses_are_the_same():
    measured, predicted = np.array([-1.0, 0.0, 3.0]), np.array([-0.2, 0.1, 0.8])
    chart = predicted_against_measured(
        measured, predicted, numbers=np.arange(3), label="test-", marked=1, facts=FACTS
    )
    (low, high), (foot, top) = chart.x_ends, chart.y_ends
    (dotted,) = [p for p in drawn(chart).iter("path") if "stroke-dasharray" in p.attrib]
    places = np.array(re.findall(r"-?\d+", dotted.get("d")), float).reshape(2, 2) / 1e5
    x = low + places[:, 0] * (high - low)
    y = foot + (1 - places[:, 1]) * (top - foot)
    np.testing.assert_allclose(x, y, atol=1e-4)
    np.testing.assert_allclose(x, [max(low, foot), min(high, top)], atol=1e-4)
    (marked,) = [c.get("data-says") for c in drawn(chart).iter("circle")]
    assert marked == "test-1, on screen\nmeasured 0.00\npredicted 0.10"


def test_a_series_counts_images_from_one_and_says_its_mean():
    responses = np.array([0.5, np.nan, -1.5, 4.0])
    chart = response_series(responses, split="train", marked=1, facts=FACTS)
    assert dots_of(chart).keys() == {1, 3, 4}
    assert "mean 1.00, from −1.50 to 4.00" in chart.words
    assert not list(drawn(chart).iter("circle"))  # what is on screen has no value
