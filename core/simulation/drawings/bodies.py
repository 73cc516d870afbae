"""Bodies: people seen from behind or without features, so that a body is not also a face."""

from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush
from cortiscope.core.simulation.drawings.palette import (
    Colour,
    Colours,
    hsv,
    random_hue,
    random_skin,
    shade,
)

# Joint angles in degrees from straight down, positive to the right, upper then lower segment:
# left arm, right arm, left leg, right leg; then the lean of the trunk.
_POSES: dict[str, tuple[tuple[float, ...], float]] = {
    "standing": ((-14, -6, 14, 6, -7, -3, 7, 3), 0),
    "walking": ((-32, -8, 30, 52, -24, -38, 26, 8), 3),
    "running": ((-58, 30, 52, 128, -30, -98, 62, 2), 12),
    "jumping": ((-138, -158, 138, 158, -38, -92, 40, -10), 0),
    "waving": ((-14, -8, 128, 172, -8, -3, 8, 3), 0),
    "dancing": ((-112, -168, 62, 12, -8, -2, 52, -30), -6),
    "kicking": ((-62, -30, 74, 44, -6, -4, 74, 66), -10),
    "stretching": ((-92, -92, 92, 92, -26, -24, 26, 24), 0),
    "sitting": ((-20, 28, 24, 62, 72, 4, 88, 6), -4),
    "cheering": ((-150, -172, 150, 172, -14, -8, 14, 8), 0),
}


def draw_body(brush: Brush, rng: np.random.Generator, colours: Colours) -> str:
    """Draw a person and return its noun phrase."""
    pose = str(rng.choice(list(_POSES)))
    angles, lean = _POSES[pose]
    joints = np.radians(np.asarray(angles) + rng.normal(0, 6, len(angles)))
    tilt = np.radians(lean + rng.normal(0, 2.5))
    skin = random_skin(rng)
    legs = colours.second
    hair = hsv(random_hue(rng), rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.7))
    stout = float(rng.uniform(1.0, 1.4))
    skirt, sleeves, bare_legs = rng.random() < 0.3, rng.random() < 0.5, rng.random() < 0.3

    hip = np.array([0.0, 0.16 if pose != "sitting" else 0.3])
    up = np.array([np.sin(tilt), -np.cos(tilt)])
    across = np.array([-up[1], up[0]])
    neck = hip + 0.62 * up
    head = neck + 0.2 * up
    thigh, shin, upper, fore = 0.4, 0.4, 0.33, 0.3

    shoe = shade(colours.accent, 0.55)
    for side, knee_i in ((-1, 4), (1, 6)):
        start = hip + side * 0.1 * stout * across
        knee = start + thigh * _down(joints[knee_i])
        foot = knee + shin * _down(joints[knee_i + 1])
        brush.limb([knee, foot], 0.18 * stout, 0.14, skin if bare_legs else legs)
        brush.limb([start, knee], 0.27 * stout, 0.19 * stout, legs)
        brush.limb([foot, foot + np.array([0.11 * side, 0.02])], 0.15, 0.12, shoe)

    arms = [
        _arm(neck, across, side, stout, joints[i : i + 2], upper, fore)
        for side, i in ((-1, 0), (1, 2))
    ]
    behind, front = arms if rng.random() < 0.5 else arms[::-1]
    sleeve = shade(colours.main, 0.86)
    _draw_arm(brush, behind, sleeve, skin, sleeves)
    if skirt:
        wide = 0.34 * stout
        brush.polygon(
            [neck + 0.14 * across - 0.3 * up, hip + wide * across - 0.26 * up,
             hip - wide * across - 0.26 * up, neck - 0.14 * across - 0.3 * up],
            colours.main,
        )  # fmt: skip
    shoulder, waist = 0.25 * stout, 0.18 * stout
    brush.blob(
        [neck + shoulder * 0.6 * across + 0.04 * up, neck + shoulder * across - 0.1 * up,
         hip + waist * across + 0.18 * up, hip + waist * across - 0.05 * up,
         hip - waist * across - 0.05 * up, hip - waist * across + 0.18 * up,
         neck - shoulder * across - 0.1 * up, neck - shoulder * 0.6 * across + 0.04 * up],
        colours.main,
    )  # fmt: skip
    if rng.random() < 0.4:
        brush.stroke([neck - 0.32 * up - 0.17 * across, neck - 0.32 * up + 0.17 * across], 0.1,
                     colours.accent)  # fmt: skip
    _draw_arm(brush, front, sleeve, skin, sleeves)
    brush.limb([neck, head], 0.13, 0.13, shade(skin, 0.9))
    brush.ellipse(head[0], head[1], 0.17, 0.195, skin, tilt)
    # Seen from behind: hair covers the head but for the nape.
    crown, nape = head + 0.035 * up, head - 0.1 * up
    brush.ellipse(crown[0], crown[1], 0.183, 0.18, hair, tilt)
    if rng.random() < 0.35:
        brush.ellipse(nape[0], nape[1], 0.15, 0.19, hair, tilt)
    return f"a person {pose}"


def _down(angle: float) -> np.ndarray:
    return np.array([np.sin(angle), np.cos(angle)])


def _arm(
    neck: np.ndarray,
    across: np.ndarray,
    side: int,
    stout: float,
    angles: np.ndarray,
    upper: float,
    fore: float,
) -> list[np.ndarray]:
    shoulder = neck + side * 0.21 * stout * across + np.array([0.0, 0.07])
    elbow = shoulder + upper * _down(angles[0])
    return [shoulder, elbow, elbow + fore * _down(angles[1])]


def _draw_arm(
    brush: Brush, arm: list[np.ndarray], sleeve: Colour, skin: Colour, long_sleeve: bool
) -> None:
    shoulder, elbow, hand = arm
    brush.limb([elbow, hand], 0.16, 0.12, sleeve if long_sleeve else skin)
    brush.limb([shoulder, elbow], 0.2, 0.16, sleeve)
    brush.ellipse(hand[0], hand[1], 0.085, 0.085, skin)
