"""The address pictures are served at, beside Streamlit's own.

Pictures over HTTP are cached by the browser and cost the script nothing.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cortiscope.frontends import base_path
from cortiscope.stimulus_gallery.model import SPLIT_NAME

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


if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

# No prefix that Streamlit keeps for itself (_stcore, media, component, static).
PREFIX = "stimuli"
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,6}")

Resolve = Callable[[str, str, int], Path | None]


def stimulus_base_url(key: str) -> str:
    """Return the ``base_url`` for ``stimulus_gallery``.

    Parameters
    ----------
    key : names one set of pictures for ever, since browsers keep what they fetched: let it change
        (a fingerprint) when the pictures do.
    """
    if not _KEY.fullmatch(key) or ".." in key:
        raise ValueError(f"A key is made of letters, digits, '.', '_' and '-', got {key!r}.")
    return f"{PREFIX}/{key}"


def stimulus_route(resolve: Resolve, make_thumbnail: MakeThumbnail) -> Route:
    """Return the route ``/stimuli/{key}/{split}/{number}?s=96|320`` for ``st.App(routes=[...])``.

    Call it in the app's entry file, after Streamlit has read its configuration: the path begins
    with ``server.baseUrlPath``.

    Parameters
    ----------
    resolve : returns the file of (key, split, number), or None where there is none. What comes
        from the address is checked before; ``resolve`` must still look the key up, not build a
        path from it. Called from several threads.
    make_thumbnail : decodes and shrinks a file; foreign files are best opened in another process.
    """
    from starlette.responses import PlainTextResponse
    from starlette.responses import Response as PlainResponse
    from starlette.routing import Route

    kept = ThumbnailCache(make_thumbnail)

    # Not async: Starlette runs it in a thread, so that decoding blocks nobody.
    def serve(request: Request) -> Response:
        missing = PlainTextResponse(
            "No such picture.", status_code=404, headers={"Cache-Control": "no-store"}
        )
        size = _size(request)
        path = _find(resolve, request)
        if size is None or path is None:
            return missing
        try:
            content, media_type = kept.get(path, size)
        except (UnreadablePictureError, OSError):
            return missing
        if _find(resolve, request) != path:  # written to while it was read
            return missing
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        }
        return PlainResponse(content, media_type=media_type, headers=headers)

    return Route(f"{base_path()}/{PREFIX}/{{key}}/{{split}}/{{number}}", serve, methods=["GET"])


def _size(request: Request) -> int | None:
    given = request.query_params.get("s", "320")
    return int(given) if given in {str(size) for size in SIZES} else None


def _find(resolve: Resolve, request: Request) -> Path | None:
    key, split, number = (request.path_params[name] for name in ("key", "split", "number"))
    if not (_KEY.fullmatch(key) and SPLIT_NAME.fullmatch(split) and _NUMBER.fullmatch(number)):
        return None
    path = resolve(key, split, int(number))
    return path if path is not None and path.is_file() else None
