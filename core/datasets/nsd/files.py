"""Where things lie below a copy of NSD: as released, or with the leading folders left out.

Sources: NSD data manual (cvnlab.slite.page), pages on functional, behavioural and experiment data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets.check.report import Candidate
from cortiscope.core.errors import InvalidInput, MissingData, unknown_name

SUBJECTS = tuple(f"subj{k:02d}" for k in range(1, 9))
COMPLETED_SESSIONS = dict(zip(SUBJECTS, (40, 40, 32, 30, 40, 32, 40, 30), strict=True))
BETAS = "betas_fithrf_GLMdenoise_RR"
BETA_PLACES = ("nsddata_betas/ppdata", "betas")

_EXPERIMENT = "nsddata/experiments/nsd"
_DESIGN = (f"{_EXPERIMENT}/nsd_expdesign.mat", "nsd_expdesign.mat")
_STIMULUS_TABLE = (f"{_EXPERIMENT}/nsd_stim_info_merged.csv", "nsd_stim_info_merged.csv")
_STIMULI = ("nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5", "nsd_stimuli.hdf5")
_LABELS = ("nsddata/freesurfer/fsaverage/label", "freesurfer/fsaverage/label", "label")
_SESSION = re.compile(r"^(lh|rh)\.betas_session(\d+)\.(mgh|mgz)$")


def is_copy_of_nsd(folder: Path) -> bool:
    """Whether a folder looks like a copy of NSD."""
    return any((folder / place).is_dir() for place in BETA_PLACES)


def find_candidates(folder: Path) -> Sequence[Candidate]:
    """List the subjects that a copy of NSD has betas of; empty if it is none."""
    return [
        Candidate(subject, place / subject)
        for place in (folder / p for p in BETA_PLACES)
        for subject in SUBJECTS
        if (place / subject).is_dir() and any((place / subject).glob("*"))
    ]


def design_file(root: Path) -> Path | None:
    """Find the experiment design, or None."""
    return _found(root, _DESIGN)


def trial_table(root: Path, subject: str) -> Path | None:
    """Find the table of a subject's trials (``responses.tsv``), or None."""
    return _found(root, (f"nsddata/ppdata/{subject}/behav/responses.tsv", "responses.tsv"))


def stimulus_table(root: Path) -> Path | None:
    """Find the table of the 73,000 images (``nsd_stim_info_merged.csv``), or None."""
    return _found(root, _STIMULUS_TABLE)


def stimulus_file(root: Path) -> Path:
    """Find the file of all 73,000 images.

    Raises
    ------
    MissingData : it is not there.
    """
    found = _found(root, _STIMULI)
    if found is None:
        raise MissingData(
            f"{_STIMULI[0]} is missing in {root}.",
            f"It may also be {_STIMULI[1]}. A folder of pictures (--images) does it too.",
        )
    return found


def label_folder(root: Path) -> Path | None:
    """Find the labels on fsaverage, or None."""
    return next((root / p for p in _LABELS if (root / p).is_dir()), None)


def beta_folder(root: Path, subject: str) -> Path:
    """Find a subject's betas on fsaverage.

    Raises
    ------
    UnknownName, MissingData : no such subject; none of its betas, or others only.
    """
    if subject not in SUBJECTS:
        raise unknown_name("NSD subject", subject, SUBJECTS)
    if not root.is_dir():
        raise MissingData(f"The NSD folder {root} does not exist.")
    places = [root / place / subject / "fsaverage" / BETAS for place in BETA_PLACES]
    for place in places:
        if place.is_dir():
            return place
    others = sorted(
        p.relative_to(place.parents[1]).as_posix()
        for place in places
        for p in place.parents[1].glob("*/betas_*")
    )
    seen = f" There is {', '.join(others)}." if others else ""
    raise MissingData(
        f"{BETA_PLACES[0]}/{subject}/fsaverage/{BETAS} is missing in {root}.{seen}",
        f"It may also be {BETA_PLACES[1]}/{subject}/fsaverage/{BETAS}.",
    )


def find_sessions(folder: Path) -> dict[tuple[Hemisphere, int], Path]:
    """List the beta files of a folder by hemisphere and session, whole or not.

    Where a session is there as ``.mgh`` and ``.mgz``, the uncompressed file is taken.
    """
    found: dict[tuple[Hemisphere, int], Path] = {}
    by_short = {h.short: h for h in HEMISPHERES}
    for path in sorted(folder.iterdir()):
        if match := _SESSION.match(path.name):
            found.setdefault((by_short[match[1]], int(match[2])), path)
    return found


def session_files(root: Path, subject: str, sessions: int | None) -> list[dict[Hemisphere, Path]]:
    """List the beta files of sessions 1, 2, ..., both hemispheres each.

    Parameters
    ----------
    sessions : how many, from the first; None for all that are there.

    Raises
    ------
    UnknownName, MissingData, InvalidInput : no such subject, a session or hemisphere missing
        before the last one.
    """
    if sessions is not None and sessions < 1:
        raise InvalidInput(f"The number of sessions is {sessions}; it must be 1 or more.")
    folder = beta_folder(root, subject)
    found = find_sessions(folder)
    last = sessions or max((number for _, number in found), default=0)
    if last == 0:
        raise MissingData(f"{folder} has no file like lh.betas_session01.mgh.")
    for number in range(1, last + 1):
        for hemisphere in HEMISPHERES:
            if (hemisphere, number) not in found:
                raise MissingData(
                    f"{hemisphere.short}.betas_session{number:02d}.mgh is missing; "
                    f"{last} sessions were to be read.",
                    f"It belongs in {folder}.",
                )
    return [{h: found[h, number] for h in HEMISPHERES} for number in range(1, last + 1)]


def _found(root: Path, places: tuple[str, ...]) -> Path | None:
    return next((root / place for place in places if (root / place).exists()), None)
