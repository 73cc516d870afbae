"""Tiny data over several feature spaces, and what interrupts a fit."""

from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.training import Work

SPACES = (slice(0, 7), slice(7, 11), slice(11, 23))


def make(rng, n=70, v=9, noise=1.0, drivers=None):
    """Responses driven by the space that ``drivers`` names for each vertex, or by all."""
    x = rng.normal(size=(n, 23)).astype(np.float32) * np.linspace(0.4, 2, 23, dtype=np.float32) + 2
    w = rng.normal(size=(23, v))
    if drivers is not None:
        for j, k in enumerate(drivers):
            kept = np.zeros(23, dtype=bool)
            kept[SPACES[k]] = True
            w[~kept, j] = 0
    signal = (x - 2) @ w
    y = signal / signal.std(0) + noise * rng.normal(size=(n, v))
    return x, (y * np.linspace(0.3, 5, v) - 1).astype(np.float32)


def permuted(x, order):
    """Return the design with its spaces in another order, the new spaces, and column positions."""
    columns = np.concatenate([np.arange(23)[SPACES[k]] for k in order])
    widths = [SPACES[k].stop - SPACES[k].start for k in order]
    edges = np.cumsum([0, *widths])
    spaces = tuple(slice(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True))
    return x[:, columns], spaces, columns


class OnlyColumns:
    """Responses as the protocol promises them, and no more: counts what is read."""

    def __init__(self, values):
        self.values, self.widest = values, 0

    @property
    def shape(self):
        return self.values.shape

    def __len__(self):
        return len(self.values)

    def __getitem__(self, key):
        part = self.values[key]
        self.widest = max(self.widest, part.shape[1])
        return part


class StopAfter(MemoryCheckpoint):
    """Keeps pieces and breaks off once it has kept some; the store can be taken over."""

    def __init__(self, n_pieces, loads=True):
        super().__init__()
        self.left, self.loads = n_pieces, loads

    def save(self, name, arrays):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        super().save(name, arrays)


def check_resumed(fit, x, y, module, names, monkeypatch):
    """Stop a fit that runs over the vertices in three chunks; it goes on and ends as a whole one.

    Parameters
    ----------
    fit : called as ``fit(x, y, SPACES)``, with ``work`` for the stopped one.
    module : where it takes its ``vertex_chunks`` from.
    names : of the solution's arrays.
    """
    straight = fit(x, y, SPACES)
    monkeypatch.setattr(
        module, "vertex_chunks", lambda n, _: iter([slice(0, 4), slice(4, 7), slice(7, n)])
    )
    pieces = StopAfter(2)
    with pytest.raises(KeyboardInterrupt):
        fit(x, y, SPACES, work=Work(checkpoint=pieces))
    pieces.left = 100
    shares = []
    work = Work(checkpoint=pieces, progress=lambda share, _: shares.append(share))
    resumed, whole = fit(x, y, SPACES, work=work), fit(x, y, SPACES)
    assert pieces.left == 99
    assert shares == sorted(shares)
    for name in names:
        np.testing.assert_array_equal(getattr(resumed, name), getattr(whole, name))
    np.testing.assert_allclose(whole.coef, straight.coef, atol=1e-5)
