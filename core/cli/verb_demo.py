"""``demo``: make the simulated subjects and the encoding models that the app opens on.

A module of its own, as each verb of the command line is.
"""

from __future__ import annotations

import argparse
from typing import Any

from cortiscope.core.pipeline.demo import fit_group, prepare_demo
from cortiscope.core.progress import Progress
from cortiscope.core.simulation.demo import ensure_demo
from cortiscope.core.simulation.recipe import FURTHER_RECIPE
from cortiscope.core.storage import Home

NAME = "demo"
HELP = "Make the simulated subjects and their encoding models (once; later calls find them)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--further",
        action="store_true",
        help="make two further simulated subjects, without models, to judge what was chosen on "
        "the demo: sim03, whose receptive fields are not Gaussian and whose early areas answer to "
        "signed colour edges, and sim04, made as sim01 with everything drawn anew",
    )
    parser.add_argument(
        "--like",
        metavar="RUN",
        help="make two more simulated subjects, sim05 and sim06, and fit what RUN was fitted with "
        "to all four, for means over subjects ('evaluate --what random_effects')",
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    home = Home.from_environment()
    if options.further:
        folder = ensure_demo(home, FURTHER_RECIPE, progress)
        return {"data": str(folder), "subjects": list(FURTHER_RECIPE.subjects), "runs": []}
    demo = fit_group(home, options.like, progress) if options.like else prepare_demo(home, progress)
    return {"data": str(demo.folder), "subjects": list(demo.subjects), "runs": list(demo.runs)}


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    return f"SIMULATED subjects {', '.join(result['subjects'])} in {result['data']}"
