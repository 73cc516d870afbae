"""What a split holds, in numbers for a table; read from headers and from a sample of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.subject import Split
from cortiscope.core.stimuli import open_picture

_MOST_VALUES = 20_000_000
_IMAGES_LOOKED_AT = 24


@dataclass(frozen=True)
class SplitDescription:
    """One split as a row of a table.

    Parameters
    ----------
    n_images : images.
    image_sizes : (width, height) in pixels -> how many of the ``n_looked_at`` images have it.
    n_looked_at : images whose header was read, spread over the split.
    responses : part of the brain -> (n_images, n_vertices) as stored; None without any.
    dtype : of the stored responses.
    n_bytes : of the stored responses.
    repeats : trials averaged -> how many images; None where unknown.
    n_captioned, n_categorised : images with at least one caption or category.
    """

    name: str
    n_images: int
    image_sizes: Mapping[tuple[int, int], int]
    n_looked_at: int
    responses: Mapping[str, tuple[int, int]] | None
    dtype: str
    n_bytes: int
    repeats: Mapping[int, int] | None
    n_captioned: int
    n_categorised: int


def describe_split(split: Split) -> SplitDescription:
    """Describe a split without reading its responses."""
    sizes, n_looked_at = _image_sizes(split.images.paths)
    shapes, dtype, n_bytes = None, "", 0
    if split.responses is not None:
        arrays = {str(part): values for part, values in split.responses.items()}
        shapes = {part: (values.shape[0], values.shape[1]) for part, values in arrays.items()}
        kinds = [np.dtype(values.dtype) for values in arrays.values()]
        dtype = ", ".join(dict.fromkeys(map(str, kinds)))
        n_bytes = sum(n * m * k.itemsize for (n, m), k in zip(shapes.values(), kinds, strict=True))
    return SplitDescription(
        name=split.name,
        n_images=len(split),
        image_sizes=sizes,
        n_looked_at=n_looked_at,
        responses=shapes,
        dtype=dtype,
        n_bytes=n_bytes,
        repeats=None if split.repeats is None else _counted(split.repeats),
        n_captioned=sum(bool(note.captions) for note in split.notes),
        n_categorised=sum(bool(note.categories) for note in split.notes),
    )


def _counted(repeats: np.ndarray) -> dict[int, int]:
    numbers, counts = np.unique(np.asarray(repeats), return_counts=True)
    return {int(k): int(n) for k, n in zip(numbers, counts, strict=True)}


def _image_sizes(paths: tuple[Path, ...]) -> tuple[dict[tuple[int, int], int], int]:
    found: Counter[tuple[int, int]] = Counter()
    for row in spread_rows(len(paths), _IMAGES_LOOKED_AT):
        try:
            with open_picture(paths[row].read_bytes(), paths[row].name) as picture:
                found[picture.size] += 1
        except Exception:  # decoders raise nearly anything; ``check`` says what is wrong
            continue
    return dict(found.most_common()), sum(found.values())


def spread_rows(n: int, most: int) -> np.ndarray:
    """Return up to ``most`` different row numbers below ``n``, increasing, evenly spread."""
    return np.unique(np.linspace(0, max(n - 1, 0), min(n, most)).round().astype(int))


@dataclass(frozen=True)
class ResponseMoments:
    """Mean and SD of each vertex over images.

    Parameters
    ----------
    mean, sd : (n_vertices,) float64; ``sd`` with n - 1 in the denominator. NaN where a value is.
    n_images : images behind them; ``n_all`` the split has.
    """

    mean: np.ndarray
    sd: np.ndarray
    n_images: int
    n_all: int


def response_moments(split: Split, most_values: int = _MOST_VALUES) -> ResponseMoments:
    """Compute mean and SD per vertex over all images, or over evenly spread ones of a large split.

    Parameters
    ----------
    most_values : responses read at most; a full Algonauts subject has 400 million.
    """
    if split.responses is None:
        raise ValueError(f"There are no responses to the {split.name} images.")
    n_vertices = sum(values.shape[1] for values in split.responses.values())
    rows = spread_rows(len(split), max(2, most_values // max(n_vertices, 1)))
    values = split.response_rows(rows)
    with np.errstate(invalid="ignore"):
        mean = values.mean(axis=0, dtype=np.float64)
        variance = np.square(values - mean.astype(np.float32)).sum(axis=0, dtype=np.float64)
        sd = np.sqrt(variance / max(len(rows) - 1, 1))
    if len(rows) < 2:
        sd = np.full_like(mean, np.nan)
    return ResponseMoments(mean, sd, len(rows), len(split))


def range_of_responses(sample: np.ndarray) -> tuple[float, float]:
    """Return the ends of a scale for responses in any units, symmetric where they lie about 0.

    The 99th percentile of |response|, to half a unit or, of small ones, two digits; of responses
    that are nearly all on one side of 0 their 1st and 99th percentiles.
    """
    low, high = (float(p) for p in np.nanpercentile(sample, (1, 99)))
    if low < high and (low > 0 or high < 0):
        return low, high
    limit = float(np.nanpercentile(np.abs(sample), 99))
    if limit > 0.25 or not limit > 0:
        limit = max(0.5, float(np.ceil(2 * limit) / 2))
    else:
        digit = 10.0 ** (np.floor(np.log10(limit)) - 1)
        limit = float(np.ceil(limit / digit) * digit)
    return -limit, limit
