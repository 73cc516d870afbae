"""Sums of products of designs and responses, fold by fold: all that penalised linear fits need.

Sums are additive, so the training images' are all images' less the held-out ones'; an error on
held-out images is a function of theirs. No fold copies or reads the responses again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.ridge.kfold import fold_rows
from cortiscope.core.encoding.training import Responses
from cortiscope.core.errors import InvalidInput

if TYPE_CHECKING:
    import torch

_CHUNK_BYTES = 2**27
_LARGEST_CHUNK = 4096
_ROWS = 256


@dataclass(frozen=True)
class Moments:
    """Mean products about an origin, float64.

    Parameters
    ----------
    gram : (n_features, n_features) X'X / n.
    cross : (n_features, n_vertices) X'Y / n.
    energy : (n_vertices,) mean squares of the responses.
    """

    gram: torch.Tensor
    cross: torch.Tensor
    energy: torch.Tensor

    def squared_error(self, coef: torch.Tensor) -> torch.Tensor:
        """Mean squared error (n_vertices,) of these coefficients."""
        return self.energy + (coef * (self.gram @ coef - 2 * self.cross)).sum(0)


@dataclass(frozen=True)
class Sums:
    """Sums over some images, float64; ``x`` (n_features,) and ``y`` (n_vertices,) of values."""

    n: int
    x: torch.Tensor
    xx: torch.Tensor
    y: torch.Tensor
    xy: torch.Tensor
    yy: torch.Tensor

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.n + other.n,
            self.x + other.x,
            self.xx + other.xx,
            self.y + other.y,
            self.xy + other.xy,
            self.yy + other.yy,
        )

    def __sub__(self, other: Sums) -> Sums:
        return Sums(
            self.n - other.n,
            self.x - other.x,
            self.xx - other.xx,
            self.y - other.y,
            self.xy - other.xy,
            self.yy - other.yy,
        )

    def about_means_of(self, other: Sums) -> Moments:
        """Moments of these images, both sides less the means over other images."""
        import torch

        x, y = self.x / self.n, self.y / self.n
        x0, y0 = other.x / other.n, other.y / other.n
        gram = self.xx / self.n - torch.outer(x, x) + torch.outer(x - x0, x - x0)
        cross = self.xy / self.n - torch.outer(x, y) + torch.outer(x - x0, y - y0)
        energy = (self.yy / self.n - y**2).clamp_min(0) + (y - y0) ** 2
        return Moments(gram, cross, energy)

    def centred(self) -> Moments:
        """Moments about these images' own means."""
        return self.about_means_of(self)


@dataclass(frozen=True)
class FoldedDesign:
    """A design with its sums over each fold.

    Parameters
    ----------
    x : (n_stimuli, n_features) float32, less ``mean``.
    mean : (n_features,) float64.
    folds : contiguous rows; together all rows.
    """

    x: torch.Tensor
    mean: torch.Tensor
    folds: tuple[slice, ...]
    _x: tuple[torch.Tensor, ...]
    _xx: tuple[torch.Tensor, ...]

    @classmethod
    def of(
        cls,
        design: np.ndarray,
        responses: Responses,
        n_folds: int,
        device: str,
        groups: np.ndarray | None = None,
    ) -> FoldedDesign:
        """Centre a design and cut it (``fold_rows``); one fold is all rows.

        Raises
        ------
        InvalidInput : not a row per image, or folds of a single image.
        """
        import torch

        values = np.array(design, dtype=np.float64)
        if values.ndim != 2 or len(responses.shape) != 2 or len(values) != responses.shape[0]:
            raise InvalidInput(
                f"Design {values.shape} and responses {tuple(responses.shape)} must have one row "
                "per image each."
            )
        given = torch.as_tensor(values, device=device)
        mean = given.mean(0)
        given -= mean
        n = len(values)
        folds = (slice(0, n),) if n_folds == 1 else tuple(fold_rows(n, n_folds, groups))
        return cls(
            given.float(),
            mean,
            folds,
            tuple(given[rows].sum(0) for rows in folds),
            tuple(given[rows].T @ given[rows] for rows in folds),
        )

    def chunks(self, n_vertices: int) -> Iterator[slice]:
        """Cut the vertices so that a chunk's working arrays stay within a fixed size."""
        n, d = self.x.shape
        size = min(max(_CHUNK_BYTES // (4 * (n + 12 * d)), 16), _LARGEST_CHUNK)
        for start in range(0, n_vertices, size):
            yield slice(start, min(start + size, n_vertices))

    def sums(self, responses: np.ndarray) -> tuple[np.ndarray, list[Sums]]:
        """Sum over each fold.

        Parameters
        ----------
        responses : (n_stimuli, n_vertices), one chunk.

        Returns
        -------
        origin : (n_vertices,) float32, taken off the responses: the first image's, so that a
            constant vertex becomes exactly 0.
        sums : one for each fold.
        """
        import torch

        given = np.asarray(responses)
        origin = np.array(given[0], dtype=np.float32)
        values = np.subtract(given, origin, dtype=np.float32)
        y = torch.as_tensor(values, device=self.x.device)
        ones = torch.ones(_ROWS, dtype=torch.float32, device=y.device)
        found = []
        for rows, x, xx in zip(self.folds, self._x, self._xx, strict=True):
            total = torch.zeros(y.shape[1], dtype=torch.float64, device=y.device)
            energy = torch.zeros_like(total)
            for block in y[rows].split(_ROWS):  # float32 within a block, float64 across blocks
                total += ones[: len(block)] @ block
                energy += ones[: len(block)] @ block.square()
            cross = (self.x[rows].T @ y[rows]).double()
            found.append(Sums(rows.stop - rows.start, x, xx, total, cross, energy))
        return origin, found
