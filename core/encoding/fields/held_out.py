"""Predictions of images that were held out, and parts of a design: nothing is read before it must.

At whole-subject size a design that keeps places, and what is predicted of it, are larger than
memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from cortiscope.core.encoding.fields.regressors import FieldSettings, fit_receptive_fields
from cortiscope.core.encoding.training import TrainingData, Work

_VERTICES = 4096


class HeldOut:
    """Predictions (n_stimuli, n_vertices) of each fold's images by a fit without them.

    They are made when they are asked for, a block of vertices at a time: whole they would take
    1.3 GB for 8,000 images and 39,548 vertices.
    """

    def __init__(
        self, data: TrainingData, held: Sequence[slice], settings: FieldSettings, work: Work
    ) -> None:
        rows = np.arange(len(data.design))
        self._folds = []
        self.shape = (len(rows), data.n_vertices)
        self._block, self._made = slice(0, 0), np.empty((len(rows), 0), dtype=np.float32)
        for k, out in enumerate(held):
            kept = np.delete(rows, out)
            part = TrainingData(
                cast(np.ndarray, _Rows(data.design, kept)),
                cast(np.ndarray, _Rows(data.responses, kept)),
                groups=None if data.groups is None else data.groups[kept],
                grids=data.grids,
            )
            step = work.step(f"fold{k}", k / len(held), (k + 1) / len(held))
            fitted = fit_receptive_fields(part, settings, step)
            self._folds.append((out, cast(np.ndarray, _Rows(data.design, rows[out])), fitted))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        """Return some vertices, all images; ``[:, start:stop]`` is all that is asked for."""
        columns = key[1]
        if columns.start < self._block.start or columns.stop > self._block.stop:
            stop = max(columns.stop, min(columns.start + _VERTICES, self.shape[1]))
            self._block, vertices = slice(columns.start, stop), np.arange(columns.start, stop)
            self._made = np.empty((self.shape[0], len(vertices)), dtype=np.float32)
            for out, design, fitted in self._folds:
                self._made[out] = fitted.predict(design, vertices)
        first = self._block.start
        return self._made[:, columns.start - first : columns.stop - first]


class _Rows:
    """Rows of a design or of responses, unread."""

    ndim = 2

    def __init__(self, whole: Any, rows: np.ndarray) -> None:
        self._whole, self._rows = whole, rows
        self.shape = (len(rows), int(whole.shape[1]))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: Any) -> np.ndarray:
        rows, columns = key if isinstance(key, tuple) else (key, None)
        own = self._rows[rows]
        return np.asarray(self._whole[own] if columns is None else self._whole[:, columns][own])


class _Columns(_Rows):
    """Columns of a design that is read in parts."""

    def __init__(self, whole: Any, columns: slice) -> None:
        self._whole, self._own = whole, columns
        self.shape = (len(whole), columns.stop - columns.start)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> np.ndarray:
        return np.ascontiguousarray(self._whole[key][:, self._own])


def of_columns(design: np.ndarray, columns: slice) -> np.ndarray:
    """Return some columns of a design, unread where it is not in memory."""
    if isinstance(design, np.ndarray):
        return design[:, columns]
    return cast(np.ndarray, _Columns(design, columns))
