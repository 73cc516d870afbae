"""``reader``: opens foreign files for the app (``core.cli.answers``), without torch.

A picture or an archive that crashes its reader crashes nothing else. Questions::

    {"id": 1, "ask": "thumbnail", "image": PATH, "size": 96}
    {"id": 2, "ask": "photograph", "image": PATH, "name": NAME, "side": 1600, "out": PATH}
    {"id": 3, "ask": "subject", "folder": PATH}

A photograph is written to ``out`` as an upright RGB PNG. A subject is opened and let go again:
what cannot be memory-mapped has been converted into the cache by then.
"""

from __future__ import annotations

import argparse
import base64
from pathlib import Path
from typing import Any

from PIL import Image

from cortiscope.core.cli.answers import answer_lines, show_answered
from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress
from cortiscope.core.stimuli import decode_image, thumbnail
from cortiscope.core.storage import atomic_file

NAME = "reader"
HELP = "Open pictures and data folders, one JSON object per line (used by the app)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options: none."""


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Answer until the input ends."""
    return answer_lines(_answer)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    if request["ask"] == "thumbnail":
        content, media_type = thumbnail(Path(request["image"]), int(request["size"]))
        return {"base64": base64.b64encode(content).decode(), "media_type": media_type}
    if request["ask"] == "photograph":
        return _photograph(request)
    if request["ask"] == "subject":
        return {"id": open_subject(Path(request["folder"])).id}
    raise InvalidInput(f"Unknown question {request['ask']!r}.")


def _photograph(request: dict[str, Any]) -> dict[str, Any]:
    decoded = decode_image(Path(request["image"]), name=request["name"])
    picture = decoded.image
    picture.thumbnail((request["side"], request["side"]), Image.Resampling.LANCZOS)
    with atomic_file(Path(request["out"])) as target:
        picture.save(target, "PNG", compress_level=1)
    width, height = decoded.original_size
    return {
        "notes": list(decoded.notes),
        "original": f"{width} x {height} px, {decoded.original_mode}",
    }


show = show_answered
