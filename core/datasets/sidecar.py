"""The optional sidecar: what the released Algonauts layout has no place for.

A folder ``cortiscope_sidecar`` inside a subject's folder, with ``sidecar.json`` (``format``,
``version``, ``simulated``, ...) and any of: ``{lh,rh}.ncsnr.npy`` (n_vertices,), ``repeats_train``
and ``repeats_test.npy`` (n_images,), ``stimuli.json`` (split, number, caption or several captions,
categories per image), ``{lh,rh}.{training,test}_truth.npy`` (n_images, n_vertices) and
``{lh,rh}.prf.npy``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core.brain import HEMISPHERES, Hemisphere, Part
from core.datasets.arrays import load_array
from core.datasets.subject import Split, StimulusNote
from core.errors import DamagedFile

SIDECAR_FOLDER = "cortiscope_sidecar"
_FORMAT, _VERSION = "cortiscope-sidecar", 1


@dataclass(frozen=True)
class Sidecar:
    """A subject's sidecar; everything in it is optional."""

    folder: Path | None = None
    header: Mapping[str, object] = field(default_factory=dict)
    notes: Mapping[str, tuple[StimulusNote, ...]] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """Whether the subject was made by a computer."""
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
        there = [h for h in HEMISPHERES if files[h].exists()]
        if not there:
            return None
        if len(there) == 1:
            missing = files[HEMISPHERES[1 - HEMISPHERES.index(there[0])]].name
            raise DamagedFile(f"The sidecar has {files[there[0]].name} but not {missing}.")
        shapes = {
            h: (n_vertices[h],) if n_rows is None else (n_rows, n_vertices[h]) for h in HEMISPHERES
        }
        return {h: load_array(files[h], shape=shapes[h]) for h in HEMISPHERES}

    def repeats(self, split: str, n_images: int) -> np.ndarray | None:
        """Load the number of trials per image of a split."""
        if self.folder is None or not (path := self.folder / f"repeats_{split}.npy").exists():
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
    path = folder / "sidecar.json"
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DamagedFile(f"{SIDECAR_FOLDER}/ has no sidecar.json.") from error
    except ValueError as error:
        raise DamagedFile(f"{path.name} is not JSON: {error}.") from error
    if header.get("format") != _FORMAT or header.get("version") != _VERSION:
        raise DamagedFile(
            f"{path.name} says format {header.get('format')!r} version {header.get('version')!r}; "
            f"this program reads {_FORMAT!r} version {_VERSION}."
        )
    return Sidecar(folder, header, _read_notes(folder / "stimuli.json", n_images))


def _read_notes(path: Path, n_images: Mapping[str, int]) -> dict[str, tuple[StimulusNote, ...]]:
    if not path.exists():
        return {}
    by_split: dict[str, dict[int, StimulusNote]] = {}
    for item in json.loads(path.read_text(encoding="utf-8")):
        captions = item.get("captions", [item["caption"]] if item.get("caption") else [])
        if not isinstance(captions, list) or not all(isinstance(c, str) for c in captions):
            raise DamagedFile(f"{path.name}: captions must be a list of texts, not {captions!r}.")
        note = StimulusNote(tuple(captions), tuple(item.get("categories", ())))
        by_split.setdefault(item["split"], {})[int(item["number"])] = note
    notes = {}
    for split, numbered in by_split.items():
        n = n_images.get(split, 0)
        if set(numbered) - set(range(1, n + 1)):
            raise DamagedFile(
                f"{path.name} describes {split} images that are not there (1 to {n})."
            )
        notes[split] = tuple(numbered.get(k, StimulusNote()) for k in range(1, n + 1))
    return notes
