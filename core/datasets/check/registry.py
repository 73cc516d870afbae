"""The layouts that are checked, in the order in which a folder is tried."""

from __future__ import annotations

from cortiscope.core.datasets.check.algonauts2023 import ALGONAUTS2023
from cortiscope.core.datasets.check.arrays import ARRAYS
from cortiscope.core.datasets.check.img2brain import IMG2BRAIN
from cortiscope.core.datasets.check.layout import LayoutCheck
from cortiscope.core.datasets.check.nsd import NSD

LAYOUTS: tuple[LayoutCheck, ...] = (ALGONAUTS2023, IMG2BRAIN, NSD, ARRAYS)
