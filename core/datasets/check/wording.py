"""Counts and long lists in a sentence."""

from __future__ import annotations

from collections.abc import Iterable


def first_of(items: Iterable[object], shown: int = 5) -> str:
    """Return the first few, separated by commas, and how many more there are."""
    words = [str(item) for item in items]
    more = len(words) - shown
    return ", ".join(words[:shown]) + (f" and {more:,} more" if more > 0 else "")


def count(n: int, noun: str, plural: str = "") -> str:
    """Return "1 row", "2 rows"; ``plural`` where an s is not enough."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def vertices(n: int) -> str:
    """Return "1 vertex", "2 vertices"."""
    return count(n, "vertex", "vertices")


def times(shape: Iterable[int]) -> str:
    """Return a shape as people write it: 20 x 7."""
    return " x ".join(f"{n:,}" for n in shape) or "a single value"
