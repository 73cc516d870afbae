"""Photographs on Your image: the visitor's own, and scikit-learn's two samples."""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import streamlit as st
from PIL import Image
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from cortiscope.access import Action, demand
from cortiscope.core.errors import CoreError
from cortiscope.work.foreign_files import read_photograph

# Networks see a few hundred pixels; a smaller file makes every later step faster.
_SIDE = 1600
_KEPT = 6  # pictures of one session
_SAMPLES = {"temple": "china.jpg", "flower": "flower.jpg"}


@dataclass(frozen=True)
class Photograph:
    """A picture that was decoded safely, kept as a file for the computing process.

    Parameters
    ----------
    notes : what was done to it on the way (rotated upright, first frame, ...).
    path : the upright RGB picture as PNG, in a temporary folder that ends with the session.
    source : where it lies for everybody, if it is a sample.
    """

    name: str
    path: Path
    notes: tuple[str, ...]
    original: str
    source: Path | None = None


def samples() -> dict[str, Path]:
    """Find scikit-learn's sample photographs without importing it."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        return {}
    folder = Path(spec.origin).parent / "datasets" / "images"
    return {name: folder / file for name, file in _SAMPLES.items() if (folder / file).exists()}


def take_sample(path: Path) -> Photograph:
    """Take one of the samples.

    Raises
    ------
    CoreError : what is wrong with it and what to do.
    """
    return replace(_visit().take(path.name, path.name, path.read_bytes), source=path)


def take_upload(upload: UploadedFile) -> Photograph:
    """Take an uploaded picture; its bytes, up to 64 MB, are let go.

    Raises
    ------
    CoreError : what is wrong with it and what to do, also when it is asked for again.
    """
    try:
        demand(Action.UPLOAD)
        return _visit().take(upload.file_id, upload.name, upload.getvalue)
    finally:
        _let_go(upload)


def as_seen(
    photograph: Photograph, seen: tuple[float, float, float, float], side: int = 320
) -> Image.Image:
    """Return what a model sees of a photograph, as the square that it makes of it.

    Parameters
    ----------
    seen : left, top, right and bottom in pixels.
    """
    with Image.open(photograph.path) as picture:
        return picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC, box=seen)


@dataclass
class _Visit:
    """One session's photographs, or what is wrong with them, by what was uploaded or chosen."""

    folder: Path
    taken: dict[str, Photograph | CoreError] = field(default_factory=dict)

    def take(self, key: str, name: str, content: Callable[[], bytes]) -> Photograph:
        if key not in self.taken:
            try:
                self.taken[key] = self._read(name, content())
            except CoreError as error:
                self.taken[key] = error
            self._forget()
        found = self.taken[key]
        if isinstance(found, CoreError):
            raise found
        return found

    def _forget(self) -> None:
        """Let the oldest pictures go; the page shows one, and may go back to the one before."""
        pictures = [k for k, v in self.taken.items() if isinstance(v, Photograph)]
        for key in pictures[:-_KEPT]:
            gone = self.taken.pop(key)
            shown = [v.path for v in self.taken.values() if isinstance(v, Photograph)]
            if isinstance(gone, Photograph) and gone.path not in shown:
                gone.path.unlink(missing_ok=True)

    def _read(self, name: str, data: bytes) -> Photograph:
        # Whoever clears temporary folders may have taken it.
        self.folder.mkdir(parents=True, exist_ok=True)
        source = self.folder / f"{hashlib.sha256(data).hexdigest()[:24]}"
        source.write_bytes(data)
        try:
            target = source.with_suffix(".png")
            found = read_photograph(source, name, _SIDE, target)
        finally:
            source.unlink()
        return Photograph(name, target, tuple(found["notes"]), found["original"])


def _remove(visit: _Visit) -> None:
    shutil.rmtree(visit.folder, ignore_errors=True)


@st.cache_resource(scope="session", on_release=_remove, show_spinner=False)
def _visit() -> _Visit:
    return _Visit(Path(tempfile.mkdtemp(dir=_home())))


def _let_go(upload: UploadedFile) -> None:
    """Empty the server's copies of an upload; the widget goes on naming the file.

    Streamlit would keep each of them until minutes after the session.
    """
    context = get_script_run_ctx()
    if context is not None and upload.size:
        empty = UploadedFileRec(upload.file_id, upload.name, upload.type, b"")
        context.uploaded_file_mgr.add_file(context.session_id, empty)  # type: ignore[attr-defined]
    upload.seek(0)
    upload.truncate()


_homes: list[Path] = []
_lock = threading.Lock()


def _home() -> Path:
    """Return the server's folder of photographs, made when it is first needed."""
    with _lock:
        if not _homes:
            _homes.append(Path(tempfile.mkdtemp(prefix="cortiscope-photographs-")))
            atexit.register(remove_all)
        return _homes[0]


def remove_all() -> None:
    """Remove every session's photographs, when the server ends."""
    with _lock:
        while _homes:
            shutil.rmtree(_homes.pop(), ignore_errors=True)
