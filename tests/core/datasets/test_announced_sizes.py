"""What a small file announces is held against its pictures before memory is taken."""

from __future__ import annotations

import base64
import gzip
import zipfile
import zlib

import numpy as np
import pytest

from cortiscope.core.datasets.arrays.readers import read_csv, read_gifti, read_mgh, read_npz
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.datasets.restricted_pickle import load_label_names
from cortiscope.core.errors import CoreError
from tests.peak_memory import needs_proc, rise

N_PICTURES, N_VERTICES = 3, 4


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for k in range(N_PICTURES):
        (tmp_path / "images" / f"img{k}.png").touch()
    return tmp_path


def refusal(read, path):
    with pytest.raises(CoreError) as caught:
        read(path)
    assert len(str(caught.value)) < 400
    return str(caught.value)


def npz(path, shape, dtype="<f8"):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}".encode()
    header += b" " * (117 - len(header)) + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        for side in ("lh", "rh"):
            content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
            archive.writestr(f"{side}.npy", content + bytes(64))
    return path


def gifti(path, arrays, *, attributes="", opening="", encoding="GZipBase64Binary"):
    """Write (announced number of values, packed bytes of values) as data arrays."""
    text = f'<?xml version="1.0"?>{opening}<GIFTI Version="1.0" NumberOfDataArrays="1">'
    for n, content in arrays:
        packed = base64.b64encode(content).decode()
        text += (
            '<DataArray Intent="NIFTI_INTENT_NONE" DataType="NIFTI_TYPE_FLOAT32" '
            'ArrayIndexingOrder="RowMajorOrder" Endian="LittleEndian" Dimensionality="1" '
            f'Dim0="{n}" Encoding="{encoding}" {attributes}><Data>{packed}</Data></DataArray>'
        )
    path.write_text(text + "</GIFTI>")
    return path


def zeros(n_bytes):
    return zlib.compress(bytes(n_bytes), 9)


def test_an_npz_that_announces_more_than_its_pictures_can_have_is_refused(folder):
    path = npz(folder / "responses.npz", (3660, 163842))
    told = refusal(lambda p: read_npz(p, "lh"), path)
    assert "lh of responses.npz announces 3,660 x 163,842 numbers" in told
    assert "are 3 pictures" in told


def test_an_npz_of_values_of_a_gigabyte_each_is_refused(folder):
    path = npz(folder / "responses.npz", (3, 4), "|V1000000000")
    assert "expected real numbers" in refusal(lambda p: read_npz(p, "lh"), path)


def test_a_gifti_that_announces_more_than_its_pictures_can_have_is_refused(folder):
    path = gifti(folder / "lh.func.gii", [(10**9, zeros(64))])
    assert "1,000,000,000 numbers" in refusal(read_gifti, path)


def test_a_gifti_that_unpacks_to_more_than_it_announces_is_refused(folder):
    path = gifti(folder / "lh.func.gii", [(N_VERTICES, zeros(4 * N_VERTICES + 1))])
    assert "unpacks to more than 16 bytes" in refusal(read_gifti, path)


def test_a_gifti_follows_no_external_file(folder):
    (folder / "secret").write_bytes(bytes(16))
    path = gifti(
        folder / "lh.func.gii",
        [(N_VERTICES, b"")],
        attributes='ExternalFileName="secret" ExternalFileOffset="0"',
        encoding="ExternalFileBinary",
    )
    assert "'secret'" in refusal(read_gifti, path)


def test_a_gifti_declares_no_entities(folder):
    opening = '<!DOCTYPE GIFTI [<!ENTITY a "aaaaaaaaaa">]>'
    path = gifti(folder / "lh.func.gii", [(N_VERTICES, zeros(16))], opening=opening)
    assert "entities" in refusal(read_gifti, path)


def test_an_mgz_that_announces_more_than_its_pictures_can_have_is_refused(folder):
    header = np.array([1, 163842, 1, 1, 10**4, 3, 0], ">i4").tobytes()
    with gzip.open(folder / "lh.mgz", "wb") as stream:
        stream.write(header + bytes(284 - len(header)))
    assert "163,842 x 1 x 1 x 10,000 numbers" in refusal(read_mgh, folder / "lh.mgz")


def test_a_long_cell_of_a_table_is_not_repeated_in_full(folder):
    (folder / "lh.csv").write_text("a,b\n1," + "x" * 200_000 + "\n")
    assert "cannot be read as a table" in refusal(read_csv, folder / "lh.csv")


def test_a_sparse_list_of_vertices_is_not_read(folder):
    path = folder / "lh.vertices.npy"
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "<i8", "fortran_order": False, "shape": (10**9,)}
        )
        stream.truncate(stream.tell() + 8 * 10**9)
    told = refusal(lambda p: load_array(p, shape=(None,)), path)
    assert "1,000,000,000 values; a hemisphere has at most 163,842" in told


def test_a_large_file_of_label_names_is_not_read(folder):
    path = folder / "mapping_streams.npy"
    np.save(path, {1: "early"}, allow_pickle=True)
    with path.open("ab") as stream:
        stream.truncate(2**33)
    assert "names take few" in refusal(load_label_names, path)


@needs_proc
@pytest.mark.parametrize("kind", ["data array", "white space"])
def test_unpacking_takes_little_more_than_what_is_announced(folder, kind):
    if kind == "data array":
        path = gifti(folder / "lh.func.gii", [(N_VERTICES, zeros(200 * 2**20))])
    else:
        path = folder / "lh.func.gii.gz"
        plain = (
            gifti(folder / "a.gii", [(N_VERTICES, b"")]).read_text().replace("<Data>", "<Data>{}")
        )
        start, _, end = plain.partition("</Data>")
        with gzip.open(path, "wb", 1) as stream:
            stream.write(start.encode())
            for _ in range(100):
                stream.write(b" " * 2**20)
            stream.write(f"</Data>{end}".encode())
    # What the reader loads at its first use is no part of the peak.
    loaded = "from cortiscope.core.datasets.arrays import readers"
    added, refusal = rise(loaded, "readers.read_gifti(path)", path)
    assert added < 80 * 2**20
    assert refusal
