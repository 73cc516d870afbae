"""How values of a map become colours in a still figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap, ListedColormap

from cortiscope.core.errors import InvalidInput, unknown_name

#: kind of scale -> matplotlib's colours for it.
KINDS = {
    "diverging": "RdBu_r",
    "sequential": "viridis",
    "cyclic": "twilight",
    "categorical": "tab10",
}


@dataclass(frozen=True)
class Scale:
    """How values become colours.

    Parameters
    ----------
    low, high : the ends; values beyond them get the end's colour.
    unit, label : printed below the colour bar, for instance ``r`` and ``accuracy``.
    kind : ``diverging``, ``sequential``, ``cyclic`` or ``categorical``.
    colours : name of a matplotlib colour map, or ``(r, g, b)`` of 0 to 1, lowest value
        first; None is the kind's own.
    hidden : values strictly between these two are not shown.
    """

    low: float
    high: float
    unit: str = ""
    label: str = ""
    kind: str = "sequential"
    colours: str | tuple[tuple[float, ...], ...] | None = None
    hidden: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown_name("kind of scale", self.kind, KINDS)
        if not self.low < self.high:
            raise InvalidInput(f"The scale is {self.low} to {self.high}; give the lower end first.")

    @classmethod
    def of(cls, values: np.ndarray, unit: str = "", label: str = "") -> Scale:
        """Return the scale that values ask for: symmetric where they lie on both sides of 0."""
        real = np.asarray(values)[np.isfinite(values)]
        low, high = (float(real.min()), float(real.max())) if len(real) else (0.0, 1.0)
        if low < 0 < high:
            high = max(-low, high)
            return cls(-high, high, unit, label, "diverging")
        return cls(low, high if high > low else low + 1, unit, label)

    def colour_map(self) -> Colormap:
        """Return the colours for matplotlib."""
        if self.colours is None or isinstance(self.colours, str):
            return colormaps[self.colours or KINDS[self.kind]]
        return ListedColormap(np.asarray(self.colours))
