"""The layouts that are checked, in the order in which a folder is tried."""

from __future__ import annotations

from core.datasets.check.algonauts2023 import ALGONAUTS2023
from core.datasets.check.arrays import ARRAYS
from core.datasets.check.img2brain import IMG2BRAIN
from core.datasets.check.layout import LayoutCheck
from core.datasets.check.nsd import NSD

LAYOUTS: tuple[LayoutCheck, ...] = (ALGONAUTS2023, IMG2BRAIN, NSD, ARRAYS)
