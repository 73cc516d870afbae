"""The img2brain layout: images, and one matrix of voxels of unknown position."""

from cortiscope.core.datasets.img2brain.check import check_subject, find_candidates
from cortiscope.core.datasets.img2brain.loader import is_subject_folder, load_subject
from cortiscope.core.datasets.layout import Guide, Layout

_GUIDE = Guide(
    "img2brain, as released",
    """\
img2brain/                          the folder to name, which is the one subject
  trainingIMG/                      8857 images; their natural order is that of the rows
    0001.jpg
  testIMG/                          984 images
    0001.jpg
  trainingfMRI/
    training.npy                    images x voxels
""",
    "The voxels have no positions: everything is shown but the cortex.",
)

LAYOUT = Layout(
    name="img2brain",
    words="img2brain folder",
    example="img2brain (trainingIMG/, testIMG/, trainingfMRI/training.npy)",
    guide=_GUIDE,
    recognise=is_subject_folder,
    load=load_subject,
    find=find_candidates,
    check=check_subject,
)
