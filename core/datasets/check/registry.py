"""The layouts that are checked, in the order in which a folder is tried."""

from __future__ import annotations

from core.datasets import plain_arrays
from core.datasets.check.algonauts2023 import ALGONAUTS2023
from core.datasets.check.by_loader import check_by_loader
from core.datasets.check.img2brain import IMG2BRAIN
from core.datasets.check.layout import LayoutCheck

ARRAYS = check_by_loader(
    "arrays", plain_arrays.EXAMPLE, plain_arrays.is_subject_folder, plain_arrays.load_subject
)
LAYOUTS: tuple[LayoutCheck, ...] = (ALGONAUTS2023, IMG2BRAIN, ARRAYS)
