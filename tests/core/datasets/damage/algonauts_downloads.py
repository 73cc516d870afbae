"""Archives and downloads left in the folder of an Algonauts 2023 subject."""

from __future__ import annotations

import shutil

from tests.core.datasets.damage.algonauts_files import LH_TRAIN, TEST, TRAIN
from tests.core.datasets.damage.kind import SOUND, Damage
from tests.core.datasets.damage.ways import together, write, zip_holding

KINDS = {
    "images still packed": Damage(
        together(lambda f: shutil.rmtree(f / TEST), zip_holding("test_split/test_images.zip")),
        "test_images.zip in test_split/ has not been unpacked",
        file="test_images",
        several=True,
    ),
    "an archive cut short": Damage(
        write("training_split/more.zip", b"PK\x03\x04 half of it"),
        "more.zip in training_split/ is cut short",
        SOUND,
        several=True,
    ),
    "half a download": Damage(
        write("training_split/training_fmri/lh_training_fmri.npy.crdownload", b"half"),
        "lh_training_fmri.npy.crdownload in training_split/training_fmri/ is a download that did",
        SOUND,
    ),
    "half an image": Damage(
        write(f"{TRAIN}/train-0021_nsd-09999.png.part", b"half"),
        "train-0021_nsd-09999.png.part in training_split/training_images/ is a download that did",
    ),
    "a second download": Damage(
        lambda f: shutil.copy(f / LH_TRAIN, f / LH_TRAIN.replace(".npy", " (1).npy")),
        "lh_training_fmri (1).npy in training_split/training_fmri/ looks like a second download",
        SOUND,
    ),
}
