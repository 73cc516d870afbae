"""What a dataset's numbers mean, and who says so: rows, units, preprocessing, degrees, ceilings.

Arrays say none of this. A layout with one published source does (``algonauts2023``), a sidecar may
(``"conventions"`` in ``sidecar.json``), and so may a file that the user wrote for the purpose
(``images.txt``). What is not stated is unknown, and pages, charts, methods text and exports leave
it out: they take every such word from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, Literal, TypeVar, cast

import numpy as np

from cortiscope.core.errors import DamagedFile, unknown_name

Source = Literal["layout", "sidecar", "user", "unknown"]
SOURCES: tuple[Source, ...] = ("layout", "sidecar", "user", "unknown")

_T = TypeVar("_T", str, float)


@dataclass(frozen=True)
class Fact(Generic[_T]):
    """A value and who says so.

    Parameters
    ----------
    value : None if unknown.
    source : ``unknown`` beside a value means that it was assumed, and that others are as likely.
    """

    value: _T | None = None
    source: Source = "unknown"

    @property
    def known(self) -> bool:
        """Whether anybody says so."""
        return self.source != "unknown"


_TEXT, _NUMBER = Fact[str](), Fact[float]()

AVERAGED, SINGLE = "averaged", "single trials"
MEASURED, WITHHELD, ABSENT, NO_SPLIT = "measured", "withheld", "absent", "no test split"
NATURAL, PLAIN = "natural", "plain"
"""Orders of names: as people count (img2 before img10), or letter by letter (img10 first)."""

_ALLOWED = {
    "row_order": (NATURAL, PLAIN),
    "repeats": (AVERAGED, SINGLE),
    "test_responses": (WITHHELD,),
}
_MOST_LETTERS = 200
OWN_FILES = "the folder’s own files"


@dataclass(frozen=True)
class Conventions:
    """Facts about a subject's responses and pictures.

    Parameters
    ----------
    row_order : which picture each row of the responses belongs to, in words.
    units : of the responses: ``z``, ``percent signal change``, ...
    preprocessing : what was done to single trials, as in ``z-scored per session``.
    picture_degrees : side of the square pictures on the screen, in degrees of visual angle.
    repeats : ``averaged`` over an image's repeats, or ``single trials``.
    ceiling : where noise ceilings come from, in words; unknown with a value: why what the folder
        holds is not used.
    test_responses : ``measured``, ``withheld`` by those who measured, ``absent`` for a reason
        that is not stated, or ``no test split``.
    """

    row_order: Fact[str] = _TEXT
    units: Fact[str] = _TEXT
    preprocessing: Fact[str] = _TEXT
    picture_degrees: Fact[float] = _NUMBER
    repeats: Fact[str] = _TEXT
    ceiling: Fact[str] = _TEXT
    test_responses: Fact[str] = _TEXT

    @property
    def order_in_doubt(self) -> bool:
        """Whether the order of the rows was assumed where another was as likely."""
        return self.row_order.value is not None and not self.row_order.known

    @property
    def unit(self) -> str:
        """The unit after a number, or empty."""
        return self.units.value or ""

    def with_unit(self, number: str) -> str:
        """Return a number with its unit, which may be unknown."""
        return f"{number} {self.unit}".rstrip()

    def label(self, what: str) -> str:
        """Return an axis's title: ``response (z)``, or ``response``."""
        return f"{what} ({self.unit})" if self.unit else what

    def column(self, name: str) -> str:
        """Return a table's column: ``measured_z``, or ``measured``."""
        unit = re.sub(r"\W+", "_", self.unit).strip("_")
        return f"{name}_{unit}" if unit else name

    @property
    def meaning(self) -> str:
        """What a response is, for a caption: ``single-trial z, averaged over repeats``."""
        over = _REPEATS.get(self.repeats.value or "", "")
        unit = self.unit or "units unknown"
        if self.is_single_trial_z and over:
            unit = f"single-trial {unit}"
        return ", ".join(words for words in (unit, over) if words)

    @property
    def treatment(self) -> str:
        """What was done to the responses, for a methods section; says what is unknown."""
        done = [self.preprocessing.value or "", _REPEATS.get(self.repeats.value or "", "")]
        known = [words for words in done if words]
        if not self.unit:
            return ", ".join([*known, "units unknown"])
        return ", ".join(known) or f"in {self.unit}"

    @property
    def is_single_trial_z(self) -> bool:
        """Whether single trials were z-scored per session, so that their total variance is 1."""
        return self.units.value == "z" and self.preprocessing.value == PER_SESSION

    @property
    def why_no_test_scores(self) -> str:
        """Why reports are of validation images: what is the matter with the test responses."""
        return {
            WITHHELD: "the test responses of this subject are withheld",
            ABSENT: "there are no responses to this subject’s test images",
            NO_SPLIT: "this subject has no test split",
        }.get(self.test_responses.value or "", "")

    @property
    def unstated(self) -> tuple[str, ...]:
        """Fields that a sidecar could state and that are not stated."""
        asked = ("units", "preprocessing", "picture_degrees", "repeats")
        return tuple(name for name in asked if not getattr(self, name).known)

    def stating(self, other: Conventions) -> Conventions:
        """Return these with what ``other`` knows in their place."""
        said = {f.name: getattr(other, f.name) for f in fields(other)}
        return replace(self, **{name: fact for name, fact in said.items() if fact.known})

    def to_json(self) -> dict[str, dict[str, Any]]:
        """Return field -> value and source, for a run's record."""
        facts = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: {"value": f.value, "source": f.source} for name, f in facts.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Conventions:
        """Return what ``to_json`` gave; a record from before a field existed does not know it."""
        facts = {}
        for f in fields(cls):
            entry = stored.get(f.name)
            if isinstance(entry, Mapping) and entry.get("source") in SOURCES:
                facts[f.name] = Fact(entry.get("value"), cast(Source, entry["source"]))
        return cls(**facts)


PER_SESSION = "z-scored per session"
_REPEATS = {AVERAGED: "averaged over repeats", SINGLE: "single trials, not averaged"}

MOST_NCSNR = 10.0
"""The highest ncsnr that can be: beyond, noise would be less than 1 % of a single trial's variance.

Those of the Natural Scenes Dataset stay below about 2 (Allen et al. 2022).
"""


def ncsnr_doubt(ncsnr: np.ndarray) -> str:
    """Say why values (n_vertices,) are no ratios of SDs; empty if they may be."""
    highest = float(np.max(ncsnr, initial=0.0))
    if highest <= MOST_NCSNR:
        return ""
    what = "looks like a noise ceiling in percent" if highest <= 100 else "is not a ratio of SDs"
    return f"up to {highest:.3g}: {what}, not like ncsnr, which stays below about 2"


def usable_ncsnr(ncsnr: np.ndarray | None) -> tuple[np.ndarray | None, Fact[str]]:
    """Return ncsnr (n_vertices,) if it can be one, and where ceilings come from."""
    if ncsnr is None:
        return None, Fact()
    if doubt := ncsnr_doubt(ncsnr):
        return None, Fact(f"ncsnr is not used, {doubt}")
    return ncsnr, Fact(OWN_FILES, "layout")


def nearly_z(mean: float, sd: float) -> bool:
    """Whether responses may be z-scores, averaged over repeats or not: a usual vertex's moments."""
    return abs(mean) <= 1 and 0.1 <= sd <= 2


ORDER_HINT = (
    "Say so: in images.txt, one file name per row, beside the responses of plain arrays; or as "
    'row_order ("natural" or "plain") among the conventions of cortiscope_sidecar/sidecar.json.'
)
UNITS_HINT = (
    'For example {"conventions": {"units": "z", "preprocessing": "z-scored per session", '
    '"repeats": "averaged", "picture_degrees": 8.4}}.'
)


def read_conventions(header: Mapping[str, object], name: str) -> Conventions:
    """Return what a sidecar's header states.

    Parameters
    ----------
    header : of ``sidecar.json``; its field ``conventions`` holds some of the fields above.
    name : of the file, for messages.

    Raises
    ------
    DamagedFile, UnknownName : a field that does not exist, or a value that it cannot have.
    """
    stated = header.get("conventions", {})
    if not isinstance(stated, Mapping):
        raise DamagedFile(
            f"{name}: conventions must be an object, not a {type(stated).__name__}.", UNITS_HINT
        )
    facts: dict[str, Fact[Any]] = {}
    known = [f.name for f in fields(Conventions)]
    for key, value in stated.items():
        if key not in known:
            raise unknown_name(f"convention in {name}", str(key), known)
        facts[key] = Fact(_checked(str(key), value, name), "sidecar")
    return Conventions(**facts)


def _checked(key: str, value: object, name: str) -> str | float:
    if key == "picture_degrees":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and 0 < cast(float, value) <= 180:
            return float(cast(float, value))
        raise DamagedFile(
            f"{name}: picture_degrees is {value!r}; allowed are degrees of visual angle above 0 "
            "and up to 180.",
            "Write the side of the pictures as they were seen, as in 8.4.",
        )
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_LETTERS:
        raise DamagedFile(
            f"{name}: {key} must be a text of 1 to {_MOST_LETTERS} letters, not {value!r:.80}.",
            UNITS_HINT,
        )
    allowed = _ALLOWED.get(key, ())
    if allowed and value not in allowed:
        raise DamagedFile(
            f"{name}: {key} is {value!r}; allowed: {', '.join(allowed)}.", "Correct it there."
        )
    return " ".join(value.split())
