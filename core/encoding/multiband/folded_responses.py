"""One chunk of responses cut into folds: what every choice by held-out images needs of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.ridge.data import Centred

if TYPE_CHECKING:
    import torch

    from cortiscope.core.encoding.ridge.fold import Fold


@dataclass(frozen=True)
class FoldedResponses:
    """Centred responses of one chunk of vertices and its folds.

    Parameters
    ----------
    centred : the chunk.
    held : per fold, (n_held, n_vertices) centred responses of its held-out images.
    constant : (n_folds, n_vertices) bool, whether a vertex is constant over the training images
        of a fold: its mean predicts it whatever the penalty.
    """

    centred: Centred
    held: tuple[torch.Tensor, ...]
    constant: torch.Tensor

    @classmethod
    def of(
        cls,
        responses: np.ndarray,
        rows: Sequence[slice],
        device: torch.device,
        dtype: torch.dtype,
    ) -> FoldedResponses:
        """Centre one chunk (n_stimuli, n_vertices) and cut its rows."""
        import torch

        centred = Centred.of(responses, device, dtype)
        held = tuple(centred.values[part] for part in rows)
        low = torch.stack([values.min(0).values for values in held])
        high = torch.stack([values.max(0).values for values in held])
        others = [[j for j in range(len(held)) if j != k] for k in range(len(held))]
        constant = torch.stack([low[o].min(0).values == high[o].max(0).values for o in others])
        return cls(centred, held, constant)

    def moments(
        self, x: torch.Tensor, rows: Sequence[slice]
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Return X'y of each fold's held-out images and of all, (n_features, n_vertices)."""
        import torch

        parts = [x[part].T @ held for part, held in zip(rows, self.held, strict=True)]
        return parts, torch.stack(parts).sum(0)

    def errors(
        self, folds: Sequence[Fold], parts: Sequence[torch.Tensor], whole: torch.Tensor
    ) -> torch.Tensor:
        """Mean over folds of the squared error on held-out images, (n_alphas, n_vertices)."""
        import torch

        found = []
        for k, fold in enumerate(folds):
            mse = fold.squared_error(whole, parts[k], self.held[k].to(whole.dtype))
            # Rounding would otherwise choose a penalty for a vertex that has nothing to fit.
            found.append(torch.where(self.constant[k], mse[:1], mse))
        return torch.stack(found).mean(0)
