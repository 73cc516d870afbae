"""Facts of a library's networks as a committed file, so that menus need neither it nor torch.

``<library>/table.json`` holds ``columns``, in words what a row has, and ``networks``, the rows;
``<library>/generate.py`` writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
MENU_LENGTH = 26
_BLOCK = re.compile(r"(^|\.)(resblocks|blocks|layer\d|stages\.\d+\.blocks)\.\d+$")


def read_table(library: str) -> tuple[tuple[Any, ...], ...]:
    """Return the rows of a library's table."""
    text = (_FOLDER / library / "table.json").read_text(encoding="utf-8")
    rows: tuple[tuple[Any, ...], ...] = as_tuples(json.loads(text)["networks"])
    return rows


def write_table(library: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write a library's table, a network on each line.

    Parameters
    ----------
    columns : what a row holds.
    """
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    words = json.dumps(" ".join(columns.split()))
    text = f'{{"columns": {words},\n "networks": [\n{lines}\n]}}\n'
    (_FOLDER / library / "table.json").write_text(text, encoding="utf-8")


def as_tuples(value: Any) -> Any:
    """Return JSON values with tuples for lists, as rows had them before they were written."""
    if isinstance(value, list):
        return tuple(as_tuples(item) for item in value)
    return {k: as_tuples(v) for k, v in value.items()} if isinstance(value, dict) else value


def block_menu(names: Sequence[str], last: Sequence[str]) -> tuple[str, ...]:
    """Choose the blocks of a network, evenly where there are too many, and its results.

    Where none of its modules goes by the name of a block, all layers count as blocks.

    Parameters
    ----------
    names : of all layers, in order of computation.
    last : layers that follow the blocks in every menu, where the network has them.
    """
    last = [name for name in last if name in names]
    blocks = [name for name in names if _BLOCK.search(name)]
    blocks = blocks or [name for name in names if name not in last]
    room = MENU_LENGTH - len(last)
    if len(blocks) > room:
        step = (len(blocks) - 1) / (room - 1)
        blocks = [blocks[round(i * step)] for i in range(room)]
    return (*blocks, *last)
