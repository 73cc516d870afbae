"""Sessions whose values cannot be those of a session: copies of another one, trials of nothing.

A file can be of the right size and still not be whole: download programs make the room first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.responses import unmap

_START = 1 << 16
_HEADER_BYTES = 284


def copies(paths: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield uncompressed files that begin with the same betas as an earlier one, with that one."""
    starts: dict[bytes, Path] = {}
    for path in paths:
        if path.suffix != ".mgh":
            continue
        with path.open("rb") as stream:
            start = stream.read(_START)
        if not any(start[_HEADER_BYTES:]):
            continue
        if start in starts:
            yield path, starts[start]
        starts.setdefault(start, path)


def unwritten_trials(betas: np.ndarray, trials: Iterable[int]) -> list[int]:
    """Return those of some trials in which all vertices are zero or no numbers.

    Parameters
    ----------
    betas : (n_trials, n_vertices), memory-mapped or not.
    """
    found = []
    for trial in trials:
        values = np.asarray(betas[trial])
        if not np.any(np.isfinite(values) & (values != 0)):
            found.append(trial)
        unmap(betas)
    return found


def spread_trials(n_trials: int) -> list[int]:
    """Return the first, a middle and the last trial: where a file that breaks off shows."""
    return sorted({0, n_trials // 2, n_trials - 1})
