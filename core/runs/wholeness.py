"""Whether a run on disk is whole, and reading its arrays so that damage is never computed with.

Two looks. The first, at every run of a folder, opens no array of a sealed run but those that
predict: the record can be read, every array is there in its size and shape, and coefficients do
not begin with NaN. The second comes with reading: bytes that do not fit their seal are refused.
Arrays are read into memory, or mapped where they are large: whoever keeps a mapping keeps a file
open, so nothing keeps one.
"""

from __future__ import annotations

import errno
import io
import json
import math
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.datasets.npy import read_header
from cortiscope.core.encoding.regressors import restore_predictor
from cortiscope.core.errors import CoreError, DamagedFile, WorkFailed
from cortiscope.core.storage.content import seal, seal_of

RECORD = "run.json"
_LARGE = 16 * 2**20
_BEGINNING = 4096  # values
_ROWS = 256  # of an array that is written in parts
# Records have tens of kB; what is far larger is something else, and costs memory to find out.
_LARGEST_RECORD = 64 * 2**20
_NOT_ITS_FAULT = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.ESTALE}
_AGAIN = "Fit it again: that takes its place."


def damaged(run: str, why: str) -> DamagedFile:
    """Return the error of a run that cannot be used."""
    return DamagedFile(f"Run {run}: {why}.", _AGAIN)


def unreadable(run: str, file: str, error: Exception) -> CoreError:
    """Return the error of a file that could not be read: by its own fault, or the machine's."""
    if isinstance(error, OSError) and error.errno in _NOT_ITS_FAULT:
        return WorkFailed(
            f"{file} of run {run} could not be opened: {error.strerror}.",
            "The run itself is fine; close other programs, or restart this one.",
        )
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)[:80]
    return damaged(run, f"{file} cannot be read ({why})")


def read_record(folder: Path, run_format: int) -> dict[str, Any]:
    """Read what a run says of itself.

    Raises
    ------
    DamagedFile : nothing that this program could open; the message has name and reason.
    """
    run, path = folder.name, folder / RECORD
    try:
        if not folder.is_dir():
            link = "is a link to nothing" if folder.is_symlink() else "is not a folder"
            raise damaged(run, link)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_RECORD:
            raise damaged(run, f"{RECORD} is not the record of a run")
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise damaged(run, f"has no {RECORD}") from None
    except OSError as error:
        raise unreadable(run, RECORD, error) from None
    except (ValueError, RecursionError) as error:
        raise damaged(run, f"{RECORD} is not JSON ({str(error)[:80]})") from None
    if not isinstance(record, dict):
        raise damaged(run, f"{RECORD} is not the record of a run")
    if record.get("format") != run_format:
        raise damaged(
            run, f"has format {record.get('format')!r:.20}; this program reads {run_format}"
        )
    return record


def check_arrays(folder: Path, record: Mapping[str, Any]) -> None:
    """Take the first look at a run's arrays; DamagedFile where one is missing or cannot be."""
    run = folder.name
    sealed: Mapping[str, Any] = record.get("arrays", {})
    for name, seal_then in sealed.items():
        try:
            n_bytes = (folder / f"{name}.npy").stat().st_size
        except OSError as error:
            raise unreadable(run, f"{name}.npy", error) from None
        if n_bytes != seal_then["bytes"]:
            raise damaged(run, f"{name}.npy has {n_bytes:,} bytes, not {seal_then['bytes']:,}")

    def outline(name: str) -> np.ndarray:
        return _outline(folder, name)

    n_vertices = sum(record["n_vertices"].values())
    predictor = restore_predictor(record["predictor"], outline)
    if predictor.n_vertices != n_vertices:
        raise damaged(run, f"predicts {predictor.n_vertices:,} vertices, not {n_vertices:,}")
    coef = getattr(predictor, "coef", None)
    if coef is not None and coef.shape != (record["n_columns"], n_vertices):
        raise damaged(run, f"coef.npy is {coef.shape}")
    if not sealed:
        for name, shape in _expected(record, n_vertices).items():
            got = outline(name).shape
            if len(got) != len(shape) or any(
                n is not None and n != m for n, m in zip(shape, got, strict=True)
            ):
                raise damaged(run, f"{name}.npy is {got}")


def read_array(folder: Path, record: Mapping[str, Any], name: str) -> np.ndarray:
    """Read one of a run's arrays, read-only, verified where the run has seals.

    Returns
    -------
    In memory, or memory-mapped above 16 MiB: to be used and dropped, as it keeps its file open.

    Raises
    ------
    DamagedFile : it is not what was saved.
    """
    run, path = folder.name, folder / f"{name}.npy"
    sealed = record.get("arrays", {}).get(name)
    try:
        if path.stat().st_size > _LARGE:
            fits = sealed is None or seal_of(path) == sealed["xxh3"]
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            data = path.read_bytes()
            fits = sealed is None or seal(data) == sealed["xxh3"]
            array = np.load(io.BytesIO(data), allow_pickle=False) if fits else np.empty(0)
            array.flags.writeable = False
    except (OSError, ValueError, EOFError) as error:
        raise unreadable(run, path.name, error) from error
    if not fits:
        raise damaged(run, f"{path.name} is not what was saved")
    return array


def without_nan(run: str, name: str, array: np.ndarray) -> np.ndarray:
    """Return an array that predictions are made of; DamagedFile if it holds NaN."""
    # Of a vertex with a penalty per ROI none is *the* penalty: alpha alone may have NaN.
    # Scores are left undefined at vertices that do not vary.
    spared = name.endswith(("alpha", "_r", "_ceiling"))
    if array.dtype.kind == "f" and not spared and np.isnan(array).any():
        raise damaged(run, f"{name}.npy holds values that are not numbers (NaN)")
    return array


def write_arrays(folder: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """Write arrays as ``.npy`` and return their seals, for the record."""
    seals = {}
    for name, array in arrays.items():
        path = folder / f"{name}.npy"
        if isinstance(array, np.ndarray):
            np.save(path, np.ascontiguousarray(array), allow_pickle=False)
        else:
            _write_in_parts(path, array)
        seals[name] = {"bytes": path.stat().st_size, "xxh3": seal_of(path)}
    return seals


def _write_in_parts(path: Path, array: np.ndarray) -> None:
    """Write what is not in memory, some rows at a time."""
    with path.open("wb") as stream:
        header = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
        np.lib.format.write_array_header_1_0(stream, header)
        for start in range(0, len(array), _ROWS):
            stream.write(np.ascontiguousarray(array[start : start + _ROWS]).data)


def _outline(folder: Path, name: str) -> np.ndarray:
    """Return an array of a file's shape and type that takes no memory, after a first look."""
    path = folder / f"{name}.npy"
    try:
        header = read_header(path)
        if header.dtype.kind not in "biuf":
            raise DamagedFile(f"{path.name} holds {header.dtype}.")
        n_values = math.prod(header.shape)
        with path.open("rb") as stream:
            stream.seek(header.n_expected - n_values * header.dtype.itemsize)
            beginning = np.fromfile(stream, header.dtype, min(n_values, _BEGINNING))
    except CoreError as error:
        if isinstance(error.__cause__, OSError):
            raise unreadable(folder.name, path.name, error.__cause__) from None
        raise damaged(folder.name, error.message.rstrip(".")) from None
    except OSError as error:
        raise unreadable(folder.name, path.name, error) from None
    without_nan(folder.name, name, beginning)
    return np.broadcast_to(np.zeros((), header.dtype), header.shape)


def _expected(record: Mapping[str, Any], n_vertices: int) -> dict[str, tuple[int | None, ...]]:
    """Return arrays and shapes that a run has whose record names none."""
    found: dict[str, tuple[int | None, ...]] = {
        "design_train": (record["n_train"], record["n_columns"]),
        "validation_rows": (None,),
    }
    for k in range(len(record["spaces"])):
        found |= {f"readout{k}_{name}": (None,) for name in ("mean", "scale", "explained")}
        found[f"readout{k}_components"] = (None, None)
    for name in ("validation", "report"):
        found[f"{name}_r"] = (n_vertices,)
        if record[name]["has_ceiling"]:
            found[f"{name}_ceiling"] = (n_vertices,)
    if record["report"]["split"] == "test":
        found["design_test"] = (record["report"]["n_images"], record["n_columns"])
    return found
