"""Cells of the tables that are written: what a spreadsheet would compute stays a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain_cell(value: object) -> object:
    """Return a cell's value; a text that would be read as a formula gets an apostrophe first.

    Numbers stay numbers, also where they were written as text: ``-0.12``, ``+1e-5``, ``-inf``.
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def plain_rows(rows: Iterable[Iterable[object]]) -> Iterator[list[object]]:
    """Apply ``plain_cell`` to every cell."""
    return ([plain_cell(cell) for cell in row] for row in rows)
