"""Small simulated experiments, made once per test session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.brain import CorticalSurfaces, load_fsaverage5
from cortiscope.core.simulation.anatomy import Anatomy, build_anatomy
from cortiscope.core.simulation.demo import ensure_demo
from cortiscope.core.simulation.recipe import (
    DEFAULT_RECIPE,
    SimulationRecipe,
    individual,
    plan_stimuli,
)
from cortiscope.core.simulation.stimuli import Stimulus, make_stimuli
from cortiscope.core.simulation.subject import SimulatedSubject, simulate_subject
from cortiscope.core.storage import Home

SMALL_RECIPE = SimulationRecipe(
    n_train=(14, 12), n_shared_train=6, n_test=6, training_sessions=2, test_sessions=2
)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def surfaces(home: Home) -> CorticalSurfaces:
    return load_fsaverage5(home.surfaces)


@pytest.fixture(scope="session")
def anatomies(surfaces: CorticalSurfaces) -> dict[str, Anatomy]:
    return {name: build_anatomy(individual(name), surfaces) for name in ("sim01", "sim02")}


@pytest.fixture(scope="session")
def small_demo(home: Home) -> Path:
    return ensure_demo(home, SMALL_RECIPE)


@pytest.fixture(scope="session")
def scenes() -> list[Stimulus]:
    return list(make_stimuli(range(40)).values())


@pytest.fixture(scope="session")
def subjects(scenes: list[Stimulus], surfaces: CorticalSurfaces) -> dict[str, SimulatedSubject]:
    """Both people with all trials of the real recipe, but only 40 different pictures."""
    made = {}
    for name, plan in plan_stimuli(DEFAULT_RECIPE).items():
        stimuli = {
            int(identity): scenes[k % len(scenes)]
            for k, identity in enumerate(np.concatenate([plan.train, plan.test]))
        }
        made[name] = simulate_subject(name, DEFAULT_RECIPE, plan, stimuli, surfaces)
    return made
