"""Options that several verbs share, and what they name."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cortiscope.core import notebook
from cortiscope.core.backbones import WeightsSpec, parse_weights
from cortiscope.core.brain import HEMISPHERES, VOXELS
from cortiscope.core.datasets import Subject, open_subject
from cortiscope.core.errors import LARGEST_WHOLE, InvalidInput, read_whole, shortened
from cortiscope.core.features import FeatureStore
from cortiscope.core.features.spec import DTYPES, PRECISIONS
from cortiscope.core.pipeline.demo import demo_data
from cortiscope.core.progress import Progress
from cortiscope.core.runs import Run, RunStore
from cortiscope.core.stimuli import StimulusImages, list_images, read_captions, with_captions
from cortiscope.core.stimuli.listing import name_in, natural_sort_key
from cortiscope.core.storage import Home, atomic_file
from cortiscope.core.storage.foreign import check_fetched

DEMO = "demo"


def whole_number(least: int = 0, most: int = LARGEST_WHOLE) -> Callable[[str], int]:
    """Return a type of option: whole numbers within bounds, refused in words."""

    def read(text: str) -> int:
        number = read_whole(text)
        if number is None or not least <= number <= most:
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {least:,} to {most:,}; got {shortened(text, 40)!r}"
            )
        return number

    return read


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Add ``--runs``."""
    parser.add_argument("--runs", type=Path, metavar="DIR", help="folder of runs")


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add ``--run``, ``--data`` and ``--runs``: a fitted run and the data that it was fitted to."""
    parser.add_argument("--run", required=True, metavar="ID", dest="run_id")
    parser.add_argument(
        "--data", type=Path, help="data folder (default: the demo, and those of CORTISCOPE_DATA)"
    )
    add_runs(parser)


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add ``--weights`` and ``--weights-seed``."""
    parser.add_argument(
        "--weights",
        metavar="pretrained|untrained|FILE",
        help="default: the backbone's own (pretrained where it has any)",
    )
    parser.add_argument(
        "--weights-seed",
        type=whole_number(),
        default=0,
        help="seed of untrained weights (default 0)",
    )


def add_pooling(parser: argparse.ArgumentParser, default: str) -> None:
    """Add ``--pool``."""
    parser.add_argument(
        "--pool",
        default=default,
        metavar="none|mean|grid:N",
        help=f"spatial pooling of layer maps (default {default})",
    )


def add_framing(parser: argparse.ArgumentParser) -> None:
    """Add ``--framing``."""
    parser.add_argument(
        "--framing",
        default="published",
        metavar="published|stretch:N|caption:N",
        help="what the network is given: its published framing (central square; the mean over all "
        "captions), the whole picture stretched to N x N pixels, or the N-th caption alone",
    )


def add_images(parser: argparse.ArgumentParser) -> None:
    """Add ``--images`` and ``--captions``."""
    parser.add_argument("--images", nargs="+", required=True, metavar="DIR_OR_FILES")
    parser.add_argument(
        "--captions",
        type=Path,
        metavar="FILE",
        help="their captions, for networks that read: .csv, .tsv or .json, COCO's own too",
    )


def add_dtype(parser: argparse.ArgumentParser) -> None:
    """Add ``--dtype``."""
    parser.add_argument(
        "--dtype",
        default="float32",
        choices=DTYPES,
        help="number type of stored features; float16 takes half the bytes and keeps 3 digits, up "
        "to 65,504",
    )


def add_precision(parser: argparse.ArgumentParser, default: str | None = "float32") -> None:
    """Add ``--precision``."""
    parser.add_argument(
        "--precision",
        default=default,
        choices=PRECISIONS,
        help="number type in which networks multiply; bfloat16 is faster on CPUs and GPUs with "
        "units for it, and keeps 3 digits",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument(
        "--device",
        default="auto",
        metavar="auto|cpu|cuda|cuda:N",
        help="where networks and solvers compute; auto: the first GPU where there is one",
    )


def run_store(options: argparse.Namespace) -> RunStore:
    """Open the folder of runs."""
    return RunStore(options.runs or Home.from_environment().runs)


def feature_store() -> FeatureStore:
    """Open the feature cache."""
    return FeatureStore(Home.from_environment().features)


def subject_of(options: argparse.Namespace, progress: Progress) -> Subject:
    """Open the subject that ``--data`` and ``--subject`` name; ``demo`` is made if need be."""
    folder = options.data
    if folder == DEMO:
        folder = demo_data(Home.from_environment(), progress)
    return open_subject(Path(folder), options.subject).identified(progress)


def run_and_subject(options: argparse.Namespace) -> tuple[Run, Subject]:
    """Open what ``add_run`` names."""
    run = run_store(options).open(options.run_id)
    given = None if options.data is None else open_subject(options.data, run.subject)
    return run, notebook.subject_of(run, given)


def weights_of(options: argparse.Namespace) -> WeightsSpec:
    """Read ``--weights`` for ``--backbone``: a kind, a published set's name, or a file."""
    return parse_weights(options.backbone, options.weights, seed=options.weights_seed)


def counts_of(run: Run) -> dict[str, Any]:
    """Return how many vertices per hemisphere, and how many voxels of unknown position."""
    counts = run.n_vertices
    return {
        "vertices": {h.short: counts.get(h.short, 0) for h in HEMISPHERES},
        "voxels": counts.get(VOXELS.short, 0),
    }


def places_words(counts: dict[str, Any]) -> str:
    """Say what ``counts_of`` counted."""
    if counts["voxels"]:
        return f"{counts['voxels']:,} voxels of unknown position"
    return f"{counts['vertices']['lh']} left + {counts['vertices']['rh']} right vertices"


def images_of(options: argparse.Namespace) -> StimulusImages:
    """Read ``--images``, a folder or files, in natural order of file names, and ``--captions``."""
    # A shell sorts what it puts in for img*.png letter by letter.
    named = sorted((Path(n) for n in options.images), key=lambda p: natural_sort_key(p.name))
    if len(named) == 1 and named[0].is_dir():
        paths = list_images(named[0])
        names = tuple(name_in(named[0], p) for p in paths)
    else:
        paths, names = tuple(named), tuple(p.name for p in named)
        for path in paths:
            check_fetched(path)
            if not path.is_file():
                raise InvalidInput(f"The image {path} does not exist.")
    images = StimulusImages(names, paths)
    return with_captions(images, read_captions(options.captions)) if options.captions else images


def write_names(out: Path, images: StimulusImages) -> str:
    """Write which image is which row of the arrays in a folder; return the file's name."""
    with atomic_file(out / "images.txt") as draft:
        draft.write_text("\n".join(images.ids) + "\n", encoding="utf-8", errors="surrogateescape")
    return "images.txt"
