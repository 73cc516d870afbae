"""What identifies a subject's data: a tree over everything that enters a result.

Two branches matter. *Fit*: pictures, responses, and where the responses are; who changes one of
these has other data, and needs another model. *Report*: ROIs, captions, ceilings and what else is
said beside the numbers; models stay what they are, and their scores are summed up anew. ROIs and
captions are fitted by some models, and then belong to the fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from cortiscope.core.brain import HEMISPHERES, ChallengeSpace
from cortiscope.core.datasets.responses import SelectedRows
from cortiscope.core.progress import Progress, silent
from cortiscope.core.storage import content_hashes

if TYPE_CHECKING:
    from cortiscope.core.datasets.subject import Split, Subject

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


def identify(subject: Subject, progress: Progress = silent) -> DataIdentity:
    """Hash everything of a subject that enters a result; files once, as long as they stay.

    Raises
    ------
    MissingData, DamagedFile : a file that was there when the subject was opened.
    """
    splits = (subject.train, subject.test)
    arrays = [a for s in splits for group in (s.responses, s.truth) for a in (group or {}).values()]
    files = [file for a in arrays if (file := _file_behind(a)) is not None]
    files += [path for s in splits for path in s.images.paths]
    hashes = content_hashes()
    known = dict(
        zip(files, hashes.digests(files, progress, f"the data of {subject.id}"), strict=True)
    )

    def pictures(digest: xxhash.xxh3_128, split: Split) -> None:
        _say(digest, split.images.ids, [known[path] for path in split.images.paths])

    def values(digest: xxhash.xxh3_128, arrays: Mapping[Any, np.ndarray] | None) -> None:
        for part, array in (arrays or {}).items():
            file = _file_behind(array)
            _say(digest, str(part), array.dtype.str, array.shape)
            if file is None:
                digest.update(np.ascontiguousarray(array).tobytes())
            else:
                _say(digest, known[file], _place_in_file(array))

    parts = {name: xxhash.xxh3_128() for name in (f.name for f in fields(DataIdentity))}
    for split in splits:
        for digest in parts.values():
            _say(digest, split.name, len(split))
        pictures(parts["pictures"], split)
        values(parts["responses"], split.responses)
        values(parts["notes"], split.truth)
        _say(parts["captions"], split.images.captions)
        _say(parts["notes"], [note.categories for note in split.notes])
        values(parts["reliability"], _given(repeats=split.repeats))
    values(parts["reliability"], _given(ncsnr=subject.ncsnr, ceiling=subject.test_ceiling))
    space = subject.space
    _say(parts["space"], space.n_vertices(), [str(p) for p in space.parts])
    if isinstance(space, ChallengeSpace):
        _say(parts["space"], space.n_template)
        values(parts["space"], space.index)
    for name, labels in subject.parcellation.labels.items():
        _say(parts["rois"], name, sorted(subject.parcellation.names[name].items()))
        values(parts["rois"], labels)
    _say(parts["notes"], subject.simulated, subject.conventions.to_json(), subject.details)
    return DataIdentity(**{name: _short(digest) for name, digest in parts.items()})


def _given(**arrays: np.ndarray | None) -> dict[str, np.ndarray]:
    return {name: values for name, values in arrays.items() if values is not None}


def _say(digest: xxhash.xxh3_128, *said: object) -> None:
    """Add JSON values, one a line: no two sequences of them look alike."""
    text = json.dumps(said, sort_keys=True, default=str)
    digest.update(text.encode() + b"\n")


def _short(digest: xxhash.xxh3_128) -> str:
    return digest.hexdigest()[:16]


def _file_behind(array: np.ndarray) -> Path | None:
    """Return the file that holds an array's values, None of an array in memory."""
    name = getattr(array, "filename", None)
    return None if name is None else Path(name)


def _place_in_file(array: np.ndarray) -> tuple[Any, ...]:
    """Return which of its file's values an array holds, as JSON values."""
    if isinstance(array, SelectedRows):
        return _place_in_file(array.stored), array.rows.tolist()
    mapped = np.frombuffer(array._mmap, dtype=np.uint8)  # type: ignore[attr-defined]
    return array.ctypes.data - mapped.ctypes.data, array.strides


def former_fingerprints(subject: Subject) -> tuple[str, ...]:
    """Return what identified these data before every byte did: runs of that time are found by it.

    It knew ids, captions, and 32 rows of each file of responses; of plain arrays also vertex
    numbers, ROIs, repeats and ncsnr. Data that have it may be others than those that were fitted.
    """
    others: list[np.ndarray] = []
    if subject.layout == "arrays" and isinstance(subject.space, ChallengeSpace):
        others += [subject.space.index[h] for h in HEMISPHERES]
        labels = subject.parcellation.labels.values()
        others += [of_class[h] for of_class in labels for h in HEMISPHERES]
        others += _given(
            train=subject.train.repeats, test=subject.test.repeats, ncsnr=subject.ncsnr
        ).values()
    return (_former(subject.id, (subject.train, subject.test), others),)


def _former(subject_id: str, splits: Iterable[Split], others: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256(subject_id.encode("utf-8", "surrogateescape"))
    for split in splits:
        digest.update("\n".join(split.images.ids).encode("utf-8", "surrogateescape"))
        digest.update(repr(split.images.captions).encode())
        for values in (split.responses or {}).values():
            digest.update(repr(values.shape).encode())
            for row in np.linspace(0, len(values) - 1, _FORMER_ROWS).astype(int):
                digest.update(np.ascontiguousarray(values[row], dtype="<f4").tobytes())
    for array in others:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()[:16]
