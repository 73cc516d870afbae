"""What menus and lists say of a run, and the index that holds it for all runs of a folder.

The index (``.index.json`` beside the runs) spares a process that starts the reading of every
``run.json``: thousands of records are hundreds of megabytes. It holds nothing that is not in the
runs: a run is taken from it while its folder and its record look as they did (times, sizes), and it
is written anew where it is missing, damaged or of another version.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from cortiscope.core.errors import CannotWrite, DamagedFile
from cortiscope.core.evaluation import RoiScore
from cortiscope.core.evaluation.report import ALL_VERTICES
from cortiscope.core.runs.about import About
from cortiscope.core.runs.facts import RunFacts
from cortiscope.core.runs.spec import RUN_FORMAT
from cortiscope.core.storage import atomic_file
from cortiscope.core.storage.content import seal

INDEX = ".index.json"
# To be raised with whatever an outline holds.
_FORMAT = [1, RUN_FORMAT]
# Of a record; of its scores the index has a summary, and the rest stays on disk.
_KEPT = ("spec", "identity", *(field.name for field in fields(RunFacts)))
_OUTLINE = "outline"


@dataclass(frozen=True)
class ScoresInShort:
    """Of the validation images' scores, or of those reported: what needs no array."""

    split: str
    n_images: int
    whole: RoiScore | None

    @classmethod
    def of(cls, stored: Mapping[str, Any], rois: tuple[RoiScore, ...]) -> ScoresInShort:
        """Sum up scores as they are in a record."""
        over_all = (ALL_VERTICES, "both")
        whole = next((score for score in rois if (score.roi, score.hemisphere) == over_all), None)
        return cls(stored["split"], stored["n_images"], whole)


@dataclass(frozen=True)
class Outline:
    """What a table of runs says beside the specification.

    Parameters
    ----------
    is_linear : whether it predicts by coefficients and intercepts alone.
    """

    validation: ScoresInShort
    report: ScoresInShort
    is_linear: bool
    about: About


class IndexedRecord(Mapping[str, Any]):
    """A record of which the index holds a part; the first look at the rest reads it all.

    Parameters
    ----------
    read : returns the whole record after the first look at the run (``core.runs.wholeness``).
    """

    def __init__(self, kept: Mapping[str, Any], read: Callable[[], Mapping[str, Any]]) -> None:
        self.kept, self._read = kept, read
        self.damage: DamagedFile | None = None

    @cached_property
    def whole(self) -> Mapping[str, Any]:
        """All of it; DamagedFile where the run is not whole, which ``damage`` then is."""
        try:
            return self._read()
        except DamagedFile as error:
            self.damage = error
            raise

    @cached_property
    def outline(self) -> Outline:
        """Its outline."""
        said = self.kept[_OUTLINE]
        about = said["about"] or {}
        return Outline(
            _in_short(said["validation"]),
            _in_short(said["report"]),
            said["is_linear"],
            About(**{**about, "tags": tuple(about["tags"])}) if about else About(),
        )

    def __getitem__(self, name: str) -> Any:
        if name in _KEPT and name in self.kept:
            return self.kept[name]
        return self.whole[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole)

    def __len__(self) -> int:
        return len(self.whole)


def _in_short(said: Mapping[str, Any]) -> ScoresInShort:
    whole = said["whole"]
    return ScoresInShort(said["split"], said["n_images"], whole and RoiScore(**whole))


def kept_of(record: Mapping[str, Any], outline: Outline) -> dict[str, Any]:
    """Return what the index holds of a run."""
    said = asdict(outline)
    said["about"] = None if outline.about == About() else said["about"]
    return {**{name: record[name] for name in _KEPT if name in record}, _OUTLINE: said}


def read_index(root: Path) -> dict[str, tuple[object, dict[str, Any]]]:
    """Return name -> (what its folder looked like, what is held of it); empty without an index."""
    with contextlib.suppress(OSError, ValueError, TypeError, LookupError, RecursionError):
        head, _, body = (root / INDEX).read_bytes().partition(b"\n")
        if json.loads(head) == {"format": _FORMAT, "seal": seal(body)}:
            return {name: (state, kept) for name, (state, kept) in json.loads(body).items()}
    return {}


def write_index(root: Path, runs: Mapping[str, tuple[object, Mapping[str, Any]]]) -> None:
    """Write it, unless the folder cannot be written to: then each process looks for itself."""
    body = json.dumps(runs, ensure_ascii=False, separators=(",", ":")).encode()
    head = json.dumps({"format": _FORMAT, "seal": seal(body)}).encode()
    with contextlib.suppress(CannotWrite, OSError), atomic_file(root / INDEX) as draft:
        draft.write_bytes(head + b"\n" + body)
