"""A folder of any name with responses as plain arrays and a folder of images.

Images: ``images/`` (or ``train_images/``), there or one folder deeper, row i of the responses being
image i in natural order of the names (img2 before img10). Where sorting letter by letter gives
another order, ``images.txt`` has to list the rows' file names, or the sidecar to state
``row_order``; else ``check`` reports it and nothing is fitted. ``images.txt`` overrides any order.

Responses (n_images, n_vertices), in exactly one of these forms:

- ``lh.npy`` and ``rh.npy`` (memory-mapped);
- ``responses.npy``, left then right (memory-mapped);
- ``responses.npz`` with the arrays ``lh`` and ``rh``;
- ``lh.csv`` and ``rh.csv``, separated by commas, semicolons (then with decimal commas) or tabs; a
  header row, and a first column of row numbers or of the images' names, are optional;
- ``lh.func.gii`` and ``rh.func.gii`` (or ``.gii``, ``.gz``, or named as in BIDS with ``hemi-L`` and
  ``hemi-R``), one data array per image, or one of all (n_vertices, n_images);
- ``lh.mgh`` and ``rh.mgh`` (n_vertices, 1, 1, n_images) (memory-mapped), or ``.mgz``; vertices may
  be folded, as 27307 x 1 x 6.

What cannot be memory-mapped is converted once, into the cache folder.

Vertices: 10,242 (fsaverage5) or 163,842 (fsaverage) columns per hemisphere, or those of fsaverage3,
4 or 6, which are the first of these; or any number, with either
``lh.vertices.npy`` (n_vertices,), increasing fsaverage vertex numbers from 0, or ``lh.mask.npy``
(10,242 or 163,842), 0 and 1, and the same for ``rh``.

Test split, optional: ``test_images/`` (order as above, ``images_test.txt``) with ``lh_test.npy``
and ``rh_test.npy``, or another of the forms with ``_test`` in that place (``responses_test.npy``);
if they are absent, there are no test responses. Or ``test.json``, a list of file names in the
folder of images: these rows are the test split. Without either, every image is for training.

Optional too: ``rois.json`` ``{class: {ROI: label}}`` with ``lh.CLASS.npy`` and ``rh.CLASS.npy``
(n_vertices,) labels, 0 for none; ``repeats.npy`` and ``repeats_test.npy`` (n_images,), trials
averaged per image; ``ncsnr.lh.npy`` and ``ncsnr.rh.npy`` (n_vertices,), signal SD over noise SD of
single trials; the sidecar of captions (``core.datasets.sidecar``).

The layout is this project's own; nothing is ever written into such a folder.
"""

from cortiscope.core.datasets.arrays.check import check_subject, find_candidates
from cortiscope.core.datasets.arrays.loader import is_subject_folder, load_subject
from cortiscope.core.datasets.layout import Guide, Layout

_GUIDE = Guide(
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
    "One `responses.npy` (left, then right) or `responses.npz` will do, too. With 10,242 or "
    "163,842 columns per hemisphere no vertex numbers are needed.",
)

LAYOUT = Layout(
    name="arrays",
    words="plain arrays",
    example="plain arrays (NAME/images, NAME/lh.npy, NAME/rh.npy)",
    guide=_GUIDE,
    recognise=is_subject_folder,
    load=load_subject,
    find=find_candidates,
    check=check_subject,
    for_ceiling=(
        "`ncsnr.lh.npy` and `ncsnr.rh.npy` (one value per vertex) with `repeats.npy` and "
        "`repeats_test.npy` (one whole number per image)"
    ),
)
