"""Which row of the responses is whose image, read from the numbers in the images' names.

Nothing else says it: a name without a number, or one in which two numbers could be meant, leaves
it unclear, and a guess would fit responses to other images.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_DIGITS = re.compile(r"([0-9]+)")
_SHOWN = 5


@dataclass(frozen=True)
class RowNumbers:
    """Images in the order of the rows.

    Parameters
    ----------
    paths : in the order of their numbers.
    numbers : likewise; they may have gaps.
    problems : why the order is unclear, in words; all of them.
    sorted_as_text : whether sorting the names letter by letter gives the same order.
    """

    paths: tuple[Path, ...]
    numbers: tuple[int, ...]
    problems: tuple[str, ...] = ()
    sorted_as_text: bool = True

    @property
    def words(self) -> str:
        """Say in which order the rows are taken to be."""
        if not self.paths:
            return "no images"
        words = f"by the number in the name, {self.paths[0].name} to {self.paths[-1].name}"
        if not self.sorted_as_text:
            at = next(
                (a, b)
                for a, b in zip(sorted(p.name for p in self.paths), self.paths, strict=True)
                if a != b.name
            )
            words += (
                f"; sorted as text the order would be another one ({at[0]} where {at[1].name} is)"
            )
        return words

    def missing(self, n_rows: int) -> tuple[int, ...]:
        """Return which numbers there would have to be for so many rows, and are not."""
        start = 0 if 0 in self.numbers else 1
        return tuple(sorted(set(range(start, start + n_rows)) - set(self.numbers)))


def number_rows(paths: Sequence[Path]) -> RowNumbers:
    """Order images by the one number in their names that counts them.

    Names must differ in numbers alone. A number that is the same in all names counts nothing. Of
    several that order the images differently, one that counts without a gap from 0 or 1 is meant
    if no other does.
    """
    problems: list[str] = []
    plain = [p for p in paths if not _DIGITS.search(p.stem)]
    if plain:
        problems.append(
            f"{_of(plain, paths)} no number in the name ({_names(plain)}); rows are matched to "
            "images by that number."
        )
    alike, strange = _alike([p for p in paths if _DIGITS.search(p.stem)])
    if strange:
        problems.append(
            f"{_of(strange, paths)} a name unlike the others (as {alike[0].name}): "
            f"{_names(strange)}. It is unclear which rows are theirs."
        )
    columns = list(zip(*(_numbers(p) for p in alike), strict=True))
    numbers, words = _counting(alike, columns)
    problems += words
    order = sorted(range(len(alike)), key=lambda k: (numbers[k], alike[k].name))
    ordered = tuple(alike[k] for k in order)
    return RowNumbers(
        ordered,
        tuple(numbers[k] for k in order),
        tuple(problems),
        list(ordered) == sorted(ordered, key=lambda p: p.name),
    )


def _alike(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Part the images named like most, apart from numbers, from the others."""
    shapes = [_DIGITS.sub("#", p.stem).casefold() for p in paths]
    if not shapes:
        return [], []
    usual = Counter(shapes).most_common(1)[0][0]
    pairs = list(zip(paths, shapes, strict=True))
    return [p for p, s in pairs if s == usual], [p for p, s in pairs if s != usual]


def _numbers(path: Path) -> tuple[int, ...]:
    return tuple(int(digits) for digits in _DIGITS.findall(path.stem))


def _counting(
    paths: Sequence[Path], columns: Sequence[tuple[int, ...]]
) -> tuple[Sequence[int], list[str]]:
    """Return the numbers that count the rows, and what speaks against them."""
    varying = [c for c in columns if len(set(c)) > 1] or list(columns[:1])
    if not varying:
        return [], []
    # A number that nearly all images have to themselves was meant to count them.
    meant = [c for c in varying if len(set(c)) > len(c) // 2] or varying[:1]
    gapless = [c for c in meant if sorted(c) in (_count_from(0, c), _count_from(1, c))]
    chosen = gapless[0] if len(gapless) == 1 else meant[0]
    twice = _twice(paths, chosen)
    problems = [
        f"{len(own)} pictures have the number {number}: {_names(own)}."
        for number, own in twice[:_SHOWN]
    ]
    if len(twice) > _SHOWN:
        problems.append(f"{len(twice) - _SHOWN:,} more numbers are those of several pictures.")
    rivals = [c for c in varying if _order(c) != _order(chosen)]
    if rivals and len(gapless) != 1 and not problems:
        place = columns.index(chosen), columns.index(rivals[0])
        problems.append(
            f"The names hold two numbers that order the pictures differently, as {paths[0].name} "
            f"({_numbers(paths[0])[place[0]]} or {_numbers(paths[0])[place[1]]}): it is unclear "
            "which of them counts the rows."
        )
    return chosen, problems


def _count_from(start: int, column: Sequence[int]) -> list[int]:
    return list(range(start, start + len(column)))


def _order(column: Sequence[int]) -> list[int]:
    return sorted(range(len(column)), key=lambda k: column[k])


def _twice(paths: Sequence[Path], column: Sequence[int]) -> list[tuple[int, list[Path]]]:
    by_number: dict[int, list[Path]] = {}
    for path, number in zip(paths, column, strict=True):
        by_number.setdefault(number, []).append(path)
    return [(number, own) for number, own in sorted(by_number.items()) if len(own) > 1]


def _of(some: Sequence[Path], every: Sequence[Path]) -> str:
    return f"{len(some):,} of {len(every):,} pictures {'has' if len(some) == 1 else 'have'}"


def _names(paths: Sequence[Path]) -> str:
    shown = ", ".join(p.name for p in paths[:_SHOWN])
    return shown + (f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else "")
