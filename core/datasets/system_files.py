"""Files that operating systems leave in any folder, and that are no part of the data."""

from __future__ import annotations

_NAMES = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")


def is_system_file(name: str) -> bool:
    """Whether a file is hidden, or one that a file manager made."""
    return name.startswith(".") or name.lower() in _NAMES
