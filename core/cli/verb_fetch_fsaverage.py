"""``fetch-fsaverage``: the full-size template, by nilearn, from osf.io.

A module of its own, as each verb of the command line is.
"""

from __future__ import annotations

import argparse
from typing import Any

from cortiscope.core.brain.fsaverage import fetch_fsaverage, load_fsaverage
from cortiscope.core.progress import Progress
from cortiscope.core.storage import Home

NAME = "fetch-fsaverage"
HELP = "Download fsaverage (163,842 vertices a hemisphere) once, into nilearn's data folder."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    progress(0.05, "asking osf.io for fsaverage")
    folder = fetch_fsaverage()
    progress(0.7, "converting fsaverage")
    surfaces = load_fsaverage(Home.from_environment().surfaces)
    return {"folder": str(folder), "vertices": len(surfaces.left.pial)}


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    return f"fsaverage, {result['vertices']:,} vertices a hemisphere, in {result['folder']}"
