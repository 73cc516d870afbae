"""One reader per kind of file: each gives (n_images, n_columns), or says what the file holds."""

from __future__ import annotations

import itertools
import math
import zipfile
from pathlib import Path

import numpy as np

from cortiscope.core.brain.spaces import NESTED
from cortiscope.core.datasets.arrays.announced import announced_in_npz, check_announced
from cortiscope.core.datasets.arrays.csv_form import csv_form
from cortiscope.core.errors import CoreError, DamagedFile, InvalidInput, shortened

_LONGEST_NUMBER = 32  # characters, with its comma


def check_table(array: np.ndarray, name: str) -> np.ndarray:
    """Return an array if it is a table of real numbers.

    Raises
    ------
    InvalidInput : it has not two dimensions, nothing in it, or no numbers.
    """
    hint = "Save responses as (n_images, n_vertices), float32."
    if not isinstance(array, np.ndarray):
        raise InvalidInput(f"{name} is an archive of arrays, not an array.", hint)
    if array.ndim != 2 or array.size == 0:
        shape = " x ".join(f"{n:,}" for n in array.shape) or "a single number"
        raise InvalidInput(f"{name} is {shape}; expected n_images x n_vertices.", hint)
    if array.dtype.kind not in "fiu":
        raise InvalidInput(f"{name} holds {array.dtype}; expected real numbers.", hint)
    return array


def read_npz(path: Path, key: str) -> np.ndarray:
    """Read one array of an ``.npz`` file."""
    try:
        with zipfile.ZipFile(path) as packed:
            keys = sorted(name.removesuffix(".npy") for name in packed.namelist())
            if keys != ["lh", "rh"]:
                raise InvalidInput(
                    f"{path.name} holds {', '.join(keys) or 'nothing'}; expected lh and rh.",
                    "Save it by numpy.savez(path, lh=left, rh=right).",
                )
            name = f"{key} of {path.name}"
            check_announced(path, announced_in_npz(packed, f"{key}.npy"), name)
        with np.load(path, allow_pickle=False) as archive:
            return check_table(archive[key], name)
    except CoreError:
        raise
    except Exception as error:  # zip, zlib and numpy each have their own
        raise DamagedFile(
            f"{path.name} cannot be read as an .npz file: {error}.",
            "The file is truncated or of another kind; copy it again.",
        ) from error


def read_csv(path: Path) -> np.ndarray:
    """Read a table of numbers, in any of the forms that ``csv_form`` knows."""
    check_announced(path, [path.stat().st_size // _LONGEST_NUMBER], f"The size of {path.name}")
    try:
        form = csv_form(path)
        with path.open(encoding=form.encoding) as stream:
            if form.has_header:
                next(stream, None)
            lines = (line for line in stream if line.strip())
            if (first := next(lines, None)) is None:
                raise InvalidInput(
                    f"{path.name} holds no row of numbers; expected one row per image.",
                    "The file is empty or truncated; write it again.",
                )
            rows = itertools.chain([first], lines)
            table = np.loadtxt(
                (line.replace(",", ".") for line in rows) if form.decimal_comma else rows,
                dtype=np.float32,
                delimiter=form.separator,
                comments=None,
                ndmin=2,
                # Read all the same, so that rows of another length are reported.
                converters={0: lambda _: 0.0} if form.labels else None,
            )
    except InvalidInput:
        raise
    except (ValueError, OSError) as error:
        what = shortened(str(error).split("; use")[0].rstrip("."))
        raise DamagedFile(
            f"{path.name} cannot be read as a table: {what}.",
            "Expected one row per image, one number per vertex, separated by commas.",
        ) from error
    return check_table(table[:, 1:] if form.labels else table, path.name)


def read_gifti(path: Path) -> np.ndarray:
    """Read a GIfTI file: one data array (n_vertices,) per image, or one of all (n_vertices, n).

    An image's array may be folded, as 27307 x 1 x 6 for fsaverage's 163,842 vertices.
    """
    # nibabel takes its time to be imported.
    from cortiscope.core.datasets.arrays.gifti import read_data_arrays

    try:
        arrays = read_data_arrays(path)
    except CoreError:
        raise
    except Exception as error:  # nibabel passes on whatever XML, base64 and zlib raise
        raise _unreadable(path, "GIfTI", error) from error
    if len(arrays) == 1 and arrays[0].ndim == 2 and 1 not in arrays[0].shape:
        # As nilearn writes a SurfaceImage: the first dimension of GIfTI is that of the vertices.
        return check_table(arrays[0].T, path.name)
    whole = [a.size in NESTED or a.size == max(a.shape, default=0) for a in arrays]
    arrays = [a.ravel(order="F") if w else a for a, w in zip(arrays, whole, strict=True)]
    shapes = sorted({a.shape for a in arrays})
    if len(shapes) != 1 or len(shapes[0]) != 1:
        raise InvalidInput(
            f"{path.name} holds {len(arrays)} data arrays of shapes {shapes}; expected one of "
            "(n_vertices,) per image, or a single one (n_vertices, n_images).",
            "Write each image's responses as its own data array.",
        )
    return check_table(np.stack(arrays), path.name)


def read_mgh(path: Path) -> np.ndarray:
    """Open an MGH file (n_vertices, 1, 1, n_images); uncompressed it stays memory-mapped.

    The vertices may be folded, as FreeSurfer's mri_vol2surf does: 27307 x 1 x 6 for 163,842.
    """
    import nibabel

    try:
        image = nibabel.load(path, mmap="r")
        check_announced(path, image.shape)  # type: ignore[attr-defined]
        volume = np.asanyarray(image.dataobj)  # type: ignore[attr-defined]
    except CoreError:
        raise
    except Exception as error:  # nibabel passes on whatever its parts raise
        raise _unreadable(path, "MGH", error) from error
    if volume.ndim == 3:
        volume = volume[..., None]
    n_vertices = math.prod(volume.shape[:3])
    folded = volume.ndim == 4 and volume.shape[1] == 1 and n_vertices in NESTED
    if not folded and (volume.ndim != 4 or volume.shape[1:3] != (1, 1)):
        raise InvalidInput(
            f"{path.name} is {' x '.join(map(str, volume.shape))}; expected "
            "n_vertices x 1 x 1 x n_images.",
            "A volume is to be sampled to the surface first (mri_vol2surf).",
        )
    # One image after the other in the file, so rows are read in one piece.
    return check_table(volume.reshape((n_vertices, -1), order="F").T, path.name)


def folded_shape(path: Path) -> tuple[int, ...] | None:
    """Return the first three lengths of an MGH file whose vertices are folded, by its header."""
    import nibabel

    shape = tuple(int(n) for n in nibabel.load(path).shape[:3])  # type: ignore[attr-defined]
    return shape if shape[1:] != (1, 1) and math.prod(shape) in NESTED else None


def _unreadable(path: Path, kind: str, error: Exception) -> DamagedFile:
    what = shortened(str(error).split("\n")[0].rstrip("."))
    return DamagedFile(
        f"{path.name} cannot be read as {kind}: {what}.",
        "The file is truncated or of another kind; copy it again.",
    )
