"""Failures of writing in words: what could not be written, where, what is missing, what moves it.

An ``OSError`` says neither how much room is missing nor which setting leads elsewhere, and numpy's
own for a full disk has no number at all. Failures of reading pass through untouched.
"""

from __future__ import annotations

import errno
import math
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cortiscope.core.errors import CannotWrite
from cortiscope.core.storage.paths import Home

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# What numpy says when fewer bytes were taken than given; such an error has no number.
_CUT_SHORT = re.compile(r"\d+ requested and \d+ written")
# Of these a name is needed to know that it was the target that failed.
_BY_NAME = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EIO: "the disk reports an error",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its links lead in a circle",
    errno.ENOTDIR: "a file stands in the way",
    errno.EEXIST: "something else stands in the way",
    errno.EISDIR: "a folder stands in the way",
}


@contextmanager
def writing(target: Path, n_bytes: int | None = None) -> Iterator[None]:
    """Raise ``CannotWrite`` where the block fails to write a file or folder, or beside it.

    Parameters
    ----------
    n_bytes : that the block writes, if that is known.
    """
    try:
        yield
    except OSError as error:
        failure = write_failure(error, target, n_bytes)
        if failure is None:
            raise
        raise failure from error


def write_failure(
    error: OSError, target: Path, n_bytes: int | None = None, *, by_name: bool = True
) -> CannotWrite | None:
    """Return what to say of a failed attempt to write; None where reading failed.

    Parameters
    ----------
    by_name : whether what reading meets too (no permission, a file in the way) counts as well
        where it befell the target or a folder above it.
    """
    if error.errno in _NO_ROOM or (error.errno is None and _CUT_SHORT.search(str(error))):
        return no_room(target, n_bytes)
    if error.errno == errno.EROFS:
        reason = "the disk is read-only"
    elif by_name and error.errno in _BY_NAME and _concerns(error, target):
        reason = _BY_NAME[error.errno]
    elif by_name and error.errno == errno.ENOENT and _is_above(error.filename, target):
        reason = f"the folder {error.filename} cannot be made"
    else:
        return None
    blocking = next((p for p in target.parents if os.path.lexists(p) and not p.is_dir()), None)
    if blocking is not None:
        reason = f"{blocking} is not a folder"
    return CannotWrite(f"{target} cannot be written: {reason}.", _elsewhere(target))


def no_room(target: Path, n_bytes: int | None = None, what: str = "") -> CannotWrite:
    """Return what to say where the disk has no room.

    Parameters
    ----------
    what : is to be written; default: the target itself.
    """
    folder, free = room_at(target)
    words = f"{what or target} cannot be written: the disk of {folder} is full"
    if n_bytes is not None and n_bytes > free:
        words += (
            f": {size(n_bytes)} are needed, {size(free)} are free, "
            f"{size(n_bytes - free)} are missing"
        )
    else:
        words += f", or a quota is used up ({size(free)} free)"
    return CannotWrite(f"{words}.", f"Make room (store clean helps). {_elsewhere(target)}")


def require_room(target: Path, n_bytes: int, what: str = "") -> None:
    """Raise ``CannotWrite`` where the disk has less room than is about to be written."""
    if n_bytes > room_at(target)[1]:
        raise no_room(target, n_bytes, what)


def room_at(target: Path) -> tuple[Path, float]:
    """Return the folder that a file is, or would come to lie, in, and its disk's free bytes."""
    folder = next((p for p in target.absolute().parents if p.is_dir()), Path("/"))
    usage = shutil.disk_usage(folder)
    # Some file systems say nothing of their size.
    return folder, usage.free if usage.total else math.inf


def size(n_bytes: float) -> str:
    """Return a number of bytes in words, with three digits."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"


def _concerns(error: OSError, target: Path) -> bool:
    """Whether an error names the target, something beside or below it, or a folder above it."""
    beside = f"{target.parent}{os.sep}"
    return any(
        _is_above(name, target) or (isinstance(name, str) and name.startswith(beside))
        for name in (error.filename, error.filename2)
    )


def _is_above(name: object, target: Path) -> bool:
    return isinstance(name, str) and Path(name) in target.parents


def _elsewhere(target: Path) -> str:
    """Say which setting moves a file."""
    home, place = Home.from_environment(), target.absolute()
    if not place.is_relative_to(home.root):
        return "Name another folder (--out; of runs: --runs)."
    if place.is_relative_to(home.runs):
        return "Set CORTISCOPE_HOME to a folder that can take it; --runs moves runs alone."
    return "Set CORTISCOPE_HOME to a folder that can take it."
