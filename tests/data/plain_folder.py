"""A tiny folder of plain arrays in any of its forms, written without the loader's code.

Seven left and five right vertices; names whose alphabetical order is not their natural one, so
that ``images.txt`` has to say which of them the rows are in.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

NUMBERS = {
    "lh": np.array([3, 8, 9, 40, 41, 77, 10_000]),
    "rh": np.array([0, 5, 6, 7, 4_321]),
}


def values(n_images: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Responses of both hemispheres (n_images, 7) and (n_images, 5)."""
    rng = np.random.default_rng(seed)
    return {s: rng.normal(size=(n_images, len(v))).astype("f4") for s, v in NUMBERS.items()}


def write_images(folder: Path, n: int, seed: int = 0, first: int = 1) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for k in range(n):
        pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"img{first + k}.png")


def write_vertices(folder: Path, *, masks: bool = False) -> None:
    for short, numbers in NUMBERS.items():
        if masks:
            mask = np.zeros(10_242, dtype=bool)
            mask[numbers] = True
            np.save(folder / f"{short}.mask.npy", mask)
        else:
            np.save(folder / f"{short}.vertices.npy", numbers)


def write_plain(folder: Path, form: str = "npy", *, n: int = 20, masks: bool = False) -> Path:
    write_images(folder / "images", n)
    write_order(folder, n)
    write_vertices(folder, masks=masks)
    write_responses(folder, form, values(n))
    return folder


def write_order(folder: Path, n: int, ending: str = "", first: int = 1) -> None:
    names = [f"img{first + k}.png" for k in range(n)]
    (folder / f"images{ending}.txt").write_text("\n".join(names) + "\n")


def write_responses(folder: Path, form: str, data: dict[str, np.ndarray], ending: str = "") -> None:
    if form == "both":
        np.save(folder / f"responses{ending}.npy", np.hstack([data["lh"], data["rh"]]))
    elif form == "npz":
        np.savez(folder / f"responses{ending}.npz", lh=data["lh"], rh=data["rh"])
    else:
        for short, array in data.items():
            _WRITERS[form](folder / f"{short}{ending}", array)


def _npy(stem: Path, array: np.ndarray) -> None:
    np.save(f"{stem}.npy", array)


def _csv(stem: Path, array: np.ndarray, header: str = "") -> None:
    rows = [",".join(f"{v:.9g}" for v in row) for row in array]
    Path(f"{stem}.csv").write_text(header + "\n".join(rows) + "\n")


def _csv_names(stem: Path, array: np.ndarray) -> None:
    _csv(stem, array, ",".join(f"v{k}" for k in range(array.shape[1])) + "\n")


def _csv_pandas(stem: Path, array: np.ndarray) -> None:
    _csv(stem, array, ",".join(str(k) for k in range(array.shape[1])) + "\n")


def _gii(stem: Path, array: np.ndarray) -> None:
    parts = [
        f'<DataArray Intent="NIFTI_INTENT_TIME_SERIES" DataType="NIFTI_TYPE_FLOAT32" '
        f'ArrayIndexingOrder="RowMajorOrder" Dimensionality="1" Dim0="{array.shape[1]}" '
        'Encoding="GZipBase64Binary" Endian="LittleEndian" ExternalFileName="" '
        'ExternalFileOffset=""><Data>'
        f"{base64.b64encode(zlib.compress(row.astype('<f4').tobytes())).decode()}"
        "</Data></DataArray>"
        for row in array
    ]
    Path(f"{stem}.func.gii").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE GIFTI SYSTEM "http://www.nitrc.org/frs/download.php/115/gifti.dtd">\n'
        f'<GIFTI Version="1.0" NumberOfDataArrays="{len(parts)}">{"".join(parts)}</GIFTI>\n'
    )


def _mgh_bytes(array: np.ndarray) -> bytes:
    n_images, n_vertices = array.shape
    # version, four lengths, type 3 (float), degrees of freedom, no orientation given; 284 bytes
    header = struct.pack(">7ih", 1, n_vertices, 1, 1, n_images, 3, 0, 0)
    return header.ljust(284, b"\0") + array.astype(">f4").tobytes()


def _mgh(stem: Path, array: np.ndarray) -> None:
    Path(f"{stem}.mgh").write_bytes(_mgh_bytes(array))


def _mgz(stem: Path, array: np.ndarray) -> None:
    Path(f"{stem}.mgz").write_bytes(gzip.compress(_mgh_bytes(array)))


def write_rois(folder: Path) -> None:
    """Two classes that overlap; the patch is not on the right."""
    classes = {"prf-visualrois": {"V1v": 1, "V1d": 2}, "mine": {"patch": 4}}
    (folder / "rois.json").write_text(json.dumps(classes))
    np.save(folder / "lh.prf-visualrois.npy", np.array([1, 1, 2, 2, 0, 0, 0]))
    np.save(folder / "rh.prf-visualrois.npy", np.array([0, 2, 1, 1, 0]))
    np.save(folder / "lh.mine.npy", np.array([0, 0, 0, 4, 4, 4, 0], dtype="f4"))
    np.save(folder / "rh.mine.npy", np.zeros(5, dtype=np.int32))


_WRITERS = {
    "npy": _npy,
    "csv": _csv,
    "csv with names": _csv_names,
    "csv by pandas": _csv_pandas,
    "gii": _gii,
    "mgh": _mgh,
    "mgz": _mgz,
}
FORMS = ("both", "npz", *_WRITERS)
MAPPED = ("npy", "both", "mgh")
