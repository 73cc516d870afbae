"""Weights at each vertex's field.

A vertex's best candidate gives way to the mean of those around it, weighted by how well they do, on
a finer lattice, if that does no worse. What is fitted is fitted in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.fields.candidates import refined_fields, share_inside
from cortiscope.core.encoding.fields.predictor import FieldsPredictor, ReceptiveFields
from cortiscope.core.encoding.fields.search import FieldSearch, compare_fields
from cortiscope.core.encoding.fields.spectra import FieldSpectra, field_spectra
from cortiscope.core.encoding.training import Responses, Work

if TYPE_CHECKING:
    import torch


def fit_fields(
    search: FieldSearch, responses: Responses, *, fineness: int, spacing: float, work: Work
) -> FieldsPredictor:
    """Choose a field and a penalty for each vertex and fit it.

    Parameters
    ----------
    responses : (n_stimuli, n_vertices), read a chunk of vertices at a time.
    fineness : of the lattice on which means are tried, in steps per step of the candidates;
        0 stays with the candidates.
    """
    n_vertices = int(responses.shape[1])
    maps = {
        name: np.empty(n_vertices, dtype)
        for name, dtype in (
            ("best", np.int32),
            ("score", np.float32),
            ("width", np.float32),
            ("gain", np.float32),
        )
    }
    maps |= {name: np.empty((3, n_vertices), np.float32) for name in ("estimate", "near")}
    compare_fields(search, responses, maps, work.step("candidates", 0.0, 0.7))
    fields, best = search.fields, maps["best"]
    final = _Final.empty(search.maps.n_channels, n_vertices)
    final.fields[:] = fields[best]
    left = np.arange(n_vertices)
    if fineness and len(fields) > 1:
        near = np.flatnonzero(best > 0)
        means = maps["near"].T[near].astype(np.float64)
        tried = refined_fields(means, fields, spacing=spacing, fineness=fineness)
        step = work.step("refined", 0.7, 0.9)
        _fit_at(search, responses, near, tried, final, step)
        n = len(search.held) if search.criterion == "holdout" else len(search.fit)
        with np.errstate(divide="ignore", invalid="ignore"):
            worse = n * np.log(final.score[near] / maps["score"][near])
        left = np.setdiff1d(left, near[~(worse > 0)])
    _fit_at(search, responses, left, fields[best[left]], final, work.step("candidate", 0.9, 1.0))
    work.progress(1.0, "fitted")
    estimate = maps["estimate"]
    return FieldsPredictor(
        search.maps.grids,
        ReceptiveFields(
            estimate[0],
            estimate[1],
            estimate[2],
            maps["width"],
            maps["gain"],
            share_inside(estimate.T, search.maps.grids),
            np.isinf(final.fields[:, 2]),
        ),
        final.fields.astype(np.float32),
        final.weights,
        final.intercept,
        final.share,
    )


@dataclass(frozen=True)
class _Final:
    """What is fitted at each vertex's field, vertices last but in ``fields``."""

    fields: np.ndarray
    score: np.ndarray
    share: np.ndarray
    weights: np.ndarray
    intercept: np.ndarray

    @classmethod
    def empty(cls, n_channels: int, n_vertices: int) -> _Final:
        return cls(
            np.empty((n_vertices, 3)),
            np.empty(n_vertices, np.float32),
            np.empty(n_vertices, np.float32),
            np.empty((n_channels, n_vertices), np.float32),
            np.empty(n_vertices, np.float32),
        )


def _fit_at(
    search: FieldSearch,
    responses: Responses,
    vertices: np.ndarray,
    fields: np.ndarray,
    final: _Final,
    work: Work,
) -> None:
    """Fit each of some vertices at a field (n, 3) of its own; those with one field share it."""
    if not len(vertices):
        return
    distinct, which = np.unique(fields, axis=0, return_inverse=True)
    final.fields[vertices] = fields
    for some in search.maps.batches(distinct, len(search.fit)):
        work.progress(some.start / len(distinct), "fitting at the fields found")
        here = np.flatnonzero((which.ravel() >= some.start) & (which.ravel() < some.stop))
        own = vertices[here]
        piece = work.checkpoint.load(f"fields-{some.start}-{some.stop}")
        if piece is None:
            piece = _fit_batch(
                search, responses[:, own], distinct[some], which.ravel()[here] - some.start
            )
            work.checkpoint.save(f"fields-{some.start}-{some.stop}", piece)
        for name, values in piece.items():
            getattr(final, name)[..., own] = values


def _fit_batch(
    search: FieldSearch, responses: np.ndarray, fields: np.ndarray, which: np.ndarray
) -> dict[str, np.ndarray]:
    """Fit responses (n_stimuli, n), column k at ``fields[which[k]]``."""
    import torch

    n, maps, y = len(search.fit), search.maps, search.centred(responses)
    columns = [np.flatnonzero(which == k) for k in range(len(fields))]
    chosen = field_spectra(maps, fields, search.fit)
    fitted = chosen
    rows = np.concatenate([search.fit, search.held])
    if len(search.held):
        fitted = field_spectra(maps, fields, rows)
    values = y.values.double()
    centred = values - values[:n].mean(0) * (values[:n] != values[0]).any(0)
    cs = _in_axes(search, chosen, fields, centred[:n], columns, search.fit)
    again = cs if fitted is chosen else _in_axes(search, fitted, fields, values, columns, rows)
    found = {
        "score": torch.empty(len(which), dtype=torch.float64),
        "share": torch.empty(len(which), dtype=torch.float64),
        "weights": torch.empty(maps.n_channels, len(which), dtype=torch.float64),
        "intercept": torch.empty(len(which), dtype=torch.float64),
    }
    grid = torch.as_tensor(search.shares, device=values.device)
    for k, own in enumerate(columns):
        one = chosen.of(k)
        errors = search.errors(one, cs[k][None], centred[:, own], fields[k : k + 1])[0]
        score, place = errors.min(0)
        curves = fitted.of(k).curves(grid)[0][place].T
        axes = fitted.axes
        assert axes is not None
        w = axes[k] @ (curves * again[k]) * y.scale[own]
        found["score"][own] = score.cpu()
        found["share"][own] = grid[place].cpu()
        found["weights"][:, own] = w.cpu()
        found["intercept"][own] = (y.mean[own] - fitted.mean[k] @ w).cpu()
    return {name: values.float().numpy() for name, values in found.items()}


def _in_axes(
    search: FieldSearch,
    spectra: FieldSpectra,
    fields: np.ndarray,
    y: torch.Tensor,
    columns: list[np.ndarray],
    rows: np.ndarray,
) -> list[torch.Tensor]:
    """Return, per field, its own columns of the responses in its axes, (m, n_columns) float64."""
    if spectra.turn is not None:
        return [spectra.turn[k] @ y[:, own] for k, own in enumerate(columns)]
    maps, weights = search.maps, search.maps.weights(fields)
    d = maps.n_channels
    totals = [y.new_zeros(d, len(own)) for own in columns]
    for here, block in maps.blocks(rows):
        laid = maps.laid(block, weights)
        for k, own in enumerate(columns):
            totals[k] += laid[k].double().T @ y[here][:, own]
    axes = spectra.axes
    assert axes is not None
    return [axes[k].T @ total for k, total in enumerate(totals)]
