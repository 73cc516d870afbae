"""The still figure of the cortex, by its pixels and its words."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from cortiscope.core.brain import ChallengeSpace, Hemisphere, Parcellation
from cortiscope.core.brain.subdivision import subdivide_sphere
from cortiscope.core.errors import CoreError
from tests.data import tiny_icosphere

pytest.importorskip("matplotlib")
from cortiscope.core.figures.cortex import (  # noqa: E402
    SURFACES,
    VIEWS,
    Outline,
    Scale,
    cortex_figure,
)

LEFT, RIGHT = Hemisphere.LEFT, Hemisphere.RIGHT
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
TWO = Scale(-1, 1, "z", "response", "diverging", (BLUE, RED))


def _sphere() -> tuple[np.ndarray, np.ndarray]:
    points, faces = tiny_icosphere.points(), tiny_icosphere.FACES
    for _ in range(3):
        points, faces = subdivide_sphere(points, faces)
    return points, faces


POINTS, FACES = _sphere()
BRAIN = tiny_icosphere.lumpy_brain(POINTS, FACES)
N = len(POINTS)


@dataclass
class _Subject:
    """What the figure asks of a subject: all of the left vertices, and the upper right ones."""

    parcellation: Parcellation
    id: str = "subj01"
    stamp: str = "SIMULATED subj01"
    space: ChallengeSpace = field(
        default_factory=lambda: ChallengeSpace(
            N, {LEFT: np.arange(N), RIGHT: np.flatnonzero(POINTS[:, 2] > 0)}
        )
    )

    def cortex(self, what: str = "") -> ChallengeSpace:
        return self.space


@pytest.fixture
def subject():
    right = np.flatnonzero(POINTS[:, 2] > 0)
    labels = {
        # Early visual at the back, in both; EBA at the side, on the right only.
        LEFT: np.where(POINTS[:, 1] < -0.8, 1, 0),
        RIGHT: np.where(POINTS[right, 1] < -0.8, 1, np.where(POINTS[right, 0] > 0.8, 2, 0)),
    }
    return _Subject(Parcellation({"own": labels}, {"own": {1: "back", 2: "side"}}))


def _pixels(figure) -> np.ndarray:
    """(rows, columns, 3) 0 to 255."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)


def _draw(values, subject, **options) -> np.ndarray:
    options = {"outlines": (), "size": (4, 2.5), "scale": TWO, "surfaces": BRAIN, **options}
    return _pixels(cortex_figure(values, subject, **options))


def _middle_of(picture: np.ndarray, colour, part: slice) -> tuple[float, float]:
    """Mean row (from the top) and column of a colour within some columns, 0 to 1."""
    here = np.argwhere(np.abs(picture[20:-70, part] - np.array(colour) * 255).max(2) < 10)
    assert len(here) > 50
    rows, columns = here.mean(0)
    return rows / picture.shape[0], columns / picture[:, part].shape[1]


# Where anterior, superior and the hemisphere's own outside are on screen: (down, right).
@pytest.mark.parametrize(
    ("view", "axis", "left", "right"),
    [
        ("lateral", 1, (0, -1), (0, 1)), ("lateral", 2, (-1, 0), (-1, 0)),
        ("medial", 1, (0, 1), (0, -1)), ("medial", 2, (-1, 0), (-1, 0)),
        ("ventral", 1, (1, 0), (1, 0)), ("ventral", 0, (0, 1), (0, 1)),
        ("dorsal", 1, (-1, 0), (-1, 0)), ("dorsal", 0, (0, 1), (0, 1)),
        ("posterior", 2, (-1, 0), (-1, 0)), ("posterior", 0, (0, 1), (0, 1)),
        ("anterior", 0, (0, -1), (0, -1)),
    ],
)  # fmt: skip
def test_a_view_shows_the_brain_from_its_side(subject, view, axis, left, right):
    whole = ChallengeSpace(N, {LEFT: np.arange(N), RIGHT: np.arange(N)})
    values = np.sign(np.tile(POINTS[:, axis], 2))
    picture = _draw(values, replace(subject, space=whole), views=[view])
    halves = [slice(0, 200), slice(200, 400)]
    for half, where in zip(halves[:: -1 if view == "anterior" else 1], (left, right), strict=True):
        high, low = (_middle_of(picture, colour, half) for colour in (RED, BLUE))
        away = np.subtract(high, low)
        assert np.argmax(np.abs(away)) == np.argmax(np.abs(where))
        assert away @ np.array(where) > 0.1


def test_the_data_can_be_framed_large_and_whole(subject):
    back = np.flatnonzero(POINTS[:, 1] < -0.7)
    part = replace(subject, space=ChallengeSpace(N, {LEFT: back, RIGHT: back[::2]}))
    values = np.ones(part.space.n_vertices())
    boxes = []
    for framing in ("whole", "data"):
        picture = _draw(values, part, views=["posterior"], framing=framing, outlines=())
        red = np.argwhere(np.abs(picture[20:-70] - [255, 0, 0]).max(2) < 10)
        boxes.append(np.ptp(red[red[:, 1] < 200], axis=0))
        # Nothing of a hemisphere lies in the other's half, and nothing is cut.
        assert red[:, 1].min() > 0
        assert not (np.abs(red[:, 1] - 200) < 2).any()
    assert (boxes[1] > 1.3 * boxes[0]).all()
    # Data that are all of the cortex leave nothing else to frame.
    whole = replace(subject, space=ChallengeSpace(N, {LEFT: np.arange(N), RIGHT: np.arange(N)}))
    pictures = [
        _draw(np.ones(2 * N), whole, views=["posterior"], framing=framing, outlines=())
        for framing in ("whole", "data")
    ]
    np.testing.assert_array_equal(*pictures)


def test_vertices_without_a_value_and_hidden_values_show_the_grey_cortex(subject):
    n = subject.space.n_vertices()
    left = slice(10, 190)
    full = _draw(np.ones(n), subject, views=["lateral"])
    assert (np.abs(full[20:-70, left] - [255, 0, 0]).max(2) < 10).sum() > 3000
    # On the right the lower half has no data.
    right = full[20:-70, 210:390]
    red = np.argwhere(np.abs(right - [255, 0, 0]).max(2) < 10)
    grey = np.argwhere((np.ptp(right, axis=2) < 3) & (right[..., 0] < 230) & (right[..., 0] > 150))
    assert len(grey) > 1000
    assert grey[:, 0].mean() > red[:, 0].mean() + 20
    hidden = replace(TWO, hidden=(-0.5, 1.5))
    for values, scale in ((np.full(n, np.nan), TWO), (np.ones(n), hidden)):
        picture = _draw(values, subject, views=["lateral"], scale=scale)
        assert np.ptp(picture[20:-70], axis=2).max() < 20  # words are not quite grey


@pytest.mark.parametrize("surface", SURFACES)
def test_a_roi_is_outlined_at_its_border_and_on_its_side(subject, surface):
    n = subject.space.n_vertices()
    options = {"views": ["posterior"], "surface": surface, "labels": False}
    bare = _draw(np.zeros(n), subject, **options)
    lines = _draw(np.zeros(n), subject, outlines=[Outline("back", "#00ff00", LEFT)], **options)
    changed = np.argwhere((bare != lines).any(2))
    assert len(changed) > 20
    assert changed[:, 1].max() < 200
    assert np.abs(lines[*changed.T] - [0, 255, 0]).max(1).min() < 5
    if surface != "flat":
        # From behind the cap is a ring about the hemisphere's middle, which stays free.
        middle = changed.mean(0)
        assert np.abs(changed - middle).max(1).min() > 8


def _words(figure) -> list[str]:
    named = [t.get_text() for axes in figure.axes for t in axes.texts if t.get_text().strip()]
    return [*named, *(t.get_text() for t in figure.texts)]


def test_names_are_written_where_their_roi_is_seen_and_never_over_one_another(subject):
    n = subject.space.n_vertices()
    draw = {"surfaces": BRAIN, "outlines": ["back", "side"], "scale": TWO}
    behind = cortex_figure(np.zeros(n), subject, views=["posterior"], **draw)
    assert _words(behind).count("back") == 2
    assert "side" not in _words(behind)
    assert _words(cortex_figure(np.zeros(n), subject, views=["lateral"], **draw)).count("side") == 1
    # Twenty ROIs in one spot: some names are left out.
    crowd = {k + 1: f"region {k}" for k in range(20)}
    at = np.flatnonzero(POINTS[:, 1] < -0.5)
    labels = {LEFT: np.zeros(N, int), RIGHT: np.zeros(len(subject.space.index[RIGHT]), int)}
    labels[LEFT][at] = np.arange(len(at)) % 20 + 1
    many = replace(subject, parcellation=Parcellation({"own": labels}, {"own": crowd}))
    figure = cortex_figure(
        np.zeros(n), many, views=["posterior"], surfaces=BRAIN, outlines=list(crowd.values())
    )
    renderer = figure.canvas.get_renderer()
    boxes = [t.get_window_extent(renderer) for a in figure.axes for t in a.texts]
    assert 1 < len(boxes) < 20
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_titles_stamp_and_scale_are_on_it(subject):
    n = subject.space.n_vertices()
    maps = {"measured": np.zeros(n), "predicted": np.ones(n)}
    shared = cortex_figure(maps, subject, scale=TWO, surfaces=BRAIN, outlines=())
    words = _words(shared)
    assert {"measured", "predicted", "lateral", "medial"} <= set(words)
    assert words.count("SIMULATED subj01") == 2
    bars = [a for a in shared.axes if a.name != "3d"]
    assert [a.get_xlabel() for a in bars] == ["response (z)"]
    assert [t.get_text() for t in bars[0].get_xticklabels()] == ["−1", "1"]
    scales = {"measured": TWO, "predicted": Scale(0, 0.75, "r", "accuracy")}
    own = cortex_figure(maps, subject, scale=scales, surfaces=BRAIN, outlines=())
    assert [a.get_xlabel() for a in own.axes if a.name != "3d"] == ["response (z)", "accuracy (r)"]
    real = cortex_figure(maps, replace(subject, stamp=""), surfaces=BRAIN, outlines=())
    assert not any("SIMULATED" in w for w in _words(real))
    narrow = cortex_figure(maps, subject, surfaces=BRAIN, outlines=(), size=(1.6, 2.0))
    assert {"measured", "SIMULATED"} <= set(_words(narrow))


def test_maps_go_on_in_the_next_line_where_brains_become_larger(subject):
    maps = {k: np.zeros(subject.space.n_vertices()) for k in ("one", "two", "three")}
    options = {"views": ["lateral"], "surfaces": BRAIN, "outlines": ()}
    where = {}
    for name, size in (("wide", (12, 3)), ("tall", (3, 6))):
        figure = cortex_figure(maps, subject, size=size, **options)
        titles = {t.get_text(): t.get_position() for t in figure.texts}
        where[name] = [titles[k] for k in maps]
        brains = [a.get_position(original=True) for a in figure.axes if a.name == "3d"]
        assert not any(
            a.padded(-1e-6).overlaps(b) for i, a in enumerate(brains) for b in brains[:i]
        )
    assert len({y for _, y in where["wide"]}) == len({x for x, _ in where["tall"]}) == 1
    assert [y for _, y in where["tall"]] == sorted((y for _, y in where["tall"]), reverse=True)


def test_a_marked_vertex_is_ringed_where_it_is_seen(subject):
    n = subject.space.n_vertices()
    outermost = int(np.argmin(POINTS[:, 0]))
    seen, behind = (
        cortex_figure(
            np.zeros(n),
            subject,
            views=[v],
            marks=[("left", outermost)],
            surfaces=BRAIN,
            outlines=(),
        )
        for v in ("lateral", "medial")
    )
    assert [len(a.texts) for a in seen.axes if a.name == "3d"] == [1, 0]
    assert sum(len(a.texts) for a in behind.axes) == 0


def test_a_scale_fits_values_about_zero_symmetrically():
    assert (Scale.of(np.array([-1, 3, np.nan])).low, Scale.of(np.array([-1, 3])).high) == (-3, 3)
    assert Scale.of(np.array([0.1, 0.4])).kind == "sequential"
    assert Scale.of(np.array([np.nan])).high == 1


@pytest.mark.parametrize(
    "wrong",
    [{"views": ["latral"]}, {"views": []}, {"surface": "white"}, {"theme": "sepia"},
     {"outlines": ["FFA"]}, {"way": "median"}],
)  # fmt: skip
def test_what_is_unknown_is_refused(subject, wrong):
    with pytest.raises(CoreError):
        cortex_figure(np.zeros(subject.space.n_vertices()), subject, surfaces=BRAIN, **wrong)


def test_a_map_of_another_length_is_refused(subject):
    with pytest.raises(CoreError, match="vertices"):
        cortex_figure(np.zeros(3), subject, surfaces=BRAIN)


def test_a_map_on_fsaverage_is_drawn_on_fsaverage5(subject, surfaces, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(surfaces.parent))
    everywhere = {LEFT: np.arange(20_000), RIGHT: np.arange(9_000)}
    first = {LEFT: np.arange(10_242), RIGHT: np.arange(9_000)}
    empty = Parcellation({}, {})
    fine = replace(subject, parcellation=empty, space=ChallengeSpace(163_842, everywhere))
    coarse = replace(subject, parcellation=empty, space=ChallengeSpace(10_242, first))
    values = np.sin(np.arange(29_000) / 500)
    kept = np.concatenate([values[:10_242], values[20_000:]])
    options = {"surfaces": None, "views": ["lateral"]}
    shown = _draw(values, fine, way="nested", **options)
    expected = _draw(kept, coarse, **options)
    # But for the line that says so, at the foot.
    assert (shown[:-20] == expected[:-20]).all()
    figure = cortex_figure(values, fine, way="nested", views=["lateral"], outlines=())
    assert any("every 16th" in w for w in _words(figure))


def test_view_names_are_those_of_the_live_viewer():
    from cortiscope.cortex_view.payload import PRESETS

    assert VIEWS == PRESETS


def test_importing_the_package_of_figures_loads_no_matplotlib():
    code = "import sys, cortiscope.core.figures; print('matplotlib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
