"""A folder in img2brain's layout, made up, written without the loader's code.

``python -m tests.data.img2brain_folder OUT --images 8857 --test 984 --voxels 10000 --pixels 425``
makes one of the released size. Every picture is a coarse field of colours with a windowed grating
in it. Responses follow the field's lightness or the grating's orientation and place, plus noise;
one voxel is constant if asked for.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

_CELLS = 5
_ORIENTATIONS = 4
_ROWS = 512


def write_folder(
    folder: Path,
    *,
    n_images: int = 24,
    n_test: int = 4,
    n_voxels: int = 11,
    pixels: int = 32,
    dtype: str = "<f4",
    name: str = "{:04d}.jpg",
    first: int = 1,
    dead: int | None = None,
    seed: int = 0,
) -> Path:
    """Write a whole folder.

    Parameters
    ----------
    name, first : of the training images; row k of the responses is image ``first + k``.
    dead : a voxel whose responses never vary.
    """
    rng = np.random.default_rng(seed)
    n = n_images + n_test
    fields = rng.uniform(0, 255, (n, _CELLS, _CELLS, 3)).astype(np.uint8)
    gratings = rng.integers(0, (_ORIENTATIONS, 3, 3), (n, 3))
    for part, rows in (("trainingIMG", range(n_images)), ("testIMG", range(n_images, n))):
        (folder / part).mkdir(parents=True)
        for k, row in enumerate(rows):
            picture = _picture(fields[row], gratings[row], pixels)
            picture.save(folder / part / name.format(first + k), quality=88)
    _write_responses(folder, fields[:n_images], gratings[:n_images], n_voxels, dtype, dead, rng)
    return folder


def _picture(field: np.ndarray, grating: np.ndarray, pixels: int) -> Image.Image:
    base = Image.fromarray(field).resize((pixels, pixels), Image.Resampling.BICUBIC)
    orientation, row, column = (int(k) for k in grating)
    side = pixels // 2
    y, x = np.mgrid[:side, :side] / side - 0.5
    angle = np.pi * orientation / _ORIENTATIONS
    wave = np.sin(2 * np.pi * 6 * (x * np.cos(angle) + y * np.sin(angle)))
    patch = Image.fromarray((127.5 + 127.5 * wave).astype(np.uint8)).convert("RGB")
    window = Image.fromarray((255 * np.exp(-12 * (x**2 + y**2))).astype(np.uint8))
    corner = (column * (pixels - side) // 2, row * (pixels - side) // 2)
    base.paste(patch, corner, window)
    return base


def _latents(fields: np.ndarray, gratings: np.ndarray) -> np.ndarray:
    light = fields.mean(axis=3).reshape(len(fields), -1)
    shown = np.zeros((len(fields), _ORIENTATIONS + 9))
    rows = np.arange(len(fields))
    shown[rows, gratings[:, 0]] = 1
    shown[rows, _ORIENTATIONS + 3 * gratings[:, 1] + gratings[:, 2]] = 1
    both = np.hstack([light, shown])
    return (both - both.mean(axis=0)) / (both.std(axis=0) + 1e-9)


def _write_responses(
    folder: Path,
    fields: np.ndarray,
    gratings: np.ndarray,
    n_voxels: int,
    dtype: str,
    dead: int | None,
    rng: np.random.Generator,
) -> None:
    latents = _latents(fields, gratings)
    n_light = _CELLS**2
    weights = rng.normal(size=(latents.shape[1], n_voxels))
    # Each voxel follows the field or the grating, to a share of its own.
    early = rng.random(n_voxels) < 0.5
    weights[:n_light, ~early] = 0
    weights[n_light:, early] = 0
    weights *= np.sqrt(rng.uniform(0, 0.5, n_voxels)) / np.linalg.norm(weights, axis=0)
    path = folder / "trainingfMRI" / "training.npy"
    path.parent.mkdir()
    shape = (len(latents), n_voxels)
    stored = np.lib.format.open_memmap(path, mode="w+", dtype=np.dtype(dtype), shape=shape)
    for start in range(0, len(latents), _ROWS):
        signal = latents[start : start + _ROWS] @ weights
        block = signal + 0.7 * rng.standard_normal(signal.shape, dtype=np.float32)
        if dead is not None:
            block[:, dead] = 0.25
        stored[start : start + _ROWS] = block
    stored.flush()


def main() -> None:
    """Write a folder of a size that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--test", type=int, default=4)
    parser.add_argument("--voxels", type=int, default=11)
    parser.add_argument("--pixels", type=int, default=32)
    parser.add_argument("--dtype", default="<f4")
    parser.add_argument("--name", default="{:04d}.jpg", help="of the images (default {:04d}.jpg)")
    options = parser.parse_args()
    write_folder(
        options.folder,
        n_images=options.images,
        n_test=options.test,
        n_voxels=options.voxels,
        pixels=options.pixels,
        dtype=options.dtype,
        name=options.name,
    )


if __name__ == "__main__":
    main()
