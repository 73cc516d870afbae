"""Plain numbers as CSV: what they are in a first line that begins with ``#``.

``numpy.loadtxt(path, delimiter=",")`` skips that line.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cortiscope.core.storage import atomic_file


def write_numbers(path: Path, values: np.ndarray, words: str) -> None:
    """Write (n,) or (n_rows, n_columns) floats, as many digits as float32 has; NaN as ``nan``.

    Parameters
    ----------
    words : what the numbers are, in one line.
    """
    with atomic_file(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f"# {' '.join(words.split())}\n")
        np.savetxt(stream, np.asarray(values), fmt="%.9g", delimiter=",")
