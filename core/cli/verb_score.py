"""``score``: predictions against responses, with the Algonauts 2023 number."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.brain import HEMISPHERES, VOXELS, Part
from core.datasets.arrays import load_array
from core.errors import IncompatibleSpace, InvalidInput, MissingData
from core.evaluation import pearson_r, summarize_scores
from core.progress import Progress

NAME = "score"
HELP = "Score predicted against measured responses: Pearson r and the Algonauts 2023 number."

# Vertices correlated at once: bounds the float64 copies to some tens of megabytes.
_VERTICES_AT_ONCE = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--predictions",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of ?h_pred.npy or ?h_pred_test.npy, (n_images, n_vertices); voxels without "
        "positions: pred.npy, and so below",
    )
    parser.add_argument(
        "--responses",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of ?h_test_fmri.npy, the same images in the same order",
    )
    parser.add_argument(
        "--ceiling",
        type=Path,
        metavar="DIR",
        help="folder of ?h_noise_ceiling.npy, (n_vertices,), fractions 0 to 1",
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    r: dict[Part, np.ndarray] = {}
    ceilings: dict[Part, np.ndarray] = {}
    n_images: int | None = None
    for part in _parts(options.predictions):
        measured_file = options.responses / f"{part.prefix}test_fmri.npy"
        measured = _load(measured_file, shape=(None, None))
        if n_images is not None and len(measured) != n_images:
            raise IncompatibleSpace(
                f"{measured_file.name} has {len(measured):,} images, "
                f"lh_test_fmri.npy has {n_images:,}.",
                "Both hemispheres saw the same images.",
            )
        n_images = len(measured)
        if n_images == 0:
            raise InvalidInput(f"{measured_file.name} holds no image.")
        predicted_file = _prediction_file(options.predictions, part)
        predicted = _load(predicted_file, shape=measured.shape)
        r[part] = _correlate(predicted, measured, predicted_file, measured_file)
        if options.ceiling is not None:
            ceilings[part] = _load_ceiling(
                options.ceiling / f"{part.prefix}noise_ceiling.npy", measured.shape[1]
            )
    everything = np.concatenate(list(ceilings.values())) if ceilings else None
    pooled = summarize_scores(np.concatenate(list(r.values())), everything)
    # Voxels of unknown position are in no hemisphere: both have none.
    none = np.empty(0)
    each = {h.short: summarize_scores(r.get(h, none), ceilings.get(h)) for h in HEMISPHERES}
    return {
        **asdict(pooled),
        "n_images": n_images,
        "per_hemisphere": {k: asdict(s) for k, s in each.items()},
    }


def _parts(folder: Path) -> tuple[Part, ...]:
    """Return what the predictions are of: both hemispheres, or voxels without positions."""
    found = [p for p in (*HEMISPHERES, VOXELS) if _files_there(folder, p)]
    if VOXELS in found and len(found) > 1:
        names = ", ".join(path.name for p in found for path in _files_there(folder, p))
        raise InvalidInput(
            f"{folder} has {names}: predictions of hemispheres and of voxels without positions.",
            "Keep one kind there.",
        )
    return (VOXELS,) if found == [VOXELS] else HEMISPHERES


def _files_there(folder: Path, part: Part) -> list[Path]:
    names = (f"{part.prefix}pred.npy", f"{part.prefix}pred_test.npy")
    return [folder / name for name in names if (folder / name).exists()]


def _prediction_file(folder: Path, part: Part) -> Path:
    names = [f"{part.prefix}pred.npy", f"{part.prefix}pred_test.npy"]
    there = _files_there(folder, part)
    if not there:
        raise MissingData(f"Neither {names[0]} nor {names[1]} is in {folder}.")
    if len(there) > 1:
        raise InvalidInput(
            f"Both {names[0]} and {names[1]} are in {folder}: which one is meant is unclear.",
            "Keep one of them there.",
        )
    return there[0]


def _load(path: Path, shape: tuple[int | None, ...]) -> np.ndarray:
    array = load_array(path, shape=shape)
    if array.dtype.kind not in "fiu":
        raise InvalidInput(f"{path.name} holds {array.dtype} values; expected real numbers.")
    return array


def _load_ceiling(path: Path, n_vertices: int) -> np.ndarray:
    ceiling = np.asarray(_load(path, shape=(n_vertices,)), dtype=np.float64)
    _check_finite(ceiling[None], path, 0)
    if ceiling.size and (ceiling.min() < 0 or ceiling.max() > 1):
        raise InvalidInput(
            f"{path.name} goes from {ceiling.min():.3g} to {ceiling.max():.3g}; "
            "ceilings are fractions from 0 to 1.",
            "Divide ceilings in percent by 100.",
        )
    return ceiling


def _correlate(
    predicted: np.ndarray, measured: np.ndarray, predicted_file: Path, measured_file: Path
) -> np.ndarray:
    """Return (n_vertices,) Pearson r, a block of vertices at a time."""
    r = np.empty(measured.shape[1])
    for start in range(0, len(r), _VERTICES_AT_ONCE):
        block = slice(start, start + _VERTICES_AT_ONCE)
        own = np.asarray(predicted[:, block]), np.asarray(measured[:, block])
        for values, path in zip(own, (predicted_file, measured_file), strict=True):
            _check_finite(values, path, start)
        r[block] = pearson_r(*own)
    return r


def _check_finite(values: np.ndarray, path: Path, start: int) -> None:
    """Refuse NaN and infinity in (n_images, n_vertices), naming the vertices from ``start``."""
    bad = start + np.flatnonzero(~np.isfinite(values).all(axis=0))
    if bad.size:
        shown = ", ".join(map(str, bad[:8])) + (", ..." if bad.size > 8 else "")
        raise InvalidInput(
            f"{path.name} has values that are not finite, at vertices {shown} (from 0).",
            "Only finite numbers can be scored.",
        )


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = []
    parts = {"both": result, **result["per_hemisphere"]}
    if not any(part["n_vertices"] for part in result["per_hemisphere"].values()):
        parts = {"all": result}
    for name, part in parts.items():
        median, mean = (_number(part[key], 4) for key in ("median_r", "mean_r"))
        lines.append(
            f"{name:<5} median r {median}  mean r {mean}  "
            f"challenge score {_number(part['challenge_score'], 3)}  "
            f"n {part['n_vertices']:,} ({part['n_undefined']:,} undefined)"
        )
    return "\n".join([*lines, f"over {result['n_images']:,} images"])


def _number(value: float | None, digits: int) -> str:
    return "unknown" if value is None else f"{value:.{digits}f}"
