"""Which of the candidate fields serves each vertex best, and how sharply.

Vertices come in chunks: the maps' products with the responses are formed once a chunk, and each
field's follow from them by a sum over places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.checkpoint import VertexPieces
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

    def centred(self, responses: np.ndarray) -> Centred:
        """Return responses (n_stimuli, n) in the order fitted, then held, less their mean."""
        import torch

        rows = np.concatenate([self.fit, self.held])
        return Centred.of(responses[rows], torch.device(self.maps.device), torch.float32)

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
        self,
        spectra: FieldSpectra,
        c: torch.Tensor,
        y: torch.Tensor,
        fields: np.ndarray,
        energy: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Estimate the squared error on other images, (n_fields, n_shares, n_vertices).

        Parameters
        ----------
        c : (n_fields, m, n_vertices), the responses in each field's axes.
        y : (n_fit + n_held, n_vertices), less the mean over the fit images.
        energy : (n_vertices,) sum of squares of the fit images' responses, if it is known.
        """
        import torch

        n, dtype = len(self.fit), c.dtype
        shares = torch.as_tensor(self.shares, device=c.device)
        d, s = spectra.curves(shares), spectra.values[:, None, :]
        if self.criterion == "gcv":
            left = 1 - 1 / n - (s * d).sum(2) / n
            if energy is None:
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


def _chunks(search: FieldSearch, n_vertices: int) -> Iterator[slice]:
    floats = 2 * len(search.fit) + search.maps.design.shape[1] + 2 * len(search.fields)
    size = min(max(_CHUNK_BYTES // (4 * floats), 16), _LARGEST_CHUNK)
    for start in range(0, n_vertices, size):
        yield slice(start, min(start + size, n_vertices))


def compare_fields(
    search: FieldSearch, responses: Responses, maps: dict[str, np.ndarray], work: Work
) -> None:
    """Fill in, for each vertex, how well each candidate does, in summary.

    Parameters
    ----------
    maps : arrays to fill: ``best`` (n_vertices,) field and its ``score``, ``width`` and ``gain`` as
        in ``ReceptiveFields``, and (3, n_vertices) of x, y, sigma: ``estimate``, the mean of all
        fields, and ``near``, that of the best one and those around it.
    """
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
        y = search.centred(responses[:, part]).values
        y -= y[:n].mean(0) * (y[:n] != y[0]).any(0)
        moments, energy = None, (y[:n] ** 2).sum(0)
        errors = torch.empty(len(search.fields), y.shape[1], device=y.device)
        for some, own in spectra:
            work.progress(share, f"comparing receptive fields of {part.stop:,} vertices")
            if own.turn is not None:
                z, turn = y[:n].expand(len(own.values), -1, -1), own.turn
            else:
                if moments is None:
                    moments = search.maps.moments(y[:n], search.fit)
                z = search.maps.contracted(moments, search.maps.weights(search.fields[some]))
                assert own.axes is not None
                turn = own.axes.transpose(1, 2)
            errors[some] = rotated_errors(search, own, turn, z, y, search.fields[some], energy)
        pieces.put(part, **_summary(errors, search))


def rotated_errors(
    search: FieldSearch,
    spectra: FieldSpectra,
    turn: torch.Tensor,
    z: torch.Tensor,
    y: torch.Tensor,
    fields: np.ndarray,
    energy: torch.Tensor,
) -> torch.Tensor:
    """Return each field's least error over the penalties, (n_fields, n_vertices).

    Parameters
    ----------
    turn : (n_fields, m, k), by which ``z`` (n_fields, k, n_vertices) becomes the responses in axes.
    """
    import torch

    if search.criterion != "gcv":
        return search.errors(spectra, turn @ z, y, fields, energy).amin(1)
    # Field by field: what one rotation gives stays in the processor's cache.
    found = [
        search.errors(spectra.of(k), (turn[k] @ z[k])[None], y, fields[k : k + 1], energy)[0].amin(
            0
        )
        for k in range(len(fields))
    ]
    return torch.stack(found)


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
