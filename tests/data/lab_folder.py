"""A subject in the form of docs/add-a-layout.md, and the layout that this page makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from cortiscope.core.datasets.layout import Layout
from cortiscope.core.datasets.registry import LAYOUTS

PAGE = Path(__file__).parents[2] / "docs" / "add-a-layout.md"
N_IMAGES, N_TEST, N_VERTICES = 30, 6, 10_242


@contextmanager
def lab_layout() -> Iterator[Layout]:
    """Run the page's file and its registration, and undo them."""
    before = dict(LAYOUTS)
    names: dict = {"__name__": "lab_mat"}
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(code, names)
    yield names["LAYOUT"]
    LAYOUTS.clear()
    LAYOUTS.update(before)


def write_lab_folder(folder: Path) -> Path:
    """Write a subject: the left hemisphere follows the pictures' brightness, the right is noise."""
    rng = np.random.default_rng(0)
    (folder / "stimuli").mkdir(parents=True)
    levels = rng.uniform(40, 215, N_IMAGES)
    for k, level in enumerate(levels):
        pixels = rng.normal(level, 20, (32, 32, 3)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "stimuli" / f"{k + 1:04d}.png")
    noise = rng.normal(size=(2, N_IMAGES, N_VERTICES))
    lh = (levels[:, None] - 128) / 40 + 0.3 * noise[0]
    is_test = np.arange(N_IMAGES) % 5 == 2
    savemat(folder / "betas.mat", {"lh": lh, "rh": noise[1], "is_test": is_test})
    return folder
