"""Which field and penalty serve each vertex best, and the weights there.

First all candidates are compared, vertices in chunks: the maps' products with the responses are
formed once a chunk, and each field's follow from them by a sum over places. Then each vertex's
best field gives way to the mean of those around it, weighted by how well they do, on a finer
lattice, if that does no worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.checkpoint import VertexPieces
from cortiscope.core.encoding.fields.candidates import refined_fields, share_inside
from cortiscope.core.encoding.fields.predictor import FieldsPredictor, ReceptiveFields
from cortiscope.core.encoding.fields.spectra import FieldSpectra, Maps, field_spectra
from cortiscope.core.encoding.ridge.data import Centred
from cortiscope.core.encoding.training import Responses, Work

if TYPE_CHECKING:
    import torch

CRITERIA = ("gcv", "loo", "holdout")
_CHUNK_BYTES = 2**28
_LARGEST_CHUNK = 2000
_LEAST_LEFT = 1e-7
# Fields within as many steps of centre and of size are next to one another.
_NEAR = 1.5
_TEMPERED = 0.5


@dataclass(frozen=True)
class FieldSearch:
    """What is searched, and by which rule.

    Parameters
    ----------
    maps : the design.
    fields : (n_fields, 3) candidates, the whole picture first.
    shares : (n_shares,) penalties, decreasing, as shares of a field's mean eigenvalue.
    criterion : ``gcv``, ``loo`` or ``holdout``.
    fit, held : row numbers that are fitted and, by ``holdout``, that choose.
    """

    maps: Maps
    fields: np.ndarray
    shares: np.ndarray
    criterion: str
    fit: np.ndarray
    held: np.ndarray

    @cached_property
    def neighbours(self) -> np.ndarray:
        """Which fields are next to one another, (n_fields - 1, n_fields - 1), without the whole."""
        x, y, sigma = self.fields[1:].T
        sizes = np.unique(sigma)
        ratio = np.diff(np.log(sizes)).min(initial=np.inf)
        step = {s: np.diff(np.unique(x[sigma == s])).min(initial=np.inf) for s in sizes}
        reach = _NEAR * np.array([step[s] for s in sigma])
        apart = np.hypot(x[:, None] - x, y[:, None] - y)
        return (apart <= reach) & (np.abs(np.log(sigma[:, None] / sigma)) <= _NEAR * ratio)

    def errors(
        self, spectra: FieldSpectra, c: torch.Tensor, y: torch.Tensor, fields: np.ndarray
    ) -> torch.Tensor:
        """Estimate the squared error on other images, (n_fields, n_shares, n_vertices).

        Parameters
        ----------
        c : (n_fields, m, n_vertices), the responses in each field's axes.
        y : (n_fit + n_held, n_vertices), less the mean over the fit images.
        """
        import torch

        n, dtype = len(self.fit), c.dtype
        shares = torch.as_tensor(self.shares, device=c.device)
        d, s = spectra.curves(shares), spectra.values[:, None, :]
        if self.criterion == "gcv":
            left = 1 - 1 / n - (s * d).sum(2) / n
            energy = (y[:n] ** 2).sum(0)
            explained = (d * (2 - s * d)).to(dtype) @ c**2
            rest = (energy - explained).clamp_min(0) / n
            found = rest / left.clamp_min(_LEAST_LEFT).to(dtype)[:, :, None] ** 2
            return torch.where((left > _LEAST_LEFT)[:, :, None] | (energy == 0), found, torch.inf)
        rows = self.held if self.criterion == "holdout" else self.fit
        goal = y[n:] if self.criterion == "holdout" else y
        images = self._images(spectra, fields, rows).to(dtype)
        found = torch.empty(len(fields), len(self.shares), y.shape[1], dtype=dtype, device=c.device)
        for k in range(len(self.shares)):
            curve = d[:, k, :].to(dtype)
            error = goal - images @ (curve[:, :, None] * c)
            if self.criterion == "loo":
                left = 1 - 1 / n - (images**2 * curve[:, None]).sum(2)
                error /= left.clamp_min(_LEAST_LEFT)[:, :, None]
            found[:, k] = (error**2).mean(1)
        return found

    def _images(self, spectra: FieldSpectra, fields: np.ndarray, rows: np.ndarray) -> torch.Tensor:
        """Return images in the axes, (n_fields, n_rows, m)."""
        import torch

        weights, axes = self.maps.weights(fields), spectra.axes
        assert axes is not None
        return torch.cat(
            [
                (self.maps.laid(block, weights) - spectra.mean[:, None]) @ axes
                for _, block in self.maps.blocks(rows)
            ],
            dim=1,
        )


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
    _compare(search, responses, maps, work.step("candidates", 0.0, 0.7))
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


def _chunks(search: FieldSearch, n_vertices: int) -> Iterator[slice]:
    floats = 2 * len(search.fit) + search.maps.design.shape[1] + 2 * len(search.fields)
    size = min(max(_CHUNK_BYTES // (4 * floats), 16), _LARGEST_CHUNK)
    for start in range(0, n_vertices, size):
        yield slice(start, min(start + size, n_vertices))


def _centred(search: FieldSearch, responses: np.ndarray) -> Centred:
    """Return responses (n_stimuli, n) in the order fitted, then held, less their mean."""
    import torch

    rows = np.concatenate([search.fit, search.held])
    return Centred.of(responses[rows], torch.device(search.maps.device), torch.float32)


def _compare(
    search: FieldSearch, responses: Responses, maps: dict[str, np.ndarray], work: Work
) -> None:
    """Fill in, for each vertex, how well each candidate does, in summary."""
    import torch

    pieces = VertexPieces(maps, work.checkpoint)
    missing = pieces.missing(_chunks(search, int(responses.shape[1])))
    if not missing:
        return
    n, with_axes = len(search.fit), search.criterion != "gcv"
    spectra: list[tuple[slice, FieldSpectra]] = []
    for some in search.maps.batches(search.fields, n):
        work.progress(0.3 * some.start / len(search.fields), "preparing receptive fields")
        found = field_spectra(search.maps, search.fields[some], search.fit, with_axes=with_axes)
        spectra.append((some, found.to(torch.float32)))
    for part in missing:
        share = 0.3 + 0.7 * part.start / int(responses.shape[1])
        y = _centred(search, responses[:, part]).values
        y -= y[:n].mean(0) * (y[:n] != y[0]).any(0)
        moments = None
        errors = torch.empty(len(search.fields), y.shape[1], device=y.device)
        for some, own in spectra:
            work.progress(share, f"comparing receptive fields of {part.stop:,} vertices")
            if own.turn is not None:
                c = own.turn @ y[:n]
            else:
                if moments is None:
                    moments = search.maps.moments(y[:n], search.fit)
                weights = search.maps.weights(search.fields[some])
                assert own.axes is not None
                c = own.axes.transpose(1, 2) @ search.maps.contracted(moments, weights)
            errors[some] = search.errors(own, c, y, search.fields[some]).amin(1)
        pieces.put(part, **_summary(errors, search))


def _summary(errors: torch.Tensor, search: FieldSearch) -> dict[str, np.ndarray]:
    """Say of errors (n_fields, n_vertices) which is least, and how sharply.

    A field counts by the likelihood that its error implies, ``error^(-n / 2)``, for the estimate by
    its square root: errors that a model of the features makes are not noise.
    """
    import torch

    n = len(search.held) if search.criterion == "holdout" else len(search.fit)
    score, best = errors.min(0)
    found = {"best": best, "score": score}
    if len(errors) == 1:
        zero = torch.zeros_like(score)
        found |= {
            "width": zero,
            "gain": zero,
            "estimate": zero.expand(3, -1),
            "near": zero.expand(3, -1),
        }
    else:
        logs = errors.clamp_min(1e-30).log().double()
        least = logs[1:].amin(0)
        likelihood = (n / 2 * (least - logs[1:])).exp()
        fields = torch.as_tensor(search.fields[1:], device=errors.device)
        estimate = _mean_field(fields, likelihood**_TEMPERED)
        squares = (fields[:, :2] ** 2).sum(1) @ _shares(likelihood**_TEMPERED)
        near = torch.as_tensor(search.neighbours, device=errors.device)
        found |= {
            "width": (squares - (estimate[:2] ** 2).sum(0)).clamp_min(0).sqrt(),
            "gain": n * (logs[0] - least),
            "estimate": estimate,
            "near": _mean_field(fields, likelihood * near[:, logs[1:].argmin(0)]),
        }
    return {name: values.cpu().numpy() for name, values in found.items()}


def _shares(weights: torch.Tensor) -> torch.Tensor:
    return weights / weights.sum(0)


def _mean_field(fields: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the mean (3, n_vertices) of fields by weights (n_fields, n_vertices)."""
    import torch

    shares = _shares(weights)
    return torch.cat([fields[:, :2].T @ shares, (fields[:, 2].log() @ shares).exp()[None]])


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

    n, maps, y = len(search.fit), search.maps, _centred(search, responses)
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
