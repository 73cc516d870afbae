"""Pictures that look the same and are no equal files: encoded anew, resized, shifted a little.

Three steps. A perceptual hash (the signs of a picture's lowest spatial frequencies) and a picture
of 8 x 8 pixels say which pairs may be copies. Both are remembered by the files' contents. These
pairs are then laid over each other on 64 x 64 pixels, moved by up to 3 of them, and confirmed if
what is left differs little as a whole and nowhere much: another object on the same ground is
another picture. What was confirmed among some files is remembered as well.

Pictures without contrast (a patch of sky) are alike in nothing that could be confirmed, and are
copies only where their files are equal.

References
----------
Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions (the hash, here by
the library ImageHash).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from cortiscope.core.errors import CoreError
from cortiscope.core.progress import Progress, silent
from cortiscope.core.stimuli.decode import decode_image
from cortiscope.core.storage import Home, atomic_file
from cortiscope.core.storage.content import combined

# Raised with whatever changes what is remembered, or what is confirmed.
_VERSION = 1
_SIDE = 64
_BLUR = 1.5  # SD in pixels; bilinear shifts of sharper edges would differ by the shift alone
_HASH_BITS = (
    22  # of 64; unrelated pictures differ in about 32, copies in 0 to 14, faint ones in more
)
_ROUGH = 20.0  # grey levels between pictures of 8 x 8 pixels, root of the mean square
_SHIFT = 3  # pixels of 64
_MARGIN = _SHIFT + 2
_EDGE = 4
_GREY = np.full(3, 1 / 3, dtype=np.float32)
_FINE = np.arange(-0.5, 0.51, 0.25)  # parts of a pixel
# Differences as a share of the picture's own SD, and of the worst of 8 x 8 blocks in grey levels.
# Measured on scenes and photographs: copies (JPEG of quality 60, 80 % of the size, 2 of 128 pixels
# moved, all at once) up to 0.15 and 11; an object exchanged on an eighth of the width from 15 up;
# different pictures from 0.7 up.
_WHOLE, _BLOCK = 0.4, 13.0
_ROWS = 256  # of the comparison of all with all, at a time
_SAVED = 1000  # pictures, after which what was computed is kept
_SEEN = 12_288  # of 12 kB each: all pictures of a subject of NSD

_SKETCH = np.dtype([("digest", "S32"), ("hash", "<u8"), ("rough", "u1", (8, 8, 3))])


def near_copies(files: Mapping[str, Path], progress: Progress = silent) -> list[tuple[str, str]]:
    """Return the pairs of pictures that are near copies of each other.

    Parameters
    ----------
    files : digest of a file's content -> the file. Files that are no pictures are like none.

    Returns
    -------
    pairs : of digests; the same whatever order the files are in.
    """
    digests = sorted(files)
    kept = _folder() / f"copies-{combined(digests)}.npy"
    pairs = _remembered(kept, np.dtype("S32"))
    if pairs is None:
        sketches, seen = _sketches(files, progress)

        @lru_cache(maxsize=512)
        def blurred(digest: str) -> np.ndarray:
            small = seen.get(digest)
            return _blurred(_decoded(files[digest]) if small is None else small)

        candidates = _candidates(sketches)
        found = [(a, b) for a, b in candidates if _are_copies(blurred(a), blurred(b))]
        pairs = np.array(found, dtype="S32").reshape(-1, 2)
        _remember(kept, pairs)
    return [(a.decode(), b.decode()) for a, b in pairs]


def _sketches(
    files: Mapping[str, Path], progress: Progress
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return hashes and rough pictures (n,), by digest, of all files that are pictures.

    With them come the pictures (64, 64, 3) of the last files that had to be decoded.
    """
    kept = _folder() / "sketches.npy"
    known = _remembered(kept, _SKETCH)
    if known is None:
        known = np.empty(0, _SKETCH)
    wanted = np.array(sorted(files), dtype="S32")
    missing = [d.decode() for d in wanted[~np.isin(wanted, known["digest"])]]
    seen: dict[str, np.ndarray] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(missing), _SAVED):
            some = missing[start : start + _SAVED]
            made = []
            jobs = pool.map(lambda digest: _decoded(files[digest]), some)
            for k, (digest, small) in enumerate(zip(some, jobs, strict=True)):
                progress((start + k) / len(missing), f"looking for copies among {len(files):,}")
                if small is not None:
                    made.append((digest, *_sketch(small)))
                    seen[digest] = small
            while len(seen) > _SEEN:
                seen.pop(next(iter(seen)))
            known = np.concatenate([known, np.array(made, _SKETCH)])
            _remember(kept, known)
    return np.sort(known[np.isin(known["digest"], wanted)], order="digest"), seen


def _sketch(small: np.ndarray) -> tuple[int, np.ndarray]:
    # Loads SciPy's signal processing: nothing that many imports of this file need.
    from imagehash import phash

    # Without its edge, which is another where a picture was moved.
    centre = Image.fromarray(small[_EDGE:-_EDGE, _EDGE:-_EDGE])
    bits = np.packbits(phash(centre).hash.ravel())
    return int(bits.view(">u8")[0]), np.asarray(centre.resize((8, 8), Image.Resampling.BOX))


def _decoded(path: Path) -> np.ndarray | None:
    """Return a picture (64, 64, 3) uint8; None if it cannot be read: reported elsewhere."""
    try:
        image = decode_image(path, min_side=1, enough=4 * _SIDE).image
    except CoreError:
        return None
    return np.asarray(
        image.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0), np.uint8
    )


def _blurred(small: np.ndarray | None) -> np.ndarray:
    """Return it as float32, blurred; NaN where there is none."""
    if small is None:
        return np.full((_SIDE, _SIDE, 3), np.nan, dtype=np.float32)
    down = _blur_weights() @ small.reshape(_SIDE, _SIDE * 3).astype(np.float32)
    return _blur_weights() @ down.reshape(_SIDE, _SIDE, 3)


@cache
def _blur_weights() -> np.ndarray:
    """Weights (64, 64) of a blur along one side: a product, which is faster than the filter."""
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(np.eye(_SIDE, dtype=np.float32), _BLUR, axis=0, mode="nearest")


def _candidates(sketches: np.ndarray) -> Iterator[tuple[str, str]]:
    """Pair the digests of pictures with similar hashes and rough pictures."""
    hashes, names = sketches["hash"], [d.decode() for d in sketches["digest"]]
    rough = sketches["rough"].reshape(len(sketches), 8 * 8 * 3)
    for start in range(0, len(hashes), _ROWS):
        apart = np.bitwise_count(hashes[start : start + _ROWS, None] ^ hashes[None, start:])
        a, b = np.divmod(np.flatnonzero(apart.ravel() <= _HASH_BITS), apart.shape[1])
        a, b = a[b > a] + start, b[b > a] + start
        gaps = rough[a].astype(np.float32) - rough[b]
        close = np.sqrt((gaps**2).mean(axis=1)) <= _ROUGH
        yield from ((names[i], names[j]) for i, j in zip(a[close], b[close], strict=True))


def _are_copies(a: np.ndarray, b: np.ndarray) -> bool:
    """Lay one picture (64, 64, 3) over the other as well as can be, and look at what is left."""
    n = _SIDE - 2 * _MARGIN
    inner = a[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    flat, grey = inner @ _GREY, b @ _GREY
    # Whole steps first: of the squared difference only two terms depend on the step.
    low = _MARGIN - _SHIFT
    whole = sliding_window_view(grey[low:-low, low:-low], (n, n))
    steps = len(whole)
    places = whole.reshape(steps * steps, n * n)
    gaps = np.einsum("ij,ij->i", places, places) - 2 * (places @ flat.ravel())
    y, x = (int(k) - _SHIFT for k in divmod(int(gaps.argmin()), steps))
    # Then parts of a pixel. A picture moved by one is a mean, with weights, of its nine neighbours,
    # so the products of these say what every part of a step leaves.
    top, left = _MARGIN + y - 1, _MARGIN + x - 1
    near = sliding_window_view(grey[top : top + n + 2, left : left + n + 2], (n, n))
    near = near.reshape(9, n * n).astype(np.float64)
    weights, products = _fine_weights(), near @ near.T
    left_over = ((weights @ products) * weights).sum(axis=1) - 2 * weights @ (near @ flat.ravel())
    fine_y, fine_x = divmod(int(left_over.argmin()), len(_FINE))
    # What is left of the grey picture is never more than what is left of the three colours.
    if left_over.min() + (flat**2).sum() > n * n * (_WHOLE * _spread(inner)) ** 2:
        return False
    best = (y + _FINE[fine_y], x + _FINE[fine_x])
    other = _moved(b, best)
    squares = (inner - other) ** 2 @ _GREY
    spread = min(_spread(inner), _spread(other))
    size = n // 8 * 8
    blocks = squares[:size, :size].reshape(8, size // 8, 8, size // 8).mean(axis=(1, 3))
    return bool(squares.mean() <= (_WHOLE * spread) ** 2 and blocks.max() <= _BLOCK**2)


def _spread(picture: np.ndarray) -> float:
    """Return the SD within a channel, root of the mean square over the channels."""
    values = picture.reshape(-1, 3)
    mean = np.full(len(values), 1 / len(values), values.dtype) @ values
    apart = (values - mean).ravel()
    return float(np.sqrt(apart @ apart / len(apart)))


@cache
def _fine_weights() -> np.ndarray:
    """Weights (25, 9) of 3 x 3 neighbours in a picture moved by each pair of parts of a pixel."""
    along = np.maximum(0, 1 - np.abs(_FINE[:, None] - np.array([-1, 0, 1])))
    return np.einsum("ai,bj->abij", along, along).reshape(len(_FINE) ** 2, 9)


def _moved(picture: np.ndarray, shift: tuple[float, float]) -> np.ndarray:
    """Cut the inner part out of a picture that is moved by parts of pixels, bilinear."""
    n = _SIDE - 2 * _MARGIN
    top, left = (_MARGIN + int(np.floor(by)) for by in shift)
    down, right = (by - np.floor(by) for by in shift)
    rows = picture[top : top + n] * (1 - down) + picture[top + 1 : top + 1 + n] * down
    return rows[:, left : left + n] * (1 - right) + rows[:, left + 1 : left + 1 + n] * right


def _folder() -> Path:
    return Home.from_environment().content / f"pictures-{_VERSION}"


def _remembered(path: Path, dtype: np.dtype) -> np.ndarray | None:
    """Read what was kept; None where there is nothing of use."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if array.dtype == dtype else None


def _remember(path: Path, array: np.ndarray) -> None:
    """Keep an array for later; where nothing can be written it is computed again."""
    with (
        contextlib.suppress(CoreError, OSError),
        atomic_file(path) as draft,
        draft.open("wb") as stream,
    ):
        np.save(stream, array, allow_pickle=False)
