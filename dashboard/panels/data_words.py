"""Words that the Data page's panels share."""

from __future__ import annotations

import numpy as np

from dashboard.charts.theme import signed

SPLIT_WORDS = {"train": "training", "test": "test"}


def moments_words(values: np.ndarray, what: str) -> str:
    """Say mean, SD and n of responses in z; ``what`` they are over."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "No value is finite."
    sd = f"{finite.std(ddof=1):.2f}" if len(finite) > 1 else "undefined"
    left_out = len(values) - len(finite)
    rest = f" ({left_out:,} not finite left out)" if left_out else ""
    return f"Mean {signed(finite.mean())} z, SD {sd} over {len(finite):,} {what}{rest}."
