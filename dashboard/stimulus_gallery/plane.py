"""Pictures at places of a plane, to be zoomed into, gone to and encircled: the Streamlit call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from cortiscope.frontends import plain
from cortiscope.stimulus_gallery.component import FRONTEND
from cortiscope.stimulus_gallery.model import SPLIT_NAME, GalleryPick

_NAME = "cortiscope.picture_map"
# Hidden until the style sheet is there, so that nothing unstyled is ever seen.
_HTML = '<div class="picture-map" style="visibility:hidden"></div>'
_STEPS = 10_000  # that places are rounded to, on each axis


@dataclass(frozen=True)
class MapAxis:
    """One of the two axes.

    Parameters
    ----------
    title : with its unit.
    says : name of the value where a picture is pointed at; empty where the value means nothing by
        itself, and then no ticks are drawn.
    """

    title: str
    says: str = ""


@dataclass(frozen=True)
class PlacedPictures:
    """Pictures and where they lie.

    Parameters
    ----------
    pictures : (split, number) of each, numbers from 0.
    points : (n_pictures, 2).
    axes : x, to the right, and y, upward.
    corners : words for upper left, upper right, lower left and lower right, or none.
    """

    pictures: Sequence[tuple[str, int]]
    points: np.ndarray
    axes: tuple[MapAxis, MapAxis]
    corners: tuple[str, str, str, str] | None = None

    def __post_init__(self) -> None:
        if self.points.shape != (len(self.pictures), 2) or not np.isfinite(self.points).all():
            raise ValueError(
                f"{len(self.pictures)} pictures need as many finite points of two numbers; got "
                f"an array of {self.points.shape}."
            )
        for split, _ in self.pictures:
            if not SPLIT_NAME.fullmatch(split):
                raise ValueError(f"A split is a short lower-case name, got {split!r}.")

    def ends(self) -> list[tuple[float, float]]:
        """Return the ends of both axes, a little beyond the outermost pictures."""
        found = []
        for low, high in zip(self.points.min(axis=0), self.points.max(axis=0), strict=True):
            room = 0.06 * (high - low) or 1.0
            found.append((float(low - room), float(high + room)))
        return found


def picture_map(
    placed: PlacedPictures,
    *,
    key: str,
    base_url: str,
    captions: Sequence[str],
    link: tuple[str, str],
    chosen: Sequence[int] = (),
    words: str,
    stamp: str = "",
    on_pick: Callable[[GalleryPick], None],
    on_lasso: Callable[[list[int]], None],
) -> None:
    """Show pictures at their places.

    Parameters
    ----------
    base_url : where ``stimulus_route`` serves the pictures, from ``stimulus_base_url``.
    captions : one per picture, perhaps empty.
    link : class and address of a picture's link, in which ``{name}`` stands for its name.
    chosen : indices of the pictures that are in the set now.
    words : the map in a sentence, for whoever does not see it.
    stamp : e.g. ``SIMULATED sim01``.
    on_pick : called with the picture that was clicked, before the script runs again.
    on_lasso : called with the indices of those encircled, at least one.
    """
    import streamlit as st

    ends = placed.ends()
    low, span = np.array(ends)[:, 0], np.diff(np.array(ends), axis=1)[:, 0]
    places = np.rint((placed.points - low) / span * _STEPS).astype(int)
    splits = list(dict.fromkeys(split for split, _ in placed.pictures))
    numbers = [(splits.index(split), number) for split, number in placed.pictures]

    def stored() -> dict[str, Any]:
        return st.session_state.get(key) or {}

    def pick() -> None:
        if (found := stored().get("picked")) is not None:
            split, number = placed.pictures[int(found["index"]) % len(placed.pictures)]
            on_pick(GalleryPick(split, number))

    def lasso() -> None:
        if (found := stored().get("lassoed")) is not None:
            inside = {int(k) for k in found["indices"]}
            if own := [k for k in sorted(inside) if 0 <= k < len(placed.pictures)]:
                on_lasso(own)

    data = {
        "base": base_url,
        "splits": splits,
        "pictures": tuple(n for pair in numbers for n in pair),
        "places": tuple(places.ravel().tolist()),
        "steps": _STEPS,
        "captions": tuple(captions),
        "ends": tuple(end for pair in ends for end in pair),
        "axes": tuple((axis.title, axis.says) for axis in placed.axes),
        "corners": placed.corners or (),
        "link": tuple(link),
        "chosen": tuple(chosen),
        "words": words,
        "stamp": stamp,
    }
    _component()(data=plain(data), key=key, on_picked_change=pick, on_lassoed_change=lasso)


@cache
def _component() -> Any:
    """Register with Streamlit on first use, so that importing this package does nothing."""
    import streamlit as st

    return st.components.v2.component(_NAME, html=_HTML, js=FRONTEND.loader)
