"""Some rows of a stored array, read when they are asked for."""

from __future__ import annotations

from typing import Any, cast

import numpy as np


class SelectedRows:
    """An array (n_rows, n_columns) that is rows of another one; nothing is read or copied.

    Indexing is numpy's, with the rows renumbered.

    Parameters
    ----------
    stored : (n_stored, n_columns), memory-mapped or not.
    rows : (n_rows,) increasing row numbers.
    """

    ndim = 2

    def __init__(self, stored: np.ndarray, rows: np.ndarray) -> None:
        self.stored = stored
        self.rows = np.asarray(rows)
        self.dtype = stored.dtype

    @property
    def shape(self) -> tuple[int, int]:
        """(n_rows, n_columns)."""
        return len(self.rows), self.stored.shape[1]

    @property
    def filename(self) -> str | None:
        """The file of the stored array, if it has one."""
        return getattr(self.stored, "filename", None)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> np.ndarray:
        if isinstance(key, tuple):
            return self.stored[(self.rows[key[0]], *key[1:])]
        return self.stored[self.rows[key]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.stored[self.rows], dtype=dtype)


def select_rows(stored: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return rows of an array: a view where they are consecutive, else a ``SelectedRows``."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows) and np.all(np.diff(rows) == 1):
        return stored[rows[0] : rows[-1] + 1]
    # It answers to everything that responses are asked for: shape, len and indexing.
    return cast(np.ndarray, SelectedRows(stored, rows))
