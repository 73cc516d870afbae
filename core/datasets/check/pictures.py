"""Whether pictures decode, and which are copies: within a split, and in both splits.

Every header and ending is looked at, and the whole of a sample or of all.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from cortiscope.core.datasets.check.report import Report, count, first_of, times
from cortiscope.core.errors import CoreError
from cortiscope.core.progress import Progress, silent
from cortiscope.core.stimuli.copies import copy_labels
from cortiscope.core.stimuli.decode import FORMATS, decode_image

_SAMPLE = 32
_TOLD = 10
_PNG_END = b"IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"


def check_pictures(
    folder: str, paths: Sequence[Path], report: Report, *, deep: bool, progress: Progress = silent
) -> None:
    """Report pictures that do not decode, and those of another size than nearly all.

    Decoded whole are a sample spread over the files and each whose header or ending is amiss,
    or all of them.

    Parameters
    ----------
    folder : name for messages.
    """
    sample = set(np.linspace(0, len(paths) - 1, min(_SAMPLE, len(paths))).astype(int).tolist())
    sizes: dict[Path, tuple[int, int]] = {}
    broken: list[str] = []
    for k, path in enumerate(paths):
        size = _size_if_whole(path)
        if deep or size is None or k in sample:
            try:
                whole = decode_image(path).original_size
            except CoreError as error:
                broken.append(error.message)
                continue
            # Pillow puts up with a few bytes missing at the end.
            if size is None and _lacks_png_end(path):
                broken.append(f"{path.name} is cut short: it lacks the end mark of a PNG file.")
            size = whole
        sizes[path] = size
        progress((k + 1) / len(paths), f"looking at {folder}")
    for message in broken[:_TOLD]:
        report(message)
    if len(broken) > _TOLD:
        report(f"{folder} has {count(len(broken) - _TOLD, 'more picture')} that cannot be decoded.")
    _report_odd_sizes(folder, sizes, report)


def report_broken(paths: Sequence[Path], report: Report) -> None:
    """Report pictures that do not decode, decoding only those whose header or ending is amiss."""
    for path in paths:
        if _size_if_whole(path, other_kinds=True) is None:
            try:
                decode_image(path)
            except CoreError as error:
                report(str(error))


def _size_if_whole(path: Path, *, other_kinds: bool = False) -> tuple[int, int] | None:
    """Return width and height if header and ending are as they should be.

    Parameters
    ----------
    other_kinds : let pictures pass whose kind has no end mark.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as stored:
                size, kind = stored.size, stored.format
        with path.open("rb") as stream:
            stream.seek(-min(8, path.stat().st_size), 2)
            ending = stream.read()
    except Exception:  # decoders raise nearly anything; decode_image finds the words
        return None
    if kind == "PNG":
        return size if ending == _PNG_END else None
    if kind == "JPEG":
        return size if ending.endswith(_JPEG_END) else None
    return size if other_kinds else None


def _lacks_png_end(path: Path) -> bool:
    content = path.read_bytes()
    return content.startswith(b"\x89PNG") and _PNG_END not in content


def _report_odd_sizes(folder: str, sizes: dict[Path, tuple[int, int]], report: Report) -> None:
    if not sizes:
        return
    usual, n_usual = Counter(sizes.values()).most_common(1)[0]
    odd = [path for path, size in sizes.items() if size != usual]
    # Where sizes are mixed anyway, none is odd.
    if odd and n_usual >= 0.8 * len(sizes):
        first = f"{odd[0].name} is {times(sizes[odd[0]])} pixels"
        rest = f" ({first_of(p.name for p in odd[1:])} differ too)" if odd[1:] else ""
        report(
            f"{first}{rest}; the other pictures of {folder} are {times(usual)}. "
            "Positions in the visual field would not match."
        )


_GROUPS_SHOWN = 3


def report_copies(
    train: Sequence[Path], test: Sequence[Path], report: Report, progress: Progress = silent
) -> None:
    """Report which pictures are there several times, and test images that are trained on."""
    splits = _labelled((train, test), report, progress)
    for own in splits:
        gathered = _gathered(own.alike, own.paths).values()
        groups = [[p.name for p in paths] for paths in gathered if len(paths) > 1]
        if not groups:
            continue
        groups.sort(key=len, reverse=True)
        shown = "; ".join(first_of(names, shown=10) for names in groups[:_GROUPS_SHOWN])
        if len(groups) > _GROUPS_SHOWN:
            shown += f"; and {count(len(groups) - _GROUPS_SHOWN, 'more group')}"
        report(
            f"{own.paths[0].parent.name} has {count(len(groups), 'group')} of copies, largest "
            f"{len(groups[0])}: {shown}. Copies of a picture stay together in every split and fold."
        )
    _report_trained_on(splits, report)
    _report_nearly_trained_on(splits, report)


def report_trained_on(
    train: Sequence[Path], test: Sequence[Path], report: Report, progress: Progress = silent
) -> None:
    """Report test images that are training images; near copies are left out of the fit instead."""
    _report_trained_on(_labelled((train, test), report, progress), report)


class _Labelled(NamedTuple):
    """Files of a split, with labels over both splits: equal for the same image, for copies too."""

    paths: Sequence[Path] = ()
    same: Sequence[int] = ()
    alike: Sequence[int] = ()


_Splits = tuple[_Labelled, _Labelled]


def _labelled(
    splits: tuple[Sequence[Path], Sequence[Path]], report: Report, progress: Progress
) -> _Splits:
    """Label the files of both splits; those that cannot be read are reported elsewhere."""
    train, test = ([p for p in paths if p.is_file() and p.stat().st_size] for paths in splits)
    try:
        alike = copy_labels([*train, *test], progress).tolist()
        same = copy_labels([*train, *test], near=False).tolist()
    except CoreError as error:
        report(str(error))
        return _Labelled(), _Labelled()
    n = len(train)
    return _Labelled(train, same[:n], alike[:n]), _Labelled(test, same[n:], alike[n:])


def _gathered(labels: Sequence[int], paths: Sequence[Path]) -> dict[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    for label, path in zip(labels, paths, strict=True):
        found.setdefault(label, []).append(path)
    return found


def _report_trained_on(splits: _Splits, report: Report) -> None:
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
        report(f"{what}: {pairs}. Scores on them would not be held out.")


def _report_nearly_trained_on(splits: _Splits, report: Report) -> None:
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
        report(f"{what}: {pairs}. Fits leave training images of this kind out.")
