"""What of a configuration does not go with a subject, told before any work is done for it."""

from __future__ import annotations

from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import REGRESSORS
from cortiscope.core.errors import InvalidInput
from cortiscope.core.runs import EncodingSpec


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
    if REGRESSORS[spec.encoder.name].uses_positions:
        subject.cortex(f"The encoder {spec.encoder.name}")
    if spec.with_subjects:
        subject.cortex("Fitting several subjects together")


def check_report(subject: Subject, spec: EncodingSpec) -> None:
    """Refuse to put training images aside for a report that has its own images.

    Raises
    ------
    InvalidInput : the subject's test responses are known.
    """
    if spec.report_fraction and subject.test.responses is not None:
        raise InvalidInput(
            f"A report fraction of {spec.report_fraction:g} was asked for; {subject.id} has "
            f"{len(subject.test):,} test images with responses, which are the report.",
            "Leave the report fraction out: it is for subjects without known test responses.",
        )
