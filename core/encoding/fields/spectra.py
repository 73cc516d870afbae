"""The design of each field in its own axes, in which every penalty is a division.

A field's design is the maps under it, each channel at unit variance over the images. With
``X'X = V diag(s) V'`` and ``c = V'X'y`` ridge's coefficients are ``V (c / (s + a))``; with more
channels than images the same comes from ``XX'``. A Gaussian pools linearly, so ``X'y`` of any field
is a weighted sum over places of the maps' own (St-Yves & Naselaris 2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.fields.candidates import field_weights
from cortiscope.core.encoding.training import PictureGrid

if TYPE_CHECKING:
    import torch

_ROWS = 512
_BATCH_BYTES = 2**28
_MOST_AT_ONCE = 64


@dataclass(frozen=True)
class Maps:
    """A design that keeps places, read some rows at a time.

    Parameters
    ----------
    design : (n_stimuli, n_columns), an array or whatever gives its rows.
    """

    design: np.ndarray
    grids: tuple[PictureGrid, ...]
    device: str

    @property
    def n_channels(self) -> int:
        """Of all grids together."""
        return sum(grid.channels for grid in self.grids)

    def batches(self, fields: np.ndarray, n_rows: int) -> Iterator[slice]:
        """Cut fields so that the working arrays of a batch stay within a fixed size."""
        d = self.n_channels
        floats = max(min(n_rows, _ROWS) * d, 2 * d * d if d < n_rows else n_rows * d)
        size = min(max(_BATCH_BYTES // (4 * floats), 1), _MOST_AT_ONCE)
        for start in range(0, len(fields), size):
            yield slice(start, min(start + size, len(fields)))

    def blocks(self, rows: np.ndarray) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield which of the rows, and their design (n, n_columns) float32."""
        import torch

        for start in range(0, len(rows), _ROWS):
            here = slice(start, min(start + _ROWS, len(rows)))
            block = np.ascontiguousarray(self.design[rows[here]], dtype=np.float32)
            yield here, torch.as_tensor(block, device=self.device)

    def laid(self, block: torch.Tensor, weights: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return a block's channels under some fields, (n_fields, n, n_channels)."""
        import torch

        parts, start = [], 0
        for grid, own in zip(self.grids, weights, strict=True):
            maps = block[:, start : start + grid.n_columns]
            pooled = maps.reshape(-1, grid.n_places) @ own.T
            parts.append(pooled.reshape(len(block), grid.channels, len(own)))
            start += grid.n_columns
        return torch.cat(parts, dim=1).permute(2, 0, 1)

    def contracted(
        self, moments: Sequence[torch.Tensor], weights: Sequence[torch.Tensor]
    ) -> torch.Tensor:
        """Return X'y (n_fields, n_channels, n_vertices) from what ``moments`` gave."""
        import torch

        parts = [
            (own @ places.flatten(1)).reshape(len(own), *places.shape[1:])
            for places, own in zip(moments, weights, strict=True)
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def moments(self, y: torch.Tensor, rows: np.ndarray) -> list[torch.Tensor]:
        """Return the maps' products with responses (n_rows, n_vertices).

        Returns
        -------
        Per grid (n_places, n_channels, n_vertices): places first, so that a sum over them is one
        product.
        """
        import torch

        total = torch.zeros(self.design.shape[1], y.shape[1], device=self.device)
        for here, block in self.blocks(rows):
            total.addmm_(block.T, y[here])
        parts = total.split([grid.n_columns for grid in self.grids])
        return [
            part.reshape(grid.channels, grid.n_places, -1).transpose(0, 1).contiguous()
            for part, grid in zip(parts, self.grids, strict=True)
        ]

    def weights(self, fields: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Return what each field weighs the places of each grid by."""
        import torch

        found = (field_weights(fields, grid) for grid in self.grids)
        return tuple(torch.as_tensor(own, device=self.device) for own in found)


@dataclass(frozen=True)
class FieldSpectra:
    """Axes of a batch of fields, over some images.

    Parameters
    ----------
    values : (n_fields, m) float64, m the lesser of images and channels.
    axes : (n_fields, n_channels, m) float64: ``(X - mean) @ axes`` are the images in the axes, with
        the channels' scales taken in; where ``turn`` is of images, None unless asked for.
    mean : (n_fields, n_channels) float64.
    turn : (n_fields, m, n_images) float64, by which responses become ``c`` where there are more
        channels than images; else None, and ``c`` is ``axes' (X'y)``.
    """

    values: torch.Tensor
    axes: torch.Tensor | None
    mean: torch.Tensor
    turn: torch.Tensor | None

    def to(self, dtype: torch.dtype) -> FieldSpectra:
        """Return it with axes and turns in another precision; what penalties divide keeps its."""
        return FieldSpectra(
            self.values,
            None if self.axes is None else self.axes.to(dtype),
            self.mean.to(dtype),
            None if self.turn is None else self.turn.to(dtype),
        )

    def of(self, k: int) -> FieldSpectra:
        """Return one field's alone."""
        one = slice(k, k + 1)
        return FieldSpectra(
            self.values[one],
            None if self.axes is None else self.axes[one],
            self.mean[one],
            None if self.turn is None else self.turn[one],
        )

    def curves(self, shares: torch.Tensor) -> torch.Tensor:
        """Return 1 / (s + a) for each penalty, (n_fields, n_shares, m); 0 on empty axes.

        Penalties are shares of a field's mean eigenvalue.
        """
        s = self.values
        a = shares[None, :, None] * s.mean(1)[:, None, None]
        found = 1 / (s[:, None, :] + a).clamp_min(1e-300)
        return found.masked_fill(_empty(s)[:, None, :], 0)


def _empty(values: torch.Tensor) -> torch.Tensor:
    """Mark axes along which no image varies but by rounding."""
    return values <= values.amax(1, keepdim=True) * values.shape[1] * 1e-13


def field_spectra(
    maps: Maps, fields: np.ndarray, rows: np.ndarray, *, with_axes: bool = True
) -> FieldSpectra:
    """Decompose the designs of some fields (n_fields, 3) over some images."""
    import torch

    weights, n, d = maps.weights(fields), len(rows), maps.n_channels
    total = torch.zeros(len(fields), d, dtype=torch.float64, device=maps.device)
    if d < n:
        gram = torch.zeros(len(fields), d, d, dtype=torch.float64, device=maps.device)
        for _, block in maps.blocks(rows):
            x = maps.laid(block, weights).contiguous()
            total += x.sum(1, dtype=torch.float64)
            gram += x.transpose(1, 2) @ x
        mean = total / n
        gram -= n * mean[:, :, None] * mean[:, None, :]
        unit = _units(gram.diagonal(dim1=1, dim2=2), n, mean)
        values, axes = torch.linalg.eigh(gram * unit[:, :, None] * unit[:, None, :])
        return FieldSpectra(values.clamp_min(0), unit[:, :, None] * axes, mean, None)
    x = torch.cat([maps.laid(block, weights) for _, block in maps.blocks(rows)], dim=1).double()
    mean = x.mean(1)
    x -= mean[:, None]
    unit = _units((x**2).sum(1), n, mean)
    x *= unit[:, None]
    values, images = torch.linalg.eigh(x @ x.transpose(1, 2))
    values = values.clamp_min(0)
    values = values.masked_fill(_empty(values), 0)
    root = values.sqrt()
    axes = None
    if with_axes:
        inverse = torch.where(root > 0, 1 / root.clamp_min(1e-150), 0.0)
        axes = unit[:, :, None] * (x.transpose(1, 2) @ (images * inverse[:, None]))
    return FieldSpectra(values, axes, mean, (images * root[:, None]).transpose(1, 2))


def _units(squares: torch.Tensor, n: int, mean: torch.Tensor) -> torch.Tensor:
    """Return what brings each channel to unit variance, 0 where it does not vary."""
    import torch

    sd = (squares.clamp_min(0) / n).sqrt()
    varies = sd > 1e-5 * (mean.abs() + sd.amax(1, keepdim=True))
    return torch.where(varies, 1 / sd.clamp_min(1e-150), 0.0)
