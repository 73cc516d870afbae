"""GIfTI read within what its data arrays announce, and from no file but itself.

nibabel unpacks whatever a data array holds before it looks at the announced dimensions, and reads
external files wherever they are. A module of its own, since importing nibabel takes a third of a
second: only who reads GIfTI waits for it.
"""

from __future__ import annotations

import base64
import gzip
import math
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from nibabel.gifti.parse_gifti_fast import GiftiImageParser
from nibabel.gifti.util import gifti_encoding_codes
from nibabel.nifti1 import data_type_codes

from cortiscope.core.datasets.arrays.announced import check_announced
from cortiscope.core.errors import InvalidInput

# Characters of one number: as text, or in base64 with line breaks.
_PER_VALUE = 40
_OTHER_TEXT = 32 * 2**20  # names, labels, comments


def read_data_arrays(path: Path) -> list[np.ndarray]:
    """Return the data arrays of a GIfTI file, ``.gii`` or ``.gii.gz``.

    Raises
    ------
    InvalidInput : more is announced than the pictures can have, or data lie in another file.
    Exception : whatever nibabel, XML, base64 and zlib raise on damaged content.
    """
    parser = _Parser(path)
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as stream:
        parser.parse(fptr=_Limited(stream, parser))
    if parser.img is None:
        raise ValueError("there is no GIFTI element")
    return [np.asarray(a.data) for a in parser.img.darrays]


class _Parser(GiftiImageParser):
    """nibabel's parser; each data array is held against its announced size first."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.n_values = 0

    def _create_parser(self) -> Any:
        parser = super()._create_parser()
        parser.EntityDeclHandler = self._refuse_entity
        return parser

    def _refuse_entity(self, *_: Any) -> None:
        raise InvalidInput(f"{self._path.name} declares XML entities, which are not read.")

    def StartElementHandler(self, name: str, attrs: dict[str, str]) -> None:  # noqa: N802
        external = name == "DataArray" and (
            attrs.get("ExternalFileName") or "external" in attrs.get("Encoding", "").lower()
        )
        if external:
            raise InvalidInput(
                f"{self._path.name} keeps its data in another file "
                f"({attrs.get('ExternalFileName', '')[:80]!r}), which is not followed.",
                "Write the data into the GIfTI itself (GZipBase64Binary).",
            )
        super().StartElementHandler(name, attrs)
        if name == "DataArray":
            if any(n < 0 for n in self.da.dims):
                raise ValueError(f"a data array announces {self.da.dims}")
            self.n_values += math.prod(self.da.dims)
            check_announced(self._path, [self.n_values])

    def flush_chardata(self) -> None:
        packed = self.write_to == "Data" and self._char_blocks is not None
        if packed and gifti_encoding_codes.label[self.da.encoding] == "B64GZ":
            self._char_blocks = ["".join(self._char_blocks)]
            value = np.dtype(data_type_codes.dtype[self.da.datatype])  # type: ignore[call-overload]
            size = value.itemsize * math.prod(self.da.dims)
            unpack = zlib.decompressobj()
            rest = base64.b64decode(self._char_blocks[0].encode("ascii"))
            unpacked = 0
            while rest and unpacked <= size:
                unpacked += len(unpack.decompress(rest, 2**20))
                rest = unpack.unconsumed_tail
            if unpacked > size:
                raise ValueError(
                    f"a data array of {self.da.dims} unpacks to more than {size:,} bytes"
                )
        super().flush_chardata()


class _Limited:
    """A stream that ends in a refusal once it gives more than the data arrays announce."""

    def __init__(self, stream: IO[bytes], parser: _Parser) -> None:
        self._stream, self._parser, self._read = stream, parser, 0

    def read(self, n: int) -> bytes:
        content = self._stream.read(n)
        self._read += len(content)
        if self._read > _OTHER_TEXT + _PER_VALUE * self._parser.n_values:
            raise ValueError("it unpacks to far more than its data arrays announce")
        return content
