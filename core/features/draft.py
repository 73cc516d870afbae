"""Features of a layer while they are computed: an array that fills, with seals of what is finished.

A pass writes rows at their place in an ``.npy`` file of the final size, one of its own, which in
the end becomes the array by a rename. A chunk is a run of images, the same run in every pass over
the same configuration; when its rows are written it gets a seal, a small file with a checksum over
them and over what they are. The folder is named by the key and not by the process, so that whoever
comes next goes on with the chunks that have a seal and fit it: those of others are copied.

Why a file for each process: two that write the same array at once never touch each other's bytes,
without a lock, and whatever they compute on. Why a checksum: a seal may reach the disk before the
rows do when the machine goes down. Bytes are written once; the disk holds twice only what a
stopped process has left to another one, while that puts the array together.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import xxhash

from cortiscope.core.config import to_plain

_BLOCK = 1 << 22
_RUN = r"\d+-[0-9a-f]{8}"
# A reduction that is fitted while images pass leaves its state there (core.pipeline.streaming).
_STATE = rf"state\.npz|\.state\.npz\.{_RUN}\.part"
# Versions before kept chunks as files of their own; cleaning still knows them.
_BEFORE = rf"\d{{8}}\.chunk|\.\d{{8}}\.chunk\.{_RUN}\.part"
_OWN_FILE = re.compile(rf"{_RUN}\.rows|\d{{8}}\.{_RUN}\.seal|{_STATE}|{_BEFORE}")


class LostChunkError(Exception):
    """A chunk that was to be read is missing or damaged; it has to be computed again."""


class Draft:
    """An array that fills.

    Parameters
    ----------
    folder : made when the first chunk is written.
    shape : of the whole array, images first.
    dtype : of what is stored.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.folder = folder
        self._shape = shape
        self._dtype = dtype.newbyteorder("<")
        self._row_bytes = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
        header = BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": self._dtype.str, "fortran_order": False, "shape": shape}
        )
        self._header = header.getvalue()
        self._run = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._own: set[range] = set()

    def has(self, chunk: range) -> bool:
        """Whether a chunk of images is there and undamaged; reads it once."""
        return chunk in self._own or any(self._fits(run, chunk) for run in self._runs(chunk))

    def sealed_bytes(self, chunks: Sequence[range]) -> int:
        """Return the size of the chunks that seem to be there; reads none of them."""
        return sum(len(chunk) * self._row_bytes for chunk in chunks if self._runs(chunk))

    @contextmanager
    def writing(self, chunk: range) -> Iterator[Callable[[np.ndarray], None]]:
        """Yield a function that takes the chunk's rows in order, a batch (n, ...) at a time.

        The chunk is there only if the block succeeds.
        """
        self._own.discard(chunk)
        digest, left = self._digest(chunk), len(chunk) * self._row_bytes

        def write(rows: np.ndarray) -> None:
            nonlocal left
            data = np.ascontiguousarray(rows, self._dtype).reshape(-1).view(np.uint8).data
            left -= len(data)
            if left < 0:
                raise ValueError(f"More rows than chunk {chunk} has.")
            digest.update(data)
            stream.write(data)

        try:
            with self._own_rows() as stream:
                stream.seek(self._place(chunk))
                yield write
                # Now, beside the network, and not for the whole array in the end.
                stream.flush()
                os.fsync(stream.fileno())
            if left:
                raise ValueError(f"Fewer rows than chunk {chunk} has.")
        except BaseException:
            self._forget_unless_sealed()
            raise
        # The folder goes when another process has finished the layer; so has this chunk then.
        with contextlib.suppress(FileNotFoundError):
            self._seal(self._run, chunk).write_bytes(digest.digest())
            self._own.add(chunk)

    def whole(self, chunks: Sequence[range]) -> Path:
        """Return the ``.npy`` file with all chunks, which make up the array, safe on the disk.

        What this object has written itself is not looked at again; what others have left is
        copied, holding one block in memory.

        Raises
        ------
        LostChunkError
            One is missing or damaged.
        """
        for chunk in chunks:
            if chunk not in self._own:
                self._take_over(chunk)
        path = self._rows(self._run)
        try:
            with path.open("r+b") as stream:
                if os.fstat(stream.fileno()).st_size == self._n_bytes:
                    os.fsync(stream.fileno())
                    return path
        except FileNotFoundError:
            pass
        self._own.clear()
        path.unlink(missing_ok=True)
        raise LostChunkError(str(path))

    def discard(self) -> None:
        """Remove what drafts write; a file that is not ours stays, and the folder with it."""
        for path in draft_files(self.folder):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    @property
    def _n_bytes(self) -> int:
        return len(self._header) + self._shape[0] * self._row_bytes

    def _place(self, chunk: range) -> int:
        return len(self._header) + chunk.start * self._row_bytes

    def _rows(self, run: str) -> Path:
        return self.folder / f"{run}.rows"

    def _seal(self, run: str, chunk: range) -> Path:
        return self.folder / f"{chunk.start:08d}.{run}.seal"

    def _runs(self, chunk: range) -> list[str]:
        """Return who has sealed a chunk."""
        return sorted(p.name.split(".")[1] for p in self.folder.glob(f"{chunk.start:08d}.*.seal"))

    def _digest(self, chunk: range) -> xxhash.xxh3_64:
        # A chunk of other rows, shape or dtype is damaged even where it has as many bytes.
        what = [chunk.start, chunk.stop, to_plain(self._shape), self._dtype.str]
        return xxhash.xxh3_64(json.dumps(what).encode())

    def _own_rows(self) -> BinaryIO:
        """Open the file that this object writes to."""
        # Another process that has finished the layer removes the folder, at any time: also between
        # the two looks of mkdir, which then says that something else is there.
        for _ in range(10):
            with contextlib.suppress(FileNotFoundError, FileExistsError):
                return self._open_or_create()
        return self._open_or_create()

    def _open_or_create(self) -> BinaryIO:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._rows(self._run)
        with contextlib.suppress(FileNotFoundError):
            return path.open("r+b")
        self._own.clear()
        stream = path.open("x+b")
        stream.write(self._header)
        stream.truncate(self._n_bytes)
        return stream

    def _forget_unless_sealed(self) -> None:
        if not any(self.folder.glob(f"*.{self._run}.seal")):
            self._rows(self._run).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self.folder.rmdir()

    def _fits(self, run: str, chunk: range) -> bool:
        try:
            for _ in self._blocks(run, chunk):
                pass
        except LostChunkError:
            return False
        return True

    def _take_over(self, chunk: range) -> None:
        for run in self._runs(chunk):
            with contextlib.suppress(LostChunkError):
                with self._own_rows() as stream:
                    stream.seek(self._place(chunk))
                    for block in self._blocks(run, chunk):
                        stream.write(block)
                self._own.add(chunk)
                return
        raise LostChunkError(f"{self.folder}: {chunk}")

    def _blocks(self, run: str, chunk: range) -> Iterator[bytes]:
        """Yield a chunk's bytes; the last block only after the checksum was found right."""
        left, digest = len(chunk) * self._row_bytes, self._digest(chunk)
        try:
            sealed = self._seal(run, chunk).read_bytes()
            with self._rows(run).open("rb") as stream:
                stream.seek(self._place(chunk))
                while left:
                    block = stream.read(min(_BLOCK, left))
                    left -= len(block)
                    digest.update(block)
                    if not block or (not left and sealed != digest.digest()):
                        raise LostChunkError(str(self._seal(run, chunk)))
                    yield block
        except OSError as error:
            raise LostChunkError(str(error)) from None


def draft_files(folder: Path) -> list[Path]:
    """Return what drafts write into their folder; empty where there is none."""
    try:
        return [path for path in folder.iterdir() if _OWN_FILE.fullmatch(path.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
