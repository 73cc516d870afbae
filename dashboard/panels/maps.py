"""What can be shown on the cortex: one registry of maps, and the menu "Map" that offers them.

``register_map`` adds a kind, and every registered metric with a number per vertex is one by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cortiscope import services
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.core.evaluation import Metric, vertex_metrics
from cortiscope.core.runs import Run
from cortiscope.core.runs.maps import SELECTIONS, get_map
from cortiscope.cortex_view import ColourScale
from cortiscope.markup import as_text
from cortiscope.panels.scores import metric_scale, scored_run

OF_IMAGE = "responses to this image"
OF_MODEL = "how right the model is"
OF_FIELDS = "where it looks on the picture"
OF_KNOWN = "where it truly looks"
OF_LAYERS = "which layers it reads"


@dataclass(frozen=True)
class Shown:
    """What is on screen, of which a map can be.

    Parameters
    ----------
    measured, predicted, truth : (n_vertices,) responses to the image, where there is one and they
        are known; ``truth`` without noise.
    """

    subject: Subject
    run: Run | None = None
    measured: np.ndarray | None = None
    predicted: np.ndarray | None = None
    truth: np.ndarray | None = None


@dataclass(frozen=True)
class MapKind:
    """One map.

    Parameters
    ----------
    name : in addresses.
    title : in the menu and above the map.
    group : under which the menu lists it.
    definition : what one number is, a fragment.
    values : returns (n_vertices,), NaN where it has none.
    lacks : says what it needs and has not; empty where it can be shown.
    scale : its colours and range, given those of responses and what is shown.
    role : of ``CortexMap``.
    """

    name: str
    title: str
    group: str
    definition: str
    values: Callable[[Shown], np.ndarray]
    lacks: Callable[[Shown], str]
    scale: Callable[[ColourScale, Shown], ColourScale]
    role: str = "score"

    @property
    def of_image(self) -> bool:
        """Whether it changes with the image, in the unit of responses."""
        return self.group == OF_IMAGE


MAPS: dict[str, MapKind] = {}
"""Maps beside measured and predicted responses, by name, in the order of the menu."""


def register_map(kind: MapKind) -> MapKind:
    """Add a map to the menus; return it."""
    MAPS[kind.name] = kind
    return kind


def difference_scale(scale: ColourScale) -> ColourScale:
    """Return the scale of differences between maps of a scale: its own if that lies about 0."""
    if scale.kind == "diverging":
        return scale
    half = (scale.high - scale.low) / 2
    return ColourScale("diverging", -half, half, scale.unit, "difference of responses")


def _difference(shown: Shown) -> np.ndarray:
    assert shown.measured is not None and shown.predicted is not None  # noqa: S101, PT018 - lacks
    return shown.measured - shown.predicted


def _truth(shown: Shown) -> np.ndarray:
    assert shown.truth is not None  # noqa: S101 - by lacks
    return shown.truth


register_map(
    MapKind(
        "difference",
        "measured − predicted",
        OF_IMAGE,
        "what the model misses",
        _difference,
        lambda shown: (
            "measured and predicted responses to the image"
            if shown.measured is None or shown.predicted is None
            else ""
        ),
        lambda scale, _: difference_scale(scale),
        "difference",
    )
)
register_map(
    MapKind(
        "truth",
        "noise-free truth",
        OF_IMAGE,
        "known only in a simulation",
        _truth,
        lambda shown: "a simulated subject" if shown.truth is None else "",
        lambda scale, _: scale,
    )
)


# Where scales end, as shares of the pictures' side: the same for all models and for all subjects
# who saw pictures of one size, so that maps compare.
_FIELDS = {
    "prf_eccentricity": (0.6, "eccentricity"),
    "prf_sigma": (0.3, "SD of the field"),
    "prf_width": (0.12, "uncertainty of the centre"),
}
_USUAL_DEGREES = 8.4


def field_scale(name: str, degrees: float) -> ColourScale:
    """Return the scale of a map of receptive fields on pictures of some degrees a side."""
    if name == "prf_angle":
        return ColourScale("cyclic", -180.0, 180.0, "°", "polar angle: 0 right, 90 up")
    share, label = _FIELDS[name]
    return ColourScale("sequential", 0.0, float(f"{share * degrees:.2g}"), "°", label)


def _field_scale(name: str) -> Callable[[ColourScale, Shown], ColourScale]:
    def scale(_: ColourScale, shown: Shown) -> ColourScale:
        # Fields that came with the data may be of pictures of unknown size: NSD's is usual.
        return field_scale(name, shown.subject.conventions.picture_degrees.value or _USUAL_DEGREES)

    return scale


def _of_field(name: str) -> MapKind:
    """Return a map of a model's receptive fields, where it is sure of them."""
    own = get_map(name)

    def values(shown: Shown) -> np.ndarray:
        assert shown.run is not None  # noqa: S101 - by lacks
        found, sure = (services.run_map(shown.run, n) for n in (name, "prf_sure"))
        assert found is not None  # noqa: S101 - by lacks
        known = name == "prf_width" or sure is None or sure > 0
        return np.where(known, found, np.nan)

    def lacks(shown: Shown) -> str:
        if shown.run is None or services.run_map(shown.run, name) is None:
            return "a model with receptive fields"
        return ""

    grey = "there is no field" if name == "prf_width" else "the model is not sure of it"
    definition = f"{own.definition}; grey where {grey}"
    return MapKind(name, own.title, OF_FIELDS, definition, values, lacks, _field_scale(name))


def _of_known(name: str) -> MapKind:
    """Return a map of the receptive fields that came with the data."""

    def values(shown: Shown) -> np.ndarray:
        fields = services.true_fields(shown.subject)
        assert fields is not None  # noqa: S101 - by lacks
        x, y, sigma, eccentricity = fields.T
        angle = np.degrees(np.arctan2(y, x))
        return {"prf_angle": angle, "prf_eccentricity": eccentricity, "prf_sigma": sigma}[name]

    def lacks(shown: Shown) -> str:
        try:
            known = services.true_fields(shown.subject) is not None
        except CoreError as error:  # 'check' and the panel of a model's fields say so
            return error.message
        return "" if known else "receptive fields that came with the data"

    title, definition = f"{get_map(name).title}, known", "of the fields that came with the data"
    return MapKind(f"{name}_known", title, OF_KNOWN, definition, values, lacks, _field_scale(name))


def _of_selection(name: str) -> MapKind:
    """Return a map of what a model selects for each vertex beside its place."""
    own = get_map(name)

    def values(shown: Shown) -> np.ndarray:
        assert shown.run is not None  # noqa: S101 - by lacks
        found = services.run_map(shown.run, name)
        assert found is not None  # noqa: S101 - by lacks
        return found

    def lacks(shown: Shown) -> str:
        if shown.run is None or services.run_map(shown.run, name) is None:
            return "a model with selectors"
        return ""

    scale = ColourScale("sequential", 0.0, 1.0, "", own.title)
    return MapKind(name, own.title, OF_LAYERS, own.definition, values, lacks, lambda _, __: scale)


_KNOWN = ("prf_angle", "prf_eccentricity", "prf_sigma")
_OF_FIELDS = map(_of_field, (*_KNOWN, "prf_width"))
for _kind in (*_OF_FIELDS, *map(_of_selection, SELECTIONS), *map(_of_known, _KNOWN)):
    register_map(_kind)


def map_kinds() -> list[MapKind]:
    """Return all maps there are, those of metrics last."""
    return [*MAPS.values(), *map(map_of_metric, vertex_metrics())]


def map_of_metric(metric: Metric) -> MapKind:
    """Return the map of a metric with a number per vertex."""

    def values(shown: Shown) -> np.ndarray:
        assert shown.run is not None  # noqa: S101 - by lacks
        return scored_run(shown.run, metric).values(metric)

    def lacks(shown: Shown) -> str:
        return "a model" if shown.run is None else metric.missing(shown.run.report)

    return MapKind(
        metric.name,
        metric.title,
        OF_MODEL,
        metric.definition,
        values,
        lacks,
        lambda *_: metric_scale(metric),
    )


# More of them leave a word a line.
_MOST_COLUMNS = 3


def map_menu(
    kinds: Sequence[MapKind],
    chosen: str,
    take: Callable[[str], None],
    *,
    key: str,
    label: str,
    without: str = "",
) -> DeltaGenerator:
    """Draw the menu "Map"; return its first group, where a page adds how its maps are shown.

    Parameters
    ----------
    kinds : that can be shown, in order.
    chosen : name of the one that is; empty for none of them.
    take : told what is picked, before the script runs.
    label : what is shown, in words.
    without : words for none of them, where that is a choice; it heads the first group.
    """
    groups = {kind.group: {k.name: k for k in kinds if k.group == kind.group} for kind in kinds}
    menu = st.popover(f"Map: {as_text(label)}", key=key, icon=":material/layers:", wrap=True)
    columns = menu.columns(min(len(groups), _MOST_COLUMNS), gap="medium")
    heights = [0] * len(columns)
    containers = []
    for place, (group, own) in enumerate(groups.items()):
        shortest = heights.index(min(heights))
        heights[shortest] += 2 + len(own)
        containers.append(columns[shortest].container())
        none = {"": without} if without and not place else {}
        words = none | {name: kind.title for name, kind in own.items()}
        captions = ["" for _ in none] + [as_text(_in_short(kind)) for kind in own.values()]
        slot = f"{key}-{place}"
        # The selection leads, whoever changed it; of several groups one at most has a choice.
        st.session_state[slot] = chosen if chosen in words else None
        containers[-1].radio(
            as_text(group),
            list(words),
            index=None,
            format_func=words.__getitem__,
            captions=captions,
            key=slot,
            on_change=_taker(slot, take),
        )
    return containers[0]


def _in_short(kind: MapKind) -> str:
    """Return its definition without the rules that follow a semicolon; the note has them."""
    return kind.definition.partition(";")[0]


def _taker(slot: str, take: Callable[[str], None]) -> Callable[[], None]:
    def taken() -> None:
        if st.session_state[slot] is not None:
            take(st.session_state[slot])

    return taken
