"""The values of a file, read once: not finite, never varying, or not in the stated units."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cortiscope.core.datasets.check.report import Report, count, first_of, vertices
from cortiscope.core.datasets.conventions import (
    ORDER_HINT,
    UNITS_HINT,
    Conventions,
    Fact,
    ncsnr_doubt,
    nearly_z,
)
from cortiscope.core.datasets.describe import spread_rows
from cortiscope.core.datasets.responses import unmap
from cortiscope.core.progress import Progress, silent

# Values looked at together: 64 MB of float32.
_AT_ONCE = 1 << 24


def check_responses(
    path: Path,
    values: np.ndarray,
    report: Report,
    note: Report,
    progress: Progress = silent,
    *,
    unit: str = "vertices",
) -> None:
    """Report NaN and infinite vertices and rows that were never filled; note constant vertices.

    Parameters
    ----------
    values : (n_images, n_vertices), memory-mapped.
    unit : what a column is called.
    """
    n_rows, n_vertices = values.shape
    n_bad = np.zeros(n_vertices, dtype=np.int64)
    varies = np.zeros(n_vertices, dtype=bool)
    lost: list[int] = []
    zero: list[int] = []
    step = max(1, _AT_ONCE // n_vertices)
    first = np.asarray(values[0])
    for start in range(0, n_rows, step):
        block = np.asarray(values[start : start + step])
        bad = ~np.isfinite(block)
        if bad.any():
            whole = bad.all(axis=1)
            lost += (start + np.flatnonzero(whole)).tolist()
            n_bad += bad[~whole].sum(axis=0)
        zero += (start + np.flatnonzero(~block.any(axis=1))).tolist()
        varies |= (block != first).any(axis=0)
        unmap(values)
        progress(min((start + step) / n_rows, 1.0), f"reading {path.name}")
    if lost:
        report(
            f"{path.name} has {count(len(lost), 'row')} in which no value is finite "
            f"(images number {first_of(r + 1 for r in lost)})."
        )
    if zero:
        report(
            f"{path.name} has {count(len(zero), 'row')} of zeros only (images number "
            f"{first_of(r + 1 for r in zero)}): they were probably never written."
        )
    spoilt = np.flatnonzero(n_bad)
    if spoilt.size:
        report(
            f"{path.name} has NaN or infinite values at {spoilt.size:,} of {n_vertices:,} "
            f"{unit} (counted from 0: {first_of(spoilt)})."
        )
    constant = np.flatnonzero(~varies)
    if n_rows > 1 and constant.size:
        note(
            f"{path.name} never varies at {constant.size:,} of {n_vertices:,} {unit} "
            f"(counted from 0: {first_of(constant)}); their correlation is undefined."
        )


def check_fractions(path: Path, values: np.ndarray, report: Report) -> None:
    """Report ceilings (n_vertices,) that are not fractions from 0 to 1."""
    check_finite(path, values, report)
    finite = values[np.isfinite(values)]
    above = int(np.count_nonzero(finite > 1))
    if above:
        report(
            f"{path.name} is above 1 at {vertices(above)} (up to {finite.max():.4g}); "
            "ceilings are fractions from 0 to 1. Divide a file in percent by 100."
        )
    if below := int(np.count_nonzero(finite < 0)):
        report(f"{path.name} is below 0 at {vertices(below)}; ceilings are fractions from 0 to 1.")


def check_finite(path: Path, values: np.ndarray, report: Report) -> None:
    """Report NaN and infinite values of (n_vertices,)."""
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        report(
            f"{path.name} has NaN or infinite values at {bad.size:,} of {len(values):,} vertices "
            f"(counted from 0: {first_of(bad)})."
        )


_ROWS_LOOKED_AT = 64
_FIELDS = {"picture_degrees": "picture size in degrees"}


def report_order(order: Fact[str], report: Report, note: Report) -> None:
    """Note in which order rows are taken; report an order that others would not take."""
    if order.known:
        note(f"Rows are taken {order.value}.")
    else:
        report(
            "Which image each row belongs to is in doubt: rows are taken "
            f"{order.value}. {ORDER_HINT}"
        )


def report_unstated(facts: Conventions, note: Report) -> None:
    """Ask for what is not stated."""
    if missing := [_FIELDS.get(name, name) for name in facts.unstated]:
        note(
            f"Not stated, and left out on every page: {first_of(missing)}. State them in "
            f"cortiscope_sidecar/sidecar.json. {UNITS_HINT}"
        )


def report_units(name: str, values: np.ndarray, facts: Conventions, report: Report) -> None:
    """Report responses that are not near z where they are said to be z, or no unit is stated.

    Parameters
    ----------
    values : (n_images, n_vertices); a sample of rows is read.
    """
    if len(values) < 2 or facts.units.value not in (None, "z"):
        return
    rows = np.asarray(values[spread_rows(len(values), _ROWS_LOOKED_AT)], dtype=np.float64)
    unmap(values)
    with np.errstate(invalid="ignore", over="ignore"):
        mean, sd = np.median(rows.mean(axis=0)), np.median(rows.std(axis=0, ddof=1))
    # Values that are not finite are reported elsewhere; constant vertices say nothing of units.
    if not np.isfinite(mean + sd) or sd == 0 or nearly_z(float(mean), float(sd)):
        return
    what = (
        f"{name} is said to hold z-scores"
        if facts.units.known
        else f"{name} does not hold z-scores, and its units are not stated"
    )
    report(
        f"{what}: a usual vertex has mean {mean:.3g} and SD {sd:.3g} over images. State the units, "
        f"or divide by each session's SD. {UNITS_HINT}"
    )


def report_ncsnr(path: Path, values: np.ndarray, report: Report) -> None:
    """Report values (n_vertices,) that are no ratios of SDs."""
    if doubt := ncsnr_doubt(values[np.isfinite(values)]):
        report(
            f"{path.name} is {doubt}; it is not used. With n trials per image, ncsnr is "
            "sqrt(NC / (100 - NC) / n) of a ceiling NC in percent."
        )


def file_of(values: np.ndarray, otherwise: str) -> Path:
    """Return the file behind a memory-mapped array, for messages."""
    return Path(getattr(values, "filename", None) or otherwise)
