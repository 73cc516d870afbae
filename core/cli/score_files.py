"""Where the files of ``score`` lie: one subject's folders, or one folder per subject in each.

Responses and ceilings are found flat, or as in a data folder (``SUBJECT/test_split/test_fmri``,
``SUBJECT/test_split/noise_ceiling``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cortiscope.core.brain import HEMISPHERES, VOXELS, Part
from cortiscope.core.datasets.subject_names import challenge_name
from cortiscope.core.errors import InvalidInput, MissingData
from cortiscope.core.storage.foreign import is_there


@dataclass(frozen=True)
class SubjectFiles:
    """The folders of one subject.

    Parameters
    ----------
    subject : empty where only one is scored.
    """

    subject: str
    predictions: Path
    responses: Path
    ceiling: Path | None


def find_score_files(
    predictions: Path, responses: Path, ceiling: Path | None
) -> list[SubjectFiles]:
    """List what is to be scored: the folders themselves, or those of each subject in them.

    Raises
    ------
    MissingData : no such folder, no predictions, or a subject that has no responses or ceilings.
    """
    for folder in (predictions, responses, *([ceiling] if ceiling else [])):
        if not folder.is_dir():
            hint = "Unpack it and name its folder." if folder.is_file() else "Check the path."
            raise MissingData(f"There is no folder {folder}.", hint)
    if _has_predictions(predictions):
        return [
            SubjectFiles(
                "",
                predictions,
                _inside(responses, "test_fmri"),
                ceiling and _inside(ceiling, "noise_ceiling"),
            )
        ]
    subjects = _subjects_in(predictions)
    if not subjects:
        raise MissingData(
            f"Neither lh_pred.npy nor lh_pred_test.npy is in {predictions}, nor in a subject's "
            "folder there.",
            _guess(predictions),
        )
    return [
        SubjectFiles(
            name,
            predictions / name,
            _inside(_of_subject(responses, name, "responses"), "test_fmri"),
            ceiling and _inside(_of_subject(ceiling, name, "noise ceilings"), "noise_ceiling"),
        )
        for name in subjects
    ]


def subjects_without_predictions(responses: Path, scored: list[SubjectFiles]) -> list[str]:
    """Return subjects that have test responses but no predictions."""
    if not scored[0].subject:
        return []
    folders = sorted(p for p in responses.iterdir() if p.is_dir() and not p.name.startswith("."))
    known = [p.name for p in folders if list(_inside(p, "test_fmri").glob("*test_fmri.npy"))]
    return [name for name in known if name not in {files.subject for files in scored}]


def parts_of(predictions: Path) -> tuple[Part, ...]:
    """Return what the predictions are of: both hemispheres, or voxels without positions."""
    found = [p for p in (*HEMISPHERES, VOXELS) if _files_there(predictions, p)]
    if VOXELS in found and len(found) > 1:
        names = ", ".join(path.name for p in found for path in _files_there(predictions, p))
        raise InvalidInput(
            f"{predictions} has {names}: predictions of hemispheres and of voxels without "
            "positions.",
            "Keep one kind there.",
        )
    return (VOXELS,) if found == [VOXELS] else HEMISPHERES


def prediction_file(folder: Path, part: Part) -> Path:
    """Return the file of a part's predictions, under either of its names."""
    names = _prediction_names(part)
    there = _files_there(folder, part)
    if not there:
        raise MissingData(f"Neither {names[0]} nor {names[1]} is in {folder}.")
    if len(there) > 1:
        raise InvalidInput(
            f"Both {names[0]} and {names[1]} are in {folder}: which one is meant is unclear.",
            "Keep one of them there.",
        )
    return there[0]


def _prediction_names(part: Part) -> tuple[str, str]:
    return f"{part.prefix}pred.npy", f"{part.prefix}pred_test.npy"


def _files_there(folder: Path, part: Part) -> list[Path]:
    return [folder / name for name in _prediction_names(part) if is_there(folder / name)]


def _has_predictions(folder: Path) -> bool:
    return any(_files_there(folder, part) for part in (*HEMISPHERES, VOXELS))


def _subjects_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and _has_predictions(p))


def _inside(folder: Path, name: str) -> Path:
    """Return a subject folder's own place for a kind of file, if it is laid out as released."""
    deep = folder / "test_split" / name
    return deep if deep.is_dir() else folder


def _of_subject(folder: Path, subject: str, what: str) -> Path:
    own = folder / subject
    alike = [p for p in folder.iterdir() if challenge_name(p.name) == challenge_name(subject)]
    if not own.is_dir() and len(alike) == 1:
        own = alike[0]
    if not own.is_dir():
        raise MissingData(
            f"There are predictions for {subject}, but no folder {own} with its {what}.",
            f"Put them there, or move the predictions for {subject} away.",
        )
    return own


def _guess(folder: Path) -> str:
    inner = [p for p in sorted(folder.iterdir()) if p.is_dir() and _subjects_in(p)]
    return f"Did you mean {inner[0]}?" if inner else ""
