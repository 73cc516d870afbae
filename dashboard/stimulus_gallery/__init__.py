"""The stimulus on the screen, its neighbours, and the route that serves pictures."""

from cortiscope.stimulus_gallery.component import FRONTEND, stimulus_gallery
from cortiscope.stimulus_gallery.model import GalleryPick
from cortiscope.stimulus_gallery.route import (
    UnreadablePictureError,
    stimulus_base_url,
    stimulus_route,
)

__all__ = [
    "FRONTEND",
    "GalleryPick",
    "UnreadablePictureError",
    "stimulus_base_url",
    "stimulus_gallery",
    "stimulus_route",
]
