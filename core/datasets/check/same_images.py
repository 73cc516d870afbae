"""Copies of a picture: within a split, and in both splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cortiscope.core.datasets.check.report import Tell
from cortiscope.core.datasets.check.wording import count, first_of
from cortiscope.core.errors import CoreError
from cortiscope.core.progress import Progress, silent
from cortiscope.core.stimuli.copies import copy_labels

_GROUPS_SHOWN = 3


def tell_copies(
    train: Sequence[Path], test: Sequence[Path], tell: Tell, progress: Progress = silent
) -> None:
    """Tell which pictures are there several times, and test images that are trained on."""
    splits = _labelled((train, test), tell, progress)
    for own in splits:
        gathered = _gathered(own.alike, own.paths).values()
        groups = [[p.name for p in paths] for paths in gathered if len(paths) > 1]
        if not groups:
            continue
        groups.sort(key=len, reverse=True)
        shown = "; ".join(first_of(names, shown=10) for names in groups[:_GROUPS_SHOWN])
        if len(groups) > _GROUPS_SHOWN:
            shown += f"; and {count(len(groups) - _GROUPS_SHOWN, 'more group')}"
        tell(
            f"{own.paths[0].parent.name} has {count(len(groups), 'group')} of copies, largest "
            f"{len(groups[0])}: {shown}. Copies of a picture stay together in every split and fold."
        )
    _tell_trained_on(splits, tell)
    _tell_nearly_trained_on(splits, tell)


def tell_trained_on(
    train: Sequence[Path], test: Sequence[Path], tell: Tell, progress: Progress = silent
) -> None:
    """Tell test images that are training images; near copies are left out of the fit instead."""
    _tell_trained_on(_labelled((train, test), tell, progress), tell)


class _Labelled(NamedTuple):
    """Files of a split, with labels over both splits: equal for the same image, for copies too."""

    paths: Sequence[Path] = ()
    same: Sequence[int] = ()
    alike: Sequence[int] = ()


_Splits = tuple[_Labelled, _Labelled]


def _labelled(
    splits: tuple[Sequence[Path], Sequence[Path]], tell: Tell, progress: Progress
) -> _Splits:
    """Label the files of both splits; those that cannot be read are told as such elsewhere."""
    train, test = ([p for p in paths if p.is_file() and p.stat().st_size] for paths in splits)
    try:
        alike = copy_labels([*train, *test], progress).tolist()
        same = copy_labels([*train, *test], near=False).tolist()
    except CoreError as error:
        tell(str(error))
        return _Labelled(), _Labelled()
    n = len(train)
    return _Labelled(train, same[:n], alike[:n]), _Labelled(test, same[n:], alike[n:])


def _gathered(labels: Sequence[int], paths: Sequence[Path]) -> dict[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    for label, path in zip(labels, paths, strict=True):
        found.setdefault(label, []).append(path)
    return found


def _tell_trained_on(splits: _Splits, tell: Tell) -> None:
    train, test = splits
    trained = _gathered(train.same, train.paths)
    across = {
        path.name: trained[label][0].name
        for label, path in zip(test.same, test.paths, strict=True)
        if label in trained
    }
    if across:
        pairs = first_of(f"{test_name} is {name}" for test_name, name in sorted(across.items()))
        what = count(
            len(across),
            "test image is also a training image",
            "test images are also training images",
        )
        tell(f"{what}: {pairs}. Scores on them would not be held out.")


def _tell_nearly_trained_on(splits: _Splits, tell: Tell) -> None:
    train, test = splits
    tested = _gathered(test.alike, test.paths)
    across = {
        path.name: tested[alike][0].name
        for same, alike, path in zip(train.same, train.alike, train.paths, strict=True)
        if alike in tested and same not in test.same
    }
    if across:
        pairs = first_of(f"{name} is like {test_name}" for name, test_name in across.items())
        what = count(
            len(across),
            "training image is nearly a test image",
            "training images are nearly test images",
        )
        tell(f"{what}: {pairs}. Fits leave training images of this kind out.")
