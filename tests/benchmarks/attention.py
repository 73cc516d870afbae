"""Where ROIs attend to: faces pasted at known places of the simulated subject's test images.

Prints per query the median over 40 pictures x 9 places of the share of its attention that falls
into the face's box, as a multiple of the box's share of the picture, with the lower end of a 95 %
bootstrap over pictures: as the tokens lie, and with each picture's tokens shuffled. The model is
fitted, as ``cortiscope fit`` does, if it is not there; settings are chosen by its validation r.
"""

from __future__ import annotations

import argparse

import numpy as np
from PIL import Image

from cortiscope.core import notebook as cs
from cortiscope.core.encoding.neural.predictor import attention_of
from cortiscope.core.encoding.training import PictureGrid
from cortiscope.core.pipeline.predict import BackboneCache, picture_design
from cortiscope.core.runs import Run
from cortiscope.core.simulation import scenes

QUERIES = ("FFA-1", "OFA", "EBA", "PPA", "V1v", "V1d")
PLACES = [(x, y) for y in (24, 64, 104) for x in (24, 64, 104)]
RADIUS, LIGHT = 17.0, np.array([0.1, -0.15])


def with_faces(run: Run, n_pictures: int) -> tuple[np.ndarray, np.ndarray]:
    """Return designs (n_pictures * 9, n_columns), and the boxes (.., 4) as shares of the side."""
    images = cs.open_subject(run.subject).test.images
    cache, designs, boxes = BackboneCache(), [], []
    for row in np.random.default_rng(3).choice(len(images), n_pictures, replace=False):
        picture = np.asarray(images.load(int(row)), dtype=np.float32)
        for x, y in PLACES:
            canvas = picture.copy()
            where = scenes._Placement(x=x, y=y, radius=RADIUS, angle=0.0, flip=False)
            rng = np.random.default_rng(int(row))
            _, alpha = scenes._add_object(canvas, "face", where, LIGHT, rng)
            rows, columns = np.nonzero(alpha > 0.3)
            box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            boxes.append(np.array(box) / len(picture))
            shown = Image.fromarray(canvas.clip(0, 255).astype(np.uint8))
            designs.append(picture_design(run, shown, cache)[0])
    return np.array(designs), np.array(boxes)


def inside(grid: PictureGrid, boxes: np.ndarray) -> np.ndarray:
    """Return which share of each place lies in each box, (n_boxes, height, width)."""

    def along(n: int, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        edges = np.arange(n + 1) / n
        ends = np.minimum(edges[1:], high[:, None]), np.maximum(edges[:-1], low[:, None])
        return np.clip(ends[0] - ends[1], 0, None) * n

    down = along(grid.height, boxes[:, 1], boxes[:, 3])
    across = along(grid.width, boxes[:, 0], boxes[:, 2])
    return down[:, :, None] * across[:, None, :]


def shuffled(designs: np.ndarray, grids: tuple[PictureGrid, ...]) -> np.ndarray:
    """Exchange each picture's places, all channels together."""
    rng, parts, start = np.random.default_rng(0), [], 0
    for grid in grids:
        maps = designs[:, start : start + grid.n_columns]
        maps = maps.reshape(len(designs), grid.channels, grid.n_places)
        mixed = np.stack([one[:, rng.permutation(grid.n_places)] for one in maps])
        parts.append(mixed.reshape(len(designs), -1))
        start += grid.n_columns
    return np.concatenate(parts, axis=1)


def main() -> None:
    """Fit, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layer", default="block5")
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NUMBER")
    options = parser.parse_args()
    asked = dict(one.split("=") for one in options.set)
    settings = {k: float(v) if "." in v else int(v) for k, v in asked.items()}
    subject = cs.open_subject("sim01")
    run = cs.fit(subject, "small_cnn", options.layer, regressor="roi_attention", settings=settings)
    print(f"{run.id}: validation mean r {run.validation.overall.mean_r:.4f}")
    designs, boxes = with_faces(run, options.pictures)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    rng = np.random.default_rng(1)
    for words, given in (
        ("as they lie", designs),
        ("shuffled", shuffled(designs, attention_of(run.fitted, designs[:1]).grids)),
    ):
        found = attention_of(run.fitted, given)
        for query in (f"{side}.{roi}" for roi in QUERIES for side in ("lh", "rh")):
            k = found.queries.index(query)
            parts = zip(found.grids, found.shares, strict=True)
            share = sum((own[:, k] * inside(grid, boxes)).sum((1, 2)) for grid, own in parts)
            times = (share / areas).reshape(options.pictures, len(PLACES))
            draws = rng.integers(options.pictures, size=(500, options.pictures))
            low = np.quantile([np.median(times[rows]) for rows in draws], 0.025)
            print(f"tokens {words:12} {query:10} {np.median(times):5.2f} (low {low:.2f}) x area")


if __name__ == "__main__":
    main()
