"""Captions from a file of their own: a table, names with sentences, or COCO's annotations.

Read are ``.csv`` (separated by commas or semicolons) and ``.tsv`` with columns ``image`` (or
``image_id``, ``cocoId``, ``file_name``) and ``caption``, a row per caption, and ``.json``:
``{"name": "caption"}``, ``{"name": ["caption", ...]}``, or COCO's ``images`` with ``annotations``.
Which image a name means: ``core.stimuli.listing``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cortiscope.core.errors import DamagedFile, InvalidInput
from cortiscope.core.stimuli.images import StimulusImages
from cortiscope.core.stimuli.listing import NameIndex
from cortiscope.core.storage.foreign import read_json, read_text

Captions = dict[str, tuple[str, ...]]
_SEPARATORS = {".csv": ",;", ".tsv": "\t"}
_IMAGE_COLUMNS = ("image", "image_id", "cocoId", "file_name", "filename")


def read_captions(path: Path) -> Captions:
    """Return the captions of each image name, in the order of the file.

    Raises
    ------
    MissingData, DamagedFile
        There is no such file, or it does not hold captions in one of the forms above.
    InvalidInput
        It is of another kind.
    """
    if path.suffix not in (".json", *_SEPARATORS):
        raise InvalidInput(
            f"Captions are read from .json, .csv and .tsv, not from {path.name}.",
            'As in {"img1.png": ["a dog", "a brown dog"]}.',
        )
    if path.suffix in _SEPARATORS:
        return _from_table(read_text(path), path)
    return _from_json(read_json(path), path)


def with_captions(
    images: StimulusImages, captions: Mapping[str, tuple[str, ...]]
) -> StimulusImages:
    """Give images their captions, found by their files' names (``core.stimuli.listing``)."""
    index = NameIndex(captions)
    places = (index.find(p.name) for p in images.paths)
    found = tuple(() if k is None else captions[index.names[k]] for k in places)
    if len(images) and not any(found):
        named = ", ".join(list(captions)[:3]) or "none"
        raise InvalidInput(
            f"The captions are of other images: none is of {images.paths[0].name} or the others.",
            f"Name images by their files; the file of captions names {named}.",
        )
    return replace(images, captions=found)


def _from_table(text: str, path: Path) -> Captions:
    lines = text.splitlines()
    # Spreadsheets of half of Europe separate by semicolons.
    separator = max(_SEPARATORS[path.suffix], key=(lines or [""])[0].count)
    rows = csv.DictReader(lines, delimiter=separator)
    try:
        columns, table = tuple(rows.fieldnames or ()), list(rows)
    except csv.Error as error:
        raise DamagedFile(
            f"{path.name} cannot be read as a table: {error}.", "A quotation mark may be missing."
        ) from None
    image = next((c for c in _IMAGE_COLUMNS if c in columns), "image")
    absent = [c for c in (image, "caption") if c not in columns]
    if absent:
        raise DamagedFile(
            f"{path.name} has no column {absent[0]!r}; it has {', '.join(columns)}.",
            "Its first row must name the columns 'image' and 'caption'.",
        )
    return _gathered((row[image] or "", row["caption"] or "") for row in table)


def _from_json(content: Any, path: Path) -> Captions:
    try:
        if isinstance(content, dict) and {"images", "annotations"} <= set(content):
            names = {image["id"]: image["file_name"] for image in content["images"]}
            return _gathered((names[a["image_id"]], a["caption"]) for a in content["annotations"])
        pairs = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in content.items()}
        if not all(isinstance(caption, str) for found in pairs.values() for caption in found):
            raise TypeError
    except (AttributeError, KeyError, TypeError):
        raise DamagedFile(
            f"{path.name} holds no captions: neither names with sentences nor COCO's annotations.",
            'As in {"img1.png": ["a dog", "a brown dog"]}.',
        ) from None
    return pairs


def _gathered(pairs: Any) -> Captions:
    found: dict[str, list[str]] = {}
    for name, caption in pairs:
        found.setdefault(name, []).append(caption.strip())
    return {name: tuple(captions) for name, captions in found.items()}
