"""Features of one layer while they are computed: finished chunks in a folder.

A chunk is a run of images, the same run in every pass over the same configuration. It is a file
of its own: the rows, then a checksum over them and over what they are. The folder is named by
the key and not by the process, so that whoever comes next goes on with what is there.

Why not one file of the final size and a journal of the rows it has: a rename lets a chunk appear
whole or not at all, also where two processes write it at once, and the checksum tells of bytes
that a crash of the machine has kept from the disk. A journal would need a lock for the one and
a flush to disk per chunk for the other. The price is that the bytes are written twice, and that
the disk holds one layer twice while it is put together.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.config import to_plain

_BLOCK = 1 << 22
_CHECKSUM_BYTES = 4
_NAME = r"(\d{8}\.chunk|state\.npz)"
# A readout that is fitted while images pass leaves its state there (core.pipeline.on_the_way).
_OWN_FILE = re.compile(rf"{_NAME}|\.{_NAME}\.\d+-[0-9a-f]{{8}}\.part")


class LostChunkError(Exception):
    """A chunk that was to be read is missing or damaged; it has to be computed again."""


class Draft:
    """The finished chunks of one layer.

    Parameters
    ----------
    folder : made when the first chunk is written.
    shape : of one image's features.
    dtype : of what is stored.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.folder = folder
        self._shape = shape
        self._dtype = dtype.newbyteorder("<")
        self._own: set[range] = set()

    def has(self, chunk: range) -> bool:
        """Tell whether a chunk of images is there and undamaged; reads it once."""
        try:
            for _ in self._blocks(chunk):
                pass
        except LostChunkError:
            return False
        return True

    @contextmanager
    def writing(self, chunk: range) -> Iterator[Callable[[np.ndarray], None]]:
        """Yield a function that takes the chunk's rows in order, a batch (n, *shape) at a time.

        The chunk is there only if the block succeeds.
        """
        target = self._file(chunk)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")
        checksum = self._checksum_start(chunk)

        def write(rows: np.ndarray) -> None:
            nonlocal checksum
            data = np.ascontiguousarray(rows, self._dtype).reshape(-1).view(np.uint8).data
            checksum = zlib.crc32(data, checksum)
            stream.write(data)

        try:
            with _create(unfinished) as stream:
                yield write
                stream.write(checksum.to_bytes(_CHECKSUM_BYTES, "little"))
            # The folder goes when another process has finished the layer; so has this chunk then.
            with contextlib.suppress(FileNotFoundError):
                unfinished.replace(target)
                self._own.add(chunk)
        finally:
            unfinished.unlink(missing_ok=True)

    def assemble(self, stream: BinaryIO, chunks: Sequence[range]) -> None:
        """Write an ``.npy`` file of all chunks in order, holding one block in memory.

        What this object has written itself is copied without being looked at again.

        Raises
        ------
        LostChunkError
            One is missing or damaged; what was written so far is of no use.
        """
        shape = (sum(map(len, chunks)), *self._shape)
        np.lib.format.write_array_header_1_0(
            stream, {"descr": self._dtype.str, "fortran_order": False, "shape": shape}
        )
        for chunk in chunks:
            for block in self._blocks(chunk, trusted=chunk in self._own):
                stream.write(block)

    def discard(self) -> None:
        """Remove the chunks; a file that is not ours stays, and the folder with it."""
        for path in draft_files(self.folder):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _file(self, chunk: range) -> Path:
        return self.folder / f"{chunk.start:08d}.chunk"

    def _checksum_start(self, chunk: range) -> int:
        # A chunk of other rows, shape or dtype is damaged even where it has as many bytes.
        what = [chunk.start, chunk.stop, to_plain(self._shape), self._dtype.str]
        return zlib.crc32(json.dumps(what).encode())

    def _blocks(self, chunk: range, *, trusted: bool = False) -> Iterator[bytes]:
        """Yield a chunk's bytes; the last block only after the checksum was found right.

        A trusted chunk has the right size, and its checksum is not computed.
        """
        left = len(chunk) * int(np.prod(self._shape, dtype=np.int64)) * self._dtype.itemsize
        checksum = self._checksum_start(chunk)
        try:
            with self._file(chunk).open("rb") as stream:
                if os.fstat(stream.fileno()).st_size != left + _CHECKSUM_BYTES:
                    raise LostChunkError(str(self._file(chunk)))
                while left:
                    block = stream.read(min(_BLOCK, left))
                    left -= len(block)
                    if not trusted:
                        checksum = zlib.crc32(block, checksum)
                    told = stream.read(_CHECKSUM_BYTES) if not (left or trusted) else b""
                    if not block or (told and int.from_bytes(told, "little") != checksum):
                        raise LostChunkError(str(self._file(chunk)))
                    yield block
        except OSError as error:
            raise LostChunkError(str(error)) from None


def draft_files(folder: Path) -> list[Path]:
    """Return what drafts write into their folder; empty where there is none."""
    try:
        return [path for path in folder.iterdir() if _OWN_FILE.fullmatch(path.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _create(path: Path) -> BinaryIO:
    # Another process that has finished the layer may remove the folder in between.
    for _ in range(10):
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return path.open("wb")
    return path.open("wb")
