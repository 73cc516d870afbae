"""Responses of chosen stimuli and vertices, read from files a part at a time.

A full subject's responses are larger than what should sit in memory; regressors read columns.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np

# Rows read at once: tens of megabytes are mapped, also where a row is a whole subject's.
_ROWS_AT_ONCE = 512
_COLUMNS_AT_ONCE = 2048


class ResponseRows:
    """Rows and columns of one matrix that is stored as one array per part.

    Indexing is ``matrix[rows, columns]`` with slices or integer arrays, which select independently
    of one another (a grid); a missing ``columns`` means all. Gives float32 in memory.

    Parameters
    ----------
    parts : arrays (n_stimuli, n of the part), in order; memory-mapped or not.
    rows : (n,) the stimuli, in the order wanted.
    vertices : (n_vertices,) positions over all parts; None for all.
    """

    def __init__(
        self, parts: Sequence[np.ndarray], rows: np.ndarray, vertices: np.ndarray | None = None
    ) -> None:
        self._parts = tuple(parts)
        self._rows = np.asarray(rows)
        self._edges = np.cumsum([0, *(p.shape[1] for p in parts)])
        self._vertices = vertices

    @property
    def shape(self) -> tuple[int, int]:
        """(n_stimuli, n_vertices)."""
        n = int(self._edges[-1]) if self._vertices is None else len(self._vertices)
        return len(self._rows), n

    def __len__(self) -> int:
        return len(self._rows)

    def columns(self, vertices: np.ndarray) -> ResponseRows:
        """Return the same stimuli with some of the vertices only; nothing is read."""
        chosen = vertices if self._vertices is None else self._vertices[vertices]
        return ResponseRows(self._parts, self._rows, np.asarray(chosen))

    def __getitem__(self, key: Any) -> np.ndarray:
        rows_key, columns_key = key if isinstance(key, tuple) else (key, slice(None))
        rows = self._rows[rows_key]
        if self._vertices is None and isinstance(columns_key, slice):
            start, stop, step = columns_key.indices(self.shape[1])
            if step == 1:
                return self._stretch(rows, start, stop)
        every = np.arange(self.shape[1]) if self._vertices is None else self._vertices
        wanted = every[columns_key]
        out = np.empty((len(rows), len(wanted)), dtype=np.float32)
        for k, part in enumerate(self._parts):
            here = (wanted >= self._edges[k]) & (wanted < self._edges[k + 1])
            if here.any():
                own = wanted[here] - self._edges[k]
                for block in _blocks(len(rows)):
                    out[block, here] = part[np.ix_(rows[block], own)]
                    unmap(part)
        return out

    def _stretch(self, rows: np.ndarray, start: int, stop: int) -> np.ndarray:
        out = np.empty((len(rows), max(stop - start, 0)), dtype=np.float32)
        for k, part in enumerate(self._parts):
            low, high = max(start, self._edges[k]), min(stop, self._edges[k + 1])
            if low < high:
                own = slice(low - self._edges[k], high - self._edges[k])
                for block in _blocks(len(rows)):
                    out[block, low - start : high - start] = part[rows[block], own]
                    unmap(part)
        return out


def _blocks(n_rows: int) -> Iterator[slice]:
    return (slice(k, k + _ROWS_AT_ONCE) for k in range(0, n_rows, _ROWS_AT_ONCE))


def unmap(array: np.ndarray) -> None:
    """Give the pages that were read back to the system, which keeps them in its cache.

    Without it a process that reads every column of a file has all of it among its own memory.
    """
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)


def moments(responses: ResponseRows) -> tuple[np.ndarray, np.ndarray]:
    """Return each vertex's mean and SD, (n_vertices,) float64, read a part at a time."""
    n_vertices = responses.shape[1]
    mean, sd = np.empty(n_vertices), np.empty(n_vertices)
    for start in range(0, n_vertices, _COLUMNS_AT_ONCE):
        part = slice(start, min(start + _COLUMNS_AT_ONCE, n_vertices))
        values = responses[:, part].astype(np.float64)
        # The first is taken off, so that a vertex that is constant has an SD of exactly 0.
        mean[part] = values[0] + (values - values[0]).mean(axis=0)
        sd[part] = (values - values[0]).std(axis=0)
    return mean, sd


class RescaledResponses:
    """Responses with each vertex's values multiplied and shifted as they are read.

    Parameters
    ----------
    factor, offset : (n_vertices,).
    """

    def __init__(self, responses: ResponseRows, factor: np.ndarray, offset: np.ndarray) -> None:
        self._responses, self._factor, self._offset = responses, factor, offset

    @classmethod
    def as_of(
        cls, responses: ResponseRows, own: tuple[np.ndarray, np.ndarray]
    ) -> RescaledResponses:
        """Give each vertex the mean and SD ``own``; a constant one has that mean alone."""
        mean, sd = moments(responses)
        factor = np.where(sd > 0, own[1] / np.where(sd > 0, sd, 1), 0)
        return cls(responses, factor, own[0] - factor * mean)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_stimuli, n_vertices)."""
        return self._responses.shape

    def __len__(self) -> int:
        return len(self._responses)

    def columns(self, vertices: np.ndarray) -> RescaledResponses:
        """Return the same stimuli with some of the vertices only; nothing is read."""
        chosen = self._responses.columns(vertices)
        return RescaledResponses(chosen, self._factor[vertices], self._offset[vertices])

    def __getitem__(self, key: Any) -> np.ndarray:
        columns = key[1] if isinstance(key, tuple) else slice(None)
        values = self._responses[key] * self._factor[columns] + self._offset[columns]
        return np.asarray(values, dtype=np.float32)


class StackedResponses:
    """Responses of several subjects to their stimuli, one below the other, for shared vertices.

    Parameters
    ----------
    parts : with equal numbers of columns; column j is the same fsaverage vertex in each.
    """

    def __init__(self, parts: Sequence[ResponseRows | RescaledResponses]) -> None:
        self._parts = tuple(parts)
        self._edges = np.cumsum([0, *(len(p) for p in parts)])

    @property
    def shape(self) -> tuple[int, int]:
        """(n_stimuli of all parts, n_vertices)."""
        return int(self._edges[-1]), self._parts[0].shape[1]

    def __len__(self) -> int:
        return int(self._edges[-1])

    def columns(self, vertices: np.ndarray) -> StackedResponses:
        """Return the same stimuli with some of the vertices only; nothing is read."""
        return StackedResponses([p.columns(vertices) for p in self._parts])

    def __getitem__(self, key: Any) -> np.ndarray:
        rows_key, columns_key = key if isinstance(key, tuple) else (key, slice(None))
        if isinstance(rows_key, slice) and rows_key == slice(None):
            return np.concatenate([p[:, columns_key] for p in self._parts])
        wanted = np.arange(len(self))[rows_key]
        blocks = [
            p[wanted[(wanted >= a) & (wanted < b)] - a, columns_key]
            for p, a, b in zip(self._parts, self._edges[:-1], self._edges[1:], strict=True)
        ]
        order = np.argsort(np.searchsorted(self._edges, wanted, side="right"), kind="stable")
        out = np.empty_like(stacked := np.concatenate(blocks))
        out[order] = stacked
        return out


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
