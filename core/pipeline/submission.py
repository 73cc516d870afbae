"""The archive that the Algonauts 2023 challenge takes: predictions for every test image.

``subj01/lh_pred_test.npy`` and ``subj01/rh_pred_test.npy``, float32 (n_test, n_vertices), for each
subject, with the subjects' folders at the archive's root (Algonauts 2023 tutorial).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.brain import Part
from cortiscope.core.datasets import Subject, find_subjects, open_subject
from cortiscope.core.datasets.registry import LAYOUTS, layout_named
from cortiscope.core.datasets.subject_names import challenge_name
from cortiscope.core.errors import IncompatibleSpace, InvalidInput, WorkFailed, unknown_name
from cortiscope.core.progress import Progress, silent
from cortiscope.core.runs import Belonging, Run, belonging
from cortiscope.core.storage import atomic_file

CHALLENGE_SUBJECTS = tuple(f"subj{k:02d}" for k in range(1, 9))
MAX_BYTES = 300 * 10**6
"""The largest archive that the challenge takes (its tutorial says 300 MB)."""
# A fixed date: equal predictions make equal archives.
_DATE = (2023, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Submission:
    """What was written.

    Parameters
    ----------
    files : names within the archive.
    shapes : (n_test, n_vertices) of each.
    runs : subject -> run.
    subjects_missing : those of the data, and of the challenge's eight unless the data are
        simulated, that no run was named for.
    uncertain : runs that were fitted before the data's identity was complete.
    n_bytes : size of the archive.
    """

    files: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]
    runs: Mapping[str, str]
    subjects_missing: tuple[str, ...]
    uncertain: tuple[str, ...]
    simulated: bool
    n_bytes: int


def write_submission(
    runs: Sequence[Run], data: Path, target: Path, progress: Progress = silent
) -> Submission:
    """Predict each subject's test images by its run and write the archive, whole or not at all.

    Raises
    ------
    InvalidInput : two runs of one subject, or a target that cannot be.
    UnknownName : a run of a subject that the data folder has not.
    IncompatibleSpace : a run that was fitted to other data.
    WorkFailed : predictions that are not finite.
    """
    _check_target(target, data)
    by_subject = _one_run_each(runs)
    known = [ref.id for ref in find_subjects(data)]
    for name in by_subject:
        if name not in known:
            raise unknown_name("subject", name, known, f"Run {by_subject[name].id} is of {name}.")
    # All are opened before anything is predicted: a refusal should come at once.
    subjects = {name: open_subject(data, name) for name in sorted(by_subject)}
    whose = {name: _check_belongs(by_subject[name], s) for name, s in subjects.items()}
    shapes: dict[str, tuple[int, ...]] = {}
    stamps = [subject.stamp for subject in subjects.values() if subject.simulated]
    called = _called(subjects)
    with atomic_file(target) as draft:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.comment = ", ".join(stamps).encode()
            for k, (name, subject) in enumerate(subjects.items()):
                progress(k / len(subjects), f"predicting {name}")
                for hemisphere, values in _predict(by_subject[name], subject).items():
                    inside = f"{called[name]}/{hemisphere.short}_pred_test.npy"
                    _add(archive, inside, values)
                    shapes[inside] = values.shape
        n_bytes = draft.stat().st_size
    progress(1.0, "written")
    wanted = dict.fromkeys(map(challenge_name, known))
    if not stamps:
        wanted.update(dict.fromkeys(CHALLENGE_SUBJECTS))
    return Submission(
        files=tuple(shapes),
        shapes=shapes,
        runs={name: by_subject[name].id for name in subjects},
        subjects_missing=tuple(sorted(set(wanted) - set(called.values()))),
        uncertain=tuple(by_subject[n].id for n, how in whose.items() if how is Belonging.FORMER),
        simulated=bool(stamps),
        n_bytes=n_bytes,
    )


def _called(subjects: Iterable[str]) -> dict[str, str]:
    """Return subject -> its folder in the archive, as the challenge names it."""
    called: dict[str, str] = {}
    for name in subjects:
        inside = challenge_name(name)
        if inside in called.values():
            twice = " and ".join(n for n in subjects if challenge_name(n) == inside)
            raise InvalidInput(
                f"{twice} are both {inside} in the challenge, which takes each subject once.",
                "Name one of their runs.",
            )
        called[name] = inside
    return called


def _check_target(target: Path, data: Path) -> None:
    if target.suffix.lower() != ".zip":
        raise InvalidInput(f"The archive {target} must be called .zip.", "Name it --out FILE.zip.")
    if target.is_dir():
        raise InvalidInput(f"{target} is a folder.", "Name a file that may be written.")
    if target.resolve().is_relative_to(data.resolve()):
        raise InvalidInput(
            f"{target} lies in the data folder, in which nothing is ever written.",
            "Name a file elsewhere.",
        )


def _one_run_each(runs: Sequence[Run]) -> dict[str, Run]:
    found: dict[str, Run] = {}
    for run in runs:
        if run.subject in found:
            raise InvalidInput(
                f"Runs {found[run.subject].id} and {run.id} are both of {run.subject}; a "
                "submission holds one prediction per subject.",
                "Name one of them.",
            )
        found[run.subject] = run
    return found


def _check_belongs(run: Run, subject: Subject) -> Belonging:
    subject.cortex("A submission")
    layout = layout_named(subject.layout)
    if layout is None or not layout.challenge:
        allowed = [n for k in LAYOUTS.values() if k.challenge for n in (k.name, *k.variants)]
        raise InvalidInput(
            f"{subject.id} is of layout {subject.layout}; the challenge's subjects are "
            f"{' or '.join(allowed)}."
        )
    whose = belonging(run, subject)
    if whose is Belonging.OTHER:
        raise IncompatibleSpace(
            f"Run {run.id} was fitted to other data of {subject.id} (fingerprint {run.data}; the "
            f"folder's is {subject.fingerprint}).",
            "Name the folder it was fitted to, or fit it again.",
        )
    return whose


def _predict(run: Run, subject: Subject) -> dict[Part, np.ndarray]:
    """Return (n_test, n_vertices of the hemisphere) float32 from the design stored in the run."""
    predicted = np.asarray(run.predict_rows("test", slice(None)), dtype=np.float32)
    expected = (len(subject.test), subject.space.n_vertices())
    if predicted.shape != expected:
        raise IncompatibleSpace(
            f"Run {run.id} predicts {predicted.shape[0]:,} images x {predicted.shape[1]:,} "
            f"vertices; {subject.id} has {expected[0]:,} x {expected[1]:,}.",
            "Fit it again.",
        )
    if bad := int(np.count_nonzero(~np.isfinite(predicted).all(axis=0))):
        raise WorkFailed(
            f"Run {run.id} predicts values that are not finite at {bad:,} vertices.",
            "Fit it again with a stronger penalty.",
        )
    return {p: np.ascontiguousarray(own) for p, own in subject.space.split(predicted).items()}


def _add(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    with archive.open(entry, "w", force_zip64=values.nbytes > 2**31) as stream:
        np.lib.format.write_array(stream, values, allow_pickle=False)
