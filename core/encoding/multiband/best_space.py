"""Ridge in the feature space that suits a vertex, or its group of vertices, best.

The winners' observation behind it: early visual areas are predicted better by an early network's
layers, the rest by late or language-trained ones (Algonauts 2023, solution S2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.grid_edges import grid_edges
from cortiscope.core.encoding.multiband.space_ridge import FoldedResponses, SpaceRidge
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.ridge.data import decreasing_penalties, vertex_chunks
from cortiscope.core.encoding.ridge.kfold import DEFAULT_ALPHAS, fold_rows
from cortiscope.core.encoding.training import Responses, TrainingData, VertexTable, Work
from cortiscope.core.errors import InvalidInput, check_option

GROUPINGS = ("vertex", "roi_class", "hemisphere", "all")
# Working arrays of a chunk, in columns of one space: X'y of the folds, images of the basis.
_COLUMNS = 40


@dataclass(frozen=True)
class BestSpaceSettings:
    """Whose vertices choose together (one of ``GROUPINGS``), and how."""

    by: str = "vertex"
    alphas: tuple[float, ...] = DEFAULT_ALPHAS
    n_folds: int = 5


@dataclass(frozen=True)
class BestSpaceSolution:
    """Coefficients, zero outside the chosen space.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    alpha : (n_vertices,) float32.
    choice : (n_vertices,) index of the space.
    errors : (n_spaces, n_vertices) float32, squared error on held-out images in each space, as a
        share of the vertex's variance; 0 for a constant vertex, which has no say in its group.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alpha: np.ndarray
    choice: np.ndarray
    errors: np.ndarray


def fit_best_space(
    design: np.ndarray,
    responses: Responses,
    spaces: Sequence[slice],
    *,
    by: str = "vertex",
    vertices: VertexTable | None = None,
    alphas: tuple[float, ...] = DEFAULT_ALPHAS,
    n_folds: int = 5,
    groups: np.ndarray | None = None,
    work: Work | None = None,
) -> BestSpaceSolution:
    """Choose one space per group of vertices on held-out folds, then fit ridge in it.

    Parameters
    ----------
    design : (n_stimuli, n_features) float32.
    responses : (n_stimuli, n_vertices); may be memory-mapped, read twice.
    spaces : columns of each feature space.
    by : whose vertices choose together, see ``choose_spaces``.
    vertices : needed by ``roi_class`` and ``hemisphere``.
    groups : (n_stimuli,) which rows are of one image (``fold_rows``).

    Notes
    -----
    A vertex's penalty is its own, in whatever space its group chooses. With one space it is
    ``fit_ridge_cv``.
    """
    data = TrainingData(np.asarray(design, dtype=np.float32), responses, tuple(spaces), vertices)
    check_option("grouping", by, GROUPINGS)
    _need_table(by, vertices, data.n_vertices)
    work = work or Work()
    grid = decreasing_penalties(alphas)
    rows = fold_rows(len(design), n_folds, groups)
    work.progress(0.0, "preparing folds")
    models = SpaceRidge.of_all(data.design, data.spaces, rows, grid, work.device)
    widest = max(model.x.shape[1] for model in models)
    floats = 2 * len(design) + _COLUMNS * widest
    errors = np.empty((len(models), data.n_vertices))
    places = np.empty((len(models), data.n_vertices), dtype=np.intp)
    share = len(models) / (len(models) + 1)
    for columns in vertex_chunks(data.n_vertices, floats):
        work.progress(share * columns.start / data.n_vertices, "comparing feature spaces")
        name = f"errors-{columns.start:07d}"
        piece = work.checkpoint.load(name)
        if piece is None:
            piece = _compare(models, responses[:, columns], rows)
            work.checkpoint.save(name, piece)
        errors[:, columns], places[:, columns] = piece["errors"], piece["places"]
    choice = choose_spaces(errors, by, vertices)
    coef = np.zeros((data.design.shape[1], data.n_vertices), dtype=np.float32)
    intercept = np.empty(data.n_vertices, dtype=np.float32)
    for columns in vertex_chunks(data.n_vertices, floats):
        done = columns.start / data.n_vertices
        work.progress(share + (1 - share) * done, "fitting the chosen spaces")
        y = responses[:, columns]
        for k in np.unique(choice[columns]):
            own = columns.start + np.flatnonzero(choice[columns] == k)
            w, b = _fit_chunk(models[k], y[:, own - columns.start], rows, places[k, own])
            coef[models[k].columns, own] = w
            intercept[own] = b
    work.progress(1.0, "fitted")
    alpha = grid[np.take_along_axis(places, choice[None], axis=0)[0]].astype(np.float32)
    return BestSpaceSolution(coef, intercept, alpha, choice, errors.astype(np.float32))


def choose_spaces(errors: np.ndarray, by: str, vertices: VertexTable | None = None) -> np.ndarray:
    """Choose the space of least error, summed over those that choose together.

    Parameters
    ----------
    errors : (n_spaces, n_vertices), each as a share of the vertex's variance.
    by : ``vertex``; ``hemisphere``; ``all``; or ``roi_class``: the classes of ``vertices``. A
        vertex in several classes takes the space whose error summed over all their vertices is
        least (a vertex that two of them share counts twice); vertices in no class choose
        together.

    Returns
    -------
    choice : (n_vertices,) index of the space; the first among equals.
    """
    if by == "vertex":
        return errors.argmin(axis=0)
    n_vertices = errors.shape[1]
    member = _members(by, vertices, n_vertices).astype(np.float64)
    return (errors @ member.T @ member).argmin(axis=0)


def _members(by: str, vertices: VertexTable | None, n_vertices: int) -> np.ndarray:
    """Return (n_groups, n_vertices) bool; every vertex is in some group."""
    if by == "all" or vertices is None:
        return np.ones((1, n_vertices), dtype=bool)
    if by == "hemisphere":
        return vertices.hemispheres == np.arange(2)[:, None]
    member = np.zeros((len(vertices.roi_classes) + 1, n_vertices), dtype=bool)
    for row, positions in zip(member, vertices.roi_classes.values(), strict=False):
        row[np.asarray(positions, dtype=np.intp)] = True
    member[-1] = ~member.any(axis=0)
    return member


def _need_table(by: str, vertices: VertexTable | None, n_vertices: int) -> None:
    if by not in ("roi_class", "hemisphere"):
        return
    if vertices is None:
        raise InvalidInput(
            f"Choosing feature spaces by {by} needs to know where the vertices are.",
            "Choose by vertex or by all.",
        )
    if len(vertices) != n_vertices:
        raise InvalidInput(f"A table of {len(vertices)} vertices for {n_vertices} responses.")


def _compare(
    models: Sequence[SpaceRidge], responses: np.ndarray, rows: Sequence[slice]
) -> dict[str, np.ndarray]:
    """Return relative errors and places in the grid, (n_spaces, n_vertices)."""
    import torch

    y = FoldedResponses.of(responses, rows, models[0].x.device, models[0].x.dtype)
    variance = (y.centred.values**2).mean(0, dtype=torch.float64)
    errors, places = [], []
    for model in models:
        error, place = model.chosen(y, *y.moments(model.x, rows))
        errors.append(torch.where(variance > 0, error / variance, 0.0))
        places.append(place)
    return {
        "errors": torch.stack(errors).cpu().numpy(),
        "places": torch.stack(places).cpu().numpy(),
    }


def _fit_chunk(
    model: SpaceRidge, responses: np.ndarray, rows: Sequence[slice], places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients (n_columns, n_vertices) in one space, and intercepts."""
    import torch

    y = FoldedResponses.of(responses, rows, model.x.device, model.x.dtype)
    whole = y.moments(model.x, rows)[1]
    w = model.coefficients(whole, torch.as_tensor(places, device=whole.device)).double()
    w *= y.centred.scale
    intercept = y.centred.mean - model.mean @ w
    return w.float().cpu().numpy(), intercept.float().cpu().numpy()


def _fit(data: TrainingData, settings: BestSpaceSettings, work: Work) -> Predictor:
    solution = fit_best_space(
        data.design,
        data.responses,
        data.spaces,
        by=settings.by,
        vertices=data.vertices,
        alphas=settings.alphas,
        n_folds=settings.n_folds,
        groups=data.groups,
        work=work,
    )
    notes = {"space_choice": solution.choice, "space_errors": solution.errors}
    edges = grid_edges(solution.alpha, settings.alphas)
    return LinearPredictor(solution.coef, solution.intercept, solution.alpha, notes, edges)


ENTRIES = (
    RegressorEntry(
        name="best_space",
        title="best feature space",
        summary="linear: ridge in the one feature space that predicts held-out images best",
        method="ridge regression with one penalty per vertex in one feature space, chosen by "
        "{n_folds}-fold cross-validation (by: {by})",
        settings=BestSpaceSettings,
        separable=False,
        fit=_fit,
    ),
)
