"""One ``.npy`` file: whether it is there, whole, and of the right numbers and dimensions.

Only the header is read; the values stay on disk. Pickled objects are never opened.
``check_vertex_counts`` compares the files with one another: whether all files of a hemisphere have
the same vertices, and whether left is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets.check.report import Report, first_of, times
from cortiscope.core.datasets.npy import ArrayHeader, kind_of, read_header
from cortiscope.core.errors import DamagedFile, MissingData


@dataclass(frozen=True)
class Numbers:
    """Which numbers a file should hold, in words and as a test of its dtype."""

    words: str
    fits: Callable[[np.dtype], bool]


FLOAT32 = Numbers("float32", lambda dtype: dtype == np.dtype(np.float32))
WHOLE = Numbers("whole numbers", lambda dtype: dtype.kind in "biu")
FLOATS = Numbers("floats", lambda dtype: dtype.kind == "f")
REAL = Numbers("real numbers", lambda dtype: dtype.kind in "fiu")


def open_array_file(
    path: Path, numbers: Numbers, n_dimensions: int, report: Report
) -> np.ndarray | None:
    """Memory-map an array if it can be used; report what is wrong with it.

    Numbers of another kind are reported, and the array is returned all the same if it can be
    computed with, so that its lengths and values are looked at too.
    """
    try:
        header = read_header(path)
    except MissingData:
        report(f"{path.name} is missing from {path.parent.name}/.")
        return None
    except DamagedFile as error:
        report(str(error))
        return None
    shape, dtype = header.shape, header.dtype
    report_surplus(path, header, report)
    if dtype.kind not in "biuf":
        report(f"{path.name} holds {kind_of(dtype)}; expected {numbers.words}.")
        return None
    if not numbers.fits(dtype):
        report(f"{path.name} holds {dtype} values; expected {numbers.words}.")
    if len(shape) != n_dimensions:
        report(
            f"{path.name} has {len(shape)} dimensions ({times(shape)}); expected {n_dimensions}."
        )
        return None
    if 0 in shape:
        report(f"{path.name} is empty: {times(shape)}.")
        return None
    return np.asanyarray(np.load(path, mmap_mode="r", allow_pickle=False))


def report_surplus(path: Path, header: ArrayHeader, report: Report) -> None:
    """Report a file that goes on behind its array."""
    if header.n_bytes > header.n_expected:
        report(
            f"{path.name} is longer than its header says: {header.n_bytes:,} of "
            f"{header.n_expected:,} bytes; copy or download it again."
        )


@dataclass(frozen=True)
class PairOfFiles:
    """The files of both hemispheres that hold one value (or column) per vertex.

    Parameters
    ----------
    names : file names.
    counts : how many vertices each holds; a file that could not be read is left out.
    """

    names: Mapping[Hemisphere, str]
    counts: Mapping[Hemisphere, int]


def check_vertex_counts(
    masks: PairOfFiles, others: Sequence[PairOfFiles], report: Report
) -> dict[Hemisphere, int | None]:
    """Report files of another length than the masks mark, and swapped hemispheres.

    Returns
    -------
    hemisphere -> number of vertices; by the mask, else by most of the other files.
    """
    counts = {h: masks.counts.get(h) or _usual(others, h) for h in HEMISPHERES}
    swapped = [pair for pair in others if _is_swapped(pair, counts)]
    whole = [pair for pair in others if len(pair.counts) == len(HEMISPHERES)]
    if len(swapped) > 1 and len(swapped) == len(whole) and len(masks.counts) == 2:
        left, right = (masks.names[h] for h in HEMISPHERES)
        report(
            f"{left} and {right} look swapped: they mark {_both(counts)} vertices, all other "
            "files have it the other way round."
        )
        return {h: _usual(others, h) for h in HEMISPHERES}
    for pair in swapped:
        left, right = (pair.names[h] for h in HEMISPHERES)
        report(
            f"{left} and {right} look swapped: they have {_both(pair.counts)} vertices, the "
            f"subject has {_both(counts)}."
        )
    for hemisphere in HEMISPHERES:
        _report_others(masks, [p for p in others if p not in swapped], hemisphere, counts, report)
    return counts


def _report_others(
    masks: PairOfFiles,
    others: Sequence[PairOfFiles],
    hemisphere: Hemisphere,
    counts: dict[Hemisphere, int | None],
    report: Report,
) -> None:
    marked = masks.counts.get(hemisphere)
    found = {p.names[hemisphere]: p.counts[hemisphere] for p in others if hemisphere in p.counts}
    if marked and len(found) > 1 and len(set(found.values())) == 1 and marked not in found.values():
        agreed = next(iter(found.values()))
        report(
            f"{masks.names[hemisphere]} marks {marked:,} vertices, but the {len(found)} other "
            f"files of that hemisphere have {agreed:,} ({first_of(found, 3)})."
        )
        counts[hemisphere] = agreed
        return
    source = f"{masks.names[hemisphere]} marks" if marked else "most other files have"
    for name, n in found.items():
        if counts[hemisphere] is not None and n != counts[hemisphere]:
            report(f"{name} has {n:,} vertices; {source} {counts[hemisphere]:,}.")


def _usual(others: Sequence[PairOfFiles], hemisphere: Hemisphere) -> int | None:
    found = Counter(p.counts[hemisphere] for p in others if hemisphere in p.counts)
    return found.most_common(1)[0][0] if found else None


def _is_swapped(pair: PairOfFiles, counts: Mapping[Hemisphere, int | None]) -> bool:
    left, right = (counts[h] for h in HEMISPHERES)
    own = tuple(pair.counts.get(h) for h in HEMISPHERES)
    return left != right and own == (right, left) and None not in own


def _both(counts: Mapping[Hemisphere, int | None]) -> str:
    return " left + ".join(f"{counts[h]:,}" for h in HEMISPHERES) + " right"
