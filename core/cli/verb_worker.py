"""``worker``: answers the app's questions about pictures (``core.cli.answers``).

The app's own process never imports torch; this one does, once, and stays. Requests::

    {"id": 1, "ask": "design", "run": ID, "image": PATH}
    {"id": 2, "ask": "occlusion", "run": ID, "image": PATH, "grid": 9, "row": 0}
    {"id": 3, "ask": "classes", "run": ID, "image": PATH}
    {"id": 4, "ask": "seen", "run": ID, "image": PATH}
    {"id": 5, "ask": "looks", "images": [PATH, ...]}
    {"id": 6, "ask": "cortex", "subject": FOLDER, "maps": [...], ...}

Arrays travel as base64 of float32 with their shape; the last is ``cortex_picture``'s.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.cli import options as shared
from cortiscope.core.cli.answers import answer_lines, encode_array, show_answered
from cortiscope.core.cli.cortex_picture import cortex_picture
from cortiscope.core.errors import InvalidInput
from cortiscope.core.pipeline.predict import (
    BackboneCache,
    occluded_designs,
    picture_design,
    seen_part,
)
from cortiscope.core.progress import Progress
from cortiscope.core.runs import RunStore
from cortiscope.core.stimuli import decode_image, picture_looks

NAME = "worker"
HELP = "Answer questions about pictures, one JSON object per line (used by the app)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Answer until the input ends."""
    # The slow import happens before the first question instead of during it.
    import torch

    torch.set_num_threads(2)
    runs, backbones = shared.run_store(options), BackboneCache()
    return answer_lines(lambda request: _answer(request, runs, backbones))


def _answer(request: dict[str, Any], runs: RunStore, backbones: BackboneCache) -> dict[str, Any]:
    if request["ask"] == "cortex":
        return cortex_picture(request)
    if request["ask"] == "looks":
        pictures = (decode_image(p, name=p.name).image for p in map(Path, request["images"]))
        return {"looks": encode_array(np.stack([picture_looks(p) for p in pictures]))}
    path = Path(request["image"])
    picture = decode_image(path, name=path.name).image
    fitted = runs.open(request["run"])
    if request["ask"] == "design":
        design, residual = picture_design(fitted, picture, backbones)
        return {"design": encode_array(design), "residual": residual}
    if request["ask"] == "occlusion":
        grid, rows = int(request["grid"]), [int(request["row"])]
        designs = occluded_designs(fitted, picture, backbones, grid=grid, rows=rows)
        return {"designs": encode_array(designs)}
    if request["ask"] == "seen":
        return {"seen": seen_part(fitted, picture.size, backbones)}
    if request["ask"] == "classes":
        # Of several networks the last that names categories: the deepest comes last in recipes.
        networks = backbones.of(fitted)
        naming = [network for network in networks if network.categories] or networks
        return {"classes": [[name, float(p)] for name, p in naming[-1].classify(picture)]}
    raise InvalidInput(f"Unknown question {request['ask']!r}.")


show = show_answered
