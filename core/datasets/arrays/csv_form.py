"""How a table of numbers was written: what separates its cells, what its first row and column are.

pandas writes an index column, spreadsheets of half of Europe separate by semicolons and write
0,5 for 0.5, and people put the images' names first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cortiscope.core.storage.foreign import encoding_of

_SEPARATORS = {";": "semicolons", "\t": "tabs", ",": "commas"}
_INDEX_NAMES = ("", "idx", "index", "unnamed: 0", "row", "id", "number", "trial", "image_id")
# A cell that starts like a number and is none is a damaged number, not a name.
_LIKE_A_NUMBER = re.compile(r"[-+.,]?\d|[-+]?(nan|inf)$", re.IGNORECASE)


@dataclass(frozen=True)
class CsvForm:
    """The form of one table.

    Parameters
    ----------
    separator : between cells.
    decimal_comma : whether 0,5 is 0.5.
    has_header : whether the first row names the columns.
    labels : what the first column holds beside responses: ``numbers`` of the rows, ``names`` of
        images, or nothing.
    first : the first column's name; empty without a header.
    """

    encoding: str
    separator: str
    decimal_comma: bool
    has_header: bool
    labels: str
    first: str

    def words(self, name: str) -> str:
        """Say what was taken for what; empty for a plain table."""
        found = []
        if self.separator != ",":
            found.append(f"separated by {_SEPARATORS[self.separator]}")
        if self.decimal_comma:
            found.append("with decimal commas")
        if self.labels:
            of = "the rows' numbers" if self.labels == "numbers" else "the images' names"
            called = f" ({self.first})" if self.first else ""
            found.append(f"its first column{called} taken for {of} and left out")
        return f"{name}: {', '.join(found)}." if found else ""

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line, without quotes."""
        return [c.strip().strip('"').strip() for c in line.rstrip("\r\n").split(self.separator)]


def csv_form(path: Path) -> CsvForm:
    """Look at a table's first rows, and at its first column where that may number the rows."""
    with path.open("rb") as stream:
        encoding = encoding_of(stream.read(4))
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    with path.open(encoding=encoding) as text:
        first, second = text.readline(), text.readline()
    separator = _separator(second or first)
    form = CsvForm(encoding, separator, False, False, "", "")
    top, row = form.cells(first), form.cells(second or first)
    has_header = _is_header(top, row)
    decimal_comma = separator != "," and any(re.search(r"\d,\d", c) for c in row)
    name = top[0] if has_header else ""
    form = CsvForm(encoding, separator, decimal_comma, has_header, "", name)
    labels = _labels(form, path, row)
    return CsvForm(encoding, separator, decimal_comma, has_header, labels, name)


def out_of_order(path: Path) -> list[str] | None:
    """Return the rows' numbers in a table's first column where they do not increase."""
    form = csv_form(path)
    if form.labels != "numbers":
        return None
    numbers = list(_first_column(form, path))
    try:
        values = [float(n) for n in numbers]
    except ValueError:
        return None
    return numbers if any(b <= a for a, b in pairwise(values)) else None


def row_names(path: Path) -> list[str] | None:
    """Return the images' names in a table's first column; None if it holds none."""
    form = csv_form(path)
    return list(_first_column(form, path)) if form.labels == "names" else None


def _separator(line: str) -> str:
    # Semicolons and tabs never stand within a number.
    return next((s for s in (";", "\t") if s in line), ",")


def _is_header(cells: list[str], row: list[str]) -> bool:
    if len(cells) > 1 and cells == [str(k) for k in range(len(cells))]:
        return True  # pandas numbers the columns of a table without names
    beside_numbers = not _LIKE_A_NUMBER.match(cells[0]) and _LIKE_A_NUMBER.match(row[0])
    if len(cells) > 2 and beside_numbers and (cells[0] or all(c.isdecimal() for c in cells[1:])):
        return True  # with an index, whatever numbers the columns are called by
    # A name of an image in the first column makes no header of a row.
    rest = cells[1:] if len(cells) > 2 else cells
    return not any(_LIKE_A_NUMBER.match(c) for c in rest)


def _labels(form: CsvForm, path: Path, row: list[str]) -> str:
    if len(row) < 2:
        return ""
    if not _LIKE_A_NUMBER.match(row[0]) and row[0]:
        return "names"
    if form.has_header and form.first.lower() not in _INDEX_NAMES:
        return ""
    if not form.has_header and (not row[0].isdecimal() or all(c.isdecimal() for c in row)):
        return ""
    numbers = list(_first_column(form, path))
    if form.has_header and form.first == "":
        # pandas writes any index without a name; whatever numbers rows differs from row to row.
        return "numbers" if len(set(numbers)) == len(numbers) else ""
    counts = [[str(k) for k in range(start, start + len(numbers))] for start in (0, 1)]
    return "numbers" if len(numbers) > 1 and numbers in counts else ""


def _first_column(form: CsvForm, path: Path) -> Iterator[str]:
    with path.open(encoding=form.encoding) as text:
        if form.has_header:
            next(text, None)
        for line in text:
            if line.strip():
                yield line.partition(form.separator)[0].strip().strip('"').strip()
