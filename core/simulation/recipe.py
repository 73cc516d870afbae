"""What exactly is simulated: one frozen value, whose fingerprint names the folder on disk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.config import fingerprint
from cortiscope.core.errors import InvalidInput
from cortiscope.core.simulation.areas import AREAS, TUNING
from cortiscope.core.simulation.individuals import individual
from cortiscope.core.simulation.scenes import SCENE_VERSION

N_IDENTITIES = 73_000
# Scene seeds of the demo; scenes for training networks must come from outside this range.
SCENE_SEED_START = 100_000


@dataclass(frozen=True)
class SimulationRecipe:
    """The simulated experiment.

    Parameters
    ----------
    version : raised when the same recipe would give other bytes.
    seed : draws identities, trial order, hidden numbers and noise.
    subjects : names of :mod:`.individuals`.
    n_train : training images of each subject.
    n_shared_train : how many of these all subjects share.
    n_test : held-out images, the same for all subjects.
    training_sessions, test_sessions : training and test images are shown in sessions of their
        own, so that nothing of a test trial enters the z-scoring of a training trial.
    test_repeats : presentations of each test image; training images get 1, 2 or 3.
    """

    version: int = 1
    seed: int = 20_230_801
    subjects: tuple[str, ...] = ("sim01", "sim02")
    n_train: tuple[int, ...] = (400, 320)
    n_shared_train: int = 320
    n_test: int = 200
    training_sessions: int = 6
    test_sessions: int = 4
    test_repeats: int = 3

    def __post_init__(self) -> None:
        for name in self.subjects:
            individual(name)
        if len(self.n_train) != len(self.subjects):
            raise InvalidInput(
                f"n_train has {len(self.n_train)} entries for {len(self.subjects)} subjects."
            )
        if self.n_shared_train > min(self.n_train):
            raise InvalidInput(
                f"n_shared_train is {self.n_shared_train}; a subject has only "
                f"{min(self.n_train)} training images."
            )

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits; other areas or tunings give others, too."""
        return fingerprint((self, SCENE_VERSION, tuple(AREAS.items()), TUNING))


@dataclass(frozen=True)
class StimulusPlan:
    """Which identities a subject sees, each sorted as the released rows are.

    Parameters
    ----------
    train, test : (n,) identities, increasing.
    """

    train: np.ndarray
    test: np.ndarray


def plan_stimuli(recipe: SimulationRecipe) -> dict[str, StimulusPlan]:
    """Deal identities to subjects; no test image of one is a training image of another."""
    own = [n - recipe.n_shared_train for n in recipe.n_train]
    sizes = [recipe.n_test, recipe.n_shared_train, *own]
    rng = np.random.default_rng([recipe.seed, 1])
    drawn = rng.choice(N_IDENTITIES, size=sum(sizes), replace=False)
    test, shared, *rest = np.split(drawn, np.cumsum(sizes)[:-1])
    return {
        name: StimulusPlan(np.sort(np.concatenate([shared, extra])), np.sort(test))
        for name, extra in zip(recipe.subjects, rest, strict=True)
    }


def scene_seed(identity: int) -> int:
    """Return the seed of the scene with an identity."""
    return SCENE_SEED_START + identity


DEFAULT_RECIPE = SimulationRecipe()
