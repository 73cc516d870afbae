"""The pictures of a split: cut out of NSD's one large file, or linked from a folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cortiscope.core.errors import DamagedFile, InvalidInput, MissingData
from cortiscope.core.progress import Progress
from cortiscope.core.storage import atomic_file

_NAME = re.compile(r"(?:^|_)nsd-(\d+)\.(png|jpg|jpeg)$")


class LinkedImages:
    """Pictures that are files already, anywhere below a folder.

    They are named ``nsd-00013.png`` or, as in Algonauts 2023, ``train-0001_nsd-00013.png``; the
    number is the 73k number from 0.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise MissingData(f"The folder of images {folder} does not exist.")
        self._folder = folder
        self._files: dict[int, Path] = {}
        for path in sorted(folder.rglob("*")):
            match = _NAME.search(path.name)
            if match:
                self._files.setdefault(int(match[1]), path.resolve())

    def check(self, ids: np.ndarray) -> None:
        """Raise MissingData unless all pictures are there."""
        missing = [int(i) for i in ids if int(i) not in self._files]
        if missing:
            raise MissingData(
                f"{len(missing):,} of {len(ids):,} images are not in {self._folder}, the first is "
                f"nsd-{missing[0]:05d}.png.",
                "Numbers count from 0, as in the names of the Algonauts 2023 images.",
            )

    def write(self, items: Iterable[tuple[int, Path]]) -> None:
        """Put each picture where it is wanted (a suffix is added)."""
        for number, stem in items:
            source = self._files[number]
            target = stem.with_name(stem.name + source.suffix.lower())
            if target.is_file():
                continue
            target.unlink(missing_ok=True)
            try:
                target.symlink_to(source)
            except OSError:  # a file system, or a Windows account, without links
                shutil.copyfile(source, target)


class StimulusBrick:
    """Pictures inside ``nsd_stimuli.hdf5``: ``imgBrick`` (73000, 425, 425, 3) uint8."""

    def __init__(self, path: Path) -> None:
        _h5py()
        self._path = path

    def check(self, ids: np.ndarray) -> None:
        """Raise DamagedFile unless all pictures are there."""
        with self._open() as stored:
            self._refuse_links(stored)
            brick = stored.get("imgBrick")
            shape, dtype = getattr(brick, "shape", None), getattr(brick, "dtype", None)
        if shape is None or len(shape) != 4 or shape[3] != 3 or shape[0] <= int(ids.max()):
            raise DamagedFile(
                f"imgBrick in {self._path.name} is {shape}; expected (73000, 425, 425, 3)."
            )
        if dtype != np.uint8:
            raise DamagedFile(f"imgBrick in {self._path.name} holds {dtype}; expected uint8.")

    def write(self, items: Iterable[tuple[int, Path]]) -> None:
        """Write each picture as PNG (a suffix is added), those that are there excepted."""
        with self._open() as stored:
            self._refuse_links(stored)
            brick = stored["imgBrick"]
            for number, stem in items:
                target = stem.with_name(f"{stem.name}.png")
                if not target.exists():
                    pixels = self._read(brick, number)
                    with atomic_file(target) as draft:
                        Image.fromarray(pixels).save(draft, format="PNG")

    def _refuse_links(self, stored: Any) -> None:
        """Refuse pictures that HDF5 would fetch from whatever file the data set names."""
        # ``in`` would follow a link; the names of links are read without.
        if not any(name == "imgBrick" for name in stored):
            return
        link = stored.get("imgBrick", getlink=True)
        elsewhere = not isinstance(link, _h5py().HardLink)
        if not elsewhere:
            brick = stored["imgBrick"]
            elsewhere = bool(getattr(brick, "external", None)) or getattr(
                brick, "is_virtual", False
            )
        if elsewhere:
            raise DamagedFile(
                f"imgBrick in {self._path.name} lies in another file, which is not followed.",
                "Use the released nsd_stimuli.hdf5, which holds the pictures itself.",
            )

    def _open(self) -> Any:
        try:
            return _h5py().File(self._path, "r")
        except OSError as error:
            raise DamagedFile(
                f"{self._path.name} cannot be read as HDF5: {_in_one_line(error)}.",
                "Copy or download it again.",
            ) from error

    def _read(self, brick: Any, number: int) -> np.ndarray:
        try:
            return np.asarray(brick[number], dtype=np.uint8)
        except (OSError, RuntimeError) as error:  # a part of the file that is missing or damaged
            raise DamagedFile(
                f"Image {number} cannot be read from {self._path.name}: {_in_one_line(error)}.",
                "Copy or download it again; what is done is kept.",
            ) from error


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


ImageSource = LinkedImages | StimulusBrick


def write_images(
    source: ImageSource, folder: Path, split: str, ids: np.ndarray, progress: Progress
) -> None:
    """Fill a split's folder with ``train-0001_nsd-00013.png`` and so on, in the order given."""
    folder.mkdir(parents=True, exist_ok=True)

    def items() -> Iterable[tuple[int, Path]]:
        for row, number in enumerate(ids):
            progress(row / len(ids), f"Writing {split} images")
            yield int(number), folder / f"{split}-{row + 1:04d}_nsd-{number:05d}"

    source.write(items())


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise InvalidInput(
            "Reading nsd_stimuli.hdf5 needs the package h5py, which is not installed.",
            "pip install h5py, or name a folder of pictures with --images.",
        ) from error
    return h5py
