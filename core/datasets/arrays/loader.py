"""Recognise a folder of plain arrays and open it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere, Part
from cortiscope.core.datasets.arrays.images import (
    TEST_IMAGES,
    TEST_LIST,
    RowImages,
    test_images,
    test_rows,
    training_folders,
    training_images,
)
from cortiscope.core.datasets.arrays.responses import (
    ResponseFiles,
    check_row_names,
    find_response_files,
    has_response_files,
    open_responses,
)
from cortiscope.core.datasets.arrays.vertices import (
    GivenVertices,
    challenge_space,
    read_parcellation,
    read_vertices,
)
from cortiscope.core.datasets.conventions import (
    ABSENT,
    AVERAGED,
    MEASURED,
    NO_SPLIT,
    Conventions,
    Fact,
    usable_ncsnr,
)
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.datasets.responses import select_rows
from cortiscope.core.datasets.sidecar import Sidecar, read_sidecar, stated_conventions
from cortiscope.core.datasets.subject import Split, Subject
from cortiscope.core.errors import DamagedFile, InvalidInput, MissingData
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.storage import Home
from cortiscope.core.storage.foreign import is_there

_NO_IMAGES = StimulusImages((), ())


def is_subject_folder(folder: Path) -> bool:
    """Whether a folder has a folder of images and a file of responses of this layout."""
    return bool(training_folders(folder)) and has_response_files(folder)


def load_subject(folder: Path, *, cache: Path | None = None) -> Subject:
    """Open a subject; responses stay memory-mapped.

    Parameters
    ----------
    cache : folder for converted responses (default: the one under the home folder).

    Raises
    ------
    InvalidInput, MissingData, DamagedFile : naming the file, what it holds and what is allowed.
    """
    cache = cache or Home.from_environment().converted
    files = find_response_files(folder)
    if files is None:
        raise MissingData(f"{folder.name} has no responses.", "Expected lh.npy and rh.npy.")
    given = read_vertices(folder)
    responses = _open(files, given, cache)
    counts = {h: responses[h].shape[1] for h in HEMISPHERES}
    space = challenge_space(given, counts)
    order = stated_conventions(folder).row_order.value
    listed, tested = training_images(folder, order), test_images(folder, order)
    images = listed.images
    _check_rows(responses, files, images)
    whole = Split("train", images, responses, repeats=_repeats(folder, "", len(images)))
    train, test = _splits(folder, whole, tested, given, cache)
    sidecar = read_sidecar(folder, {"train": len(train), "test": len(test)})
    train, test = sidecar.noted(train), sidecar.noted(test)
    parcellation = read_parcellation(folder, counts)
    ncsnr, ceiling = usable_ncsnr(_ncsnr(folder, counts))
    return Subject(
        id=folder.name,
        folder=folder,
        layout="arrays",
        space=space,
        parcellation=parcellation,
        train=train,
        test=test,
        simulated=sidecar.simulated,
        ncsnr=ncsnr,
        conventions=replace(
            _conventions(sidecar, train, test, ceiling),
            row_order=_order_of_rows(listed, tested if test.responses is not None else None),
        ),
        details=dict(sidecar.header),
    )


def _conventions(sidecar: Sidecar, train: Split, test: Split, ceiling: Fact[str]) -> Conventions:
    facts = sidecar.conventions
    if train.repeats is not None and not facts.repeats.known:
        facts = replace(facts, repeats=Fact(AVERAGED, "layout"))
    if ceiling.value is not None and not (ceiling.known and facts.ceiling.known):
        facts = replace(facts, ceiling=ceiling)
    measured = MEASURED if test.responses is not None else ABSENT
    return replace(facts, test_responses=Fact(measured if len(test) else NO_SPLIT, "layout"))


def _open(
    files: ResponseFiles, given: Mapping[Hemisphere, GivenVertices] | None, cache: Path
) -> dict[Part, np.ndarray]:
    n_left = None if given is None else len(given[Hemisphere.LEFT].numbers)
    return open_responses(files, n_left, cache)


def _check_rows(
    responses: Mapping[Part, np.ndarray], files: ResponseFiles, images: StimulusImages
) -> None:
    check_row_names(files, images)
    for hemisphere in HEMISPHERES:
        n_rows = len(responses[hemisphere])
        if n_rows != len(images):
            raise InvalidInput(
                f"{files.names} hold {n_rows:,} rows for the {hemisphere} hemisphere; there are "
                f"{len(images):,} images in {images.paths[0].parent.name}/.",
                "Each row belongs to one image; list the images of the rows in a names file "
                "(images.txt) if the folder holds others too.",
            )


def _order_of_rows(train: RowImages, test: RowImages | None) -> Fact[str]:
    """Return the order of the rows; that of the test rows where it alone is in doubt."""
    if train.order.known and test is not None and not test.order.known:
        return Fact(f"{TEST_IMAGES}: {test.order.value}")
    return train.order


def _splits(
    folder: Path,
    whole: Split,
    tested: RowImages | None,
    given: Mapping[Hemisphere, GivenVertices] | None,
    cache: Path,
) -> tuple[Split, Split]:
    """Return the training and the test split; the test split may be empty."""
    rows = test_rows(folder, whole.images, lambda _: None)
    images = None if tested is None else tested.images
    files = find_response_files(folder, "_test")
    if rows is not None and images is not None:
        raise InvalidInput(
            f"{folder.name} has both {TEST_LIST} and {TEST_IMAGES}/; expected one.",
            "Move one of them elsewhere.",
        )
    if files is not None and images is None:
        raise MissingData(
            f"{folder.name} has {files.names} but no {TEST_IMAGES}/.",
            "Put the test images there.",
        )
    if rows is not None:
        rest = np.setdiff1d(np.arange(len(whole)), rows)
        return _part("train", whole, rest), _part("test", whole, rows)
    if images is None:
        return whole, Split("test", _NO_IMAGES)
    responses = None
    if files is not None:
        responses = _open(files, given, cache)
        _check_rows(responses, files, images)
        _check_columns(responses, files, whole)
    repeats = _repeats(folder, "_test", len(images))
    return whole, Split("test", images, responses, repeats=repeats)


def _check_columns(
    responses: Mapping[Part, np.ndarray], files: ResponseFiles, train: Split
) -> None:
    assert train.responses is not None
    for h in HEMISPHERES:
        got, want = responses[h].shape[1], train.responses[h].shape[1]
        if got != want:
            raise InvalidInput(
                f"{files.names} hold {got:,} columns for the {h} hemisphere; the training "
                f"responses have {want:,}.",
                "Both splits must have the same vertices.",
            )


def _part(name: str, whole: Split, rows: np.ndarray) -> Split:
    assert whole.responses is not None
    return Split(
        name,
        whole.images.subset(rows),
        {h: select_rows(whole.responses[h], rows) for h in HEMISPHERES},
        repeats=None if whole.repeats is None else whole.repeats[rows],
    )


def _repeats(folder: Path, ending: str, n_images: int) -> np.ndarray | None:
    path = folder / f"repeats{ending}.npy"
    if not is_there(path):
        return None
    counts = np.array(load_array(path, shape=(n_images,)))
    if counts.dtype.kind not in "iu" or np.any(counts < 1):
        raise DamagedFile(
            f"{path.name} must hold whole numbers of 1 or more; it holds {counts.dtype} from "
            f"{counts.min():.3g}.",
            "Write how many trials were averaged per image, as int64.",
        )
    return counts


def _ncsnr(folder: Path, counts: Mapping[Hemisphere, int]) -> np.ndarray | None:
    files = {h: folder / f"ncsnr.{h.short}.npy" for h in HEMISPHERES}
    if not any(is_there(p) for p in files.values()):
        return None
    parts = []
    for hemisphere, path in files.items():
        values = np.array(load_array(path, shape=(counts[hemisphere],)), dtype=np.float64)
        if not np.all((values >= 0) & np.isfinite(values)):
            raise DamagedFile(
                f"{path.name} holds values that are negative, infinite or NaN.",
                "ncsnr is a ratio of SDs: 0 where a vertex has no signal.",
            )
        parts.append(values)
    return np.concatenate(parts)
