"""Photographs on Your image: the visitor's own, and samples that are the same for everybody."""

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
from cortiscope.core.errors import CoreError, InvalidInput
from cortiscope.core.storage import atomic_file
from cortiscope.work.foreign_files import read_photograph

# Networks see a few hundred pixels; a smaller file makes every later step faster.
_SIDE = 1600
#: Pictures of one session.
MOST_UPLOADS = 6
_MOST_SAMPLES = 48  # of the server
_SAMPLES = {"temple": "china.jpg", "flower": "flower.jpg"}


@dataclass(frozen=True)
class Photograph:
    """A picture that was decoded safely, kept as a file for the computing process.

    Parameters
    ----------
    notes : what was done to it on the way (rotated upright, first frame, ...).
    path : the upright RGB picture as PNG, in a temporary folder that ends with the session.
    source : where it lies for everybody, if it is a sample.
    stimulus : split and row, if it is an image of the subject.
    crop : the part of the picture that was cut out, if one was.
    """

    name: str
    path: Path
    notes: tuple[str, ...]
    original: str
    source: Path | None = None
    stimulus: tuple[str, int] | None = None
    crop: Crop | None = None


@dataclass(frozen=True)
class Crop:
    """A square part of a picture.

    Parameters
    ----------
    zoom : shorter side of the picture over the part's side, 1 or more.
    across, down : where the part lies, 0 (left, top) to 1 (right, bottom).
    """

    zoom: float = 1.0
    across: float = 0.5
    down: float = 0.5

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom in pixels of a picture of this size."""
        side = max(1, round(min(width, height) / self.zoom))
        left, top = round(self.across * (width - side)), round(self.down * (height - side))
        return left, top, left + side, top + side


def samples() -> dict[str, Path]:
    """Find scikit-learn's sample photographs without importing it."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        return {}
    folder = Path(spec.origin).parent / "datasets" / "images"
    return {name: folder / file for name, file in _SAMPLES.items() if (folder / file).exists()}


def take_sample(path: Path, name: str = "", stimulus: tuple[str, int] | None = None) -> Photograph:
    """Take one of the samples, or an image of the subject.

    Parameters
    ----------
    name : what it is called; the file's name without.
    stimulus : split and row, if it is an image of the subject.

    Raises
    ------
    CoreError : what is wrong with it and what to do.
    """
    if not path.is_file():
        raise InvalidInput(f"The picture {path.name} is no longer where it was.")
    state = path.stat()
    key = f"{path}@{state.st_mtime_ns}.{state.st_size}"
    found = _samples_taken().take(key, name or path.name, path.read_bytes)
    return replace(found, source=path, stimulus=stimulus)


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


def cropped(photograph: Photograph, crop: Crop) -> Photograph:
    """Cut a square out of a photograph, for this session; the last cut of each is kept."""
    stem = photograph.path.stem
    name = f"{stem}-{crop.zoom:.2f}-{crop.across:.2f}-{crop.down:.2f}.png"
    path = _visit().folder / name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        for former in path.parent.glob(f"{stem}-*.png"):
            former.unlink(missing_ok=True)
        with Image.open(photograph.path) as picture, atomic_file(path) as draft:
            part = picture.convert("RGB").crop(crop.box(*picture.size))
            part.save(draft, "PNG", compress_level=1)
    return replace(photograph, path=path, crop=crop)


@dataclass
class _Visit:
    """Photographs, or what is wrong with them, by what was uploaded or chosen.

    Parameters
    ----------
    most : pictures that are kept; the oldest go.
    """

    folder: Path
    most: int = MOST_UPLOADS
    taken: dict[str, Photograph | CoreError] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str, name: str, content: Callable[[], bytes]) -> Photograph:
        with self.lock:
            found = self.taken.get(key)
            # Whoever clears temporary folders may have taken it.
            if found is None or (isinstance(found, Photograph) and not found.path.is_file()):
                try:
                    found = self._read(name, content())
                except CoreError as error:
                    found = error
                self._keep(key, found)
        if isinstance(found, CoreError):
            raise found
        return found

    def _keep(self, key: str, found: Photograph | CoreError) -> None:
        """Keep it, once if it was there under another key, and let the oldest pictures go."""
        if isinstance(found, Photograph):
            same = [k for k, v in self._pictures() if v.path == found.path]
            for former in same:
                del self.taken[former]
        self.taken[key] = found
        for former, gone in self._pictures()[: -self.most]:
            del self.taken[former]
            gone.path.unlink(missing_ok=True)

    def _pictures(self) -> list[tuple[str, Photograph]]:
        return [(k, v) for k, v in self.taken.items() if isinstance(v, Photograph)]

    def _read(self, name: str, data: bytes) -> Photograph:
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


@st.cache_resource(on_release=_remove, show_spinner=False)
def _samples_taken() -> _Visit:
    return _Visit(Path(tempfile.mkdtemp(dir=_home())), _MOST_SAMPLES)


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
