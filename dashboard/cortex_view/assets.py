"""Files the browser fetches once: named by their content, kept for ever.

A name that is a hash never changes its meaning, so a browser may keep it without asking again.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cortiscope.cortex_view.colour import colour_tables
from cortiscope.cortex_view.container import pack
from cortiscope.cortex_view.geometry import CortexGeometry
from cortiscope.cortex_view.space import CortexSpace
from cortiscope.frontends import base_path, kept_for_ever

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

ASSET_PATH = "cortex-assets"
_LARGE = 4_000_000  # bytes
_NAME = re.compile(r"[0-9a-f]{32}\.bin")


@dataclass(frozen=True)
class AssetRef:
    """Which stored files a viewer needs, and how many values its maps carry.

    Parameters
    ----------
    geometry, space, tables : content hashes of the stored files.
    n_left, n_right : the subject's vertices per hemisphere.
    """

    geometry: str
    space: str
    tables: str
    n_left: int
    n_right: int

    @property
    def n_values(self) -> int:
        """Values per map: left vertices, then right."""
        return self.n_left + self.n_right


def write_asset(folder: Path, data: bytes) -> str:
    """Store bytes, compressed, under their hash; return the hash. Safe to call again.

    What bears the name and does not hold the bytes, as after a full disk, is written anew.
    """
    name = hashlib.blake2b(data, digest_size=16).hexdigest()
    target = folder / f"{name}.bin.gz"
    if not _holds(target, data):
        folder.mkdir(parents=True, exist_ok=True)
        # mtime=0: the same content gives the same file. Another process may write it too.
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as draft:
            try:
                draft.write(gzip.compress(data, compresslevel=_level(data), mtime=0))
                draft.close()
                os.replace(draft.name, target)  # noqa: PTH105 -- the draft is a name, not a Path
            except OSError:
                os.unlink(draft.name)  # noqa: PTH108
                raise
    return name


def _holds(target: Path, data: bytes) -> bool:
    try:
        return gzip.decompress(target.read_bytes()) == data
    except (OSError, EOFError, zlib.error):
        return False


def _level(data: bytes) -> int:
    """Highest compression for small files; level 6 halves the time of large ones at equal size."""
    return 9 if len(data) < _LARGE else 6


def register_assets(folder: Path, geometry: CortexGeometry, space: CortexSpace) -> AssetRef:
    """Store geometry, space and colour tables; return what ``cortex_view`` needs.

    Takes about 0.1 s the first time; keep the result for the process's life.
    """
    sizes = {"left": geometry.left.n_vertices, "right": geometry.right.n_vertices}
    listing, tables = colour_tables()
    return AssetRef(
        geometry=write_asset(folder, geometry.to_bytes()),
        space=write_asset(folder, space.to_bytes(sizes)),
        tables=write_asset(folder, pack({"kind": "tables", "tables": listing}, {"tables": tables})),
        n_left=len(space.vertices["left"]),
        n_right=len(space.vertices["right"]),
    )


def stored_asset(folder: Path, name: str) -> bytes:
    """Return a stored file as it lies on disk, gzipped: for pages that no server stands behind."""
    return (folder / f"{name}.bin.gz").read_bytes()


def cortex_asset_route(folder: Path) -> Route:
    """Return the route that serves stored assets; give it to ``st.App(routes=[...])``.

    Call it in the app's entry file, after Streamlit has read its configuration: the path begins
    with ``server.baseUrlPath``.
    """
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    def serve(request: Request) -> Response:
        name = request.path_params["name"]
        stored = folder / f"{name}.gz"
        # The name decides which file is read, so nothing but a hash gets through.
        if not _NAME.fullmatch(name) or not stored.is_file():
            return PlainTextResponse("No such asset.", status_code=404)
        return kept_for_ever(stored.read_bytes(), request, "application/octet-stream")

    return Route(f"{base_path()}/{ASSET_PATH}/{{name}}", serve, methods=["GET"])
