"""One session's betas on fsaverage, and its z-scores, a block of vertices at a time.

``{lh,rh}.betas_sessionNN.mgh``: (163842, 1, 1, 750) big-endian float32 in percent signal change,
vertices fastest, after a header of 284 bytes. (The volume files are int16, times 300; these not.)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.brain import FSAVERAGE5_VERTICES, FSAVERAGE_VERTICES
from core.errors import DamagedFile

# Of the float64 copy of a block: 64 MB.
_NUMBERS_PER_BLOCK = 8_000_000


def open_betas(path: Path, n_trials: int) -> np.ndarray:
    """Memory-map a session of one hemisphere.

    Returns
    -------
    betas : (n_trials, n_template) big-endian float32.

    Raises
    ------
    DamagedFile : not such a file, truncated, of another type or length; names the numbers.
    """
    from nibabel.freesurfer.mghformat import MGHHeader

    try:
        with path.open("rb") as stream:
            header = MGHHeader.from_fileobj(stream)
        shape, dtype = header.get_data_shape(), np.dtype(header.get_data_dtype())
        offset = int(header.get_data_offset())
    except Exception as error:  # nibabel raises as many kinds as there are ways to be damaged
        raise DamagedFile(f"{path.name} cannot be read as an MGH file: {error}.") from error
    if dtype.newbyteorder("=") != np.dtype(np.float32):
        raise DamagedFile(f"{path.name} holds {dtype.name}; the betas on fsaverage are float32.")
    n_template = int(shape[0])
    frames = int(shape[3]) if len(shape) == 4 else 1
    if tuple(shape[1:3]) != (1, 1) or n_template not in (FSAVERAGE_VERTICES, FSAVERAGE5_VERTICES):
        raise DamagedFile(
            f"{path.name} is {' x '.join(str(n) for n in shape)}; expected {FSAVERAGE_VERTICES} "
            f"x 1 x 1 x {n_trials} (or {FSAVERAGE5_VERTICES} vertices on fsaverage5)."
        )
    if frames != n_trials:
        raise DamagedFile(f"{path.name} has {frames} trials; a session has {n_trials}.")
    missing = offset + 4 * n_template * frames - path.stat().st_size
    if missing > 0:
        raise DamagedFile(f"{path.name} is truncated: {missing:,} bytes are missing.")
    return np.memmap(path, dtype=">f4", mode="r", offset=offset, shape=(frames, n_template))


def z_score_blocks(betas: np.ndarray, vertices: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Z-score each vertex over a session's trials (SD with ddof 0, as in Algonauts 2023).

    Parameters
    ----------
    betas : (n_trials, n_template).
    vertices : (n,) template vertex numbers.

    Yields
    ------
    where, scores : a slice of ``vertices`` and its (n_of_block, n_trials) float32. A constant
        vertex is 0 throughout; one with any value that is not finite is NaN throughout.
    """
    size = max(1, _NUMBERS_PER_BLOCK // len(betas))
    for start in range(0, len(vertices), size):
        where = slice(start, min(start + size, len(vertices)))
        yield where, _z_score(betas[:, vertices[where]].T.astype(np.float64))


def _z_score(values: np.ndarray) -> np.ndarray:
    """Z-score (n_vertices, n_trials) float64 along trials, overwriting it."""
    broken = ~np.isfinite(values).all(axis=1)
    values[broken] = 0
    constant = values.min(axis=1) == values.max(axis=1)
    # float64 sums of this many float32 numbers are exact: a constant vertex becomes exactly 0.
    values -= values.mean(axis=1, keepdims=True)
    deviation = np.sqrt(np.mean(values**2, axis=1, keepdims=True))
    values /= np.where(constant[:, None], 1, deviation)
    values[broken] = np.nan
    return values.astype(np.float32)
