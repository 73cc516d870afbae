"""Pieces of fits that are not finished, to go on from."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cortiscope.core.storage import atomic_file


class FolderCheckpoint:
    """Pieces of one fit in a folder, which is made with the first piece."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, name: str) -> Path:
        return self.folder / f"{_file_name(name)}.npz"

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """Return a piece that was left before, or None."""
        try:
            with np.load(self._path(name), allow_pickle=False) as stored:
                return {key: stored[key] for key in stored.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def save(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Leave a piece."""
        with atomic_file(self._path(name)) as draft, draft.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]

    def part(self, name: str) -> FolderCheckpoint:
        """Return a sub-fit's pieces, in a folder below."""
        return FolderCheckpoint(self.folder / _file_name(name))

    def forget(self) -> None:
        """Delete all pieces: the fit is finished and saved."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", name)
