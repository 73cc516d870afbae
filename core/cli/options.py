"""Options that several verbs share, and what they name."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.backbones import WeightsSpec, parse_weights
from core.datasets import Subject, open_subject
from core.errors import InvalidInput
from core.features import FeatureStore
from core.features.spec import DTYPES
from core.pipeline.demo import demo_data
from core.progress import Progress
from core.runs import RunStore
from core.stimuli import StimulusImages, list_images
from core.storage import Home

DEMO = "demo"


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Add ``--runs``."""
    parser.add_argument("--runs", type=Path, metavar="DIR", help="folder of runs")


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add ``--weights`` and ``--weights-seed``."""
    parser.add_argument(
        "--weights",
        metavar="pretrained|untrained|FILE",
        help="default: the backbone's own (pretrained where it has any)",
    )
    parser.add_argument(
        "--weights-seed", type=int, default=0, help="seed of untrained weights (default 0)"
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
        metavar="published|stretch:N",
        help="what the network sees: its published framing (central square), or the whole picture "
        "stretched to N x N pixels",
    )


def add_dtype(parser: argparse.ArgumentParser) -> None:
    """Add ``--dtype``."""
    parser.add_argument(
        "--dtype",
        default="float32",
        choices=DTYPES,
        help="of stored features; float16 takes half the bytes and keeps 3 digits, up to 65,504",
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
    return open_subject(Path(folder), options.subject)


def weights_of(options: argparse.Namespace) -> WeightsSpec:
    """Read ``--weights`` for ``--backbone``: a kind, a published set's name, or a file."""
    return parse_weights(options.backbone, options.weights, seed=options.weights_seed)


def images_of(named: list[str]) -> StimulusImages:
    """Read ``--images``: one folder (natural file-name order) or files in the order given."""
    if len(named) == 1 and Path(named[0]).is_dir():
        paths = list_images(Path(named[0]))
    else:
        paths = tuple(Path(n) for n in named)
        for path in paths:
            if not path.is_file():
                raise InvalidInput(f"The image {path} does not exist.")
    return StimulusImages(tuple(p.name for p in paths), paths)
