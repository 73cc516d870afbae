"""The chart's data: what is refused, what absence looks like, and how much is sent."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from cortiscope.roi_chart import (
    MODEL_COLOURS,
    ROI_CLASS_COLOURS,
    Axis,
    Mark,
    RoiRow,
    Series,
)
from cortiscope.roi_chart.payload import encode_payload

AXIS = Axis("median r", "", 0.0, 0.8)
SERIES = [Series("measured"), Series("predicted", role="predicted", mark="ring")]
WORDS = {"height": 260, "title": "Response", "definition": "Mean over vertices."}


def row(roi="V1v", hemisphere="left", **changes):
    made = RoiRow(
        roi, "prf-visualrois", "early visual", "#305697", hemisphere, 12,
        (Mark(0.123456, 0.1, 0.2), Mark(0.2)), ceiling=0.7,
    )  # fmt: skip
    return replace(made, **changes)


def test_cells_run_left_then_right_whatever_the_order_of_rows():
    rows = [row(hemisphere="right", n_vertices=5), row(n_vertices=7), row("V2v", n_vertices=3)]
    data = encode_payload(rows, SERIES, AXIS, focus=("V1v", "right"), **WORDS)
    assert data["n"] == [7, 5, 3, None]
    assert [roi for roi, *_ in data["rois"]] == ["V1v", "V2v"]
    assert data["focus"] == 1


def test_numbers_keep_four_digits_and_numpy_becomes_json():
    rows = [row(marks=(Mark(np.float32(0.123456), np.float32(0.1), np.float32(0.2)), None))]
    data = encode_payload(rows, SERIES, AXIS, **WORDS)
    assert data["values"] == [[[0.1235, 0.1, 0.2], None], [None, None]]
    json.dumps(data)


def test_an_absent_roi_has_no_value_and_never_zero():
    absent = row(n_vertices=0, marks=(None, None), ceiling=None)
    data = encode_payload([absent], SERIES, AXIS, **WORDS)
    assert data["n"][0] == 0
    assert [values[0] for values in data["values"]] == [None, None]
    with pytest.raises(ValueError, match="absent"):
        row(n_vertices=0)


def test_a_focus_the_subject_does_not_have_is_dropped():
    assert encode_payload([row()], SERIES, AXIS, focus=("EBA", "left"), **WORDS)["focus"] is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Mark(float("nan")), "finite"),
        (lambda: Mark(1.0, low=0.5), "low and high"),
        (lambda: Mark(1.0, low=2.0, high=1.0), "swapped"),
        (lambda: Axis("r", "", 1.0, 1.0), "low < high"),
        (lambda: Series("x", mark="square"), "Unknown mark"),
        (lambda: Series("x", colour="red"), "#rrggbb"),
        (lambda: row(hemisphere="lh"), "hemisphere"),
        (lambda: row(ceiling=float("inf")), "ceiling"),
        (lambda: row(n_vertices=-1), "n_vertices"),
        (lambda: encode_payload([row(), row()], SERIES, AXIS, **WORDS), "twice"),
        (lambda: encode_payload([row()], SERIES[:1], AXIS, **WORDS), "2 marks for 1 series"),
        (lambda: encode_payload([row()], [], AXIS, **WORDS), "at least one series"),
        (
            lambda: encode_payload(
                [row(), row("EBA", group="floc-bodies"), row("V2v")], SERIES, AXIS, **WORDS
            ),
            "stand together",
        ),
        (
            lambda: encode_payload(
                [row(), row(hemisphere="right", colour="#000000")], SERIES, AXIS, **WORDS
            ),
            "other hemisphere",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        wrong()


def test_thirty_one_rois_with_two_series_stay_below_eight_kilobytes():
    rng = np.random.default_rng(1)
    rows = []
    for group, n in zip(ROI_CLASS_COLOURS, (7, 4, 5, 3, 5, 7), strict=True):
        for i in range(n):
            for hemisphere in ("left", "right"):
                a, b, c = rng.normal(size=3)
                marks = (Mark(a, a - 0.2111, a + 0.2111), Mark(b, b - 0.1, b + 0.1))
                rows.append(
                    RoiRow(
                        f"{group[-6:]}-{i}", group, group, ROI_CLASS_COLOURS[group], hemisphere, 88,
                        marks, ceiling=abs(c),
                    )
                )  # fmt: skip
    data = encode_payload(rows, SERIES, AXIS, **WORDS)
    assert len(data["rois"]) == 31
    assert len(json.dumps(data)) < 8_000


# Machado, Oliveira & Fernandes 2009 (IEEE TVCG), severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
PAGES = {"light": "#ffffff", "dark": "#0e1117"}


def linear(colour):
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def oklab(rgb):
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return to_lab @ np.cbrt(to_cones @ np.clip(rgb, 0, 1))


@pytest.mark.parametrize("theme", PAGES)
@pytest.mark.parametrize("vision", VISION)
def test_classes_stay_apart_under_colour_blindness(theme, vision):
    seen = {
        name: oklab(VISION[vision] @ linear(getattr(shades, theme)))
        for name, shades in ROI_CLASS_COLOURS.items()
    }
    for a, b in combinations(seen, 2):
        # 0.1 in OKLab is some five times a just noticeable difference of two fields.
        assert np.linalg.norm(seen[a] - seen[b]) > 0.1, (a, b)


@pytest.mark.parametrize("theme", PAGES)
def test_every_colour_has_contrast_to_the_page(theme):
    weights = np.array([0.2126, 0.7152, 0.0722])
    page = weights @ linear(PAGES[theme])
    for shades in (*ROI_CLASS_COLOURS.values(), *MODEL_COLOURS):
        own = weights @ linear(getattr(shades, theme))
        assert (max(own, page) + 0.05) / (min(own, page) + 0.05) >= 3, shades
