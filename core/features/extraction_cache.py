"""A pass of images through a backbone that keeps what it has finished.

Each array it makes has one row per image and is a pair of files: ``<key>.npy``, and beside it
``<key>.json``, which says what the array is, how many bytes it has, and their seal. An array
counts only if both agree; anything else is computed anew. What a pass has finished is kept in
``.<key>.draft`` (``Draft``) until the array is whole, so that a killed pass goes on where it was.
Two processes may make the same array at the same time: each writes files of its own, arrays appear
by renames, and the last one wins with equal content.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.errors import CoreError, DamagedFile, InvalidInput, MissingData
from cortiscope.core.features.draft import Draft, LostChunkError
from cortiscope.core.features.pooling import Pooling
from cortiscope.core.progress import Progress
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.storage import atomic_file, write_json, writing
from cortiscope.core.storage.content import seal_of
from cortiscope.core.storage.write_failures import room_at, size

if TYPE_CHECKING:
    from cortiscope.core.backbones.base import Backbone

FORMAT = 1
"""Raised when files of an older version must not be read any more."""

_ROUNDS = 3
"""How often chunks that are lost while an array is put together are computed again."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """An array that a pass is to make.

    Attributes
    ----------
    path : of the ``.npy`` file.
    layers : what it is made of.
    shape : of one image's row.
    rows : from a batch's features by layer, float32 (n, ...), to its rows (n, *shape).
    record : what the array is, for the file beside it.
    name : of the layer or space, for messages.
    """

    path: Path
    layers: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    rows: Callable[[Mapping[str, np.ndarray]], np.ndarray]
    record: Mapping[str, Any]
    name: str

    def n_bytes(self, n_images: int) -> int:
        """Return the size of the whole array."""
        return n_images * int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


def make_arrays(
    wanted: Sequence[Wanted],
    backbone: Backbone,
    images: StimulusImages,
    pooling: Pooling,
    progress: Progress,
    batch_size: int,
) -> None:
    """Make arrays in one pass, less what is finished.

    Raises
    ------
    DamagedFile
        Chunks were lost again and again.
    InvalidInput
        The disk has no room for the arrays.
    CannotWrite
        It has run full meanwhile, or the store's folder may not be written to.
    """
    from cortiscope.core.features.extract import image_chunks

    chunks = image_chunks(len(images), backbone.input_size)
    n_images = len(images)
    drafts = {w: Draft(draft_folder(w.path), (n_images, *w.shape), w.dtype) for w in wanted}
    missing = {w: d for w, d in drafts.items() if not is_whole(w.path, w.dtype, n_images)}
    _check_room(missing, chunks)
    for _ in range(_ROUNDS):
        for w in [w for w in drafts if is_whole(w.path, w.dtype, n_images)]:
            drafts.pop(w).discard()
        if not drafts:
            return

        def finished_elsewhere() -> bool:
            return all(is_whole(w.path, w.dtype, n_images) for w in drafts)

        layers = tuple(dict.fromkeys(layer for w in drafts for layer in w.layers))
        source = (backbone, images, layers, pooling)
        with writing(next(iter(drafts)).path):
            _fill(drafts, chunks, source, batch_size, progress, finished_elsewhere)
            _finish(drafts, chunks)
    left = [w for w in drafts if not is_whole(w.path, w.dtype, n_images)]
    if left:
        raise DamagedFile(
            f"Features of {', '.join(w.name for w in left)} were damaged or removed while they "
            f"were written to {left[0].path.parent}, {_ROUNDS} times.",
            "Check the disk, and that nothing else removes files there.",
        )


def write_whole(path: Path, array: np.ndarray, record: Mapping[str, Any]) -> None:
    """Write an array that is in memory, and its record."""
    with atomic_file(path) as unfinished, unfinished.open("wb") as stream:
        np.save(stream, np.ascontiguousarray(array), allow_pickle=False)
    write_json(path.with_suffix(".json"), _provenance(path, record))


def is_whole(path: Path, dtype: np.dtype, n_rows: int | None = None) -> bool:
    """Whether an array and its record are there and agree to the last byte.

    The bytes are read once for each state of the file (``core.storage.content``). Arrays that were
    made before there were seals are held against their size alone.
    """
    try:
        record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return (
            record["format"] == FORMAT
            and record["bytes"] == path.stat().st_size
            and record["shape"] == list(array.shape)
            and n_rows in (None, len(array))
            and array.dtype == dtype
            and record.get("xxh3") in (None, seal_of(path))
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, CoreError):
        return False


def open_whole(path: Path) -> np.ndarray:
    """Memory-map an array; DamagedFile where that cannot be done."""
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DamagedFile(
            f"The features at {path} could not be read ({error}).",
            "Delete the file; it will be computed again.",
        ) from None
    return array


def _check_room(drafts: Mapping[Wanted, Draft], chunks: Sequence[range]) -> None:
    """Refuse what the disk cannot hold."""
    n_images = sum(map(len, chunks))
    kept = [draft.sealed_bytes(chunks) for draft in drafts.values()]
    # What another process has left is copied, one array after the other.
    needed = sum(w.n_bytes(n_images) for w in drafts) - sum(kept) + max(kept, default=0)
    if not needed:
        return
    folder, free = room_at(next(iter(drafts)).path)
    if needed > free:
        few = [w.name for w in drafts]
        names = ", ".join(few[:4]) + (", ..." if len(few) > 4 else "")
        raise InvalidInput(
            f"Features of {names} for {n_images:,} images take {size(needed)} while they "
            f"are written; {folder} has {size(free)} free: {size(needed - free)} are missing.",
            "Take incremental PCA (ipca:K), which stores no features, or pool (grid:N), or "
            "float16, or fewer layers at a time; or set CORTISCOPE_HOME to a larger disk.",
        )


def _fill(
    drafts: Mapping[Wanted, Draft],
    chunks: Sequence[range],
    source: tuple[Backbone, StimulusImages, Sequence[str], Pooling],
    batch_size: int,
    progress: Progress,
    finished_elsewhere: Callable[[], bool],
) -> None:
    """Compute the chunks that any array lacks, in one pass."""
    from cortiscope.core.features.extract import extract_batches

    lacking = {c: [w for w, draft in drafts.items() if not draft.has(c)] for c in chunks}
    todo = [c for c in chunks if lacking[c]]
    if not todo:
        return
    by_end = {c.stop: c for c in todo}
    by_start = {c.start: c for c in todo}
    writers: dict[Wanted, Callable[[np.ndarray], None]] = {}

    def keep(rows: slice, parts: dict[str, np.ndarray]) -> bool:
        """Write a batch; return whether all the rest is there by now."""
        nonlocal writers
        if rows.start in by_start:
            chunk = by_start[rows.start]
            writers = {
                w: open_chunks.enter_context(drafts[w].writing(chunk)) for w in lacking[chunk]
            }
        for w, write in writers.items():
            write(w.rows(parts))
        if rows.stop not in by_end:
            return False
        open_chunks.close()
        return finished_elsewhere()

    # A batch is written while the network works on the next one, and no further ahead.
    with ExitStack() as open_chunks, ThreadPoolExecutor(1, "keep") as behind:
        last: Future[bool] | None = None
        for rows, parts in extract_batches(
            *source, batch_size=batch_size, progress=progress, chunks=todo
        ):
            if last is not None and last.result():
                return
            last = behind.submit(keep, rows, parts)
        if last is not None:
            last.result()


def _finish(drafts: Mapping[Wanted, Draft], chunks: Sequence[range]) -> None:
    """Make arrays of the drafts that have all chunks, one after the other."""
    for w, draft in drafts.items():
        # Another process that finishes the layer in between takes the draft away.
        with contextlib.suppress(LostChunkError, FileNotFoundError, MissingData):
            rows = draft.whole(chunks)
            # The record first: a process killed in between leaves the chunks where they are.
            write_json(w.path.with_suffix(".json"), _provenance(rows, w.record))
            rows.replace(w.path)
            draft.discard()


def _provenance(array_file: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    array = np.load(array_file, mmap_mode="r", allow_pickle=False)
    return {
        "format": FORMAT,
        **record,
        "n_images": len(array),
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "bytes": array_file.stat().st_size,
        "xxh3": seal_of(array_file),
    }


def draft_folder(path: Path) -> Path:
    """Return the folder of what is finished of an array that is not."""
    return path.with_name(f".{path.stem}.draft")
