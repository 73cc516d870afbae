"""How the simulated people differ: where their ROIs lie, how large they are, what is absent."""

from __future__ import annotations

from dataclasses import dataclass

from cortiscope.core.errors import unknown_name


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
    """

    name: str
    seed: int
    jitter_mm: float = 0.0
    size_spread: float = 0.0
    strip_scale: tuple[float, float] = (1.0, 1.0)
    stream_reach: tuple[float, float] = (1.0, 1.0)
    radius_factors: tuple[tuple[str, float, float], ...] = ()
    n_dead: int = 0


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
)


def individual(name: str) -> Individual:
    """Return a simulated person by name."""
    for person in INDIVIDUALS:
        if person.name == name:
            return person
    raise unknown_name("simulated subject", name, [p.name for p in INDIVIDUALS])
