"""The layouts that are checked, in the order in which a folder is tried."""

from __future__ import annotations

from cortiscope.core.datasets.algonauts2023.check import ALGONAUTS2023
from cortiscope.core.datasets.arrays.check import ARRAYS
from cortiscope.core.datasets.img2brain.check import IMG2BRAIN
from cortiscope.core.datasets.layout import LayoutCheck
from cortiscope.core.datasets.nsd.check import NSD

LAYOUTS: tuple[LayoutCheck, ...] = (ALGONAUTS2023, IMG2BRAIN, NSD, ARRAYS)
