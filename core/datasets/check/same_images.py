"""Copies of a picture: within a split, and in both splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.datasets.check.report import Tell
from core.datasets.check.wording import count, first_of
from core.errors import CoreError
from core.progress import Progress, silent
from core.stimuli.copies import copy_labels

_GROUPS_SHOWN = 3


def tell_copies(
    train: Sequence[Path], test: Sequence[Path], tell: Tell, progress: Progress = silent
) -> None:
    """Tell which pictures are there several times, and test images that are trained on."""
    labelled = _labelled((train, test), tell, progress)
    for own in labelled:
        groups = [[p.name for p in paths] for paths in _gathered(own).values() if len(paths) > 1]
        if not groups:
            continue
        groups.sort(key=len, reverse=True)
        shown = "; ".join(first_of(names, shown=10) for names in groups[:_GROUPS_SHOWN])
        if len(groups) > _GROUPS_SHOWN:
            shown += f"; and {count(len(groups) - _GROUPS_SHOWN, 'more group')}"
        tell(
            f"{own[0][1].parent.name} has {count(len(groups), 'group')} of copies, largest "
            f"{len(groups[0])}: {shown}. Copies of a picture stay together in every split and fold."
        )
    _tell_across(labelled, tell)


def tell_trained_on(
    train: Sequence[Path], test: Sequence[Path], tell: Tell, progress: Progress = silent
) -> None:
    """Tell test images that are copies of training images."""
    _tell_across(_labelled((train, test), tell, progress), tell)


_Labelled = list[tuple[int, Path]]


def _labelled(
    splits: tuple[Sequence[Path], Sequence[Path]], tell: Tell, progress: Progress
) -> tuple[_Labelled, _Labelled]:
    """Label the files of both splits; those that cannot be read are told as such elsewhere."""
    train, test = ([p for p in paths if p.is_file() and p.stat().st_size] for paths in splits)
    try:
        labels = copy_labels([*train, *test], progress).tolist()
    except CoreError as error:
        tell(str(error))
        return [], []
    n = len(train)
    return list(zip(labels[:n], train, strict=True)), list(zip(labels[n:], test, strict=True))


def _gathered(labelled: _Labelled) -> dict[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    for label, path in labelled:
        found.setdefault(label, []).append(path)
    return found


def _tell_across(labelled: tuple[_Labelled, _Labelled], tell: Tell) -> None:
    trained, tested = _gathered(labelled[0]), labelled[1]
    across = {path.name: trained[label][0].name for label, path in tested if label in trained}
    if across:
        pairs = first_of(f"{test_name} is {name}" for test_name, name in sorted(across.items()))
        what = count(
            len(across),
            "test image is also a training image",
            "test images are also training images",
        )
        tell(f"{what}: {pairs}. Scores on them would not be held out.")
