"""The layouts that are known: one line for each."""

from __future__ import annotations

import re
from pathlib import Path

from cortiscope.core.datasets import algonauts2023, arrays, img2brain, nsd
from cortiscope.core.datasets.layout import Layout
from cortiscope.core.errors import InvalidInput, check_kind

_BUILT_IN = (algonauts2023.LAYOUT, img2brain.LAYOUT, nsd.LAYOUT, arrays.LAYOUT)

LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in _BUILT_IN}
"""By name. A folder belongs to the first layout that recognises it."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def register_layout(layout: Layout, *, replace: bool = False) -> Layout:
    """Add a layout: in this process its folders are then found, opened, checked and explained.

    It is tried before those that are known already.

    Parameters
    ----------
    replace : whether it may take the place of one of the same name, as when a notebook's cell runs
        again.

    Raises
    ------
    InvalidInput : the name is taken or cannot be one, or nothing says how its folders are opened.
    """
    check_kind("layout", layout, Layout)
    if not _NAME.fullmatch(layout.name):
        raise InvalidInput(
            f"A layout's name is lower-case letters, digits and _; got {layout.name!r}."
        )
    taken = {name for other in LAYOUTS.values() for name in (other.name, *other.variants)}
    if layout.name in taken and not (replace and layout.name in LAYOUTS):
        raise InvalidInput(
            f"There is a layout {layout.name!r} already.",
            "Take another name, or register it with replace=True.",
        )
    if layout.load is None and layout.preparing is None:
        raise InvalidInput(
            f"The layout {layout.name!r} has neither load nor preparing.",
            "Give load, which opens a folder, or say in preparing how to make one that opens.",
        )
    known = {layout.name: layout, **{n: other for n, other in LAYOUTS.items() if n != layout.name}}
    LAYOUTS.clear()
    LAYOUTS.update(known)
    return layout


def layout_of(folder: Path) -> Layout | None:
    """Return the layout that opens a subject's folder; None if it is not recognised."""
    opening = (layout for layout in LAYOUTS.values() if layout.load is not None)
    return next((layout for layout in opening if layout.recognise(folder)), None)


def layout_named(name: str) -> Layout | None:
    """Return the layout that gives a value of ``Subject.layout``; None if it is not registered."""
    own = (known for known in LAYOUTS.values() if name in (known.name, *known.variants))
    return next(own, None)


def layout_words(name: str) -> str:
    """Say what a subject's folder is, by its ``Subject.layout``: "Algonauts 2023 folder"."""
    known = layout_named(name)
    return name if known is None else known.variants.get(name, known.words)
