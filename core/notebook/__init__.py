"""What a notebook does in one line each; ``import cortiscope as cs`` offers these names.

Every function takes the way that the app and the command line take: the same caches, the same
folder of runs, the same numbers. Arrays over vertices are in the order of the subject's space: left
hemisphere, then right (voxels of unknown position: as in the folder).
"""

from cortiscope.core.notebook.experiments import best_images, contrast, seed_map
from cortiscope.core.notebook.models import (
    fit,
    inspect_image,
    load_run,
    plot,
    predict,
    runs,
    vote,
)
from cortiscope.core.notebook.scores import (
    compare,
    decode,
    methods,
    score,
    statistic,
    vertex_values,
)
from cortiscope.core.notebook.subjects import demo, given_subject, open_subject, subject_of

__all__ = [
    "best_images",
    "compare",
    "contrast",
    "decode",
    "demo",
    "fit",
    "given_subject",
    "inspect_image",
    "load_run",
    "methods",
    "open_subject",
    "plot",
    "predict",
    "runs",
    "score",
    "seed_map",
    "statistic",
    "subject_of",
    "vertex_values",
    "vote",
]
