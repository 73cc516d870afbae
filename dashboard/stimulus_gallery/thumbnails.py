"""Small pictures, kept in memory up to a limit; whoever serves them says how they are made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock

SIZES = (96, 320)

MakeThumbnail = Callable[[Path, int], tuple[bytes, str]]
"""From a file and the longest side in pixels to (content, media type); ``UnreadablePictureError``
where there is no picture. Called from several threads."""


class UnreadablePictureError(ValueError):
    """A file that is no picture, or one too large to open here."""


class ThumbnailCache:
    """The pictures asked for last, up to a number of bytes; safe to use from several threads."""

    def __init__(self, make: MakeThumbnail, most_bytes: int = 64_000_000) -> None:
        self._make = make
        self._most = most_bytes
        self._held = 0
        self._kept: OrderedDict[tuple[str | int, ...], tuple[bytes, str]] = OrderedDict()
        self._lock = Lock()

    def get(self, path: Path, size: int) -> tuple[bytes, str]:
        """Return the thumbnail of a file, kept from before where possible."""
        # A file written anew is another picture.
        about = path.stat()
        times = (about.st_mtime_ns, about.st_ctime_ns)
        name = (str(path), about.st_size, *times, about.st_ino, size)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        made = self._make(path, size)  # unlocked: twice the same work is no harm
        with self._lock:
            if name not in self._kept:
                self._kept[name] = made
                self._held += len(made[0])
            while self._held > self._most and self._kept:
                _, (content, _) = self._kept.popitem(last=False)
                self._held -= len(content)
        return made
