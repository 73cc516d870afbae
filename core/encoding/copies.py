"""Rows of one image among the training data: kept together, or made one row.

Single trials come as rows of their own, and a picture may be there twice. A row whose copy was
fitted is not held out, so whatever cuts rows cuts between images: folds are contiguous, and the
rows of an image follow one another. What leaves out single rows gets their mean instead,
unweighted, as responses to repeated images are usually averaged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from cortiscope.core.encoding.training import Responses, TrainingData


def together(data: TrainingData) -> TrainingData:
    """Put the rows of each image one after another, images in the order of their first rows.

    Data without copies come back as they are, with ``groups`` None.
    """
    order, starts = _gathered(data)
    if len(starts) == len(order):
        return replace(data, groups=None)
    labels = np.repeat(np.arange(len(starts)), np.diff([*starts, len(order)]))
    if np.array_equal(order, np.arange(len(order))):
        return replace(data, groups=labels)
    responses = _Regrouped(data.responses, order)
    return replace(data, design=data.design[order], responses=responses, groups=labels)


def averaged(data: TrainingData) -> TrainingData:
    """Make the rows of each image one: the mean of their designs and of their responses.

    Images are in the order of their first rows.
    """
    order, starts = _gathered(data)
    if len(starts) == len(order):
        return replace(data, groups=None)
    design = _means(data.design[order], starts)
    return replace(
        data, design=design, responses=_Regrouped(data.responses, order, starts), groups=None
    )


def group_starts(groups: np.ndarray) -> np.ndarray:
    """Return the first row (n_groups,) of each group of rows that follow one another.

    Raises
    ------
    ValueError : rows of one group are apart.
    """
    labels = np.asarray(groups)
    starts = np.flatnonzero(np.append(True, labels[1:] != labels[:-1])[: len(labels)])
    if len(starts) != len(np.unique(labels)):
        raise ValueError("Rows of one group must follow one another.")
    return starts


def _gathered(data: TrainingData) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (n,) with those of an image together, and where each image begins among them."""
    if data.groups is None:
        every = np.arange(len(data.design))
        return every, every
    _, first, label = np.unique(data.groups, return_index=True, return_inverse=True)
    order = np.argsort(first[label], kind="stable")
    return order, group_starts(first[label][order])


def _means(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    sums = np.add.reduceat(values, starts, axis=0, dtype=np.float64)
    counts = np.diff([*starts, len(values)])
    return (sums / counts[:, None]).astype(np.float32)


class _Regrouped:
    """Responses with their rows in another order, and averaged where ``starts`` are given.

    Parameters
    ----------
    rows : (n,) rows of the responses, in the order wanted.
    starts : (n_images,) where each image begins among them.
    """

    def __init__(
        self, responses: Responses, rows: np.ndarray, starts: np.ndarray | None = None
    ) -> None:
        self._responses, self._rows, self._starts = responses, rows, starts

    @property
    def shape(self) -> tuple[int, int]:
        """(n_images, n_vertices)."""
        return len(self), int(self._responses.shape[1])

    def __len__(self) -> int:
        return len(self._rows if self._starts is None else self._starts)

    def columns(self, vertices: np.ndarray) -> _Regrouped:
        """Return the same rows with some of the vertices only; nothing on disk is read."""
        if isinstance(self._responses, np.ndarray):
            return _Regrouped(self._responses[:, vertices], self._rows, self._starts)
        return _Regrouped(self._responses.columns(vertices), self._rows, self._starts)  # type: ignore[attr-defined]

    def __getitem__(self, key: Any) -> np.ndarray:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        if self._starts is not None:
            return _means(self._responses[:, columns][self._rows], self._starts)[rows]
        if isinstance(rows, slice) and rows == slice(None):
            return np.asarray(self._responses[:, columns][self._rows])
        return np.asarray(self._responses[self._rows[rows], columns])
