"""The optional sidecar: its header, and arrays as long as the responses they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets.check.array_file import REAL, WHOLE, PairOfFiles, open_array_file
from cortiscope.core.datasets.check.report import Report, count, first_of, tried, vertices
from cortiscope.core.datasets.check.values import check_finite, report_ncsnr
from cortiscope.core.datasets.conventions import read_conventions
from cortiscope.core.datasets.sidecar import SIDECAR_FOLDER, described, other_format
from cortiscope.core.storage.foreign import is_there, read_json

_LONG_NAME = {"train": "training", "test": "test"}


def check_sidecar(
    subject: Path, n_images: Mapping[str, int], report: Report
) -> tuple[bool, list[PairOfFiles]]:
    """Report what is wrong with a subject's sidecar; an absent one is right.

    Returns
    -------
    Whether the subject says it is simulated, and the files with one value per vertex.
    """
    folder = subject / SIDECAR_FOLDER
    if not folder.is_dir():
        return False, []
    header = _check_header(folder / "sidecar.json", report)
    _check_stimuli(folder / "stimuli.json", n_images, report)
    for split, n in n_images.items():
        check_repeats(folder / f"repeats_{split}.npy", n, report)
    pairs = [_check_pair(folder, "ncsnr", None, report)]
    pairs += [
        _check_pair(folder, f"{long_name}_truth", n_images[split], report)
        for split, long_name in _LONG_NAME.items()
    ]
    pairs.append(_check_fields(folder, report))
    return header.get("simulated") is True, [pair for pair in pairs if pair.counts]


def _check_header(path: Path, report: Report) -> Mapping[str, Any]:
    if not is_there(path):
        report(f"{SIDECAR_FOLDER}/ has no sidecar.json, which says what the folder is.")
        return {}
    header = tried(partial(read_json, path), report)
    if header is None:
        return {}
    if not isinstance(header, dict):
        report(f"{path.name} holds a {type(header).__name__}; expected an object with a format.")
        return {}
    if other := other_format(header):
        report(f"{path.name} {other}")
    if not isinstance(header.get("simulated", False), bool):
        report(f"{path.name}: simulated must be true or false, not {header['simulated']!r}.")
    tried(partial(read_conventions, header, path.name), report)
    return header


def check_repeats(path: Path, n_images: int, report: Report) -> None:
    """Report what is wrong with the trials per image; an absent file is right."""
    if not is_there(path):
        return
    repeats = open_array_file(path, WHOLE, 1, report)
    if repeats is None:
        return
    if len(repeats) != n_images:
        report(f"{path.name} has {len(repeats):,} values for {n_images:,} images.")
    if below := int(np.count_nonzero(~(repeats >= 1))):
        report(
            f"{path.name} has {count(below, 'value')} below 1; every image was shown at least once."
        )


def _check_pair(folder: Path, name: str, n_rows: int | None, report: Report) -> PairOfFiles:
    files = {h: folder / f"{h.short}.{name}.npy" for h in HEMISPHERES}
    counts = {}
    if any(is_there(path) for path in files.values()):
        for hemisphere, path in files.items():
            values = open_array_file(path, REAL, 1 if n_rows is None else 2, report)
            if values is None:
                continue
            counts[hemisphere] = values.shape[-1]
            if n_rows is None:
                check_finite(path, values, report)
                report_ncsnr(path, values, report)
                if below := int(np.count_nonzero(values < 0)):
                    report(f"{path.name} is below 0 at {vertices(below)}; a ratio of SDs cannot.")
            elif len(values) != n_rows:
                report(f"{path.name} has {len(values):,} rows for {n_rows:,} images.")
    return PairOfFiles({h: path.name for h, path in files.items()}, counts)


def _check_fields(folder: Path, report: Report) -> PairOfFiles:
    """Report what is wrong with known receptive fields (``datasets.sidecar.known_fields``)."""
    files = {h: folder / f"{h.short}.prf.npy" for h in HEMISPHERES}
    counts = {}
    for hemisphere, path in files.items() if any(map(is_there, files.values())) else ():
        values = open_array_file(path, REAL, 2, report)
        if values is None:
            continue
        counts[hemisphere] = len(values)
        if values.shape[1] != 4:
            report(
                f"{path.name} has {values.shape[1]} columns; expected 4: x, y and SD of the "
                "receptive field, and eccentricity, in degrees."
            )
        elif none := int(np.count_nonzero(values[:, 2] <= 0)):
            report(f"{path.name} has an SD of 0 or less at {vertices(none)}; NaN says unknown.")
    return PairOfFiles({h: path.name for h, path in files.items()}, counts)


def _check_stimuli(path: Path, n_images: Mapping[str, int], report: Report) -> None:
    if not is_there(path):
        return
    items = tried(partial(read_json, path), report)
    if items is None:
        return
    if not isinstance(items, list):
        report(f"{path.name} holds a {type(items).__name__}; expected a list, one entry per image.")
        return
    wrong, absent, worded, sorted_wrongly = [], [], [], []
    seen: Counter[tuple[str, int]] = Counter()
    for k, item in enumerate(items, start=1):
        place = described(item)
        if place is None:
            wrong.append(k)
            continue
        seen[place] += 1
        split, number = place
        if not 1 <= number <= n_images.get(split, 0):
            absent.append(f"{split} {number}")
        if not _has_texts(item):
            worded.append(f"{split} {number}")
        if not _are_texts(item.get("categories", [])):
            sorted_wrongly.append(f"{split} {number}")
    if wrong:
        report(
            f"{path.name}: {len(wrong):,} entries do not say split (train or test) and number "
            f"(counted from 1: {first_of(wrong)})."
        )
    if absent:
        what = count(len(absent), "image that is not there", "images that are not there")
        report(f"{path.name} describes {what}: {first_of(absent)}.")
    if worded:
        report(f"{path.name}: captions must be texts; they are not for {first_of(worded)}.")
    if sorted_wrongly:
        report(
            f"{path.name}: categories must be texts; they are not for {first_of(sorted_wrongly)}."
        )
    if twice := [f"{split} {number}" for (split, number), n in seen.items() if n > 1]:
        report(f"{path.name} describes {count(len(twice), 'image')} twice: {first_of(twice)}.")


def _has_texts(item: Mapping[str, Any]) -> bool:
    return _are_texts(item.get("captions", [item["caption"]] if item.get("caption") else []))


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
