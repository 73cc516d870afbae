"""Which layers of a network menus offer: its blocks, in order of computation."""

from __future__ import annotations

import re
from collections.abc import Sequence

MENU_LENGTH = 26
_BLOCK = re.compile(r"(^|\.)(resblocks|blocks|layer\d|stages\.\d+\.blocks)\.\d+$")


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
