"""Which data folders the app looks into: the demo's, those of CORTISCOPE_DATA, those opened here.

What was opened on the Data page is remembered beside the runs; a data folder itself is never
written to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cortiscope.core.datasets import SubjectRef, find_subjects
from cortiscope.core.errors import CoreError, InvalidInput
from cortiscope.core.simulation.demo import demo_folder, group_folder
from cortiscope.core.storage import Home, data_folders, write_json

DEMO, NAMED, OPENED = "made here", "CORTISCOPE_DATA", "opened here"


@dataclass(frozen=True)
class DataFolder:
    """A data folder and what was recognised in it.

    Parameters
    ----------
    origin : how the app came to know it.
    subjects : those that the menu offers.
    hidden : names of those it does not, because an earlier folder has one of the same name.
    error : why no subject was recognised, or None.
    """

    path: Path
    origin: str
    subjects: tuple[SubjectRef, ...] = ()
    hidden: tuple[str, ...] = ()
    error: CoreError | None = None


def look_into(home: Home, *, opened: bool = True) -> tuple[DataFolder, ...]:
    """Look for subjects in every known folder, the demo first; names stay unique.

    Parameters
    ----------
    opened : in those too that were opened in the app, which are for whoever opened them.
    """
    known = [(demo_folder(home), DEMO)]
    known += [(path, DEMO) for path in group_folder(home)]
    known += [(path, NAMED) for path in data_folders()]
    known += [(path, OPENED) for path in opened_folders(home) if opened]
    folders: list[DataFolder] = []
    taken: set[str] = set()
    seen: set[Path] = set()
    for path, origin in known:
        if path in seen:
            continue
        seen.add(path)
        try:
            found = find_subjects(path)
        except CoreError as error:
            folders.append(DataFolder(path, origin, error=error))
            continue
        except OSError as error:
            unreadable = InvalidInput(
                f"The folder {path} cannot be read: {error.strerror}.", "Check its permissions."
            )
            folders.append(DataFolder(path, origin, error=unreadable))
            continue
        own = tuple(ref for ref in found if ref.id not in taken)
        hidden = tuple(ref.id for ref in found if ref.id in taken)
        taken.update(ref.id for ref in own)
        folders.append(DataFolder(path, origin, own, hidden))
    return tuple(folders)


def _register(home: Home) -> Path:
    return home.root / "opened-folders.json"


def opened_folders(home: Home) -> tuple[Path, ...]:
    """Return the folders opened in the app, in the order they were."""
    try:
        listed = json.loads(_register(home).read_text(encoding="utf-8"))["folders"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()  # no folder was opened yet, or the note was lost: the data are where they were
    return tuple(Path(p) for p in listed if isinstance(p, str))


def open_folder(home: Home, text: str) -> tuple[SubjectRef, ...]:
    """Remember a folder in which subjects are recognised, and return them.

    Raises
    ------
    CoreError : no such folder, or nothing recognised in it; nothing is remembered then.
    """
    words = text.strip().strip("\"'")
    if not words:
        raise InvalidInput("No folder was named.", "Enter the path of a folder on this machine.")
    if "\0" in words:
        raise InvalidInput("A path cannot hold a null character.", "Enter it again.")
    try:
        path = Path(words).expanduser()
    except RuntimeError as error:  # ~nobody
        raise InvalidInput(
            f"{words} is not a home folder on this machine.", "Enter the whole path."
        ) from error
    if not path.is_absolute():
        raise InvalidInput(
            f"“{words}” is not a whole path.", "Enter it from the root on, as /data/algonauts_2023."
        )
    try:
        found = find_subjects(path)
    except OSError as error:
        raise InvalidInput(
            f"The folder {path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    kept = [p for p in opened_folders(home) if p != path]
    write_json(_register(home), {"folders": [str(p) for p in (*kept, path)]})
    return found


def close_folder(home: Home, path: Path) -> None:
    """Forget an opened folder; its runs and features stay."""
    kept = [str(p) for p in opened_folders(home) if p != path]
    write_json(_register(home), {"folders": kept})
