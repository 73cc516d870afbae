"""Who and what is simulated, and the words for it.

The recipe is one frozen value, whose fingerprint names the folder on disk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.config import fingerprint
from cortiscope.core.errors import InvalidInput, unknown_name
from cortiscope.core.simulation.areas import AREAS, TUNING
from cortiscope.core.simulation.scenes import SCENE_VERSION

TITLE = "Simulated subject: made by a computer, not measured"

CAVEAT = (
    "The hierarchy in these data is built in by construction: it shows that the analysis recovers "
    "a known truth, and is no evidence about brains."
)

DESCRIPTION = f"""\
Nobody was scanned. Procedural scenes of 128 x 128 pixels, spanning 8.4 degrees of visual angle, \
are shown to simulated people with visual cortex on fsaverage5. V1, V2, V3 and hV4 come from a \
strip model on the registered sphere, calibrated to the Benson 2014 template; category-selective \
ROIs are discs along the cortical sheet at approximate published locations; the seven streams are \
cells around seeds. The second person's ROIs differ in place and size, and two are absent in one \
hemisphere.

Each vertex's reliable response mixes three parts. Local structure: log-Gabor amplitudes at four \
spatial frequencies and eight orientations, divided by their neighbourhood's, with contour \
complexity and colour contrast from V2 on, summed over the vertex's Gaussian population receptive \
field and compressed; the left half of the picture drives the right hemisphere, its upper half \
ventral V1. Meaning: a nonlinear mixture of which kinds of object are visible, how large, how far \
from fixation, and of the kind of place; its share rises from none in V1 to about nine tenths in \
FFA, PPA and VWFA. And a part that repeats with the stimulus but is in no pixel, so that no model \
can explain all that is reliable. The filters, the normalisation and the mixtures are those of no \
backbone on offer.

Test images are shown three times, training images one to three times, in ten sessions whose gain \
and offset drift. Noise is a vertex's own, its neighbourhood's and the whole brain's. Responses \
are z-scored per vertex and session and averaged over repeats; signal-to-noise ratio (ncsnr) and \
noise ceilings are estimated from the repeats as in the Natural Scenes Dataset. The noise-free \
truth is kept beside them.

{CAVEAT}
"""


@dataclass(frozen=True)
class Individual:
    """One simulated person.

    Parameters
    ----------
    name : subject id, as in folder names.
    seed : draws this person's tuning and the jitter of the ROIs.
    jitter_mm : standard deviation of ROI centres along each axis.
    size_spread : standard deviation of log radius between ROIs.
    strip_scale : widths of V1-V3 in the left and right hemisphere against the template's.
    stream_reach : size of the streams in the left and right hemisphere against the template's.
    radius_factors : (ROI, left, right) factors on the radius; 0 for an absent ROI.
    n_dead : vertices per hemisphere without any signal, as after a wrong coverage mask.
    signed : a second truth, for judging what assumes the first: receptive fields that are not
        Gaussian (a suppressive surround, elongated, or two places), and early areas that answer
        to the direction in which red turns into green.
    """

    name: str
    seed: int
    jitter_mm: float = 0.0
    size_spread: float = 0.0
    strip_scale: tuple[float, float] = (1.0, 1.0)
    stream_reach: tuple[float, float] = (1.0, 1.0)
    radius_factors: tuple[tuple[str, float, float], ...] = ()
    n_dead: int = 0
    signed: bool = False


INDIVIDUALS: tuple[Individual, ...] = (
    Individual("sim01", seed=101),
    Individual(
        "sim02",
        seed=202,
        jitter_mm=2.0,
        size_spread=0.06,
        strip_scale=(0.93, 1.04),
        stream_reach=(0.95, 0.97),
        radius_factors=(
            # Faces lean right and words lean left, as in most people; two ROIs are absent in one
            # hemisphere, as in several of the real subjects.
            ("OFA", 0.85, 1.1),
            ("FFA-1", 0.78, 1.15),
            ("FFA-2", 0.75, 1.2),
            ("FBA-1", 0.0, 1.0),
            ("OWFA", 1.1, 0.9),
            ("VWFA-1", 1.2, 0.8),
            ("VWFA-2", 1.3, 0.0),
        ),
        n_dead=4,
    ),
    # Drawn once, and not changed after a result has been looked at.
    Individual("sim03", seed=303, signed=True),
    Individual("sim04", seed=404),
    # With the demo's two they are a group of four.
    Individual("sim05", seed=505, jitter_mm=2.0, size_spread=0.06, strip_scale=(1.05, 0.95)),
    Individual("sim06", seed=606, jitter_mm=2.0, size_spread=0.06, stream_reach=(0.94, 0.98)),
)


def individual(name: str) -> Individual:
    """Return a simulated person by name."""
    for person in INDIVIDUALS:
        if person.name == name:
            return person
    raise unknown_name("simulated subject", name, [p.name for p in INDIVIDUALS])


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
    subjects : names of ``INDIVIDUALS``.
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

FURTHER_RECIPE = SimulationRecipe(
    seed=20_261_130, subjects=("sim03", "sim04"), n_train=(400, 400), n_shared_train=400
)
"""Two people to judge models on that were chosen on the demo: other pictures, tuning and noise.

``sim03`` is a second truth (``Individual.signed``); ``sim04`` is as ``sim01`` was made.
"""

GROUP_RECIPE = SimulationRecipe(
    seed=20_261_201,
    subjects=("sim05", "sim06"),
    n_train=(240, 240),
    n_shared_train=240,
    n_test=120,
)
"""Two more people, for what is said of subjects in general; smaller than the demo's two."""
