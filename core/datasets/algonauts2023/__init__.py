"""The Algonauts 2023 layout: one folder per subject, as released (``loader`` says what is in it).

The simulated subjects, and what ``prepare-nsd`` makes of raw NSD, are written like this, too.
"""

from cortiscope.core.datasets.algonauts2023.check import check_subject, find_candidates
from cortiscope.core.datasets.algonauts2023.loader import is_subject_folder, load_subject
from cortiscope.core.datasets.layout import Guide, Layout

_GUIDE = Guide(
    "Algonauts 2023, as released",
    """\
algonauts_2023/                     the folder to name
  subj01/                           one folder per subject, unpacked
    training_split/
      training_images/
        train-0001_nsd-00013.png    row 1 of the responses, and so on
      training_fmri/
        lh_training_fmri.npy        images x left vertices, float32
        rh_training_fmri.npy
    test_split/
      test_images/
        test-0001_nsd-00845.png
      test_fmri/                    if you have the test responses
        lh_test_fmri.npy
        rh_test_fmri.npy
      noise_ceiling/                if you have the ceilings, fractions from 0 to 1
        lh_noise_ceiling.npy
        rh_noise_ceiling.npy
    roi_masks/
      lh.all-vertices_fsaverage_space.npy
      rh.all-vertices_fsaverage_space.npy
      mapping_floc-faces.npy        one mapping and two masks per ROI class
      lh.floc-faces_challenge_space.npy
      rh.floc-faces_challenge_space.npy
""",
    "Subjects may differ in size, lack ROIs or have their test responses withheld, as in the "
    "release. Neither the folder’s own name nor the subjects’ names matter.",
)

LAYOUT = Layout(
    name="algonauts2023",
    words="Algonauts 2023 folder",
    example="Algonauts 2023 folders (subj01/training_split, subj01/test_split, subj01/roi_masks)",
    guide=_GUIDE,
    recognise=is_subject_folder,
    load=load_subject,
    find=find_candidates,
    check=check_subject,
    variants={"simulated": "simulated, written as an Algonauts 2023 folder"},
    for_ceiling=(
        "a folder `cortiscope_sidecar` in the subject’s with `sidecar.json` "
        '(`{"format": "cortiscope-sidecar", "version": 1}`), `lh.ncsnr.npy`, `rh.ncsnr.npy` (one '
        "value per vertex), `repeats_train.npy`, `repeats_test.npy` (one whole number per image); "
        "or, for the test split, `test_split/noise_ceiling/lh_noise_ceiling.npy` and `rh_…` "
        "(fractions from 0 to 1)"
    ),
    challenge=True,
)
