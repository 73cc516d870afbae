"""Whether a run was fitted to a subject's data as they are now: yes, perhaps, or to others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from cortiscope.core.datasets import Subject
from cortiscope.core.runs.run import Run
from cortiscope.core.runs.spec import EncodingSpec, readable
from cortiscope.core.runs.store import RunStore

FORMER_WORDS = (
    "fitted before the data's identity was complete; whether the data are the same cannot be known"
)


class Belonging(StrEnum):
    """What a run has to do with a subject's data.

    ``PRESENT``: it was fitted to them. ``FORMER``: to data of which an older fingerprint is known
    that these have too. ``OTHER``: to an earlier state, or to others of the same name.
    """

    PRESENT = "present"
    FORMER = "former"
    OTHER = "other"


def belonging(run: Run, subject: Subject) -> Belonging:
    """Say what a run has to do with a subject's data as they are."""
    if run.data in subject.identity.fits:
        return Belonging.PRESENT
    return Belonging.FORMER if run.data in subject.former_fingerprints else Belonging.OTHER


def runs_by_state(store: RunStore, subject: Subject) -> tuple[list[Run], list[Run]]:
    """Open a subject's runs, oldest first: those of its data, and those of other states of them.

    A run that may be of these data is left out where the same was fitted to them for certain.
    """
    named, _ = store.survey(readable(f"{subject.id}-"))
    runs: dict[Belonging, list[Run]] = {how: [] for how in Belonging}
    for run in sorted(named, key=lambda r: r.facts.created):
        if run.subject == subject.id:
            runs[belonging(run, subject)].append(run)
    former = runs[Belonging.FORMER]
    certain = [_asked(run) for run in runs[Belonging.PRESENT]] if former else []
    perhaps = [run for run in former if _asked(run) not in certain]
    return [*perhaps, *runs[Belonging.PRESENT]], runs[Belonging.OTHER]


def _asked(run: Run) -> EncodingSpec:
    """Return what was asked for, whatever the data."""
    others = tuple(replace(other, data="") for other in run.spec.with_subjects)
    return replace(run.spec, data="", with_subjects=others)


def report_is_current(run: Run, subject: Subject) -> bool:
    """Whether a run's scores were summed up with the ceilings, ROIs and notes as they are."""
    known = run.identity
    return known is None or known.report == subject.report_fingerprint


def state_words(others: Sequence[Run], subject: Subject) -> str:
    """Say which runs belong to another state of a subject's data, and what changed; or nothing."""
    if not others:
        return ""
    changed = changes(others, subject)
    what = f"The data of {subject.id} changed" + (f" ({changed})" if changed else "")
    several = len(others) > 1
    count = f"{len(others)} runs were" if several else "a run was"
    listed = ", ".join(run.id for run in others[:3]) + (
        f" and {len(others) - 3} more" if len(others) > 3 else ""
    )
    return (
        f"{what} since {count} fitted; {'they belong' if several else 'it belongs'} to the former "
        f"state and {'stay as they are' if several else 'stays as it is'}: {listed}."
    )


def changes(runs: Iterable[Run], subject: Subject) -> str:
    """Say what changed since some runs of ``OTHER`` data, as in "pictures, responses"."""
    known = [run.identity for run in runs if run.identity is not None]
    parts = {name for former in known for name in former.changed(subject.identity)}
    return ", ".join(name for name in subject.identity.to_json() if name in parts)
