"""One session's betas on fsaverage, and its z-scores, a block of vertices at a time.

``{lh,rh}.betas_sessionNN.mgh``: (163842, 1, 1, 750) big-endian float32 in percent signal change,
vertices fastest, after a header of 284 bytes. (The volume files are int16, times 300; these not.)
``.mgz`` is the same, compressed by gzip: it is read trial by trial, from one end to the other.

A file can be of the right size and not whole, since download programs reserve the space first:
``copies`` and ``unwritten_trials`` find sessions whose values cannot be those of a session.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

import numpy as np

from cortiscope.core.brain import FSAVERAGE5_VERTICES, FSAVERAGE_VERTICES, HEMISPHERES, Hemisphere
from cortiscope.core.datasets.npy import refuse_unfinished
from cortiscope.core.datasets.responses import unmap
from cortiscope.core.errors import DamagedFile, InvalidInput

# Of the float64 copy of a block: 64 MB.
_NUMBERS_PER_BLOCK = 8_000_000
_HEADER_BYTES = 284
# What FreeSurfer may append after the values.
_MOST_TAG_BYTES = 1 << 20


def template_size(path: Path, n_trials: int) -> int:
    """Return a session's vertices, having held its header against its size.

    Raises
    ------
    DamagedFile : not such a file, truncated, of another type or length; names the numbers.
    """
    from nibabel.freesurfer.mghformat import MGHHeader

    try:
        with _open(path) as stream:
            header = MGHHeader.from_fileobj(io.BytesIO(stream.read(_HEADER_BYTES)))
        shape, dtype = header.get_data_shape(), np.dtype(header.get_data_dtype())
    except Exception as error:  # nibabel raises as many kinds as there are ways to be damaged
        why = " ".join(str(error).split()) or type(error).__name__
        raise DamagedFile(
            f"{path.name} cannot be read as an MGH file: {why}.", "Copy or download it again."
        ) from error
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
    expected = _HEADER_BYTES + 4 * n_template * frames
    missing = expected - _unpacked_size(path)
    if path.suffix == ".mgz" and not -_MOST_TAG_BYTES <= missing <= 0:
        raise DamagedFile(
            f"{path.name} is cut short or damaged: its end does not fit {expected:,} unpacked "
            "bytes.",
            "Copy or download it again.",
        )
    if missing > 0:
        raise DamagedFile(
            f"{path.name} is truncated: {missing:,} bytes are missing.",
            "Copy or download it again.",
        )
    return n_template


def open_betas(path: Path, n_trials: int, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Open some vertices of a session of one hemisphere.

    Parameters
    ----------
    vertices : (n,) template vertex numbers.

    Returns
    -------
    betas : (n_trials, n_columns) big-endian float32: for ``.mgh`` the whole file, memory-mapped,
        for ``.mgz`` the wanted vertices, in memory.
    columns : (n,) where in it the vertices are.

    Raises
    ------
    DamagedFile : as ``template_size``, and a compressed file that breaks off.
    """
    n_template = template_size(path, n_trials)
    if path.suffix == ".mgh":
        whole = np.memmap(
            path, dtype=">f4", mode="r", offset=_HEADER_BYTES, shape=(n_trials, n_template)
        )
        return whole, vertices
    betas = np.empty((n_trials, len(vertices)), dtype=">f4")
    try:
        with _open(path) as stream:
            stream.read(_HEADER_BYTES)
            for trial in range(n_trials):
                row = np.frombuffer(stream.read(4 * n_template), dtype=">f4")
                betas[trial] = row[vertices]
            while stream.read(1 << 20):  # the checksum is compared at the end only
                pass
    except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
        raise DamagedFile(
            f"{path.name} breaks off or is damaged within ({' '.join(str(error).split())}).",
            "Copy or download it again; the sessions before it are kept.",
        ) from error
    return betas, np.arange(len(vertices))


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
        values = betas[:, vertices[where]].T.astype(np.float64)
        unmap(betas)
        yield where, _z_score(values)


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


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.suffix == ".mgz" else path.open("rb")


def _unpacked_size(path: Path) -> int:
    """Return a file's size without compression: gzip notes it, below 4 GB, in the last 4 bytes."""
    size = path.stat().st_size
    if path.suffix != ".mgz":
        return size
    with path.open("rb") as stream:
        stream.seek(max(0, size - 4))
        return int.from_bytes(stream.read(4), "little")


_START = 1 << 16


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


def require_whole_sessions(files: Sequence[Mapping[Hemisphere, Path]], n_trials: int) -> int:
    """Look at every file before the first hour of work; return the vertices per hemisphere.

    Parameters
    ----------
    files : of each session, a file per hemisphere.
    n_trials : of a session.

    Raises
    ------
    DamagedFile, InvalidInput : naming the first file that is not whole, or of another template.
    """
    paths = [pair[h] for h in HEMISPHERES for pair in files]
    for path in paths:
        refuse_unfinished(path)
    sizes = {template_size(f, n_trials): f for pair in files for f in pair.values()}
    if len(sizes) > 1:
        (n, one), (m, other) = list(sizes.items())[:2]
        raise InvalidInput(f"{one.name} has {n:,} vertices, {other.name} {m:,}.")
    for path, earlier in copies(paths):
        raise DamagedFile(
            f"{path.name} holds the same betas as {earlier.name}.", "Download it again."
        )
    for path in (p for p in paths if p.suffix == ".mgh"):
        betas, _ = open_betas(path, n_trials, np.arange(0))
        for trial in unwritten_trials(betas, spread_trials(n_trials)):
            raise DamagedFile(
                f"{path.name} holds nothing in trial {trial + 1}: zeros or NaN only.",
                "Download it again.",
            )
    return next(iter(sizes))
