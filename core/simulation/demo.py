"""The embedded demo on disk: made once, whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from cortiscope.core.brain import load_fsaverage5
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.simulation.recipe import (
    DEFAULT_RECIPE,
    GROUP_RECIPE,
    SimulationRecipe,
    individual,
    plan_stimuli,
)
from cortiscope.core.storage import Home, atomic_directory, write_json

# Every file with its size. Hidden, so that it is no part of the data.
_LIST = ".files.json"


def demo_folder(home: Home, recipe: SimulationRecipe = DEFAULT_RECIPE) -> Path:
    """Return where a recipe's subjects are or would be."""
    return home.demo / recipe.fingerprint


def has_demo(home: Home, recipe: SimulationRecipe = DEFAULT_RECIPE) -> bool:
    """Whether the subjects are there, with every file in its size."""
    return _is_whole(demo_folder(home, recipe))


def group_folder(home: Home) -> tuple[Path, ...]:
    """Return the folder of ``GROUP_RECIPE``'s subjects, once somebody has had them made."""
    return (demo_folder(home, GROUP_RECIPE),) if has_demo(home, GROUP_RECIPE) else ()


def ensure_demo(
    home: Home, recipe: SimulationRecipe = DEFAULT_RECIPE, progress: Progress = silent
) -> Path:
    """Return the folder that holds the simulated subjects, making it if need be.

    Two processes may do so at once: both make the same bytes, and the first to finish wins. What
    is there and not whole, as after half of it was deleted, is made again.
    """
    target = demo_folder(home, recipe)
    if _is_whole(target):
        return target
    # Imported here: a start that finds the demo needs none of this.
    from cortiscope.core.simulation.stimuli import make_stimuli
    from cortiscope.core.simulation.subject import simulate_subject
    from cortiscope.core.simulation.writer import write_subject

    # The folder first: one that cannot be written is reported before minutes of work.
    with atomic_directory(target, _is_whole) as draft:
        progress(0.0, "loading cortical surfaces")
        surfaces = load_fsaverage5(home.surfaces)
        plans = plan_stimuli(recipe)
        everything = np.unique(np.concatenate([np.r_[p.train, p.test] for p in plans.values()]))
        stimuli = make_stimuli(
            everything.tolist(),
            part(progress, 0.05, 0.7),
            signed=any(individual(name).signed for name in plans),
        )
        for k, (name, plan) in enumerate(plans.items()):
            share = 0.7 + 0.3 * k / len(plans)
            progress(share, f"scanning {name}")
            subject = simulate_subject(name, recipe, plan, stimuli, surfaces)
            progress(share + 0.1, f"writing {name}")
            write_subject(draft / name, subject, stimuli, recipe)
        write_json(draft / _LIST, _sizes(draft))
    progress(1.0, "simulated subjects are ready")
    return target


def _sizes(folder: Path) -> dict[str, int]:
    """Return bytes by file name below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != _LIST
    }


def _is_whole(folder: Path) -> bool:
    try:
        listed = json.loads((folder / _LIST).read_text(encoding="utf-8"))
        # What somebody has laid beside is none of our business.
        return bool(listed) and all(
            os.stat(f"{folder}{os.sep}{name}").st_size == n_bytes  # noqa: PTH116 (a thousand files)
            for name, n_bytes in listed.items()
        )
    except (OSError, ValueError, AttributeError):
        return False
