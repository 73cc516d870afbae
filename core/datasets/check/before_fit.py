"""What would spoil a fit without stopping it, refused before the first feature is computed.

Opening a subject reads no responses; here they are read once: values that are not finite, rows
that were never written, pictures cut short, test images that are trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.check.pictures import tell_broken
from cortiscope.core.datasets.check.report import Findings
from cortiscope.core.datasets.check.same_images import tell_trained_on
from cortiscope.core.datasets.check.values import check_responses
from cortiscope.core.datasets.conventions import ORDER_HINT
from cortiscope.core.datasets.responses import unmap
from cortiscope.core.datasets.subject import Split, Subject
from cortiscope.core.errors import DamagedFile, InvalidInput
from cortiscope.core.progress import Progress, silent

# Values looked at together: 64 MB of float32.
_AT_ONCE = 1 << 24


def require_usable(subject: Subject, progress: Progress = silent) -> None:
    """Refuse a subject that cannot be fitted and scored.

    Raises
    ------
    InvalidInput : nobody says which image each row belongs to, and orders of the names differ.
    DamagedFile : naming the file.
    """
    if subject.conventions.order_in_doubt:
        raise InvalidInput(
            f"Which image each row of {subject.id} belongs to is in doubt: rows would be taken "
            f"{subject.conventions.row_order.value}.",
            ORDER_HINT,
        )
    findings = Findings()
    for split in (subject.train, subject.test):
        _check_values(split, split.responses or {}, findings)
        tell_broken(split.images.paths, findings.tell)
    train, test = subject.train.images.paths, subject.test.images.paths
    tell_trained_on(train, test, findings.tell, progress)
    if findings.lines:
        first, *more = findings.lines
        also = f" There are {len(more)} more problems." if more else ""
        raise DamagedFile(
            f"{first.rstrip('.')}.{also}",
            f"'cortiscope check {subject.folder}' tells all that is wrong.",
        )


def file_of(values: np.ndarray, otherwise: str) -> Path:
    """Return the file behind a memory-mapped array, for messages."""
    return Path(getattr(values, "filename", None) or otherwise)


def _check_values(split: Split, responses: Mapping, findings: Findings) -> None:
    for part, values in responses.items():
        if 0 not in values.shape and not _is_plausible(values):
            file = file_of(values, f"{part} {split.name} responses")
            check_responses(file, values, findings.tell, lambda _: None)


def _is_plausible(values: np.ndarray) -> bool:
    """Whether all rows are finite and none is all zeros, by their sums: one pass."""
    ones = np.ones(values.shape[1], dtype=np.float32)
    step = max(1, _AT_ONCE // len(ones))
    with np.errstate(all="ignore"):
        for start in range(0, len(values), step):
            sums = np.asarray(values[start : start + step]) @ ones
            if not np.all(np.isfinite(sums) & (sums != 0)):
                return False
            unmap(values)
    return True
