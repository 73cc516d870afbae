"""Where things lie below a copy of NSD: as released, or with the leading folders left out."""

from __future__ import annotations

import re
from pathlib import Path

from core.brain import HEMISPHERES, Hemisphere
from core.errors import InvalidInput, MissingData, unknown_name

SUBJECTS = tuple(f"subj{k:02d}" for k in range(1, 9))
BETAS = "betas_fithrf_GLMdenoise_RR"

_DESIGN = ("nsddata/experiments/nsd/nsd_expdesign.mat", "nsd_expdesign.mat")
_STIMULI = ("nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5", "nsd_stimuli.hdf5")
_LABELS = ("nsddata/freesurfer/fsaverage/label", "freesurfer/fsaverage/label", "label")
_SESSION = re.compile(r"^(lh|rh)\.betas_session(\d+)\.(mgh|mgz)$")


def design_file(root: Path) -> Path:
    """Find the experiment design."""
    return _first(root, _DESIGN)


def stimulus_file(root: Path) -> Path:
    """Find the file of all 73,000 images."""
    return _first(root, _STIMULI, " A folder of pictures (--images) does it too.")


def label_folder(root: Path) -> Path | None:
    """Find the labels on fsaverage, or None."""
    return next((root / p for p in _LABELS if (root / p).is_dir()), None)


def session_files(root: Path, subject: str, sessions: int | None) -> list[dict[Hemisphere, Path]]:
    """List the beta files of sessions 1, 2, ..., both hemispheres each.

    Parameters
    ----------
    sessions : how many, from the first; None for all that are there.

    Raises
    ------
    UnknownName, MissingData, InvalidInput : no such subject, a session or hemisphere missing
        before the last one, or compressed files.
    """
    if subject not in SUBJECTS:
        raise unknown_name("NSD subject", subject, SUBJECTS)
    if sessions is not None and sessions < 1:
        raise InvalidInput(f"The number of sessions is {sessions}; it must be 1 or more.")
    places = tuple(
        f"{start}/{subject}/fsaverage/{BETAS}" for start in ("nsddata_betas/ppdata", "betas")
    )
    folder = _first(root, places)
    found: dict[tuple[str, int], Path] = {}
    for path in sorted(folder.iterdir()):
        match = _SESSION.match(path.name)
        # Where both kinds are there, the uncompressed one ("mgh" sorts first) is read.
        if match:
            found.setdefault((match[1], int(match[2])), path)
    last = sessions or max((number for _, number in found), default=0)
    if last == 0:
        raise MissingData(f"{folder} has no file like lh.betas_session01.mgh.")
    listed = []
    for number in range(1, last + 1):
        files = {}
        for hemisphere in HEMISPHERES:
            path_or_none = found.get((hemisphere.short, number))
            if path_or_none is None:
                raise MissingData(
                    f"{hemisphere.short}.betas_session{number:02d}.mgh is missing; "
                    f"{last} sessions were to be read.",
                    f"It belongs into {folder}.",
                )
            if path_or_none.suffix == ".mgz":
                raise InvalidInput(
                    f"{path_or_none.name} is compressed; a part of it cannot be read on its own.",
                    "Convert it with mri_convert to .mgh, as NSD ships it.",
                )
            files[hemisphere] = path_or_none
        listed.append(files)
    return listed


def _first(root: Path, places: tuple[str, ...], hint: str = "") -> Path:
    if not root.is_dir():
        raise MissingData(f"The NSD folder {root} does not exist.")
    for place in places:
        if (root / place).exists():
            return root / place
    raise MissingData(f"{places[0]} is missing in {root}.", f"It may also be {places[1]}.{hint}")
