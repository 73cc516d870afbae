"""Which colour and title a ROI class has, everywhere."""

from __future__ import annotations

from cortiscope.core.brain import ROI_CLASSES
from cortiscope.roi_chart.palette import ROI_CLASS_COLOURS, Shades

_TITLES = {c.name: c.title for c in ROI_CLASSES}
_UNKNOWN = Shades("#8a8f98", "#8a8f98")


def roi_colour(class_name: str) -> tuple[str, Shades]:
    """Return a class's title and its colours; classes of own data are grey."""
    colour = ROI_CLASS_COLOURS.get(class_name, _UNKNOWN)
    return _TITLES.get(class_name, class_name), colour


def roi_classes_shown() -> tuple[str, ...]:
    """Titles of the classes outlined at first: streams cover everything, so they wait."""
    return tuple(c.title for c in ROI_CLASSES if c.name != "streams")
