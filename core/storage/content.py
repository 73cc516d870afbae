"""What is in a file, hashed once and remembered: the identity of data is the identity of its bytes.

A digest is remembered together with the file's size, times of change and inode, which cannot all
stay when the content changes: a copy that keeps the time of modification has another inode or
another time of change. What is remembered lies under the home folder, one short file per folder
of data, and is a cache only: a line that is torn or lost costs one more reading of a file.

A seal is such a digest, written beside what was computed, to see later that a file still holds it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import xxhash

from cortiscope.core.errors import DamagedFile, MissingData
from cortiscope.core.progress import Progress, silent
from cortiscope.core.storage.atomic import atomic_file
from cortiscope.core.storage.paths import Home

_BLOCK = 2**20
_BATCH_FILES, _BATCH_BYTES = 256, 64 * 2**20  # remembered together: little is lost with a kill
# Clocks of file systems tick in up to two seconds (FAT). A file changed this shortly before it
# was read may change again without a change of its times, so it is not remembered yet.
_SETTLED_NS = 2 * 10**9
_LINES_KEPT = 1024  # forgotten ones in a remembering file, before it is written anew

_REPORT_SECONDS = 0.2

# Size, modification and change times in ns, inode.
_State = tuple[int, int, int, int]


class ContentHashes:
    """Digests of files' contents (xxh3, 128 bits), remembered under a home folder.

    Threads may share one; several processes may use one home. Where nothing can be written,
    digests are remembered for as long as this object lives.

    Parameters
    ----------
    home : ``home.content`` is made when the first digest is remembered.
    """

    def __init__(self, home: Home) -> None:
        self._root = home.content
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, tuple[_State, str]]] = {}
        self._read: dict[str, tuple[int, int] | None] = {}

    def digest(self, path: Path) -> str:
        """Return 32 hexadecimal digits of a file's content.

        Raises
        ------
        MissingData : there is no such file.
        DamagedFile : it cannot be read, or is no file.
        """
        return self.digests([path])[0]

    def digests(
        self, paths: Iterable[Path], progress: Progress = silent, what: str = "data"
    ) -> list[str]:
        """Return the digest of each file, in order; those not remembered are read by threads.

        Parameters
        ----------
        progress : called with the share of the bytes that have to be read; not if none have.
        what : of which the progress speaks.
        """
        places = [os.path.split(os.path.abspath(path)) for path in paths]  # noqa: PTH100 (speed)
        states = [_state_of(folder, name) for folder, name in places]
        for folder in dict.fromkeys(folder for folder, _ in places):
            self._recall(folder)
        unknown = {
            place: state
            for place, state in zip(places, states, strict=True)
            if self._remembered(place, state) is None
        }
        fresh = self._hash(unknown, progress, what) if unknown else {}
        return [
            fresh.get(place) or str(self._remembered(place, state))
            for place, state in zip(places, states, strict=True)
        ]

    def _remembered(self, place: tuple[str, str], state: _State) -> str | None:
        found = self._known.get(place[0], {}).get(place[1])
        return found[1] if found is not None and found[0] == state else None

    def _hash(
        self, unknown: dict[tuple[str, str], _State], progress: Progress, what: str
    ) -> dict[tuple[str, str], str]:
        total = sum(state[0] for state in unknown.values()) or 1
        files = "1 file" if len(unknown) == 1 else f"{len(unknown):,} files"
        message = f"reading {what} once: {files}, {_megabytes(total)}"
        read = _Tally()
        found: dict[tuple[str, str], str] = {}
        progress(0.0, message)
        with ThreadPoolExecutor(min(8, 2 * (os.cpu_count() or 1))) as pool:
            for batch in _batches(unknown):
                jobs = {place: pool.submit(_read, *place, read.add) for place in batch}
                try:
                    pending: set[Future[tuple[str, _State | None]]] = set(jobs.values())
                    while pending:
                        pending = wait(pending, _REPORT_SECONDS).not_done
                        if pending:
                            progress(min(read.n_bytes / total, 1.0), message)
                    hashed = {place: job.result() for place, job in jobs.items()}
                finally:
                    read.stopped = True
                    for job in jobs.values():
                        job.cancel()
                read.stopped = False
                found |= {place: digest for place, (digest, _) in hashed.items()}
                self._remember(hashed)
                progress(min(read.n_bytes / total, 1.0), message)
        return found

    def _remember(self, hashed: dict[tuple[str, str], tuple[str, _State | None]]) -> None:
        lines: dict[str, list[bytes]] = {}
        with self._lock:
            for (folder, name), (digest, state) in hashed.items():
                if state is not None:
                    self._known.setdefault(folder, {})[name] = (state, digest)
                    lines.setdefault(folder, []).append(_line(name, state, digest))
        for folder, written in lines.items():
            # A cache that may not be written to, or is full, only costs time.
            with contextlib.suppress(OSError):
                self._root.mkdir(parents=True, exist_ok=True)
                # One write at the end: other processes' lines stay whole. It begins with the end
                # of a line, should the last writer have been killed within one.
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
                stream = os.open(self._file_of(folder), flags, 0o644)
                try:
                    os.write(stream, b"\n" + b"".join(written))
                finally:
                    os.close(stream)

    def _recall(self, folder: str) -> None:
        """Take in what this or another process remembered of a folder since the last look."""
        path = self._file_of(folder)
        try:
            status = path.stat()
            stamp = (status.st_size, status.st_mtime_ns)
            if self._read.get(folder) == stamp:
                return
            text = path.read_bytes()
        except OSError:
            return
        found, n_lines = {}, 0
        for line in text.split(b"\n"):
            n_lines += bool(line)
            if (entry := _entry(line)) is not None:
                found[entry[0]] = entry[1]
        with self._lock:
            self._known.setdefault(folder, {}).update(found)
            self._read[folder] = stamp
        if n_lines > 2 * len(found) + _LINES_KEPT:
            with contextlib.suppress(OSError), atomic_file(path) as draft:
                draft.write_bytes(b"".join(_line(name, *known) for name, known in found.items()))

    def _file_of(self, folder: str) -> Path:
        return self._root / f"{xxhash.xxh3_128(os.fsencode(folder)).hexdigest()}.txt"


def content_hashes() -> ContentHashes:
    """Return the digests remembered under the home folder of the environment."""
    return _of(Home.from_environment())


@functools.cache
def _of(home: Home) -> ContentHashes:
    return ContentHashes(home)


def combined(digests: Sequence[str]) -> str:
    """Return one digest of several, in order."""
    return xxhash.xxh3_128("\n".join(digests).encode()).hexdigest()


class _Tally:
    """Bytes that threads have read so far; they are asked to stop by it."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self.stopped = False
        self._lock = threading.Lock()

    def add(self, n: int) -> bool:
        """Count more bytes, and say whether to go on."""
        with self._lock:
            self.n_bytes += n
        return not self.stopped


def _state_of(folder: str, name: str) -> _State:
    try:
        status = os.stat(f"{folder}{os.sep}{name}")  # noqa: PTH116 (thousands of files)
    except OSError as error:
        raise _unreadable(folder, name, error) from None
    if not stat.S_ISREG(status.st_mode):
        # Reading a pipe would wait for ever.
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise DamagedFile(f"{name} in {folder} is {kind}; expected a file.", "Move it elsewhere.")
    return _signature(status)


def _signature(status: os.stat_result) -> _State:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _read(folder: str, name: str, count: Callable[[int], bool]) -> tuple[str, _State | None]:
    """Return a file's digest, and its state if that may be remembered."""
    hasher, block = xxhash.xxh3_128(), bytearray(_BLOCK)
    view = memoryview(block)
    try:
        with open(f"{folder}{os.sep}{name}", "rb", buffering=0) as stream:  # noqa: PTH123
            before = _signature(os.fstat(stream.fileno()))
            began = time.time_ns()
            while (n := stream.readinto(block)) and count(n):
                hasher.update(view[:n])
            after = _signature(os.fstat(stream.fileno()))
    except OSError as error:
        raise _unreadable(folder, name, error) from None
    # The system sets the time of change itself; that of modification may be any, also to come.
    # Windows knows the latter alone.
    written = before[2] if os.name == "posix" else before[1]
    settled = before == after and written < began - _SETTLED_NS
    return hasher.hexdigest(), before if settled else None


def _unreadable(folder: str, name: str, error: OSError) -> MissingData | DamagedFile:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return MissingData(f"{name} is missing from {folder}.", "Put it back, or start again.")
    return DamagedFile(
        f"{name} in {folder} cannot be read ({error.strerror}).",
        "Check its permissions and its disk, or copy it again.",
    )


def _batches(sizes: dict[tuple[str, str], _State]) -> Iterable[list[tuple[str, str]]]:
    batch: list[tuple[str, str]] = []
    n_bytes = 0
    for place, state in sizes.items():
        batch.append(place)
        n_bytes += state[0]
        if len(batch) == _BATCH_FILES or n_bytes > _BATCH_BYTES:
            yield batch
            batch, n_bytes = [], 0
    if batch:
        yield batch


def _line(name: str, state: _State, digest: str) -> bytes:
    said = f"{digest} {' '.join(map(str, state))} {json.dumps(name)}".encode()
    return f"{xxhash.xxh3_64(said).hexdigest()} ".encode() + said + b"\n"


def _entry(line: bytes) -> tuple[str, tuple[_State, str]] | None:
    """Read a line; None where it is torn."""
    check, _, said = line.partition(b" ")
    if not said or xxhash.xxh3_64(said).hexdigest().encode() != check:
        return None
    digest, size, modified, changed, inode, name = said.decode().split(" ", 5)
    return json.loads(name), ((int(size), int(modified), int(changed), int(inode)), digest)


def _megabytes(n: int) -> str:
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{max(n / 1e6, 0.1):.1f} MB"


def seal(data: bytes | memoryview) -> str:
    """Return the seal of some bytes: xxh3, 128 bits, as 32 hexadecimal digits."""
    return xxhash.xxh3_128(data).hexdigest()


def seal_of(path: Path) -> str:
    """Return the seal of a file's content, read at most once per process and state of the file.

    Raises
    ------
    MissingData, DamagedFile : it is not there, or cannot be read.
    OSError : likewise.
    """
    status = path.stat()
    state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return _seal_in_state(path, state)


@functools.lru_cache(maxsize=8192)
def _seal_in_state(path: Path, state: tuple[int, ...]) -> str:
    # Remembered here as well: across processes nothing is that changed within the last seconds.
    return content_hashes().digest(path)
