"""What responses are cut into: the one place that knows the names the field's files give the parts.

Responses on the cortex come in two hemispheres; responses whose place nobody tells are one piece.
"""

from __future__ import annotations

from enum import StrEnum

from cortiscope.core.errors import check_option


class Part(StrEnum):
    """A stretch of a subject's responses that files hold as one array."""

    @property
    def short(self) -> str:
        """As in JSON keys."""
        return self.value

    @property
    def prefix(self) -> str:
        """What file names of the part begin with."""
        return ""


class Hemisphere(Part):
    """A cerebral hemisphere. Order everywhere: left, right."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def short(self) -> str:
        """``lh`` or ``rh``, as in file names and JSON keys."""
        return "lh" if self is Hemisphere.LEFT else "rh"

    @property
    def prefix(self) -> str:
        """``lh_`` or ``rh_``."""
        return f"{self.short}_"

    @classmethod
    def from_short(cls, name: str) -> Hemisphere:
        """Read ``lh`` or ``rh``."""
        return cls.LEFT if check_option("hemisphere", name, ("lh", "rh")) == "lh" else cls.RIGHT


class VoxelSet(Part):
    """All voxels of a subject that has them in no known place; files name them by nothing."""

    VOXELS = "voxels"


HEMISPHERES = (Hemisphere.LEFT, Hemisphere.RIGHT)
VOXELS = VoxelSet.VOXELS


def part_from_short(name: str) -> Part:
    """Read ``lh``, ``rh`` or ``voxels``."""
    by_short: dict[str, Part] = {part.short: part for part in (*HEMISPHERES, VOXELS)}
    return by_short[check_option("part of the responses", name, by_short)]
