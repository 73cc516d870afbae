"""What of a configuration needs the cortex, asked before any work is done for it."""

from __future__ import annotations

from core.datasets import Subject
from core.encoding import ENCODERS
from core.runs import EncodingSpec


def check_placement(subject: Subject, spec: EncodingSpec) -> None:
    """Refuse a configuration that needs places of responses where nobody knows them.

    Raises
    ------
    NoPositions : saying what needs them, and what works without.
    """
    if subject.space.is_placed:
        return
    if spec.scope != "both":
        subject.cortex(f"The scope {spec.scope!r}")
    if ENCODERS[spec.encoder.name].uses_positions:
        subject.cortex(f"The encoder {spec.encoder.name}")
    if spec.with_subjects:
        subject.cortex("Fitting several subjects together")
