"""Left and right: the one place that knows the names the field's files give them."""

from __future__ import annotations

from enum import StrEnum

from core.errors import check_option


class Hemisphere(StrEnum):
    """A cerebral hemisphere. Order everywhere: left, right."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def short(self) -> str:
        """``lh`` or ``rh``, as in file names and JSON keys."""
        return "lh" if self is Hemisphere.LEFT else "rh"

    @classmethod
    def from_short(cls, name: str) -> Hemisphere:
        """Read ``lh`` or ``rh``."""
        return cls.LEFT if check_option("hemisphere", name, ("lh", "rh")) == "lh" else cls.RIGHT


HEMISPHERES = (Hemisphere.LEFT, Hemisphere.RIGHT)
