"""The stimulus on the screen, its neighbours, and the route that serves pictures."""

from dashboard.stimulus_gallery.component import stimulus_gallery
from dashboard.stimulus_gallery.model import GalleryPick
from dashboard.stimulus_gallery.route import stimulus_base_url, stimulus_route
from dashboard.stimulus_gallery.thumbnails import UnreadablePictureError

__all__ = [
    "GalleryPick",
    "UnreadablePictureError",
    "stimulus_base_url",
    "stimulus_gallery",
    "stimulus_route",
]
