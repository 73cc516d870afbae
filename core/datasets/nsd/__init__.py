"""Raw NSD on fsaverage: single-trial betas per session.

It is not opened as it is: ``prepare.prepare_subject`` makes an Algonauts 2023 folder of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cortiscope.core.datasets.check.report import SubjectReport
from cortiscope.core.datasets.layout import Guide, Layout
from cortiscope.core.datasets.nsd.files import BETAS, find_candidates, is_copy_of_nsd

_GUIDE = Guide(
    "Raw NSD betas on fsaverage",
    """\
nsd/                                prepared once, then opened as an Algonauts folder
  nsddata/experiments/nsd/nsd_expdesign.mat
  nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5
  nsddata_betas/ppdata/subj01/fsaverage/betas_fithrf_GLMdenoise_RR/
    lh.betas_session01.mgh
    rh.betas_session01.mgh
""",
    "Run `cortiscope prepare-nsd --data nsd --subject subj01 --out FOLDER`, then open FOLDER: the "
    "responses are z-scored per session and averaged over repeats, with ncsnr.",
)


def _check(folder: Path, subject: str, **how: Any) -> SubjectReport:
    # Loads nibabel, which takes a third of a second.
    from cortiscope.core.datasets.nsd.check import check_subject

    return check_subject(folder, subject, **how)


LAYOUT = Layout(
    name="nsd",
    words="copy of raw NSD",
    example=f"a copy of NSD (nsddata_betas/ppdata/subj01/fsaverage/{BETAS}, "
    "nsddata/experiments/nsd)",
    guide=_GUIDE,
    recognise=is_copy_of_nsd,
    load=None,
    find=find_candidates,
    check=_check,
    preparing=(
        "{folder} is a copy of raw NSD, whose trials have to be averaged first.",
        "Make a subject folder: cortiscope prepare-nsd --data {folder} --subject subj01 --out DIR.",
    ),
    levels=5,
)
