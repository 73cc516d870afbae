"""Captions from a file of their own: a table, names with sentences, or COCO's annotations.

Read are ``.csv`` and ``.tsv`` with columns ``image`` and ``caption`` (a row per caption), and
``.json``: ``{"name": "caption"}``, ``{"name": ["caption", ...]}``, or COCO's ``images`` with
``annotations``. Images are named by their files' names, with or without suffix.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import DamagedFile, InvalidInput, MissingData
from core.stimuli.images import StimulusImages

Captions = dict[str, tuple[str, ...]]
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_COLUMNS = ("image", "caption")


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
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MissingData(f"There is no file of captions {path}.", "Check its path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedFile(f"{path.name} cannot be read as text: {error}.") from None
    if path.suffix in _SEPARATORS:
        return _from_table(text, path)
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DamagedFile(f"{path.name} is not JSON: {error}.") from None
    return _from_json(content, path)


def with_captions(
    images: StimulusImages, captions: Mapping[str, tuple[str, ...]]
) -> StimulusImages:
    """Give images their captions, found by the whole name of their file or by its stem."""
    found = tuple(captions.get(p.name) or captions.get(p.stem) or () for p in images.paths)
    if len(images) and not any(found):
        named = ", ".join(list(captions)[:3]) or "none"
        raise InvalidInput(
            f"The captions are of other images: none is of {images.paths[0].name} or the others.",
            f"Name images by their files; the file of captions names {named}.",
        )
    return replace(images, captions=found)


def _from_table(text: str, path: Path) -> Captions:
    rows = csv.DictReader(text.splitlines(), delimiter=_SEPARATORS[path.suffix])
    absent = [c for c in _COLUMNS if c not in (rows.fieldnames or ())]
    if absent:
        raise DamagedFile(
            f"{path.name} has no column {absent[0]!r}; it has {', '.join(rows.fieldnames or ())}.",
            "Its first row must name the columns 'image' and 'caption'.",
        )
    return _gathered((row["image"], row["caption"] or "") for row in rows)


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
