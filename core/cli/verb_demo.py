"""``demo``: make the simulated subjects and the encoding models that the app opens on.

A module of its own, as each verb of the command line is.
"""

from __future__ import annotations

import argparse
from typing import Any

from cortiscope.core.pipeline.demo import prepare_demo
from cortiscope.core.progress import Progress
from cortiscope.core.storage import Home

NAME = "demo"
HELP = "Make the simulated subjects and their encoding models (once; later calls find them)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    demo = prepare_demo(Home.from_environment(), progress)
    return {"data": str(demo.folder), "subjects": list(demo.subjects), "runs": list(demo.runs)}


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    return f"SIMULATED subjects {', '.join(result['subjects'])} in {result['data']}"
