"""What identifies a subject's data: part of every cache key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from core.datasets.subject import Split

_ROWS_HASHED = 32


def data_fingerprint(
    subject_id: str, splits: Iterable[Split], others: Iterable[np.ndarray] = ()
) -> str:
    """Hash ids, captions, and rows spread over each response file: cheap, changes with the data.

    Parameters
    ----------
    others : small arrays that are hashed as a whole, such as vertex numbers.

    Returns
    -------
    16 hexadecimal digits; the same for the same values, however they are stored.
    """
    digest = hashlib.sha256(subject_id.encode())
    for split in splits:
        digest.update("\n".join(split.images.ids).encode())
        digest.update(repr(split.images.captions).encode())
        for values in (split.responses or {}).values():
            digest.update(repr(values.shape).encode())
            for row in np.linspace(0, len(values) - 1, _ROWS_HASHED).astype(int):
                digest.update(np.ascontiguousarray(values[row], dtype="<f4").tobytes())
    for array in others:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()[:16]
