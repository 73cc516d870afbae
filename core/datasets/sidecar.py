"""The optional sidecar: what the released Algonauts layout has no place for.

A folder ``cortiscope_sidecar`` inside a subject's folder, with ``sidecar.json`` (``format``,
``version``, ``simulated``, ``conventions``: see ``core.datasets.conventions``) and any of:
``{lh,rh}.ncsnr.npy`` (n_vertices,), ``repeats_train`` and ``repeats_test.npy`` (n_images,),
``stimuli.json`` (split, number, caption or several captions, categories per image),
``{lh,rh}.{training,test}_truth.npy`` (n_images, n_vertices) and ``{lh,rh}.prf.npy``
(n_vertices, 4): known population receptive fields (``known_fields``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import HEMISPHERES, ChallengeSpace, Hemisphere, Part
from cortiscope.core.datasets.conventions import Conventions, read_conventions
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.datasets.subject import Split, StimulusNote, Subject
from cortiscope.core.errors import DamagedFile
from cortiscope.core.storage.foreign import is_there, read_json

SIDECAR_FOLDER = "cortiscope_sidecar"
_HEADER = "sidecar.json"
_FORMAT, _VERSION = "cortiscope-sidecar", 1


@dataclass(frozen=True)
class Sidecar:
    """A subject's sidecar; everything in it is optional."""

    folder: Path | None = None
    header: Mapping[str, object] = field(default_factory=dict)
    notes: Mapping[str, tuple[StimulusNote, ...]] = field(default_factory=dict)
    conventions: Conventions = Conventions()

    @property
    def simulated(self) -> bool:
        """Whether the subject is simulated."""
        return bool(self.header.get("simulated", False))

    def noted(self, split: Split) -> Split:
        """Return a split with what is known about its stimuli."""
        notes = self.notes.get(split.name, ())
        images = replace(split.images, captions=tuple(note.captions for note in notes))
        return replace(split, images=images, notes=notes)

    def per_hemisphere(
        self, name: str, n_vertices: Mapping[Hemisphere, int], n_rows: int | None = None
    ) -> dict[Part, np.ndarray] | None:
        """Load ``lh.NAME.npy`` and ``rh.NAME.npy``, both or neither, with their lengths checked."""
        if self.folder is None:
            return None
        files = {h: self.folder / f"{h.short}.{name}.npy" for h in HEMISPHERES}
        there = [h for h in HEMISPHERES if is_there(files[h])]
        if not there:
            return None
        if len(there) == 1:
            missing = files[HEMISPHERES[1 - HEMISPHERES.index(there[0])]].name
            raise DamagedFile(f"The sidecar has {files[there[0]].name} but not {missing}.")
        shapes = {
            h: (n_vertices[h],) if n_rows is None else (n_rows, n_vertices[h]) for h in HEMISPHERES
        }
        arrays: dict[Part, np.ndarray] = {}
        for hemisphere in HEMISPHERES:
            values = load_array(files[hemisphere], shape=shapes[hemisphere])
            arrays[hemisphere] = values
            if n_rows is None and not np.all(np.isfinite(values) & (values >= 0)):
                raise DamagedFile(
                    f"{files[hemisphere].name} holds values that are negative or not numbers.",
                    "A ratio of SDs is 0 where a vertex has no signal.",
                )
        return arrays

    def repeats(self, split: str, n_images: int) -> np.ndarray | None:
        """Load the number of trials per image of a split."""
        if self.folder is None or not is_there(path := self.folder / f"repeats_{split}.npy"):
            return None
        counts = np.asarray(load_array(path, shape=(n_images,)))
        if not np.issubdtype(counts.dtype, np.integer) or np.any(counts < 1):
            raise DamagedFile(f"{path.name} must hold whole numbers of 1 or more.")
        return counts


def read_sidecar(subject_folder: Path, n_images: Mapping[str, int]) -> Sidecar:
    """Read a subject's sidecar; an absent one is an empty one.

    Parameters
    ----------
    n_images : images per split, to check the captions against.
    """
    folder = subject_folder / SIDECAR_FOLDER
    if not folder.is_dir():
        return Sidecar()
    header = read_sidecar_header(subject_folder)
    notes = _read_notes(folder / "stimuli.json", n_images)
    return Sidecar(folder, header, notes, read_conventions(header, _HEADER))


def known_fields(subject: Subject) -> np.ndarray | None:
    """Return the population receptive fields that came with a subject, or None without any.

    Returns
    -------
    fields : (n_vertices, 4) of x (right), y (up) and SD of the field, and eccentricity, in degrees
        of visual angle from the middle of the picture; NaN where none is known. Of a simulated
        subject the true ones.

    Raises
    ------
    DamagedFile : a file of another shape, or one hemisphere alone.
    """
    if not isinstance(subject.space, ChallengeSpace):
        return None
    where = subject.folder / SIDECAR_FOLDER
    files = {h: where / f"{h.short}.prf.npy" for h in HEMISPHERES}
    there = [file.name for file in files.values() if is_there(file)]
    if not there:
        return None
    if len(there) == 1:
        raise DamagedFile(f"The sidecar has {there[0]} but not the other hemisphere's.")
    return np.concatenate(
        [
            np.asarray(load_array(file, shape=(subject.space.n_vertices(h), 4)), dtype=np.float32)
            for h, file in files.items()
        ]
    )


def read_sidecar_header(subject_folder: Path) -> dict[str, Any]:
    """Read ``sidecar.json``; empty where there is no sidecar."""
    folder = subject_folder / SIDECAR_FOLDER
    if not folder.is_dir():
        return {}
    path = folder / _HEADER
    if not is_there(path):
        raise DamagedFile(f"{SIDECAR_FOLDER}/ has no {_HEADER}.")
    header = read_json(path)
    if not isinstance(header, dict):
        raise DamagedFile(f"{path.name} holds a {type(header).__name__}; expected an object.")
    if other := other_format(header):
        raise DamagedFile(f"{path.name} {other}")
    return header


def other_format(header: Mapping[str, object]) -> str:
    """Say which other format a header is of; empty if it is this one."""
    said = header.get("format"), header.get("version")
    if said == (_FORMAT, _VERSION):
        return ""
    return (
        f"says format {said[0]!r} version {said[1]!r}; this program reads {_FORMAT!r} version "
        f"{_VERSION}."
    )


def stated_conventions(subject_folder: Path) -> Conventions:
    """Return what a sidecar states; nothing where there is none."""
    return read_conventions(read_sidecar_header(subject_folder), _HEADER)


def _read_notes(path: Path, n_images: Mapping[str, int]) -> dict[str, tuple[StimulusNote, ...]]:
    if not is_there(path):
        return {}
    by_split: dict[str, dict[int, StimulusNote]] = {}
    items = read_json(path)
    if not isinstance(items, list):
        raise DamagedFile(f"{path.name} holds a {type(items).__name__}; expected a list.")
    for k, item in enumerate(items, start=1):
        place = described(item)
        if place is None:
            raise DamagedFile(
                f"{path.name}: entry {k} does not say split (train or test) and number (from 1)."
            )
        split, number = place
        captions = item.get("captions", [item["caption"]] if item.get("caption") else [])
        if not isinstance(captions, list) or not all(isinstance(c, str) for c in captions):
            raise DamagedFile(f"{path.name}: captions must be a list of texts, not {captions!r}.")
        categories = item.get("categories", [])
        if not isinstance(categories, list) or not all(isinstance(c, str) for c in categories):
            raise DamagedFile(
                f"{path.name}: categories must be a list of texts, not {categories!r}."
            )
        numbered = by_split.setdefault(split, {})
        if number in numbered:
            raise DamagedFile(f"{path.name} describes {split} {number} twice.")
        numbered[number] = StimulusNote(tuple(captions), tuple(categories))
    notes = {}
    for split, numbered in by_split.items():
        n = n_images.get(split, 0)
        if set(numbered) - set(range(1, n + 1)):
            raise DamagedFile(
                f"{path.name} describes {split} images that are not there (1 to {n})."
            )
        notes[split] = tuple(numbered.get(k, StimulusNote()) for k in range(1, n + 1))
    return notes


def described(item: object) -> tuple[str, int] | None:
    """Return which image an entry of ``stimuli.json`` describes: split and number; None if none."""
    if not isinstance(item, dict) or item.get("split") not in ("train", "test"):
        return None
    try:
        return str(item["split"]), int(item["number"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
