"""How a folder must look to be opened: the trees of every layout that is understood."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LayoutGuide:
    """One layout for people.

    Parameters
    ----------
    title : its name.
    tree : the folder, one entry per line, indented by two; after two blanks, what it is.
    notes : what else to know.
    """

    title: str
    tree: str
    notes: str


GUIDES = (
    LayoutGuide(
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
        "Subjects of different sizes, absent ROIs and withheld test responses are as they should "
        "be. Neither the folder’s own name nor the subjects’ names matter.",
    ),
    LayoutGuide(
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
    ),
    LayoutGuide(
        "Plain arrays",
        """\
data/                               the folder to name
  anna/                             one folder per subject, of any name
    images/                         row i of the responses is image i by name
      img1.png
      img2.png
    images.txt                      the rows' file names, where img10 could come before img2
    lh.npy                          images x left vertices; or .csv, .mgh, .func.gii
    rh.npy
    lh.vertices.npy                 fsaverage vertex numbers, from 0 (or lh.mask.npy)
    rh.vertices.npy
    test_images/                    optional, with lh_test.npy and rh_test.npy
    rois.json                       optional: {"class": {"ROI": label}}, with lh.class.npy
    repeats.npy                     optional: trials averaged per image
    ncsnr.lh.npy                    optional, and ncsnr.rh.npy
""",
        "One responses.npy (left, then right) or responses.npz does it, too. With 10,242 or "
        "163,842 columns per hemisphere no vertex numbers are needed.",
    ),
    LayoutGuide(
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
        "Each field is optional; what is left out is unknown, and no page says it. `units` and "
        "`preprocessing` are any words; `repeats` is `averaged` or `single trials`; `row_order` is "
        "`natural` (img2 before img10) or `plain` (img10 before img2), where no images.txt lists "
        "the rows; `picture_degrees` is the side of the square pictures as they were seen.",
    ),
    LayoutGuide(
        "Raw NSD betas on fsaverage",
        """\
nsd/                                prepared once, then opened as an Algonauts folder
  nsddata/experiments/nsd/nsd_expdesign.mat
  nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5
  nsddata_betas/ppdata/subj01/fsaverage/betas_fithrf_GLMdenoise_RR/
    lh.betas_session01.mgh
    rh.betas_session01.mgh
""",
        "Run `cortiscope prepare-nsd --data nsd --subject subj01 --out FOLDER`, then open "
        "FOLDER: z-scored per session, averaged over repeats, with ncsnr.",
    ),
)

LICENCE = (
    "**Natural Scenes Dataset (also within Algonauts 2023).** Its terms forbid passing the data "
    "on: “I will not distribute this dataset or its components to any other individual or "
    "entity.” That holds for responses, images, masks and ceilings, and for public screenshots "
    "with its pictures. Whoever needs the data asks for access.\n\n"
    "**Its images are photographs from Microsoft COCO.** Their annotations are CC BY 4.0; each "
    "photograph keeps the licence that its owner gave it on Flickr.\n\n"
    "**img2brain** calls its copy CC0. Its images and responses look like a part of the above, and "
    "a new label would not free them.\n\n"
    "**The simulated subjects** were made on this machine by this program; nobody’s rights are "
    "touched.\n\n"
    "Everything stays on this machine. Data folders are read and never written to; what is "
    "computed goes where `CORTISCOPE_HOME` says."
)
