"""What a head sees: a standardised design, and responses in each vertex's own units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.ridge.data import vertex_chunks
from cortiscope.core.encoding.training import Responses
from cortiscope.core.errors import check_option

if TYPE_CHECKING:
    import torch

SCALINGS = ("columns", "overall")
_BYTES_KEPT = 2**30


@dataclass(frozen=True)
class Scale:
    """``standardised = (values - mean) / scale``, column by column.

    Parameters
    ----------
    mean, scale : (n,) float64; the scale is 1 for a constant column.
    varies : (n,) whether a column is not constant.
    """

    mean: np.ndarray
    scale: np.ndarray
    varies: np.ndarray

    @classmethod
    def of_design(cls, design: np.ndarray, how: str = "columns") -> Scale:
        """Measure the columns of a design; ``overall`` gives them one scale."""
        check_option("scaling", how, SCALINGS)
        found = cls._of(design)
        if how == "overall":
            common = np.sqrt(np.mean(np.where(found.varies, found.scale, 0) ** 2)) or 1.0
            return cls(found.mean, np.full_like(found.scale, common), found.varies)
        return found

    @classmethod
    def of_responses(cls, responses: Responses, rows: np.ndarray) -> Scale:
        """Measure vertices over some images; reads a chunk of vertices at a time."""
        found = cls(*(np.empty(responses.shape[1], t) for t in (float, float, bool)))
        for part in vertex_chunks(responses.shape[1], 4 * len(responses)):
            chunk = cls._of(np.asarray(responses[:, part])[rows])
            found.mean[part], found.scale[part] = chunk.mean, chunk.scale
            found.varies[part] = chunk.varies
        return found

    @classmethod
    def _of(cls, values: np.ndarray) -> Scale:
        x = values.astype(np.float64)
        low, scale = x.min(axis=0), x.std(axis=0)
        varies = (low < x.max(axis=0)) & (scale > 0)
        # A constant's mean may differ from it by rounding.
        return cls(np.where(varies, x.mean(axis=0), low), np.where(varies, scale, 1.0), varies)

    def standardise(self, values: np.ndarray) -> np.ndarray:
        """Return float32; a constant column is 0 whatever comes."""
        z = (values.astype(np.float64) - self.mean) / self.scale
        z[:, ~self.varies] = 0
        return z.astype(np.float32)


class Targets:
    """Standardised responses, a batch of images at a time.

    They are kept in memory up to 1 GB; beyond, a batch's rows are read whenever it comes.
    """

    def __init__(self, responses: Responses, scale: Scale, device: str) -> None:
        self._responses, self._scale, self._device = responses, scale, device
        n, v = responses.shape
        self._kept = self._read(np.arange(n)) if 4 * n * v <= _BYTES_KEPT else None

    def rows(self, rows: np.ndarray) -> torch.Tensor:
        """Return (n, n_vertices) float32."""
        import torch

        if self._kept is None:
            return self._read(rows)
        return self._kept[torch.as_tensor(rows, device=self._device)]

    def _read(self, rows: np.ndarray) -> torch.Tensor:
        import torch

        found = torch.empty((len(rows), self._responses.shape[1]))
        step = max(2**22 // self._responses.shape[1], 1)
        for start in range(0, len(rows), step):
            values = np.asarray(self._responses[rows[start : start + step], :])
            found[start : start + step] = torch.from_numpy(self._scale.standardise(values))
        return found.to(self._device)
