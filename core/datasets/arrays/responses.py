"""Which response files a folder has, and their arrays per hemisphere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere, Part
from cortiscope.core.brain.spaces import ALLOWED, NESTED, RESAMPLE
from cortiscope.core.datasets.arrays.conversion import convert_once
from cortiscope.core.datasets.arrays.csv_form import out_of_order, row_names
from cortiscope.core.datasets.arrays.readers import (
    check_table,
    read_csv,
    read_gifti,
    read_mgh,
    read_npz,
)
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.errors import InvalidInput, MissingData, shortened
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.stimuli.listing import NameIndex
from cortiscope.core.storage.foreign import check_fetched, is_there

_GIFTI = (".func.gii", ".func.gii.gz", ".gii", ".gii.gz")
_PER_HEMISPHERE = (".npy", ".csv", *_GIFTI, ".mgh", ".mgz")
_BOTH = (".npy", ".npz")
_BIDS = re.compile(r"(?P<before>.*_)?hemi-(?P<side>[LR])(?P<after>_.*)?\Z")
_FOREIGN = re.compile(r"(?P<cifti>\.[dp](tseries|scalar|label|conn))?\.nii(\.gz)?\Z")


@dataclass(frozen=True)
class ResponseFiles:
    """The files of one split's responses: left and right, or one for both."""

    suffix: str
    paths: tuple[Path, ...]

    @property
    def names(self) -> str:
        """The files' names, for messages."""
        return " and ".join(p.name for p in self.paths)


def response_forms(folder: Path, ending: str = "") -> list[ResponseFiles]:
    """Return in which forms a split's responses are there, whole or not; one is right."""
    forms = [
        ResponseFiles(s, tuple(folder / f"{h.short}{ending}{s}" for h in HEMISPHERES))
        for s in _PER_HEMISPHERE
    ]
    forms += [ResponseFiles(s, (folder / f"responses{ending}{s}",)) for s in _BOTH]
    found = [form for form in forms if any(is_there(p) for p in form.paths)]
    return found if ending else [*found, *_bids_forms(folder)]


def _bids_forms(folder: Path) -> list[ResponseFiles]:
    """Return pairs named as in BIDS: ``sub-01_hemi-L_space-fsaverage_bold.func.gii``."""
    pairs: dict[tuple[str, str, str], dict[str, Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        suffix = next((s for s in (*_GIFTI, ".mgh", ".mgz") if path.name.endswith(s)), None)
        if suffix and (match := _BIDS.fullmatch(path.name.removesuffix(suffix))):
            key = (match["before"] or "", match["after"] or "", suffix)
            pairs.setdefault(key, {})[match["side"]] = path
    return [
        ResponseFiles(
            suffix,
            tuple(sides.get(side, folder / f"{before}hemi-{side}{after}{suffix}") for side in "LR"),
        )
        for (before, after, suffix), sides in pairs.items()
    ]


def refuse_other_spaces(folder: Path) -> None:
    """Refuse responses that are in a folder and on no surface that can be drawn, by their names.

    Raises
    ------
    InvalidInput : CIFTI, volumes, or BIDS files of another space than fsaverage's.
    """
    for form in _bids_forms(folder):
        space = re.search(r"space-([A-Za-z0-9]+)", form.paths[0].name)
        if space and not space[1].lower().startswith("fsaverage"):
            lr = space[1].lower() == "fslr"
            raise InvalidInput(
                f"{form.names} are in the space {space[1]}; expected fsaverage, or a nested one.",
                RESAMPLE if lr else "Sample them to fsaverage (mri_surf2surf --trgsubject).",
            )
    if response_forms(folder):
        return
    for path in sorted(folder.iterdir()):
        match = _FOREIGN.search(path.name)
        if match and match["cifti"]:
            raise InvalidInput(f"{path.name} is CIFTI, whose cortex is fs_LR.", RESAMPLE)
        if match:
            raise InvalidInput(
                f"{path.name} is a volume; responses are read on the surface.",
                "Sample it to fsaverage first (mri_vol2surf), or save voxels as img2brain does.",
            )


def has_response_files(folder: Path) -> bool:
    """Whether a folder has training responses in any form, whole or not, readable or not."""
    return bool(response_forms(folder, "")) or any(
        _FOREIGN.search(p.name) for p in folder.iterdir()
    )


def find_response_files(folder: Path, ending: str = "") -> ResponseFiles | None:
    """Return the response files of a split, or None if there are none; reads nothing.

    Parameters
    ----------
    ending : ``_test`` for the test split.

    Raises
    ------
    InvalidInput : responses in several forms.
    MissingData : one hemisphere's file only.
    """
    refuse_other_spaces(folder)
    found = response_forms(folder, ending)
    if not found:
        return None
    if len(found) > 1:
        shown = "; ".join(form.names for form in found)
        raise InvalidInput(
            f"{folder.name} has responses in {len(found)} forms: {shown}; expected one.",
            "Move the others elsewhere.",
        )
    missing = [p.name for p in found[0].paths if not is_there(p)]
    if missing:
        there = next(p.name for p in found[0].paths if is_there(p))
        raise MissingData(
            f"{folder.name} has {there} but not {missing[0]}.",
            "Both hemispheres are needed, in the same form.",
        )
    return found[0]


def open_responses(files: ResponseFiles, n_left: int | None, cache: Path) -> dict[Part, np.ndarray]:
    """Open (n_images, n_vertices of the hemisphere) arrays, memory-mapped.

    Parameters
    ----------
    n_left : vertices of the left hemisphere where the folder says; else the columns have to.
    cache : folder for what has to be converted.
    """
    if len(files.paths) == 2:
        opened = (open_table(path, cache) for path in files.paths)
        return dict(zip(HEMISPHERES, opened, strict=True))
    path = files.paths[0]
    check_fetched(path)
    if files.suffix == ".npz":
        return {
            h: convert_once(path, cache, partial(read_npz, key=h.short), h.short)
            for h in HEMISPHERES
        }
    both = open_table(path, cache)
    if n_left is None:
        n_left = half_of(path.name, both.shape[1])
    return {Hemisphere.LEFT: both[:, :n_left], Hemisphere.RIGHT: both[:, n_left:]}


def open_table(path: Path, cache: Path) -> np.ndarray:
    """Open one file (n_images, n_columns), memory-mapped, converted where it has to be."""
    check_fetched(path)
    if path.name.endswith(".npy"):
        return check_table(load_array(path), path.name)
    if path.name.endswith(".mgh"):
        return read_mgh(path)
    read = {".csv": read_csv, ".gii": read_gifti, ".gz": read_gifti, ".mgz": read_mgh}[path.suffix]
    return convert_once(path, cache, read)


def half_of(name: str, n_columns: int) -> int:
    """Return where the right hemisphere begins in a file of both, whole templates.

    Raises
    ------
    InvalidInput : the columns are not two templates.
    """
    if n_columns not in [2 * n for n in NESTED]:
        raise InvalidInput(
            f"{name} has {n_columns:,} columns and nothing says where the right hemisphere "
            f"begins; allowed are two times {ALLOWED}.",
            "Add lh.vertices.npy and rh.vertices.npy (or lh.mask.npy and rh.mask.npy), or save "
            "lh.npy and rh.npy.",
        )
    return n_columns // 2


def check_row_names(files: ResponseFiles, images: StimulusImages) -> None:
    """Hold the names or numbers in a table's first column against the images of the rows.

    Raises
    ------
    InvalidInput : naming the first row that is of another image; rows that were shuffled with
        their numbers, where no ``images.txt`` says whose they are.
    """
    _check_row_numbers(files)
    index = NameIndex(path.name for path in images.paths)
    for path in files.paths if files.suffix == ".csv" else ():
        for row, name in enumerate(row_names(path) or ()):
            if row < len(images) and index.find(name) != row:
                raise InvalidInput(
                    f"{path.name} names {shortened(name, 60)} in row {row + 1}, where "
                    f"{index.names[row]} is expected.",
                    "Write the names of the first column as images.txt, one per line.",
                )


def _check_row_numbers(files: ResponseFiles) -> None:
    """Refuse numbers of rows that do not increase: the rows were sorted or drawn with them."""
    found = [out_of_order(path) if files.suffix == ".csv" else None for path in files.paths]
    path, numbers = next(((p, n) for p, n in zip(files.paths, found, strict=True) if n), (None, []))
    if path is None:
        return
    ending = "_test" if path.stem.endswith("_test") else ""
    names_file = path.with_name(f"images{ending}.txt")
    if is_there(names_file) and all(other == numbers for other in found):
        return
    both = "" if all(other == numbers for other in found) else ", and the other file otherwise"
    raise InvalidInput(
        f"{path.name} numbers its rows {shortened(', '.join(numbers[:3]), 40)}, ..., not in "
        f"order{both}: which image each row belongs to is in doubt.",
        f"Write both in one order, and the file names of its rows in {names_file.name}.",
    )
