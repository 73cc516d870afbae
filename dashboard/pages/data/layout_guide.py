"""How a folder must look to be opened: the trees of every layout that is known."""

from __future__ import annotations

from cortiscope.core.datasets.layout import Guide
from cortiscope.core.datasets.registry import LAYOUTS

_MEANING = Guide(
    "What the numbers mean",
    """\
anna/                               a subject's folder of any layout
  cortiscope_sidecar/
    sidecar.json                    {"format": "cortiscope-sidecar", "version": 1,
                                     "conventions": {
                                       "units": "z",
                                       "preprocessing": "z-scored per session",
                                       "repeats": "averaged",
                                       "picture_degrees": 8.4,
                                       "row_order": "natural",
                                       "ceiling": "from repeats, as ncsnr"}}
""",
    "Each field is optional; what is left out is unknown, and no page shows it. `units` and "
    "`preprocessing` are any words; `repeats` is `averaged` or `single trials`; `row_order` is "
    "`natural` (img2 before img10) or `plain` (img10 before img2), where no images.txt lists "
    "the rows; `picture_degrees` is the width of the square pictures in degrees of visual angle.",
)


def guides() -> tuple[Guide, ...]:
    """Return every layout's guide, and how a folder of any layout says what its numbers mean."""
    return (*(layout.guide for layout in LAYOUTS.values()), _MEANING)


LICENCE = (
    "**Natural Scenes Dataset (also within Algonauts 2023).** Its terms forbid passing the data "
    "on: “I will not distribute this dataset or its components to any other individual or "
    "entity.” That holds for responses, images, masks and ceilings, and for public screenshots "
    "with its pictures. Whoever needs the data has to ask for access.\n\n"
    "**Its images are photographs from Microsoft COCO.** Their annotations are CC BY 4.0; each "
    "photograph keeps the licence that its owner gave it on Flickr.\n\n"
    "**img2brain** calls its copy CC0. Its images and responses look like a part of the above, "
    "and a new label does not change the terms.\n\n"
    "**The simulated subjects** were made on this machine by this program; no one else has rights "
    "in them.\n\n"
    "Everything stays on this machine. Data folders are read and never written to; what is "
    "computed goes where `CORTISCOPE_HOME` says."
)
