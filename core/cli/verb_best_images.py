"""``best-images``: the pictures to which a ROI or some vertices respond most and least."""

from __future__ import annotations

import argparse
import base64
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import Subject, require_outside_data
from cortiscope.core.errors import InvalidInput, MissingData, shortened
from cortiscope.core.pipeline.best_images import MOST, best_images
from cortiscope.core.pipeline.results import number, write_table
from cortiscope.core.progress import Progress
from cortiscope.core.stimuli import StimulusImages, decode_image

NAME = "best-images"
HELP = "Highest and lowest pictures for a ROI or vertices by prediction, measured beside."

_LARGEST_LIST = 2**24  # bytes
_SIDE = 96  # pixels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    shared.add_run(parser)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--roi", metavar="NAME")
    where.add_argument(
        "--vertices",
        metavar="FILE",
        help="a text file with one a line: a row of the subject's arrays from 0, or left~4711 "
        "(number on the template); '-' reads it from stdin",
    )
    parser.add_argument(
        "--hemisphere", choices=[h.short for h in HEMISPHERES], help="of the ROI (default: both)"
    )
    parser.add_argument(
        "--images", type=Path, metavar="DIR", help="a folder of pictures (default: the subject's)"
    )
    parser.add_argument(
        "--k", type=shared.whole_number(1, MOST), default=12, help="of each end (default 12)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="write the list there too")
    parser.add_argument(
        "--thumbnails",
        action="store_true",
        help="with --images: a small picture of each in the JSON (base64, JPEG)",
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    if options.out is not None:
        require_outside_data(options.out)
    fitted, subject = shared.run_and_subject(options)
    positions, place = _place(subject, options)
    images = None if options.images is None else StimulusImages.from_folder(options.images)
    found = best_images(
        *(fitted, subject, positions, place),
        k=options.k,
        images=images,
        store=shared.feature_store(),
        progress=progress,
    )
    result = {
        "run": fitted.id,
        "simulated": subject.simulated,
        "unit": subject.conventions.units.value,
        **({} if options.images is None else {"images": str(options.images)}),
        **found.to_json(),
    }
    if options.thumbnails and images is not None:
        paths = dict(zip(images.ids, images.paths, strict=True))
        for own in (*result["highest"], *result["lowest"]):
            own["thumbnail"] = _small(paths[own["image"]])
    if options.out is not None:
        table = found.table()
        rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
        write_table(options.out, list(table.columns), rows)
        result["files"] = [str(options.out)]
    return result


def _small(path: Path) -> str:
    """Return a picture as base64 of a JPEG."""
    picture, content = decode_image(path, min_side=1, enough=2 * _SIDE).image, io.BytesIO()
    picture.thumbnail((_SIDE, _SIDE))
    picture.save(content, "JPEG", quality=88)
    return base64.b64encode(content.getvalue()).decode()


def _place(subject: Subject, options: argparse.Namespace) -> tuple[np.ndarray, str]:
    """Return the vertices that are named, and words for them."""
    if options.vertices is not None:
        if options.hemisphere:
            raise InvalidInput("--hemisphere goes with --roi.")
        positions = _listed(subject, options.vertices)
        return positions, f"{len(positions):,} {subject.space.unit}"
    subject.cortex("A ROI")
    sides = [h for h in HEMISPHERES if options.hemisphere in (None, h.short)]
    positions = np.concatenate([subject.roi_vertices(options.roi, h) for h in sides])
    if not len(positions):
        raise InvalidInput(f"{subject.id} has no vertex in {options.roi} there.")
    return positions, " ".join([options.roi, *(h.value for h in sides if len(sides) == 1)])


def _listed(subject: Subject, file: str) -> np.ndarray:
    if file == "-":
        text = sys.stdin.read(_LARGEST_LIST)
    else:
        path = Path(file)
        if not path.is_file():
            raise MissingData(f"There is no file {file}.", "Name a text file of vertices.")
        if path.stat().st_size > _LARGEST_LIST:
            raise InvalidInput(f"{path.name} is too large to be a list of vertices.")
        text = path.read_text(encoding="utf-8", errors="replace")
    words = [word for line in text.splitlines() if (word := line.strip()) and word[0] != "#"]
    if not words:
        raise InvalidInput(f"{Path(file).name} names no vertex.")
    return np.unique([_position(subject, word) for word in words])


def _position(subject: Subject, word: str) -> int:
    side, tilde, text = word.rpartition("~")
    known = text.isascii() and text.isdigit() and len(text) <= 9
    n = subject.space.n_vertices()
    if known and not tilde and int(text) < n:
        return int(text)
    if known and side in [h.value for h in HEMISPHERES]:
        space, h = subject.cortex("A vertex by its number"), Hemisphere(side)
        found = np.flatnonzero(np.asarray(space.index[h]) == int(text))
        if len(found):
            return int(found[0]) + space.slice_of(h).start
    raise InvalidInput(
        f"{shortened(word, 60)!r} is no vertex of {subject.id}.",
        f"Allowed: 0 to {n - 1}, or left~ or right~ and a number on the template.",
    )


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else number(value)
    return "" if value is None else str(value)


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = ["SIMULATED data"] if result["simulated"] else []
    lines.append(f"{result['place']}, among {result['n_images']:,} pictures")
    for end in ("highest", "lowest"):
        lines.append(f"{end}:")
        for own in result[end]:
            known = "" if own["measured"] is None else f"   measured {own['measured']:+.3f}"
            role = f"   ({own['role']})" if own["role"] else ""
            lines.append(f"  {own['image']:<24} predicted {own['predicted']:+.3f}{known}{role}")
    return "\n".join(lines)
