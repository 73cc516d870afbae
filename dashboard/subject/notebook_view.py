"""``cs.view``: maps of a subject in the live viewer, as a widget for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain.fsaverage import find_fsaverage
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.subject import vertex_maps
from cortiscope.core.errors import InvalidInput, check_option
from cortiscope.core.notebook import given_subject
from cortiscope.core.storage import Home, writing
from cortiscope.cortex_view import ColourScale, CortexGeometry, CortexMap, register_assets
from cortiscope.cortex_view.payload import MAX_VIEWS
from cortiscope.cortex_view.widget import CortexWidget
from cortiscope.subject.mesh_projection import (
    FULL,
    OWN,
    WAYS,
    MeshProjection,
    cortex_space,
    default_way,
    viewer_geometry,
)


class SubjectWidget(CortexWidget):
    """The viewer of one subject's maps.

    Parameters
    ----------
    subject : whose vertices these are.
    mesh : what they are drawn on.
    values, scale : as of ``view``.
    choices : further arguments of ``CortexWidget``.
    """

    def __init__(
        self,
        subject: Subject,
        mesh: MeshProjection,
        values: np.ndarray | Mapping[str, np.ndarray],
        scale: ColourScale | None = None,
        **choices: Any,
    ) -> None:
        self._subject, self._mesh = subject, mesh
        home = Home.from_environment()
        folder = home.root / "cortex"
        geometry = _geometry(home.surfaces, mesh.way == FULL)
        with writing(folder / "geometry of the cortex"):
            assets = register_assets(folder, geometry, cortex_space(subject, mesh))
        maps = self._maps(values, scale)
        super().__init__(maps, assets=assets, folder=folder, stamp=subject.stamp, **choices)

    def update(
        self, values: np.ndarray | Mapping[str, np.ndarray], scale: ColourScale | None = None
    ) -> None:
        """Show other maps; camera and what is marked stay."""
        self.show(self._maps(values, scale))

    def _maps(
        self, values: np.ndarray | Mapping[str, np.ndarray], scale: ColourScale | None
    ) -> list[CortexMap]:
        own = self._subject
        maps = vertex_maps(own.id, own.space, values, own.id)
        if not maps:
            raise InvalidInput("There is no map to show.", "Give at least one.")
        if len(maps) > MAX_VIEWS:
            raise InvalidInput(
                f"The viewer shows up to {MAX_VIEWS} maps side by side; got {len(maps)}.",
                "Give some of them, or change what is shown with update.",
            )
        scale = scale or fitting_scale(np.concatenate(list(maps.values())))
        simulated = self._subject.simulated
        return [
            self._mesh.drawn(CortexMap(title, each, scale, "", "score", simulated))
            for title, each in maps.items()
        ]


def view(
    values: np.ndarray | Mapping[str, np.ndarray],
    subject: Subject | str,
    *,
    scale: ColourScale | None = None,
    way: str | None = None,
    **choices: Any,
) -> SubjectWidget:
    """Show maps on the cortex in the viewer of the app, in a notebook: it turns, zooms and picks.

    Parameters
    ----------
    values : (n_vertices,) in the subject's order, as ``report.r``; or title -> such a map, up to
        six side by side.
    scale : colours and range of all of them; one that fits them without.
    way : how a subject on fsaverage is drawn: ``full``, ``mean`` or ``nested``; one on fsaverage5
        is drawn there.
    choices : of ``CortexWidget``: ``height``, ``picks``, ``focus_roi``, ``view``.

    Returns
    -------
    widget : with ``picks``, ``region`` and ``view`` as the viewer was left; ``update`` shows
        other values.
    """
    subject = given_subject(subject)
    space = subject.cortex("The viewer")
    focus = choices.get("focus_roi") or ""
    if roi := focus if isinstance(focus, str) else focus[0]:
        check_option("ROI", roi, subject.parcellation.roi_names)
    chosen = default_way(space, full_is_here=find_fsaverage() is not None)
    if way is not None and check_option("way", way, WAYS) and chosen != OWN:
        chosen = way
    mesh = MeshProjection.of(subject, chosen, Home.from_environment().surfaces)
    return SubjectWidget(subject, mesh, values, scale, **choices)


def fitting_scale(values: np.ndarray) -> ColourScale:
    """Return the scale that values ask for: symmetric where they lie on both sides of 0."""
    real = values[np.isfinite(values)]
    low, high = (float(real.min()), float(real.max())) if len(real) else (0.0, 1.0)
    if low < 0 < high:
        return ColourScale("diverging", -max(-low, high), max(-low, high))
    return ColourScale("sequential", low, high if high > low else low + 1)


@cache
def _geometry(surfaces: Path, full: bool) -> CortexGeometry:
    return viewer_geometry(surfaces, full=full)
