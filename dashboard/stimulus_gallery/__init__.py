"""The stimulus on the screen, its neighbours, pictures as a map, and the route that serves them."""

from cortiscope.stimulus_gallery.component import FRONTEND, stimulus_gallery
from cortiscope.stimulus_gallery.model import GalleryPick
from cortiscope.stimulus_gallery.plane import MapAxis, PlacedPictures, picture_map
from cortiscope.stimulus_gallery.route import (
    UnreadablePictureError,
    stimulus_base_url,
    stimulus_route,
)

__all__ = [
    "FRONTEND",
    "GalleryPick",
    "MapAxis",
    "PlacedPictures",
    "UnreadablePictureError",
    "picture_map",
    "stimulus_base_url",
    "stimulus_gallery",
    "stimulus_route",
]
