"""``score``: predictions against responses, with the Algonauts 2023 number."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Part
from cortiscope.core.cli.score_files import (
    SubjectFiles,
    find_score_files,
    parts_of,
    prediction_file,
    subjects_without_predictions,
)
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.errors import CoreError, IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation import (
    Jackknifed,
    ScoreSummary,
    jackknife_mean_r,
    pearson_r,
    summarize_scores,
)
from cortiscope.core.progress import Progress, part, silent

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
        "positions: pred.npy; or a folder with one such folder per subject",
    )
    parser.add_argument(
        "--responses",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of ?h_test_fmri.npy, the same images in the same order; or one per subject, "
        "or the data folder if it has test_split/test_fmri",
    )
    parser.add_argument(
        "--ceiling",
        type=Path,
        metavar="DIR",
        help="folder of ?h_noise_ceiling.npy, (n_vertices,), fractions 0 to 1; or one per subject",
    )


@dataclass(frozen=True)
class _Scored:
    """The vertices of one subject: r and ceiling (n_vertices,) and mean r per part."""

    r: dict[Part, np.ndarray]
    ceilings: dict[Part, np.ndarray]
    tested: dict[Part, Jackknifed]
    n_images: int


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    found = find_score_files(options.predictions, options.responses, options.ceiling)
    scored = {}
    for k, files in enumerate(found):
        step = part(progress, k / len(found), (k + 1) / len(found))
        scored[files.subject] = _named_score(files, step)
    if not found[0].subject:
        return _summary([scored[""]])
    return {
        **_summary(list(scored.values())),
        "per_subject": {name: _summary([own]) for name, own in scored.items()},
        "subjects_missing": subjects_without_predictions(options.responses, found),
    }


def _named_score(files: SubjectFiles, progress: Progress) -> _Scored:
    if not files.subject:
        return _score(files, progress)
    try:
        return _score(files, progress)
    except CoreError as error:  # file names are the same for every subject
        raise type(error)(f"{files.subject}: {error.message}", error.hint) from error


def _score(files: SubjectFiles, progress: Progress = silent) -> _Scored:
    r: dict[Part, np.ndarray] = {}
    ceilings: dict[Part, np.ndarray] = {}
    tested: dict[Part, Jackknifed] = {}
    n_images: int | None = None
    parts = parts_of(files.predictions)
    for k, own in enumerate(parts):
        measured_file = files.responses / f"{own.prefix}test_fmri.npy"
        progress(k / len(parts), f"reading {files.subject} {measured_file.name}".replace("  ", " "))
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
        predicted_file = prediction_file(files.predictions, own)
        predicted = _load(predicted_file, shape=measured.shape)
        r[own] = _correlate(predicted, measured, predicted_file, measured_file)
        tested[own] = jackknife_mean_r(predicted, measured, [np.arange(measured.shape[1])])
        if files.ceiling is not None:
            ceilings[own] = _load_ceiling(
                files.ceiling / f"{own.prefix}noise_ceiling.npy", measured.shape[1]
            )
    progress(1.0, "scored")
    return _Scored(r, ceilings, tested, n_images or 0)


def _summary(scored: Sequence[_Scored]) -> dict[str, Any]:
    """Pool subjects: means and medians over all their vertices, not over subjects."""
    # Voxels of unknown position are in no hemisphere: both have none.
    each = {h.short: _numbers(scored, [h]) for h in HEMISPHERES}
    everything = list(dict.fromkeys(p for own in scored for p in own.r))
    return {
        **_numbers(scored, everything),
        "n_images": sum(own.n_images for own in scored),
        "per_hemisphere": each,
    }


def _numbers(scored: Sequence[_Scored], parts: Sequence[Part]) -> dict[str, Any]:
    low, high = _interval(scored, parts)
    return {**asdict(_pooled(scored, parts)), "mean_r_low_95": low, "mean_r_high_95": high}


def _interval(
    scored: Sequence[_Scored], parts: Sequence[Part]
) -> tuple[float | None, float | None]:
    """Return the ends of the interval of one subject's mean r; images of several do not pool."""
    own = scored[0]
    n = {p: int(np.isfinite(own.r[p]).sum()) for p in parts if p in own.r}
    known = [p for p, count in n.items() if count]
    if len(scored) > 1 or not known or not own.tested[known[0]].calibrated:
        return None, None
    share = np.array([n[p] for p in known]) / sum(n.values())
    estimate = share @ [own.tested[p].estimate for p in known]
    without = np.tensordot(share, [own.tested[p].without for p in known], axes=1)
    low, high = Jackknifed(estimate, without, own.tested[known[0]].sizes).interval()
    return float(low[0]), float(high[0])


def _pooled(scored: Sequence[_Scored], parts: Sequence[Part]) -> ScoreSummary:
    r = [own.r[p] for own in scored for p in parts if p in own.r]
    ceilings = [own.ceilings[p] for own in scored for p in parts if p in own.ceilings]
    n_images = [np.full(len(own.r[p]), own.n_images) for own in scored for p in parts if p in own.r]
    return summarize_scores(
        np.concatenate(r) if r else np.empty(0),
        np.concatenate(ceilings) if ceilings else None,
        np.concatenate(n_images) if n_images else None,
    )


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
    subjects = result.get("per_subject", {})
    lines = [line for name, own in subjects.items() for line in _lines(own, f"{name} ")]
    lines += _lines(result, "pooled " if subjects else "")
    if subjects:
        lines[-1] += f" of {len(subjects)} subjects"
    if result.get("subjects_missing"):
        lines.append(f"No predictions for {', '.join(result['subjects_missing'])}.")
    return "\n".join(lines)


def _lines(result: dict[str, Any], title: str) -> list[str]:
    parts = {"both": result, **result["per_hemisphere"]}
    if not any(own["n_vertices"] for own in result["per_hemisphere"].values()):
        parts = {"all": result}
    lines = []
    for name, own in parts.items():
        median, mean = (_number(own[key], 4) for key in ("median_r", "mean_r"))
        lines.append(
            f"{title}{name:<5} median r {median}  mean r {mean}{_ends(own)}  "
            f"challenge score {_number(own['challenge_score'], 3)}{_without_zeros(own)}  "
            f"n {own['n_vertices']:,} ({own['n_undefined']:,} undefined)"
        )
    return [*lines, f"{title}over {result['n_images']:,} images"]


def _ends(own: dict[str, Any]) -> str:
    low, high = own["mean_r_low_95"], own["mean_r_high_95"]
    return "" if low is None else f" (95 % {low:.4f} to {high:.4f})"


def _without_zeros(own: dict[str, Any]) -> str:
    """Say the score without vertices of ceiling 0 where there are any, and what chance gives."""
    chance = "" if own["chance"] is None else f", chance {_number(own['chance'], 1)}"
    if not own["n_zero_ceiling"]:
        return f" ({chance[2:]})" if chance else ""
    return (
        f" ({_number(own['noise_normalized'], 3)} without {own['n_zero_ceiling']:,} of ceiling 0"
        f"{chance})"
    )


def _number(value: float | None, digits: int) -> str:
    return "unknown" if value is None else f"{value:.{digits}f}"
