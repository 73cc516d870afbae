"""The folder of runs: one folder per fitted encoding model, whole or set aside with its reason."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.encoding.regressors import restore_predictor
from cortiscope.core.errors import CoreError, DamagedFile, InvalidInput, WorkFailed, unknown_name
from cortiscope.core.runs.about import About, keep_about, write_about
from cortiscope.core.runs.drafts import FolderCheckpoint
from cortiscope.core.runs.outline import IndexedRecord, kept_of, read_index, write_index
from cortiscope.core.runs.run import Run
from cortiscope.core.runs.spec import RUN_FORMAT
from cortiscope.core.runs.wholeness import (
    RECORD,
    check_arrays,
    damaged,
    read_record,
    without_nan,
    write_arrays,
)
from cortiscope.core.storage import (
    atomic_directory,
    require_room,
    write_json,
    writing,
)
from cortiscope.core.storage.atomic import remove
from cortiscope.core.storage.foreign import is_system_file

DRAFTS_FOLDER = ".drafts"
"""Below the folder of runs: pieces of fits that are not finished."""
DELETED_FOLDER = ".deleted"
"""Below it too: runs that were deleted and can be brought back."""
KEPT_DAYS = 30
"""For how long ``store clean`` leaves those."""
# Fewer runs are looked at faster than an index is worth.
_WORTH_AN_INDEX = 100
# It is written anew when a fiftieth of the runs is not in it.
_RENEWED_BY = 50


@dataclass(frozen=True)
class SetAside:
    """What is in the folder of runs and is not a whole run, and why; a fit may replace it."""

    name: str
    reason: str


class RunStore:
    """All runs under one folder; one store may serve a whole process, as it keeps what it read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._looks: dict[str, tuple[object, Run | DamagedFile]] = {}
        self._indexed: dict[str, object] | None = None

    def ids(self) -> tuple[str, ...]:
        """Names of all whole runs, in alphabetical order."""
        return tuple(run.id for run in self.survey()[0])

    def survey(self, beginning: str = "") -> tuple[list[Run], list[SetAside]]:
        """Look at everything in the folder, in alphabetical order; cheap the second time.

        Parameters
        ----------
        beginning : of the names to look at.

        Returns
        -------
        runs : whole as far as the first look shows (``core.runs.wholeness``).
        set_aside : damaged, half-deleted, foreign or of another version.
        """
        runs, aside = [], []
        names = self._names()
        self._take_index(names)
        for name in names:
            if not name.startswith(beginning):
                continue
            seen = self._look(name)
            if isinstance(seen, Run):
                runs.append(seen)
            else:
                reason = seen.message.removeprefix(f"Run {name}: ").rstrip(".")
                aside.append(SetAside(name, reason))
        self._renew_index(names)
        return runs, aside

    def __contains__(self, run_id: str) -> bool:
        """Whether a run is there and whole to the last byte: then it needs no fit."""
        return self._is_whole(self.root / run_id)

    def open(self, run_id: str) -> Run:
        """Open a run by its name.

        Raises
        ------
        UnknownName : no such run; the nearest name is offered.
        DamagedFile : it is set aside, and why.
        """
        self._check_is_there(run_id)
        seen = self._look(run_id)
        if isinstance(seen, DamagedFile):
            raise seen
        if isinstance(seen.record, IndexedRecord):
            _ = seen.record.whole
        return seen

    def draft(self, run_id: str) -> FolderCheckpoint:
        """Return the pieces of a run that is being fitted."""
        return FolderCheckpoint(self.root / DRAFTS_FOLDER / run_id)

    def save(self, run_id: str, record: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Run:
        """Write a run whole, or not at all; what has its name and is not whole is replaced.

        Raises
        ------
        WorkFailed : what was fitted predicts values that are not numbers.
        CannotWrite : no room, or no permission.
        """
        try:
            restore_predictor(
                record["predictor"], lambda name: without_nan(run_id, name, arrays[name])
            )
        except DamagedFile as error:
            raise WorkFailed(
                f"The fit gave no usable model: {error.message}",
                "Check the data (check DATA) and the regressor's settings.",
            ) from None
        n_bytes = sum(array.nbytes for array in arrays.values())
        target = self.root / run_id
        require_room(target, n_bytes, f"The run {run_id}")
        with atomic_directory(target, self._is_whole, n_bytes) as draft:
            seals = write_arrays(draft, arrays)
            whole = {"format": RUN_FORMAT, **record, "arrays": seals}
            text = json.dumps(whole, indent=1, ensure_ascii=False)
            # Last, so that a folder with a record is a whole one even if it was copied by hand.
            (draft / RECORD).write_text(text + "\n", encoding="utf-8")
            keep_about(target, draft)
        return self.open(run_id)

    def replace_scores(
        self, run: Run, said: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Run:
        """Write other scores of a run beside those it has; its record goes over to them at once.

        Parameters
        ----------
        said : fields of the record; arrays are named by the ``files`` of each set of scores.

        Raises
        ------
        OSError : no room, or no permission; the run stays as it is.
        """
        folder = self.root / run.id
        seals = {**run.record["arrays"], **write_arrays(folder, arrays)}
        write_json(folder / RECORD, {**run.record, **said, "arrays": seals})
        return self.open(run.id)

    def describe(self, run_id: str, about: About) -> Run:
        """Take down what somebody says of a run.

        Raises
        ------
        UnknownName, DamagedFile : as for ``open``.
        CannotWrite : no room, or no permission.
        """
        write_about(self.open(run_id).folder, about)
        # Within one tick of a clock the folder looks as it did.
        self._looks.pop(run_id, None)
        return self.open(run_id)

    def delete(self, run_id: str) -> None:
        """Move a run, whole or set aside, to where ``undelete`` finds it.

        What was deleted under its name before goes for good.

        Raises
        ------
        UnknownName : no such run; the nearest name is offered.
        CannotWrite : no permission.
        """
        self._check_is_there(run_id)
        target = self.root / DELETED_FOLDER / run_id
        with writing(target):
            target.parent.mkdir(exist_ok=True)
            remove(target)
            (self.root / run_id).rename(target)
            with contextlib.suppress(OSError):  # when it was deleted
                os.utime(target, follow_symlinks=False)

    def undelete(self, run_id: str) -> None:
        """Bring a deleted run back, file by file as it was.

        Raises
        ------
        UnknownName : no such run was deleted, or it has been removed for good.
        InvalidInput : it was fitted again since; that one stays.
        """
        known = self.deleted()
        if run_id not in known:
            raise unknown_name("deleted run", run_id, known, f"They are kept for {KEPT_DAYS} days.")
        if os.path.lexists(self.root / run_id):
            raise InvalidInput(
                f"The run {run_id} is there: it was fitted again since it was deleted.",
                "Delete that one first.",
            )
        with writing(self.root / run_id):
            (self.root / DELETED_FOLDER / run_id).rename(self.root / run_id)

    def deleted(self) -> tuple[str, ...]:
        """Names of the runs that ``undelete`` can bring back, in alphabetical order."""
        folder = self.root / DELETED_FOLDER
        return tuple(sorted(p.name for p in folder.iterdir())) if folder.is_dir() else ()

    def _check_is_there(self, run_id: str) -> None:
        # A name, and not a path that leads elsewhere.
        is_name = bool(run_id) and run_id == Path(run_id).name and not is_system_file(run_id)
        if not is_name or not os.path.lexists(self.root / run_id):
            raise unknown_name("run", run_id, self.ids(), f"Runs are kept in {self.root}.")

    def _names(self) -> list[str]:
        try:
            found = os.listdir(self.root)  # noqa: PTH208 (thousands of runs at each look)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InvalidInput(
                f"The folder of runs {self.root} cannot be read ({error.strerror}).",
                "Name another with --runs, or by CORTISCOPE_HOME.",
            ) from None
        return sorted(name for name in found if not is_system_file(name))

    def _look(self, name: str) -> Run | DamagedFile:
        """Take the first look at a run, or remember it for as long as its folder stays the same."""
        state = _state(f"{self.root}{os.sep}{name}")
        known = self._looks.get(name)
        if known is None or known[0] != state:
            seen = _first_look(self.root / name)
            if self._indexed is not None and isinstance(seen, Run):
                seen = _slim(seen)
            known = self._looks[name] = (state, seen)
        seen = known[1]
        # Found while it was read.
        later = getattr(seen, "damage", None) or getattr(
            getattr(seen, "record", None), "damage", None
        )
        return later or seen

    def _take_index(self, names: Sequence[str]) -> None:
        """Begin with the looks of another process, where the runs are many."""
        if self._indexed is not None or len(names) < _WORTH_AN_INDEX:
            return
        found = read_index(self.root)
        self._indexed = {name: state for name, (state, _) in found.items()}
        for name, (state, kept) in found.items():
            self._looks.setdefault(name, (state, _indexed(self.root / name, kept)))

    def _renew_index(self, names: Sequence[str]) -> None:
        """Write down what the looks found, where the index lacks more than a few runs."""
        if self._indexed is None:
            return
        looks = {name: self._looks[name] for name in names if name in self._looks}
        held = {
            name: (state, run.record.kept)
            for name, (state, run) in looks.items()
            if isinstance(run, Run) and isinstance(run.record, IndexedRecord)
        }
        news = sum(self._indexed.get(name) != state for name, (state, _) in held.items())
        if news > len(names) // _RENEWED_BY:
            self._indexed = {name: state for name, (state, _) in held.items()}
            write_index(self.root, held)

    def _is_whole(self, folder: Path) -> bool:
        try:
            seen = _first_look(folder)
            if isinstance(seen, Run):
                seen.verify()
        except DamagedFile:
            return False
        return isinstance(seen, Run)


def _state(folder: str) -> object:
    """Return what changes when a run is replaced, or when a file of it comes or goes; as JSON."""
    found: list[list[int | None]] = []
    for path in (folder, f"{folder}{os.sep}{RECORD}"):
        try:
            status = os.stat(path)  # noqa: PTH116 (thousands of runs at each look)
            found.append([status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size])
        except OSError as error:
            found.append([error.errno])
    return found


def _first_look(folder: Path) -> Run | DamagedFile:
    try:
        run = Run(folder, read_record(folder, RUN_FORMAT))
        # Everything that menus and lists ask of any run.
        _ = (run.spec, run.facts, run.layer, run.outline)
        check_arrays(folder, run.record)
    except DamagedFile as error:
        return error
    except WorkFailed:
        raise
    except CoreError as error:
        return damaged(folder.name, error.message.rstrip("."))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else f"cannot be read ({error})"
        return damaged(folder.name, f"{RECORD} {what}")
    return run


def _slim(run: Run) -> Run:
    """Return a run that holds what menus ask for: the records of thousands fill the memory."""
    if "arrays" not in run.record:  # without seals, damage is found by the first look alone
        return run
    return _indexed(run.folder, kept_of(run.record, run.outline))


def _indexed(folder: Path, kept: Mapping[str, Any]) -> Run:
    def whole() -> Mapping[str, Any]:
        seen = _first_look(folder)
        if isinstance(seen, DamagedFile):
            raise seen
        return seen.record

    return Run(folder, IndexedRecord(kept, whole))
