"""``features``: one forward pass over images, one ``.npy`` per layer."""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from typing import Any

from cortiscope.core.backbones import Framing, load_backbone
from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import require_outside_data
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.progress import Progress
from cortiscope.core.storage import Home, atomic_file

NAME = "features"
HELP = "Extract the features of images: all layers in one pass, DIR/<layer>.npy and images.txt."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    shared.add_images(parser)
    parser.add_argument("--backbone", required=True, help="its name; 'list backbones' shows them")
    shared.add_weights(parser)
    parser.add_argument("--layers", required=True, help="names or globs, separated by commas")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for what is written"
    )
    parser.add_argument(
        "--batch-size",
        type=shared.whole_number(1, 65_536),
        help="images in memory at a time (default 32; on a GPU what its memory takes)",
    )
    shared.add_pooling(parser, "none")
    shared.add_framing(parser)
    shared.add_dtype(parser)
    shared.add_precision(parser)
    shared.add_device(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    # torch is imported only by the verbs that compute.
    from cortiscope.core.backbones.base import expand_layers

    started = time.perf_counter()
    require_outside_data(options.out)
    weights = shared.weights_of(options)
    images = shared.images_of(options)
    pooling = Pooling.parse(options.pool)
    framing = Framing.parse(options.framing)
    backbone = load_backbone(options.backbone, weights, options.device)
    backbone = backbone.framed(framing).at_precision(options.precision)
    layers = expand_layers(backbone, options.layers.split(","))
    specs = [
        FeatureSpec(
            *(options.backbone, weights, layer, pooling),
            *(options.dtype, framing, options.precision),
        )
        for layer in layers
    ]
    # Through the cache: a killed pass goes on where it was, and nothing is held in memory.
    store = FeatureStore(Home.from_environment().features, lambda *_: backbone)
    features = store.get(specs, images, progress, batch_size=options.batch_size)
    for spec in specs:
        kept = store.path_of(spec, images)
        with atomic_file(options.out / f"{spec.layer}.npy", kept.stat().st_size) as draft:
            shutil.copyfile(kept, draft)
    shared.write_names(options.out, images)
    return {
        "n_images": len(images),
        "images": list(images.ids),
        "layers": {name: list(values.shape) for name, values in features.items()},
        "weights": backbone.card.weights_label(backbone.weights),
        "framing": framing.text,
        "notes": list(backbone.notes),
        "seconds": round(time.perf_counter() - started, 3),
    }


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = [f"{name}: {' x '.join(map(str, s))}" for name, s in result["layers"].items()]
    head = f"{result['n_images']} images, weights {result['weights']}, {result['seconds']} s"
    return "\n".join([head, *result["notes"], *lines])
