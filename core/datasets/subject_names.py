"""Subjects as people name them: ``subj01``, or 1."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cortiscope.core.errors import unknown_name


def named_subject(wanted: str, known: Iterable[str]) -> str:
    """Return the one of the known subjects that is meant: by its name or its number.

    Raises
    ------
    UnknownName : none is, or several end in that number.
    """
    names = list(known)
    if wanted in names:
        return wanted
    numbered = [n for n in names if wanted.isdecimal() and _number(n) == int(wanted)]
    if len(numbered) != 1:
        raise unknown_name("subject", wanted, names)
    return numbered[0]


def challenge_name(name: str) -> str:
    """Return what Algonauts 2023 calls a subject: ``subj01`` for ``sub-01``; others as they are."""
    match = re.fullmatch(r"sub(?:j|ject)?[-_]?0?([1-8])", name, re.IGNORECASE)
    return f"subj0{match[1]}" if match else name


def _number(name: str) -> int | None:
    ending = re.search(r"[0-9]+$", name)
    return int(ending[0]) if ending else None
