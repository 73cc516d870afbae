"""Sets of a subject's pictures, named in a line.

A set is one name, or several joined by ``and``; ``not`` before a name takes all other pictures::

    category:indoor,street,nature and not category:face

``category:A,B`` is every picture with one of these categories; ``caption:WORD,OTHER WORDS`` every
picture one of whose captions has the word, or the words one after another. ``train`` and ``test``
are the splits. Anything else is a text file of names, one a line, or a folder that holds some of
the subject's pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.subject import StimulusNote, Subject
from cortiscope.core.errors import InvalidInput, MissingData, shortened, unknown_name
from cortiscope.core.stimuli.listing import NameIndex, list_images
from cortiscope.core.storage import content_hashes

KINDS = ("category:NAME,...", "caption:WORDS,...", "train", "test", "a text file", "a folder")
"""What a name in a set can be, for messages."""

_AND = re.compile(r"\s+and\s+")
_NOT = re.compile(r"not\s+")
_OF_SPLIT = re.compile(r"(train|test)-([0-9]{1,9})")
_LARGEST_LIST = 2**24  # bytes of a text file of names
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Some of a subject's pictures.

    Parameters
    ----------
    words : as it was named.
    members : (n_train + n_test,) bool over the training images, then the test images.
    """

    words: str
    members: np.ndarray

    def __len__(self) -> int:
        return int(self.members.sum())


def picture_set(subject: Subject, words: str, *, files: bool = True) -> PictureSet:
    """Find the pictures that are named.

    Parameters
    ----------
    words : as described above.
    files : whether text files and folders of this machine may be read.

    Raises
    ------
    InvalidInput, MissingData : a name cannot be read or means no picture; what is allowed is said.
    """
    words = " ".join(words.split())
    if not words:
        raise InvalidInput("A set of pictures has no name.", f"Allowed: {', '.join(KINDS)}.")
    # A path may hold the word.
    names = [words] if files and _exists(words) else _AND.split(words)
    members = np.ones(len(subject.train) + len(subject.test), dtype=bool)
    for name in names:
        other = _NOT.match(name)
        own = _named(subject, name[other.end() :] if other else name, files=files)
        members &= ~own if other else own
    return PictureSet(words, members)


def set_of_names(names: Iterable[str]) -> str:
    """Return pictures (``test-12`` or their own names) as a text file that is a set."""
    return "".join(f"{name}\n" for name in names)


def categories_of(subject: Subject) -> dict[str, int]:
    """Return how many pictures of both splits have each category, the most frequent first."""
    counts: dict[str, int] = {}
    for note in _notes(subject):
        for name in set(note.categories):
            counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _notes(subject: Subject) -> list[StimulusNote]:
    return [
        note
        for split in (subject.train, subject.test)
        for note in (split.notes or (StimulusNote(),) * len(split))
    ]


def _exists(words: str) -> bool:
    try:
        return Path(words).expanduser().exists()
    except (OSError, ValueError):  # longer than a name can be
        return False


def _named(subject: Subject, name: str, *, files: bool) -> np.ndarray:
    """Return (n_pictures,) bool of one name."""
    kind, colon, rest = name.partition(":")
    if name in ("train", "test"):
        of_train = np.arange(len(subject.train) + len(subject.test)) < len(subject.train)
        return of_train if name == "train" else ~of_train
    if colon and kind in ("category", "caption"):
        wanted = [part.strip() for part in rest.split(",") if part.strip()]
        if not wanted:
            raise InvalidInput(
                f"{shortened(name, 80)!r} names nothing.", f"As in {kind}:face,body."
            )
        find = _of_categories if kind == "category" else _of_captions
        return find(subject, wanted)
    if files and _exists(name):
        path = Path(name).expanduser()
        return _of_folder(subject, path) if path.is_dir() else _of_list(subject, path)
    if not files and name not in KINDS:
        allowed = ", ".join(KINDS[:4])
        raise InvalidInput(
            f"{shortened(name, 80)!r} is no set of pictures. Allowed: {allowed}.",
            "Join several by 'and'; 'not' before one takes all other pictures.",
        )
    raise InvalidInput(
        f"{shortened(name, 80)!r} is no set of pictures, and no file or folder of this name is "
        f"here. Allowed: {', '.join(KINDS)}.",
        "Join several by 'and'; 'not' before one takes all other pictures.",
    )


def _of_categories(subject: Subject, wanted: Sequence[str]) -> np.ndarray:
    known = categories_of(subject)
    if not known:
        raise MissingData(
            f"The pictures of {subject.id} have no categories.",
            "Name them by caption:WORD or in a text file, or give 'categories' in "
            "cortiscope_sidecar/stimuli.json.",
        )
    for name in wanted:
        if name not in known:
            raise unknown_name(f"category of {subject.id}", name, known)
    return np.array([any(name in note.categories for name in wanted) for note in _notes(subject)])


def _of_captions(subject: Subject, wanted: Sequence[str]) -> np.ndarray:
    captions = [" ".join(c.lower() for c in note.captions) for note in _notes(subject)]
    if not any(captions):
        raise MissingData(
            f"The pictures of {subject.id} have no captions.",
            "Name them by category:NAME or in a text file.",
        )
    found = np.zeros(len(captions), dtype=bool)
    for words in wanted:
        parts = r"\W+".join(map(re.escape, words.lower().split()))
        pattern = re.compile(rf"(?<!\w){parts}(?!\w)")
        own = np.array([pattern.search(text) is not None for text in captions])
        if not own.any():
            raise InvalidInput(
                f"No caption of {subject.id} has the word {shortened(words, 60)!r}.",
                "Whole words count, capitals do not.",
            )
        found |= own
    return found


def _of_list(subject: Subject, path: Path) -> np.ndarray:
    """Read a text file: the names of pictures, or what the app calls them (``test-12``)."""
    if path.stat().st_size > _LARGEST_LIST:
        raise InvalidInput(f"{path.name} is too large to be a list of names.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InvalidInput(
            f"{path.name} is no text.", "Name a text file in UTF-8 with a picture's name a line."
        ) from None
    names = [name for line in lines if (name := line.strip()) and not name.startswith("#")]
    images = (subject.train.images, subject.test.images)
    known = [NameIndex([path.name for own in images for path in own.paths])]
    known.append(NameIndex([name for own in images for name in own.ids]))
    rows = {name: _row_of(subject, known, name) for name in names}
    _refuse([name for name, row in rows.items() if row is None], len(names), path, subject)
    found = np.zeros(len(known[0].names), dtype=bool)
    found[[row for row in rows.values() if row is not None]] = True
    return found


def _row_of(subject: Subject, known: Sequence[NameIndex], name: str) -> int | None:
    """Find a picture by its file's name, else its identifier, else its number in the app."""
    rows = [row for index in known if (row := index.find(name)) is not None]
    if rows or (numbered := _OF_SPLIT.fullmatch(name)) is None:
        return rows[0] if rows else None
    split, number = subject.split(numbered[1]), int(numbered[2])
    start = 0 if split.name == "train" else len(subject.train)
    return start + number - 1 if 1 <= number <= len(split) else None


def _of_folder(subject: Subject, folder: Path) -> np.ndarray:
    """Find the pictures of a folder by their content: other names may be other pictures."""
    paths = list_images(folder)
    digests = content_hashes().digests(paths)
    known = content_hashes().digests((*subject.train.images.paths, *subject.test.images.paths))
    strange = set(digests) - set(known)
    others = [p.name for p, digest in zip(paths, digests, strict=True) if digest in strange]
    _refuse(others, len(paths), folder, subject)
    return np.isin(known, digests)


def _refuse(names: Sequence[str], n: int, where: Path, subject: Subject) -> None:
    """Refuse names that are none of the subject's pictures, and a list without any."""
    if not n:
        raise InvalidInput(f"{where.name} names no picture.")
    if names:
        shown = ", ".join(shortened(name, 60) for name in names[:_SHOWN])
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        raise InvalidInput(
            f"{len(names):,} of {n:,} pictures in {where.name} are not among those of "
            f"{subject.id}: {shown}{more}.",
            "Names are those of the picture files, or test-12, train-12; pictures of a folder are "
            "found by their content.",
        )
