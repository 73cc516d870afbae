"""What identifies a subject's data: digests of everything that enters a result.

Two branches matter. *Fit*: pictures, responses, and where the responses are; who changes one of
these has other data, and needs another model. *Report*: ROIs, captions, ceilings and what else is
said beside the numbers; models stay what they are, and their scores are summed up anew. ROIs and
captions are fitted by some models, and then belong to the fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from cortiscope.core.datasets.responses import SelectedRows

_FORMER_ROWS = 32


@dataclass(frozen=True)
class DataIdentity:
    """Digests of a subject's parts, 16 hexadecimal digits each.

    Parameters
    ----------
    pictures : which picture is in which row of which split: ids and contents.
    responses : every value, and the rows that belong to each split.
    space : how many vertices or voxels, and which.
    rois, captions : as they are.
    reliability : ncsnr, repeats, ceilings.
    notes : conventions, categories, noise-free responses and what else the folder says.
    """

    pictures: str
    responses: str
    space: str
    rois: str
    captions: str
    reliability: str
    notes: str

    def fit(self, *, rois: bool = False, captions: bool = False) -> str:
        """Return the fingerprint of what a model is fitted to.

        Parameters
        ----------
        rois, captions : whether the model is fitted to these too.
        """
        parts = [self.pictures, self.responses, self.space]
        parts += [f"rois {self.rois}"] if rois else []
        parts += [f"captions {self.captions}"] if captions else []
        return _short(xxhash.xxh3_128("\n".join(parts).encode()))

    @property
    def fits(self) -> frozenset[str]:
        """The fingerprints of everything that can be fitted to these data."""
        either = (False, True)
        return frozenset(self.fit(rois=r, captions=c) for r in either for c in either)

    @property
    def report(self) -> str:
        """The fingerprint of what scores are summed up with."""
        parts = (self.rois, self.captions, self.reliability, self.notes)
        return _short(xxhash.xxh3_128("\n".join(parts).encode()))

    def changed(self, other: DataIdentity) -> tuple[str, ...]:
        """Name the parts that differ."""
        return tuple(
            f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name)
        )

    def to_json(self) -> dict[str, str]:
        """Return the digests by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Any) -> DataIdentity | None:
        """Return what ``to_json`` gave; None of a record from before, or from after, this one."""
        names = [f.name for f in fields(cls)]
        if not isinstance(stored, Mapping) or sorted(stored) != sorted(names):
            return None
        return cls(**{name: str(stored[name]) for name in names})


class Digest:
    """A digest of values and arrays, one after the other.

    Parameters
    ----------
    known : file -> digest of its content; an array that lies in one of them is known by it.
    """

    def __init__(self, known: Mapping[Path, str]) -> None:
        self._digest = xxhash.xxh3_128()
        self._known = known

    def say(self, *said: object) -> None:
        """Add JSON values, one a line: no two sequences of them look alike."""
        text = json.dumps(said, sort_keys=True, default=str)
        self._digest.update(text.encode() + b"\n")

    def arrays(self, arrays: Mapping[Any, np.ndarray | None] | None) -> None:
        """Add arrays by name; those that are None are left out."""
        for name, array in (arrays or {}).items():
            if array is None:
                continue
            file = file_behind(array)
            self.say(str(name), array.dtype.str, array.shape)
            if file is None:
                self._digest.update(np.ascontiguousarray(array).tobytes())
            else:
                self.say(self._known[file], _place_in_file(array))

    def short(self) -> str:
        """Return 16 hexadecimal digits."""
        return _short(self._digest)


def _short(digest: xxhash.xxh3_128) -> str:
    return digest.hexdigest()[:16]


def file_behind(array: np.ndarray) -> Path | None:
    """Return the file that holds an array's values, None of an array in memory."""
    name = getattr(array, "filename", None)
    return None if name is None else Path(name)


def _place_in_file(array: np.ndarray) -> tuple[Any, ...]:
    """Return which of its file's values an array holds, as JSON values."""
    if isinstance(array, SelectedRows):
        return _place_in_file(array.stored), array.rows.tolist()
    mapped = np.frombuffer(array._mmap, dtype=np.uint8)  # type: ignore[attr-defined]
    return array.ctypes.data - mapped.ctypes.data, array.strides


def former_fingerprint(
    subject_id: str,
    splits: Iterable[tuple[Sequence[str], object, Iterable[np.ndarray]]],
    others: Iterable[np.ndarray],
) -> str:
    """Return what identified data before every byte did: runs of that time are found by it.

    Parameters
    ----------
    splits : ids of the images, their captions, and the arrays of responses, of which 32 rows count.
    others : arrays that count whole.
    """
    digest = hashlib.sha256(subject_id.encode("utf-8", "surrogateescape"))
    for ids, captions, responses in splits:
        digest.update("\n".join(ids).encode("utf-8", "surrogateescape"))
        digest.update(repr(captions).encode())
        for values in responses:
            digest.update(repr(values.shape).encode())
            for row in np.linspace(0, len(values) - 1, _FORMER_ROWS).astype(int):
                digest.update(np.ascontiguousarray(values[row], dtype="<f4").tobytes())
    for array in others:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()[:16]
