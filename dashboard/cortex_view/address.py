"""A view in a few hundred characters that stay as they are in a URL.

Items are joined by ``~``, each a letter with its values, joined by ``_``: ``s1.5~pven~t.6~kfaces``.
``v1`` says that the camera items after it are of the second view, which turns on its own, ``b1``
that threshold, range and table are of the second scale. In names
blanks are written as ``-``, other characters than letters and digits as ``.hex.``. The browser
writes it (``frontend/pure/address.js``), Python reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cortiscope.cortex_view.colour import KINDS
from cortiscope.cortex_view.payload import PRESETS, check_view

_LONGEST = 1000
_NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)(e-?[0-9]+)?")


def read_view(text: str) -> tuple[dict[str, Any] | None, list[str]]:
    """Read what the viewer wrote into an address.

    Parameters
    ----------
    text : the address's value; whatever somebody made of it.

    Returns
    -------
    view : what could be read, for ``cortex_view(view=)``; None if nothing.
    unread : the items that could not.
    """
    view: dict[str, Any] = {}
    unread: list[str] = []
    # Where the items of each section go: to the view itself until a section begins.
    places = dict.fromkeys(_SECTIONS.values(), view)
    for item in text[:_LONGEST].split("~"):
        if not item:
            continue
        section = _SECTIONS.get(item[0])
        try:
            if section:
                check_view({section: {item[1:]: {}}})
                places[section] = view.setdefault(section, {}).setdefault(item[1:], {})
                continue
            key, value = _read(item)
            part = _SECTION_OF.get(key, "")
            place = places.get(part, view)
            check_view({key: value} if place is view else {part: {"1": {key: value}}})
            if key == "tables":
                place.setdefault(key, {}).update(value)
            else:
                place[key] = value
        except (KeyError, ValueError):
            unread.append(item[:40])
            if section:
                places[section] = {}  # what follows is of a view or scale that does not exist
    return view or None, unread


def write_view(view: Mapping[str, Any]) -> str:
    """Write a view as the browser does, for links."""
    items = [_write(key, view[key]) for key in _LETTERS if key in view]
    for letter, section in _SECTIONS.items():
        for number, part in sorted(view.get(section, {}).items()):
            items += [
                f"{letter}{number}",
                *(_write(key, part[key]) for key in _LETTERS if key in part),
            ]
    return "~".join(items)


def _numbers(text: str) -> list[float]:
    parts = text.split("_")
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise ValueError(text)
    return [float(part) for part in parts]


def _one(text: str) -> float:
    (value,) = _numbers(text)
    return value


def _one_or_two(text: str) -> float | list[float]:
    values = _numbers(text)
    return values[0] if len(values) == 1 else values


def _name(text: str) -> str:
    if not re.fullmatch(r"([A-Za-z0-9-]|\.[0-9a-f]{1,6}\.)*", text):
        raise ValueError(text)
    return re.sub(r"\.([0-9a-f]+)\.", lambda m: chr(int(m[1], 16)), text.replace("-", " "))


def _short_name(name: str) -> str:
    coded = re.sub(r"[^A-Za-z0-9 ]", lambda m: f".{ord(m[0]):x}.", name)
    return coded.replace(" ", "-")


def _short(value: float) -> str:
    # Four decimals of small numbers, four digits of large ones: no pixel moves.
    text = f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:.7g}"
    return re.sub(r"^(-?)0\.", r"\1.", text) if text not in ("-0", "") else "0"


def _shorts(value: Any) -> str:
    return "_".join(_short(v) for v in (value if isinstance(value, list | tuple) else [value]))


def _preset(text: str) -> str:
    return {name[:3]: name for name in PRESETS}[text]


def _tables(text: str) -> dict[str, str]:
    kinds = {kind[:2]: kind for kind in KINDS}
    chosen = (part.partition(".")[::2] for part in text.split("_"))
    return {kinds[kind]: _name(name) for kind, name in chosen}


def _write_tables(tables: Mapping[str, str]) -> str:
    return "_".join(f"{kind[:2]}.{_short_name(name)}" for kind, name in sorted(tables.items()))


#: key -> its letter, how its values are read and written; cameras first.
_ITEMS: dict[str, tuple[str, Callable[[str], Any], Callable[[Any], str]]] = {
    "surface": ("s", _one, _shorts),
    "preset": ("p", _preset, lambda v: v[:3]),
    "rotation": ("r", _numbers, _shorts),
    "zoom": ("z", _one, _shorts),
    "pan": ("m", _numbers, _shorts),
    "framing": (
        "w",
        lambda text: {"0": "data", "1": "whole"}[text],
        lambda v: "1" if v == "whole" else "0",
    ),
    "threshold": ("t", _one_or_two, _shorts),
    "range": ("g", _numbers, _shorts),
    "tables": ("c", _tables, _write_tables),
    "opacity": ("o", _one, _shorts),
    "reliability": ("f", _numbers, _shorts),
    "groups": (
        "k",
        lambda text: [_name(part) for part in text.split("_")] if text else [],
        lambda names: "_".join(_short_name(name) for name in names),
    ),
    "labels": ("l", lambda text: {"0": False, "1": True}[text], lambda v: "1" if v else "0"),
    "table": ("n", _name, _short_name),
}
#: A letter with a number, and what the items after it belong to.
_SECTIONS = {"v": "own", "b": "scales"}
_SECTION_OF = dict.fromkeys(
    ("surface", "preset", "rotation", "zoom", "pan", "framing"), "own"
) | dict.fromkeys(("threshold", "range", "table"), "scales")
_LETTERS = {key: item[0] for key, item in _ITEMS.items()}
_BY_LETTER = {letter: key for key, letter in _LETTERS.items()}


def _read(item: str) -> tuple[str, Any]:
    key = _BY_LETTER[item[0]]
    return key, _ITEMS[key][1](item[1:])


def _write(key: str, value: Any) -> str:
    letter, _, write = _ITEMS[key]
    return letter + write(value)
