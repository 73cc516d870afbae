"""Compare's brains: every model on one scale, differences, or what all models say together."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.core.evaluation import MODELS_MAPS, BestSet, best_set_of, same_images
from cortiscope.core.runs import Run
from cortiscope.cortex_view import ColourScale, CortexMap
from cortiscope.markup import Html, html, show_note
from cortiscope.pages.compare.charts import PLACES
from cortiscope.pages.compare.pair import Compared, Pair, difference_limit
from cortiscope.panels.brain import show_brain
from cortiscope.panels.maps import MapKind, Shown
from cortiscope.panels.scores import metric_scale, scored_run
from cortiscope.regions import region
from cortiscope.roi_chart import MODEL_COLOURS
from cortiscope.subject.model_menu import ModelMenu, backbone_title

_GROUP = "the models together"
DIFFERENCE = "difference"
# Of fewer layers a preference has no three steps to be wrong by.
_LEAST_LAYERS = 3
# What six brains in two rows need; three stand in one.
_ONE_ROW, _TWO_ROWS = 400, 620


def kinds_together(models: Compared) -> list[MapKind]:
    """Return the maps that the menu offers beside each model's own."""
    kinds = []
    if len(models.runs) > 2:
        words = "each model less the reference, on one scale"
        kinds.append(_kind(DIFFERENCE, "differences to the reference", words))
    first, *others = models.runs
    if all(same_images(first, run) for run in others):
        kinds.append(_kind("best_model", "best model", MODELS_MAPS["best_model"].definition))
    if len(_layers(first)) >= _LEAST_LAYERS:
        own = MODELS_MAPS["preferred_layer"]
        kinds.append(_kind(own.name, "preferred layer of A", own.definition))
    return kinds


def _kind(name: str, title: str, definition: str) -> MapKind:
    """Return an entry of the menu; the page draws what it stands for."""

    def values(shown: Shown) -> np.ndarray:
        raise NotImplementedError(f"{name} is a map of several models.")

    return MapKind(name, title, _GROUP, definition, values, lambda _: "", lambda scale, _: scale)


def _layers(run: Run) -> list[Run]:
    """Return the runs that differ from one in the layer alone, early before late."""
    return ModelMenu.of(services.runs_of(run.subject)).layers_like(run)


@st.cache_data(show_spinner="Comparing every vertex’s best with the others …", max_entries=16)
def best_of(runs: tuple[str, ...], data: str) -> BestSet:
    """Return which of some runs may be the best at each vertex; ``data`` is the subject's state."""
    return best_set_of([scored_run(services.reported(services.run(run))) for run in runs])


@region("compare-brain")
def show_brains(models: Compared, pair: Pair, positions: np.ndarray | None) -> None:
    """Draw what the menu chose.

    Parameters
    ----------
    pair : the two that are tested; the first is the reference.
    positions : of the vertices that are brushed; the others are left grey.
    """
    kinds = {kind.name: kind for kind in kinds_together(models)}
    chosen = kinds.get(state.current().between)
    if chosen is None:
        maps, words = _each(models) if len(models.runs) > 2 else _two(pair)
    elif chosen.name == DIFFERENCE:
        maps, words = _differences(models, pair.letters[0])
    elif chosen.name == "best_model":
        maps, words = _best_model(models)
    else:
        maps, words = _preferred_layer(models)
    shown = np.ones(models.subject.space.n_vertices(), bool)
    if positions is not None:
        shown[:] = False
        shown[positions] = True
    show_brain(
        models.subject,
        [
            CortexMap(
                *(title, np.where(shown, values, np.nan).astype(np.float32), scale, subtitle, role),
                models.subject.simulated,
            )
            for title, values, scale, role, subtitle in maps
        ],
        key="compare-brain",
        height=_ONE_ROW if len(maps) <= 3 else _TWO_ROWS,
        lit=positions,
        redraws=PLACES,
    )
    show_note("{words}", words=words)


_Map = tuple[str, np.ndarray, ColourScale, str, str]


def _each(models: Compared) -> tuple[list[_Map], Html]:
    """Return a map of each model, on one scale."""
    scale = metric_scale(models.metric)
    maps = [
        (letter, values, scale, "score", title)
        for letter, values, title in zip(models.letters, models.values, models.titles, strict=False)
    ]
    return maps, html(
        "Per vertex: {definition}; {images}. One scale for all.",
        definition=models.metric.definition,
        images=models.images,
    )


def _difference_scale(models: Compared, limit: float) -> ColourScale:
    words = f"difference of {models.metric.title}"
    return ColourScale("diverging", -limit, limit, models.metric.unit, words)


def _two(pair: Pair) -> tuple[list[_Map], Html]:
    """Return both models on one scale, and their difference on its own."""
    (of_a, of_b), (a, b), (warm, cool) = pair.values, pair.letters, pair.better
    # From all vertices: a brush must not recolour what it leaves.
    own = _difference_scale(pair, difference_limit(of_a - of_b, pair.metric))
    subtitle = f"warm: {warm} predicts better, cool: {cool}"
    words = html(
        "Per vertex: {definition}; {images}. {a} and {b} share one scale; their difference has its "
        "own, symmetric about 0.",
        **{"definition": pair.metric.definition, "images": pair.images, "a": a, "b": b},
    )
    return [*_each(pair)[0], (pair.less, of_a - of_b, own, "difference", subtitle)], words


def _differences(models: Compared, reference: str) -> tuple[list[_Map], Html]:
    """Return the reference, and every other model less it, on one scale of differences."""
    k = models.letters.index(reference)
    maps, _ = _each(models)
    base = models.values[k]
    differences = [values - base for values in models.values]
    limit = max(difference_limit(own, models.metric) for own in differences)
    scale = _difference_scale(models, limit)
    for j, own in enumerate(differences):
        if j != k:
            title = f"{models.letters[j]} − {reference}"
            maps[j] = (title, own, scale, "difference", models.titles[j])
    better = "worse" if models.metric.lower_is_better else "better"
    return maps, html(
        "Per vertex: {definition}; {images}. Differences to {reference} share one scale; warm: "
        "{better} than {reference}.",
        definition=models.metric.definition,
        **{"images": models.images, "reference": reference, "better": better},
    )


def _best_model(models: Compared) -> tuple[list[_Map], Html]:
    """Return the number of each vertex's best model, and the r of the best."""
    found = best_of(tuple(run.id for run in models.runs), models.subject.state)
    n = len(models.runs)
    # A scale of one number has no ends.
    scale = ColourScale("categorical", 1.0, float(max(n, 2)), "", "number of the model, A is 1")
    sure = int(np.isfinite(found.best_model).sum())
    named = " ".join(
        html(
            '<b style="color:light-dark({light},{dark})">{letter}</b> {k}: {title}.',
            **MODEL_COLOURS[k]._asdict(),
            **{"letter": models.letters[k], "k": k + 1, "title": title},
        )
        for k, title in enumerate(models.titles)
    )
    words = html(
        "{named} Per vertex: {definition}; {images}. {sure} of {n} vertices have one.",
        named=Html(named),
        definition=MODELS_MAPS["best_model"].definition,
        **{"images": models.images, "sure": f"{sure:,}", "n": f"{found.scores.shape[1]:,}"},
    )
    return [("best model", found.best_model, scale, "score", "grey: more than one may be")], words


def _preferred_layer(models: Compared) -> tuple[list[_Map], Html]:
    """Return the preferred layer of A's network, and its late against its early layers."""
    layers = _layers(models.runs[0])
    found = best_of(tuple(run.id for run in layers), models.subject.state)
    n = len(layers)
    depth = ColourScale("sequential", 1.0, float(n), "", f"layer, 1 to {n}")
    contrast = found.late_or_early
    half = float(np.ceil(np.nanmax(np.abs(contrast), initial=0.05) * 20) / 20)
    own = ColourScale("diverging", -half, half, "", "mean r of late less early layers")
    title = backbone_title(models.runs[0])
    sure, either = (int(np.isfinite(v).sum()) for v in (found.preferred_layer, contrast))
    maps: list[_Map] = [
        ("preferred layer", found.preferred_layer, depth, "score", title),
        ("late − early", contrast, own, "difference", "warm: late layers predict better"),
    ]
    words = html(
        "{title}: {names}. Preferred: {preferred}. Late less early: {contrast}. {images}; coloured "
        "are {sure} and {either} of {n} vertices.",
        title=title,
        names=", ".join(f"{k} {run.layer}" for k, run in enumerate(layers, 1)),
        preferred=MODELS_MAPS["preferred_layer"].definition,
        contrast=MODELS_MAPS["late_early"].definition,
        images=models.images,
        **{"sure": f"{sure:,}", "either": f"{either:,}", "n": f"{found.scores.shape[1]:,}"},
    )
    return maps, words
