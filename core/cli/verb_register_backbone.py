"""``register-backbone``: make a network of one's own a backbone, from the code that makes it."""

from __future__ import annotations

import argparse
from typing import Any

from cortiscope.core.backbones import list_layers, register_backbone, resolve_weights
from cortiscope.core.cli import options as shared
from cortiscope.core.progress import Progress

NAME = "register-backbone"
HELP = "Register a network of your own as a backbone: CODE is FILE.py:function, and is run."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "code",
        metavar="CODE",
        help="FILE.py:function or package.module:function, which returns a torch.nn.Module, or "
        "it and its transform (from an RGB picture to a tensor)",
    )
    parser.add_argument("--name", required=True, help="what to call it")
    parser.add_argument("--title", default="", help="what to call it for people (default: NAME)")
    parser.add_argument(
        "--layers", help="names or globs for menus, separated by commas (default: its blocks)"
    )
    parser.add_argument(
        "--input-size",
        type=shared.whole_number(1, 4096),
        default=224,
        metavar="PX",
        help="side of its square input where CODE returns no transform (default 224); colours "
        "are then scaled by ImageNet's mean and SD",
    )
    parser.add_argument(
        "--transform", metavar="CODE", help="where its transform is, if CODE does not return it"
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    card = register_backbone(
        options.code,
        options.name,
        transform=options.transform,
        layers=options.layers.split(",") if options.layers else None,
        input_size=options.input_size,
        title=options.title,
    )
    return {
        "name": card.name,
        "title": card.title,
        "weights": resolve_weights(card.name).sha256,
        "input_size": card.input_size,
        "preprocessing": card.preprocessing,
        "layers": {layer.name: list(layer.shape) for layer in list_layers(card.name)},
        "offered": list(card.layers_offered),
    }


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = [
        f"{'*' if name in result['offered'] else ' '} {name}: {' x '.join(map(str, shape))}"
        for name, shape in result["layers"].items()
    ]
    head = f"{result['name']}: weights {result['weights'][:12]}. {result['preprocessing']}"
    return "\n".join([head, "Layers (* in menus):", *lines])
