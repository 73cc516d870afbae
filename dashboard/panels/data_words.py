"""Words that the Data page's panels share."""

from __future__ import annotations

import numpy as np

from cortiscope.core.datasets.conventions import Conventions
from cortiscope.markup import signed

SPLIT_WORDS = {"train": "training", "test": "test"}


def moments_words(values: np.ndarray, what: str, facts: Conventions) -> str:
    """Say mean, SD and n of responses, with their unit if it is known; ``what`` they are over."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "No value is finite."
    sd = f"{finite.std(ddof=1):.2f}" if len(finite) > 1 else "undefined"
    left_out = len(values) - len(finite)
    rest = f" ({left_out:,} not finite left out)" if left_out else ""
    mean = facts.with_unit(signed(finite.mean()))
    return f"Mean {mean}, SD {sd} over {len(finite):,} {what}{rest}."
