"""What is stated about a subject's numbers, what is not, and values of which it cannot be true."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cortiscope.core.datasets.check.report import Tell
from cortiscope.core.datasets.check.wording import first_of
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

_ROWS_LOOKED_AT = 64
_FIELDS = {"picture_degrees": "picture size in degrees"}


def tell_order(order: Fact[str], tell: Tell, note: Tell) -> None:
    """Note in which order rows are taken; tell an order that others would not take."""
    if order.known:
        note(f"Rows are taken {order.value}.")
    else:
        tell(
            "Which image each row belongs to is in doubt: rows are taken "
            f"{order.value}. {ORDER_HINT}"
        )


def tell_unstated(facts: Conventions, note: Tell) -> None:
    """Ask for what nobody states."""
    if missing := [_FIELDS.get(name, name) for name in facts.unstated]:
        note(
            f"Not stated, and left out on every page: {first_of(missing)}. State them in "
            f"cortiscope_sidecar/sidecar.json. {UNITS_HINT}"
        )


def tell_units(name: str, values: np.ndarray, facts: Conventions, tell: Tell) -> None:
    """Tell responses that are not near z where they are said to be z, or no unit is stated.

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
    # Values that are not finite are told elsewhere; constant vertices say nothing of units.
    if not np.isfinite(mean + sd) or sd == 0 or nearly_z(float(mean), float(sd)):
        return
    what = (
        f"{name} is said to hold z-scores"
        if facts.units.known
        else f"{name} holds no z-scores, and its units are not stated"
    )
    tell(
        f"{what}: a usual vertex has mean {mean:.3g} and SD {sd:.3g} over images. State the units, "
        f"or divide by each session's SD. {UNITS_HINT}"
    )


def tell_ncsnr(path: Path, values: np.ndarray, tell: Tell) -> None:
    """Tell values (n_vertices,) that are no ratios of SDs."""
    if doubt := ncsnr_doubt(values[np.isfinite(values)]):
        tell(
            f"{path.name} is {doubt}; it is not used. With n trials per image, ncsnr is "
            "sqrt(NC / (100 - NC) / n) of a ceiling NC in percent."
        )
