"""Bins and counts of histograms."""

import re

import numpy as np
import pytest

from cortiscope.charts.histogram import (
    Distribution,
    overlaid_histogram,
    round_bins,
    vertex_histogram,
)
from cortiscope.charts.style import QUIET, packed
from cortiscope.markup import p_words, signed


@pytest.mark.parametrize("scale", [1e-4, 0.37, 12.0, 3e5])
def test_bins_are_round_and_hold_all_values(rng, scale):
    values = rng.normal(size=500) * scale
    low, high, width = round_bins(values)
    assert low <= values.min() < values.max() <= high
    assert 20 <= (high - low) / width <= 62
    assert np.isclose(low / width, round(low / width))


def test_a_single_wild_value_does_not_stretch_the_bins(rng):
    values = np.append(rng.normal(size=500), [1e9, np.nan, np.inf])
    assert round_bins(values)[1] < 40


@pytest.mark.parametrize("values", [[], [np.nan], [2.0, 2.0, 2.0], [0.0]])
def test_bins_of_nothing_or_of_one_value_have_a_width(values):
    low, high, width = round_bins(np.array(values, dtype=float))
    assert width > 0
    assert high > low


def test_overlaid_outlines_share_bins_and_count_every_finite_value(rng):
    first, second = rng.normal(size=300), np.append(rng.normal(1, 1, 200), np.nan)
    low, high, width = round_bins(np.concatenate([first, second]), 30)
    figure = overlaid_histogram(
        [Distribution("a-b", first, ("#112233", "#aabbcc")), Distribution("c", second, QUIET)],
        low=low,
        high=high,
        width=width,
        label="r",
        unit="voxels",
    )
    said = [re.findall(r": ([\d,]+)$", one, re.MULTILINE) for one in figure.bins]
    a, b = (np.array([int(n) for n in own]) for own in zip(*said, strict=True))
    assert (a.sum(), b.sum()) == (300, 200)
    edges = low + width * np.arange(len(said) + 1)
    np.testing.assert_array_equal(a, np.histogram(first, edges)[0])
    # Each outline is as high as it counts: the highest bin reaches 1 / 1.12 of the plot.
    assert f"V{round((1 - 1 / 1.12) * 100_000)}H" in figure.svg
    assert f"a-b · median {signed(np.median(first))}" in figure.words
    assert ">a-b · median" in figure.svg


def test_a_histogram_counts_every_value_those_beyond_its_ends_in_the_outermost_bins(rng):
    values = np.append(rng.normal(size=300), [-9.0, 9.0, 9.5, np.nan])
    chart = vertex_histogram(values, low=-2.0, high=2.0, width=0.25, label="r <z>", unit="voxels")
    counts = [int(words.split()[0]) for words in chart.bins]
    edges = np.linspace(-2, 2, 17)
    np.testing.assert_array_equal(counts, np.histogram(np.clip(values, -2, 2), edges)[0])
    assert chart.bins[0].endswith("−2 to −1.75")
    median = f"{np.nanmedian(values):.3g}".replace("-", "−")
    assert chart.words == f"Histogram of r <z> over 303 voxels: median {median}, from −9 to 9.5."
    assert f">median {median}<" in chart.svg
    assert "r &lt;z&gt;" in chart.svg


def test_a_histogram_of_nothing_is_drawn_and_says_so():
    chart = vertex_histogram(np.array([np.nan]), low=0.0, high=1.0, width=0.1, label="r")
    assert chart.words == "Histogram of r over 0 vertices."
    assert "median" not in chart.svg


@pytest.mark.parametrize(
    ("value", "text"), [(-0.001, "0.00"), (-0.25, "−0.25"), (0.0, "0.00"), (1.234, "1.23")]
)
def test_numbers_have_a_true_minus_and_no_negative_zero(value, text):
    assert signed(value) == text


@pytest.mark.parametrize(("n", "kind"), [(10, "i2"), (40_000, "i4")])
def test_whole_numbers_are_packed_without_loss(n, kind):
    assert packed(np.arange(n))["dtype"] == kind


def test_numbers_are_written_as_people_read_them():
    assert signed(-1.1405979) == "−1.14"
    assert signed(-0.001) == "0.00"
    assert [signed(v, 3, plus=True) for v in (0.0124, -0.0124, 0.0)] == [
        "+0.012",
        "−0.012",
        "0.000",
    ]
    assert [p_words(p) for p in (0.0004, 0.001, 0.0421, 1.0)] == [
        "< .001", "= .001", "= .042", "= 1.000"
    ]  # fmt: skip
    assert p_words(None) == p_words(float("nan")) == "unknown"
