"""What people say of a run: its own name, a note, tags. Beside the run, no part of its identity.

``about.json`` lies in the run's folder and goes where it goes; the record and its seals never
change by it. A damaged one says nothing, and takes no run out of the menus.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from cortiscope.core.errors import InvalidInput, shortened
from cortiscope.core.storage import write_json

ABOUT = "about.json"
_LONGEST_NAME = 120
_LONGEST_NOTE = 2000
_LONGEST_TAG = 40
_MOST_TAGS = 12


@dataclass(frozen=True)
class About:
    """Words of one's own on a run; all are empty of most.

    Parameters
    ----------
    name : one line, shown before whatever else titles the run.
    tags : no comma in them, none twice.

    Raises
    ------
    InvalidInput : too long, too many, or with what is no text of one line.
    """

    name: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_line("name of a run", self.name, _LONGEST_NAME)
        if len(self.note) > _LONGEST_NOTE:
            raise InvalidInput(
                f"A note has at most {_LONGEST_NOTE:,} characters; got {len(self.note):,}.",
                "Keep the long text in a file, and its name here.",
            )
        for tag in self.tags:
            _check_line("tag", tag, _LONGEST_TAG)
            if not tag or "," in tag:
                raise InvalidInput(f"A tag is a word without a comma; got {tag!r}.", "Give two.")
        if len(self.tags) > _MOST_TAGS:
            raise InvalidInput(
                f"A run has at most {_MOST_TAGS} tags; got {len(self.tags)}.", "Remove some."
            )

    @classmethod
    def of(cls, name: str = "", note: str = "", tags: tuple[str, ...] = ()) -> About:
        """Take what somebody typed: without blanks at the ends, and each tag once."""
        kept = dict.fromkeys(" ".join(tag.split()) for tag in tags)
        return cls(name.strip(), note.strip(), tuple(tag for tag in kept if tag))


def _check_line(what: str, text: str, longest: int) -> None:
    if len(text) > longest or not text.isprintable():
        raise InvalidInput(
            f"The {what} must be one line of at most {longest} characters; got "
            f"{shortened(text, 40)!r} ({len(text)}).",
            "Shorten it.",
        )


def read_about(folder: Path) -> About:
    """Read what is said of the run in a folder; nothing where that cannot be read."""
    with contextlib.suppress(OSError, ValueError, TypeError, LookupError, RecursionError):
        said = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        name, note, tags = said["name"], said["note"], said["tags"]
        if isinstance(tags, list) and all(isinstance(text, str) for text in (name, note, *tags)):
            return About.of(name, note, tuple(tags))
    return About()


def write_about(folder: Path, about: About) -> None:
    """Write it, or take it away where nothing is said any more.

    Raises
    ------
    CannotWrite : no room, or no permission.
    """
    if about == About():
        (folder / ABOUT).unlink(missing_ok=True)
    else:
        write_json(folder / ABOUT, asdict(about))


def keep_about(former: Path, draft: Path) -> None:
    """Carry it over from a damaged run to the one that is fitted in its place."""
    with contextlib.suppress(OSError):
        shutil.copyfile(former / ABOUT, draft / ABOUT)
