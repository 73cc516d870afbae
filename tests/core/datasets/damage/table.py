"""All kinds of damage by layout: what every test of damaged input runs over.

A layout of its own joins with a writer of a sound subject and its kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.core.datasets.damage import (
    algonauts_downloads,
    algonauts_images,
    algonauts_masks,
    algonauts_responses,
    arrays_kinds,
    img2brain_kinds,
    simulated_sidecar,
)
from tests.core.datasets.damage.kind import Damage
from tests.data.img2brain_folder import write_folder
from tests.data.tiny_world import write_subject


@dataclass(frozen=True)
class DamagedLayout:
    """A layout's sound subject and how it can be damaged.

    Parameters
    ----------
    write : writes a sound subject into a folder that is not there yet.
    """

    write: Callable[[Path], object]
    kinds: Mapping[str, Damage]


def _joined(*tables: Mapping[str, Damage]) -> dict[str, Damage]:
    joined: dict[str, Damage] = {}
    for table in tables:
        assert not joined.keys() & table.keys()
        joined.update(table)
    return joined


LAYOUTS = {
    "algonauts2023": DamagedLayout(
        lambda folder: write_subject(folder, sidecar=False),
        _joined(
            algonauts_responses.KINDS,
            algonauts_images.KINDS,
            algonauts_masks.KINDS,
            algonauts_downloads.KINDS,
        ),
    ),
    "simulated": DamagedLayout(write_subject, simulated_sidecar.KINDS),
    "img2brain": DamagedLayout(write_folder, img2brain_kinds.KINDS),
    "arrays": DamagedLayout(arrays_kinds.write_sound, arrays_kinds.KINDS),
}


def _algonauts_responses(folder: Path) -> dict[str, np.ndarray]:
    return {
        name: np.concatenate(
            [
                np.load(folder / f"{long}_split/{long}_fmri/{short}_{long}_fmri.npy")
                for short in ("lh", "rh")
            ],
            axis=1,
        )
        for name, long in (("train", "training"), ("test", "test"))
    }


OPENED = {
    "algonauts2023": _algonauts_responses,
    "simulated": _algonauts_responses,
    "arrays": arrays_kinds.responses,
    "img2brain": img2brain_kinds.responses,
}
"""Layouts that ``open_subject`` opens, and how their responses are read without it."""

CASES = [(layout, kind) for layout, table in LAYOUTS.items() for kind in table.kinds]
