"""The embedded demo on disk: made once, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.brain import load_fsaverage5
from core.progress import Progress, part, silent
from core.simulation.recipe import DEFAULT_RECIPE, SimulationRecipe, plan_stimuli
from core.storage import Home, atomic_directory


def demo_folder(home: Home, recipe: SimulationRecipe = DEFAULT_RECIPE) -> Path:
    """Return where a recipe's subjects are or would be."""
    return home.demo / recipe.fingerprint


def has_demo(home: Home, recipe: SimulationRecipe = DEFAULT_RECIPE) -> bool:
    """Whether the subjects are there; the folder takes its name only when it is complete."""
    return demo_folder(home, recipe).is_dir()


def ensure_demo(
    home: Home, recipe: SimulationRecipe = DEFAULT_RECIPE, progress: Progress = silent
) -> Path:
    """Return the folder that holds the simulated subjects, making it if need be.

    Two processes may do so at once: both make the same bytes, and the first to finish wins.
    """
    target = demo_folder(home, recipe)
    if target.is_dir():
        return target
    # Imported here: a start that finds the demo needs none of this.
    from core.simulation.stimuli import make_stimuli
    from core.simulation.subject import simulate_subject
    from core.simulation.writer import write_subject

    progress(0.0, "loading cortical surfaces")
    surfaces = load_fsaverage5(home.surfaces)
    plans = plan_stimuli(recipe)
    everything = np.unique(np.concatenate([np.r_[p.train, p.test] for p in plans.values()]))
    stimuli = make_stimuli(everything.tolist(), part(progress, 0.05, 0.7))
    with atomic_directory(target) as draft:
        for k, (name, plan) in enumerate(plans.items()):
            share = 0.7 + 0.3 * k / len(plans)
            progress(share, f"scanning {name}")
            subject = simulate_subject(name, recipe, plan, stimuli, surfaces)
            progress(share + 0.1, f"writing {name}")
            write_subject(draft / name, subject, stimuli, recipe)
    progress(1.0, "simulated subjects are ready")
    return target
