"""What a run knows of each vertex, as maps: one registry for the command line and for pages.

A map is added by one ``VertexMap`` in ``MAPS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.fields.predictor import (
    PicturePlaces,
    ReceptiveFields,
    fields_of,
    places_of,
)
from cortiscope.core.encoding.neural.selectors import Selections
from cortiscope.core.errors import InvalidInput, unknown_name
from cortiscope.core.runs.run import Run


@dataclass(frozen=True)
class VertexMap:
    """A number per vertex.

    Parameters
    ----------
    definition : what it is, in a sentence without a full stop.
    unit : of the numbers; empty where they have none.
    of : returns (n_vertices,) float32 of a run, NaN where a vertex has none.
    scores : whether it is of the images of the report (ceilings are, by how often these were
        repeated), and not of those fitted.
    """

    name: str
    title: str
    definition: str
    unit: str
    of: Callable[[Run], np.ndarray]
    scores: bool = False


def vertex_map(run: Run, name: str) -> np.ndarray:
    """Return one map of a run, (n_vertices,) float32, left hemisphere first.

    Raises
    ------
    UnknownName, InvalidInput : there is no such map, or this run has none of that name.
    """
    return np.asarray(get_map(name).of(run), dtype=np.float32)


def get_map(name: str) -> VertexMap:
    """Return a map by its name.

    Raises
    ------
    UnknownName : there is none of that name.
    """
    if name not in MAPS:
        raise unknown_name("map", name, MAPS)
    return MAPS[name]


def maps_of(run: Run) -> tuple[str, ...]:
    """Return the names of the maps that a run has."""
    found = []
    for name, own in MAPS.items():
        try:
            own.of(run)
        except InvalidInput:
            continue
        found.append(name)
    return tuple(found)


def _ceiling(run: Run) -> np.ndarray:
    if run.report.ceiling is None:
        raise InvalidInput(f"{run.id} knows no noise ceiling.", "Choose other maps.")
    return run.report.ceiling


def _normalised(run: Run) -> np.ndarray:
    ceiling = np.asarray(_ceiling(run), dtype=np.float64)
    return np.divide(
        np.maximum(run.report.r, 0) ** 2,
        ceiling,
        out=np.full(len(ceiling), np.nan),
        where=ceiling > 0,
    )


def _alpha(run: Run) -> np.ndarray:
    alpha = getattr(run.fitted, "alpha", None)
    if alpha is None:
        raise InvalidInput(f"{run.id} has no penalty per vertex.", "Choose other maps.")
    return np.asarray(alpha)


def _place(read: Callable[[PicturePlaces], np.ndarray]) -> Callable[[Run], np.ndarray]:
    """Return a map of where vertices look, NaN where the whole picture serves best."""

    def values(run: Run) -> np.ndarray:
        places = places_of(run.fitted)
        return np.where(places.placed, read(places), np.nan)

    return values


def _selection(read: Callable[[Selections], np.ndarray]) -> Callable[[Run], np.ndarray]:
    """Return a map of what selectors choose beside the place."""

    def values(run: Run) -> np.ndarray:
        chosen = places_of(run.fitted)
        if not isinstance(chosen, Selections):
            raise InvalidInput(
                f"{run.id} has no layers and scale per vertex.",
                "Fit a model with --regressor selectors.",
            )
        return read(chosen)

    return values


def _share(layer: int) -> VertexMap:
    """Return the map of how much of a layer (from 1) each vertex reads."""

    def of(chosen: Selections) -> np.ndarray:
        if layer > chosen.shares.shape[1]:
            raise InvalidInput(f"The model has {chosen.shares.shape[1]} layers.")
        return chosen.shares[:, layer - 1]

    return VertexMap(
        f"layer_share_{layer}",
        f"share of layer {layer}",
        f"share that is read of the model's layer {layer}; those of all layers sum to 1",
        "",
        _selection(of),
    )


def _field(read: Callable[[ReceptiveFields], np.ndarray]) -> Callable[[Run], np.ndarray]:
    """Return a map of the receptive fields, NaN where the whole picture serves best."""

    def values(run: Run) -> np.ndarray:
        fields = fields_of(run.fitted)
        return np.where(fields.whole, np.nan, read(fields))

    return values


_MEAN = "of fitted fields the mean of all, weighted by the square root of their likelihood"
# Shares of layers have a map each.
_MOST_LAYERS = 16
MAPS = {
    own.name: own
    for own in (
        VertexMap("r", "r", "Pearson r of predicted and measured", "", lambda r: r.report.r, True),
        VertexMap(
            "ceiling", "noise ceiling", "share of the variance that is signal", "", _ceiling, True
        ),
        VertexMap(
            "normalised",
            "noise-normalised",
            "r squared, negative r as 0, over the noise ceiling",
            "",
            _normalised,
            True,
        ),
        VertexMap("alpha", "penalty", "penalty chosen by the fit", "", _alpha),
        VertexMap(
            "prf_x",
            "x",
            f"centre of the receptive field, right; {_MEAN}",
            "deg",
            _place(lambda f: f.x),
        ),
        VertexMap(
            "prf_y",
            "y",
            f"centre of the receptive field, up; {_MEAN}",
            "deg",
            _place(lambda f: f.y),
        ),
        VertexMap(
            "prf_sigma",
            "field size",
            f"SD of the Gaussian receptive field; {_MEAN}",
            "deg",
            _field(lambda f: f.sigma),
        ),
        VertexMap(
            "prf_eccentricity",
            "eccentricity",
            "distance of the receptive field from the picture's middle",
            "deg",
            _place(lambda f: f.eccentricity),
        ),
        VertexMap(
            "prf_angle",
            "polar angle",
            "polar angle of the receptive field: 0 right, 90 up, -90 down",
            "deg",
            _place(lambda f: f.angle),
        ),
        VertexMap(
            "prf_width",
            "uncertainty of the centre",
            "root mean square distance of fields that fit about as well from their mean",
            "deg",
            _field(lambda f: f.width),
        ),
        VertexMap(
            "prf_inside",
            "share inside",
            "share of the receptive field that lies on the picture",
            "",
            _field(lambda f: f.inside),
        ),
        VertexMap(
            "prf_sure",
            "field is sure",
            "1 where the field's centre is known to .6 degrees and it beats the whole picture",
            "",
            lambda run: fields_of(run.fitted).sure.astype(np.float32),
        ),
        VertexMap(
            "scale",
            "share of the whole picture",
            "share that is read over the whole picture; the rest is read at the place",
            "",
            _selection(lambda s: s.scale),
        ),
        VertexMap(
            "layer_mean",
            "mean layer",
            "mean of the layers by their shares; 0 is the first, 1 the last",
            "",
            _selection(lambda s: s.mean_layer),
        ),
        *map(_share, range(1, _MOST_LAYERS + 1)),
    )
}
"""Name -> map, in menu order."""
SELECTIONS = ("scale", "layer_mean", *(f"layer_share_{k}" for k in range(1, _MOST_LAYERS + 1)))
"""Of models with selectors, beside the place."""
