"""``decode``: which picture was seen, from the held-out responses of a fitted run's report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import require_outside_data
from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation import Decoding
from cortiscope.core.pipeline.decoding import PRIORS, SETS, decode
from cortiscope.core.pipeline.results import number, write_table
from cortiscope.core.progress import Progress
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.storage import write_array, write_json

NAME = "decode"
HELP = "Decode which picture was seen from held-out responses, by a fitted run."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    shared.add_run(parser)
    parser.add_argument(
        "--candidates",
        default="test",
        metavar="test|train|DIR",
        help="the held-out images themselves (default), or further pictures, among which the one "
        "that was seen is put",
    )
    parser.add_argument(
        "--vertices",
        default="auto",
        metavar="auto|all|N",
        help="those with the largest cross-validated r on training images (auto: as many as "
        "decode these best)",
    )
    parser.add_argument("--roi", metavar="NAME", help="vertices of this ROI alone")
    parser.add_argument("--hemisphere", choices=[h.short for h in HEMISPHERES])
    parser.add_argument(
        "--prior", default="uniform", choices=PRIORS, help="category: all equally probable"
    )
    parser.add_argument(
        "--folds",
        type=shared.whole_number(0, 100),
        default=5,
        metavar="N",
        help="refits on the fit images for their residuals; 0: of validation images alone",
    )
    parser.add_argument("--seed", type=shared.whole_number(), default=0)
    parser.add_argument("--out", type=Path, metavar="DIR", help="write tables and posterior there")


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    if options.out is not None:
        require_outside_data(options.out)
    fitted, subject = shared.run_and_subject(options)
    candidates: str | StimulusImages = options.candidates
    if options.candidates not in SETS:
        if not Path(options.candidates).is_dir():
            raise InvalidInput(
                f"The candidates {options.candidates!r} are no folder.",
                f"Name a folder of pictures, or one of: {', '.join(SETS)}.",
            )
        candidates = StimulusImages.from_folder(Path(options.candidates))
    sides = {h.short: h.value for h in HEMISPHERES}
    found = decode(
        *(fitted, subject),
        candidates=candidates,
        vertices=options.vertices,
        roi=options.roi,
        hemisphere=sides.get(options.hemisphere),
        prior=options.prior,
        n_folds=options.folds,
        seed=options.seed,
        progress=progress,
    )
    result = found.to_json()
    if options.candidates not in SETS:
        result["candidates"] = options.candidates
    if options.out is not None:
        result["files"] = _write(found, result, options.out)
    return result


def _write(found: Decoding, result: dict[str, Any], out: Path) -> list[str]:
    """Write the posterior, and every table of the result as CSV; return the names of the files."""
    out.mkdir(parents=True, exist_ok=True)
    curve, bins = dict(result["identification"]), dict(result["reliability"])
    columns = ("count", "confidence", "accuracy", "low", "high")
    tables: dict[str, tuple[list[str], list[list[Any]]]] = {
        "identification.csv": _columns(curve, ("set_size", "rate", "chance", "low", "high")),
        "reliability.csv": _columns(bins, columns),
        "pictures.csv": _rows(found.picture_rows()),
    }
    if found.categories is not None:
        names = [own.name for own in found.categories.scores]
        tables["categories.csv"] = _rows([vars(own) for own in found.categories.scores])
        tables["category_confusion.csv"] = (
            ["of images of", *names],
            [
                [name, *map(number, row)]
                for name, row in zip(names, found.categories.confusion.tolist(), strict=True)
            ],
        )
    for name, (header, rows) in tables.items():
        write_table(out / name, header, rows)
    write_array(out / "log_posterior.npy", found.posterior)
    names_of = {"rows": list(found.images), "columns": list(found.candidates)}
    files = ["decode.json", *tables, "log_posterior.npy"]
    write_json(out / "decode.json", {**result, "log_posterior": names_of, "files": files})
    return files


def _columns(values: dict[str, Any], names: tuple[str, ...]) -> tuple[list[str], list[list[Any]]]:
    return list(names), [list(row) for row in zip(*(values[n] for n in names), strict=True)]


def _rows(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    return list(rows[0]), [list(row.values()) for row in rows]


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = [f"SIMULATED {result['subject']}"] if result["simulated"] else []
    curve, calibration = result["identification"], result["reliability"]
    lines.append(f"{result['definition']} ({result['n_images']} {result['split']} images)")
    names = ("set_size", "rate", "low", "high", "interval", "chance")
    for size, rate, low, high, how, chance in zip(*(curve[n] for n in names), strict=True):
        ends = f"{low:.3f} to {high:.3f}, {how}"
        lines.append(f"  of {size}: {rate:.3f} ({ends}; by guessing {chance:.3f})")
    within = "within its band" if calibration["within_band"] else "NOT within its band"
    lines.append(
        f"calibration error {calibration['error']:.3f} ({calibration['error_if_calibrated']:.3f} "
        f"if calibrated), {within}"
    )
    lines.append(f"vertices: {result['vertices']}; residuals of {result['residuals']}")
    for own in result["categories"] or []:
        if own["auc"] is not None:
            ends = f"{own['low']:.3f} to {own['high']:.3f}"
            lines.append(f"  {own['name']} ({own['n']} images): AUC {own['auc']:.3f} ({ends})")
    if result["categories_absent"]:
        lines.append(f"no categories read out: {result['categories_absent']}")
    lines += [f"written: {', '.join(result['files'])}"] if "files" in result else []
    return "\n".join(lines)
