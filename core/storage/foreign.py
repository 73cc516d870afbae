"""Files that others wrote: whether they are there, whether their content was fetched, their text.

A link to nothing is no absent file, and the few bytes that git-annex and Git LFS leave in place of
content are no data: both are named, with how to fetch what is missing.
"""

from __future__ import annotations

import codecs
import json
import os
from pathlib import Path
from typing import Any

from cortiscope.core.errors import DamagedFile, MissingData

FETCH = "Fetch its content first: datalad get, git annex get or git lfs pull."

# COCO's largest file of captions has 92.
_MOST_TEXT = 512 * 2**20

_POINTERS = {
    b"/annex/objects/": "a pointer of git-annex; fetch the file with git annex get or datalad get",
    b"version https://git-lfs": "a Git LFS pointer; fetch the file with git lfs pull",
}
# The longer mark first: UTF-32's begins with UTF-16's.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Left in any folder by operating systems.
_SYSTEM_FILES = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")


def is_there(path: Path) -> bool:
    """Whether a name is in its folder, also as a link to nothing: opening it then says so."""
    return os.path.lexists(path)


def is_dangling(path: Path) -> bool:
    """Whether a name is a link to a file that is not there."""
    return path.is_symlink() and not path.exists()


def pointer_words(start: bytes) -> str | None:
    """Say what a file is that stands for another's content; None for any other file.

    Parameters
    ----------
    start : its first 32 bytes, or more.
    """
    return next((words for mark, words in _POINTERS.items() if start.startswith(mark)), None)


def check_fetched(path: Path) -> None:
    """Refuse a link to nothing, a pointer, and what could be read for ever; not an absent file.

    Raises
    ------
    DamagedFile : naming the file and how to fetch its content.
    """
    if is_dangling(path):
        raise DamagedFile(
            f"{path.name} is a link to {path.readlink().name}, which is not there.", FETCH
        )
    if path.is_file():
        with path.open("rb") as stream:
            words = pointer_words(stream.read(32))
        if words is not None:
            raise DamagedFile(f"{path.name} is {words}.")
    elif path.exists() and not path.is_dir():
        raise DamagedFile(
            f"{path.name} is not a regular file (a pipe, a socket or a device), and is not opened."
        )


def read_text(path: Path) -> str:
    """Read a text in UTF-8, or in whatever its byte order mark says (Windows writes UTF-16 too).

    Raises
    ------
    MissingData, DamagedFile : no such file, content not fetched, or no text.
    """
    if not is_there(path):
        raise MissingData(f"There is no file {path}.", "Check its path.")
    check_fetched(path)
    if not path.is_file():
        raise DamagedFile(f"{path.name} cannot be read: it is a folder.")
    if path.stat().st_size > _MOST_TEXT:
        raise DamagedFile(
            f"{path.name} has {path.stat().st_size / 2**20:,.0f} MiB; texts of at most "
            f"{_MOST_TEXT / 2**20:,.0f} MiB are read."
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DamagedFile(
            f"{path.name} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    encoding = encoding_of(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DamagedFile(
            f"{path.name} cannot be read as text in UTF-8: {error}.", "Save it again as UTF-8."
        ) from error


def encoding_of(start: bytes) -> str:
    """Return the encoding that a text's first four bytes give it."""
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), "utf-8")


def read_json(path: Path) -> Any:
    """Read JSON from a text file (``read_text``).

    Raises
    ------
    MissingData, DamagedFile : as for text, or no JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedFile(f"{path.name} is not JSON: {error}.") from error


def is_system_file(name: str) -> bool:
    """Whether a file is hidden, or one that a file manager made."""
    return name.startswith(".") or name.lower() in _SYSTEM_FILES
