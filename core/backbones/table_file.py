"""Facts of a library's networks as a committed module, so that menus need neither it nor torch."""

from __future__ import annotations

import pprint
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def write_table(name: str, summary: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write ``NAME.py`` beside this file, with the rows as ``NETWORKS``; ruff formats it.

    Parameters
    ----------
    summary : first line of the module's docstring.
    columns : what a row holds.
    """
    text = f'"""{summary}\n\n{columns.strip()}\n"""\n\nNETWORKS: tuple = '
    path = Path(__file__).with_name(f"{name}.py")
    path.write_text(text + pprint.pformat(tuple(rows), width=98) + "\n", encoding="utf-8")
