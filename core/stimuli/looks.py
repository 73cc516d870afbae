"""What a picture looks like in a few numbers, whatever it shows and whatever network sees it.

A network that has learned on drawings maps photographs among drawings: in its features a photograph
is nothing unusual. In colours, contrasts and the fineness of edges it is.

A module of its own, since nothing else in this package asks what a picture looks like.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from cortiscope.core.stimuli.decode import square_crop

_SIDE = 128
_SCALES = 4
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Below a grey level of 8 bits nothing can be distinguished.
_FLOOR = 1 / 512


def picture_looks(picture: Image.Image) -> np.ndarray:
    """Describe the central square of an RGB picture.

    Returns
    -------
    looks : (26,) float64: mean and SD of luminance and of two colour differences; at four octaves
        of scale the size of luminance's gradients (log), how many of them are small (log of median
        and lower quartile over their size) and whether they lie across or down; at one scale the
        first two for each colour difference.
    """
    pixels = np.asarray(square_crop(picture.convert("RGB"), _SIDE), dtype=np.float32) / 255
    luminance = pixels @ _LUMA
    red_green = pixels[..., 0] - pixels[..., 1]
    blue_yellow = pixels[..., 2] - pixels[..., :2].mean(axis=2)
    planes = (luminance, red_green, blue_yellow)
    found = [value for plane in planes for value in (plane.mean(), plane.std())]
    for _ in range(_SCALES):
        found += _gradients(luminance)
        luminance = _halved(luminance)
    for plane in (red_green, blue_yellow):
        found += _gradients(_halved(plane))[:2]
    return np.array(found, dtype=np.float64)


def _gradients(plane: np.ndarray) -> list[float]:
    across = plane[:-1, 1:] - plane[:-1, :-1]
    down = plane[1:, :-1] - plane[:-1, :-1]
    lengths = np.hypot(across, down)
    size = float(np.sqrt((lengths**2).mean())) + _FLOOR
    middle, low = (np.quantile(lengths, share) for share in (0.5, 0.25))
    tilt = ((across**2).mean() - (down**2).mean()) / size**2
    return [np.log(size), np.log((middle + _FLOOR) / size), np.log((low + _FLOOR) / size), tilt]


def _halved(plane: np.ndarray) -> np.ndarray:
    return np.asarray(
        (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]) / 4
    )
