"""Which pictures a gallery shows, in which order, and what each was used for.

Nothing here knows Streamlit. 9,841 pictures travel as a few runs of numbers, not as a list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

# Letter in the payload -> what the picture was to the model on the screen.
ROLES = {
    "f": "used to fit this model",
    "v": "used to choose this model's settings (validation)",
    "h": "held out: this model has never seen it",
    "-": "not used for this model",
}
SPLIT_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")

Order = Mapping[str, int] | Sequence[tuple[str, int]]


@dataclass(frozen=True)
class GalleryPick:
    """A picture somebody went to.

    Parameters
    ----------
    split, number : which picture; numbers count from 0 within a split.
    """

    split: str
    number: int


def encode_payload(
    *,
    base_url: str,
    order: Order,
    current: tuple[str, int],
    roles: str | Mapping[str, str],
    caption: str,
    role_text: str,
    stamp: str = "",
) -> dict[str, Any]:
    """Return the component's data; see ``stimulus_gallery`` for the parameters."""
    if "//" in base_url or base_url.startswith("/") or ".." in base_url:
        raise ValueError(f"base_url must be a path below the app, like 'stimuli/x': {base_url!r}.")
    splits, runs = _encode_order(order)
    total = sum(runs[2::3])
    return {
        "base": base_url.rstrip("/"),
        "splits": splits,
        "runs": runs,
        "current": [str(current[0]), int(current[1])],
        "roles": run_lengths(_spell_roles(roles, order, total)),
        "caption": caption,
        "role": role_text,
        "stamp": stamp,
    }


def _encode_order(order: Order) -> tuple[list[str], list[int]]:
    """Return split names and flat runs: split index, first number, how many."""
    if isinstance(order, Mapping):
        for split, n in order.items():
            _check_picture(split, n)
        return list(order), [x for i, n in enumerate(order.values()) for x in (i, 0, int(n))]
    splits: dict[str, int] = {}
    runs: list[int] = []
    for split, number in order:
        _check_picture(split, number)
        index = splits.setdefault(split, len(splits))
        if runs and runs[-3] == index and runs[-2] + runs[-1] == number:
            runs[-1] += 1
        else:
            runs += [index, int(number), 1]
    return list(splits), runs


def _check_picture(split: str, number: int) -> None:
    if not SPLIT_NAME.fullmatch(split):
        raise ValueError(f"A split is a short lower-case name, got {split!r}.")
    if number < 0:
        raise ValueError(f"Numbers count from 0, got {number} in {split!r}.")


def _spell_roles(roles: str | Mapping[str, str], order: Order, total: int) -> str:
    """Return one letter per picture, in order."""
    letters = _roles_by_split(roles, order) if isinstance(roles, Mapping) else roles
    if len(letters) != total:
        raise ValueError(f"roles has {len(letters)} letters for {total} pictures.")
    unknown = set(letters) - set(ROLES)
    if unknown:
        raise ValueError(f"Unknown roles {sorted(unknown)}. Allowed: {', '.join(ROLES)}.")
    return letters


def _roles_by_split(roles: Mapping[str, str], order: Order) -> str:
    """Spell roles given per split: one letter for all of it, or one per number."""
    if isinstance(order, Mapping):
        # All pictures of a split at once: there may be 10,000, at each of them.
        whole = [(roles.get(split, "-"), n) for split, n in order.items()]
        if all(len(given) == 1 or len(given) >= n for given, n in whole):
            return "".join(given * n if len(given) == 1 else given[:n] for given, n in whole)
        order = [(split, number) for split, n in order.items() for number in range(n)]
    letters = []
    for split, number in order:
        given = roles.get(split, "-")
        if len(given) > 1 and number >= len(given):
            raise ValueError(
                f"roles[{split!r}] has {len(given)} letters; number {number} is asked."
            )
        letters.append(given if len(given) == 1 else given[number])
    return "".join(letters)


@lru_cache(maxsize=32)
def run_lengths(letters: str) -> str:
    """Shorten ``fffhh`` to ``f3h2``; a single letter stands without its 1."""
    runs = ((letter, len(list(run))) for letter, run in groupby(letters))
    return "".join(letter if n == 1 else f"{letter}{n}" for letter, n in runs)
