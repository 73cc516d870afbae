"""Seconds to look for copies among many pictures: the first time, and when they are known.

    python -m tests.benchmarks.copies --images 10000 --photos ../shared/photos

Pictures are parts of photographs as large as NSD's (425 x 425 PNG); every tenth is a near copy of
another one. Told are also how many of these were found, and groups that are none.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 425


def write_pictures(folder: Path, photographs: list[Image.Image], n: int, seed: int) -> list[Path]:
    """Write n pictures; number 10 k + 9 is a copy of 10 k, resized, moved and encoded anew."""
    rng = np.random.default_rng(seed)
    paths: list[Path] = []
    for k in range(n):
        if k % 10 == 9:
            with Image.open(paths[k - 9]) as original:
                moved = Image.fromarray(np.roll(np.asarray(original), (2, 2), (0, 1)))
            path = folder / f"{k:05d}.jpg"
            moved.resize((340, 340)).save(path, quality=60)
        else:
            photograph = photographs[rng.integers(len(photographs))]
            size = int(rng.integers(120, min(photograph.size)))
            x, y = (int(rng.integers(0, side - size + 1)) for side in photograph.size)
            part = photograph.crop((x, y, x + size, y + size)).resize((SIDE, SIDE))
            part = part.rotate(90 * int(rng.integers(4)))
            path = folder / f"{k:05d}.png"
            part.save(path, compress_level=1)
        paths.append(path)
    return paths


def main() -> None:
    """Print one line per round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["CORTISCOPE_HOME"] = f"{name}/home"
        from cortiscope.core.stimuli.copies import copy_labels

        photographs = [Image.open(p).convert("RGB") for p in sorted(options.photos.iterdir())]
        folder = Path(name) / "pictures"
        folder.mkdir()
        paths = write_pictures(folder, photographs, options.images, options.seed)
        time.sleep(3)  # files changed a moment ago are not remembered
        for what in ("first", "known", "known"):
            start = time.perf_counter()
            labels = copy_labels(paths)
            print(f"{what:6}{time.perf_counter() - start:8.2f} s for {len(paths):,} pictures")
        copies = np.arange(9, len(paths), 10)
        sizes = np.unique(labels, return_counts=True)[1]
        print(
            f"{np.mean(labels[copies] == labels[copies - 9]):.1%} of near copies found, largest "
            f"group {sizes.max()}, {int((sizes > 2).sum())} groups of more than 2"
        )


if __name__ == "__main__":
    main()
