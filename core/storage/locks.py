"""Locks on files: they end with the processes that hold them, however those end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, *, wait: bool) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int, *, wait: bool) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


class FileLock:
    """A lock that this process has, and those it starts with ``handle`` in ``pass_fds``.

    It is free once all of them have let go of it or ended.
    """

    def __init__(self, handle: int) -> None:
        self.handle = handle

    @classmethod
    def take(cls, path: Path, *, wait: bool = False) -> FileLock | None:
        """Take the lock that a path names; None where another has it and nobody waits.

        Raises
        ------
        OSError : the file cannot be made.
        """
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle, wait=wait)
        except OSError:
            os.close(handle)
            return None
        return cls(handle)

    def release(self) -> None:
        """Let go of it; a process that was given it keeps it."""
        os.close(self.handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Have a lock for the time of a block; wait for whoever has it."""
    held = FileLock.take(path, wait=True)
    if held is None:
        raise OSError(f"{path} cannot be locked.")
    try:
        yield
    finally:
        held.release()
