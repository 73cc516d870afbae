"""What goes wrong in the user's world, in the user's words.

Every error carries a message (what, got, allowed) and a hint (what to do). The command line
prints both on one line, the app shows them side by side; neither shows a traceback.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable

_LONGEST = 2000
# What moves a terminal's cursor or turns the direction of a line.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def shortened(text: str, most: int = 200) -> str:
    """Return a text in one line of at most ``most`` characters, without control characters."""
    line = _CONTROLS.sub("\ufffd", " ".join(text[: 4 * most].split()))
    return line if len(line) <= most else f"{line[: most - 4]} ..."


class CoreError(Exception):
    """Base of all errors that are meant for the person in front of the screen.

    Parameters
    ----------
    message : what is wrong, what was given and what is allowed; one sentence or two.
    hint : what to do next; may be empty.
    """

    kind = "error"
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        # Names and texts of foreign files come with it: of any length, with anything in them.
        self.message, self.hint = shortened(message, _LONGEST), shortened(hint, _LONGEST)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(CoreError, ValueError):
    """A parameter or a file that cannot mean what it would have to mean."""

    kind = "invalid_input"
    exit_code = 2


class UnknownName(InvalidInput):
    """A name that no registry, subject or layer list knows."""

    kind = "unknown_name"


class InvalidImage(InvalidInput):
    """A picture that cannot be decoded, or is too large or too small to be used."""

    kind = "invalid_image"


class MissingData(CoreError):
    """A file or a folder that a dataset needs is not there."""

    kind = "missing_data"
    exit_code = 2


class MissingWeights(CoreError):
    """Weights that were asked for are not on this machine."""

    kind = "missing_weights"
    exit_code = 2


class DamagedFile(CoreError):
    """A file is there but truncated, of another shape, or not what its name says."""

    kind = "damaged_file"
    exit_code = 2


class IncompatibleSpace(CoreError, ValueError):
    """Values that belong to other vertices than those of the subject."""

    kind = "incompatible_space"
    exit_code = 2


class NoPositions(InvalidInput):
    """Something of the cortex was asked of responses whose position on it is unknown."""

    kind = "no_positions"


class WorkFailed(CoreError):
    """Work that was asked for rightly and failed on the way."""

    kind = "work_failed"
    exit_code = 1


class CannotWrite(WorkFailed, OSError):
    """Something could not be written: no room, no permission, a file where a folder must be.

    An ``OSError`` too, so that whoever does without a cache need not know the difference.
    """

    kind = "cannot_write"


def unforeseen(error: Exception, what: str) -> CoreError:
    """Put an unforeseen error into words, so that everything else that was asked for goes on.

    Parameters
    ----------
    what : that it happened to, as a subject's name.
    """
    if isinstance(error, OSError) and error.strerror:
        where = os.fsdecode(error.filename) if error.filename else what
        return DamagedFile(
            f"{where} cannot be read: {error.strerror}.", "Check its permissions and its disk."
        )
    said = shortened(f"{type(error).__name__}: {error}")
    return WorkFailed(
        f"{what} could not be checked to the end ({said}).",
        "This is a defect of the program, not of the data; everything else was checked.",
    )


def check_kind(what: str, value: object, kind: type) -> None:
    """Raise InvalidInput where a registry gets something else than its members."""
    if not isinstance(value, kind):
        raise InvalidInput(
            f"A {what} is registered as a {kind.__name__}; got {shortened(repr(value), 60)}.",
            f"docs/add-a-{what}.md shows one.",
        )


def unknown_name(what: str, name: str, allowed: Iterable[str], hint: str = "") -> UnknownName:
    """Build the error for a name that is not among ``allowed``, with the nearest one.

    Parameters
    ----------
    what : the kind of thing, as in "layer of small_cnn".
    """
    names = list(allowed)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(names[:24]) + (f", ... ({len(names)} in all)" if len(names) > 24 else "")
    return UnknownName(f"Unknown {what} {name!r}.{guess} Allowed: {shown or 'none'}.", hint)


LARGEST_WHOLE = 2**32 - 1
"""Largest seed that every generator takes; no other number that is asked for is larger either."""


def check_whole(what: str, value: int, least: int = 0, most: int = LARGEST_WHOLE) -> int:
    """Return ``value`` if it is a whole number within bounds, else raise InvalidInput."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        # Python refuses to spell out whole numbers of thousands of digits.
        huge = isinstance(value, int) and value.bit_length() > 256
        got = "one of very many digits" if huge else shortened(repr(value), 60)
        raise InvalidInput(f"{what} must be a whole number from {least:,} to {most:,}; got {got}.")
    return value


def read_whole(text: str) -> int | None:
    """Read a whole number of plain digits; None for any other text, and for absurdly many."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def check_option(what: str, value: str, allowed: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``allowed``, else raise UnknownName."""
    names = list(allowed)
    if value not in names:
        raise unknown_name(what, value, names)
    return value
