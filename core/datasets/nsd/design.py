"""Which image a subject saw in which trial, and which images are trained on and which are tested.

``nsd_expdesign.mat`` holds ``subjectim`` (8, 10000), the 73k image numbers of each subject,
``masterordering`` (1, 30000), the position in them of each trial, the same for all subjects, and
``sharedix`` (1, 1000), the 73k numbers of the images that all subjects saw. All count from 1; the
numbers here count from 0, as in the names of the Algonauts images.

``responses.tsv`` says the same of the trials that took place, one row each, in order: separated by
tabs, with a header; used are the columns SUBJECT, SESSION (from 1) and 73KID (from 1). It does
without the design where ``nsd_stim_info_merged.csv`` (``stimulus_info``) says which images are
shared; where both are there, they are held against each other.

Images are split by identity: no image that all subjects saw is ever fitted. Test set ``shared``:
the 1,000 shared images where all planned sessions were completed (each then has its three trials);
else the 515 that everybody saw three times, which are those complete after the 30 sessions that all
eight subjects have; with fewer sessions all shared images seen so far. Shared images that are not
tested are put aside: they are test images of another subject.

Source: NSD data manual, experiment and behavioural data.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.nsd import files as layout
from cortiscope.core.datasets.nsd.stimulus_info import read_stimulus_info
from cortiscope.core.errors import DamagedFile, InvalidInput, MissingData, unknown_name
from cortiscope.core.storage.foreign import check_fetched

TRIALS_PER_SESSION = 750
# Sessions that every one of the eight subjects completed, and that were planned for all.
COMMON_SESSIONS = 30
PLANNED_SESSIONS = 40


@dataclass(frozen=True)
class NsdDesign:
    """The trials of one subject.

    Parameters
    ----------
    image : (n_trials,) 73k image numbers from 0, in order of presentation, over all sessions
        that the source knows.
    shared : (n_shared,) 73k numbers of the images that all subjects saw.
    planned_sessions : after which every image has been shown three times.
    """

    image: np.ndarray
    shared: np.ndarray
    trials_per_session: int = TRIALS_PER_SESSION
    common_sessions: int = COMMON_SESSIONS
    planned_sessions: int = PLANNED_SESSIONS

    @property
    def n_sessions(self) -> int:
        """Sessions whose images are known."""
        return len(self.image) // self.trials_per_session

    def shown(self, n_sessions: int) -> np.ndarray:
        """Return the images (n_trials,) of the first sessions.

        Raises
        ------
        InvalidInput : more sessions than the design has.
        """
        if n_sessions > self.n_sessions:
            raise InvalidInput(
                f"{n_sessions} sessions were asked for; the design plans {self.n_sessions} of "
                f"{self.trials_per_session} trials."
            )
        return self.image[: n_sessions * self.trials_per_session]


def design_sources(root: Path, subject: str) -> list[Path]:
    """List the files that say what a subject saw, those of them that are there."""
    files = (
        layout.design_file(root),
        layout.trial_table(root, subject),
        layout.stimulus_table(root),
    )
    return [path for path in files if path is not None]


def find_design(
    root: Path,
    subject: str,
    *,
    trials_per_session: int = TRIALS_PER_SESSION,
    common_sessions: int = COMMON_SESSIONS,
    planned_sessions: int = PLANNED_SESSIONS,
) -> NsdDesign:
    """Read what a subject saw from the files that a copy of NSD has.

    Raises
    ------
    UnknownName, MissingData, DamagedFile : no such subject; neither the design nor the tables
        that stand in for it; files that are none, or contradict each other.
    """
    counts = {"trials_per_session": trials_per_session, "common_sessions": common_sessions}
    mat, table = layout.design_file(root), layout.trial_table(root, subject)
    trials = None if table is None else read_trials(table, subject, trials_per_session)
    if mat is not None:
        design = read_design(mat, subject, **counts)
        if trials is not None and table is not None:
            _check_same(design, trials, mat, table)
        return design
    images = layout.stimulus_table(root)
    if trials is None or images is None:
        absent = "responses.tsv" if trials is None else "nsd_stim_info_merged.csv"
        raise MissingData(
            f"nsd_expdesign.mat is missing in {root}, and so is {absent}.",
            "nsddata/experiments/nsd/nsd_expdesign.mat says which image was shown when; "
            "responses.tsv and nsd_stim_info_merged.csv together do it too.",
        )
    return NsdDesign(
        trials, read_stimulus_info(images).shared, planned_sessions=planned_sessions, **counts
    )


def read_design(
    path: Path,
    subject: str,
    *,
    trials_per_session: int = TRIALS_PER_SESSION,
    common_sessions: int = COMMON_SESSIONS,
) -> NsdDesign:
    """Read one subject's trials from ``nsd_expdesign.mat``.

    Raises
    ------
    UnknownName, DamagedFile : no such subject; not such a file, or numbers out of range.
    """
    from scipy.io import loadmat

    if subject not in layout.SUBJECTS:
        raise unknown_name("NSD subject", subject, layout.SUBJECTS)
    names = ("masterordering", "subjectim", "sharedix")
    try:
        stored = loadmat(path, variable_names=names)
    except Exception as error:  # scipy raises a dozen kinds for a file that is not one
        why = " ".join(str(error).split()) or type(error).__name__
        raise DamagedFile(f"{path.name} cannot be read as a MATLAB file: {why}.") from error
    absent = [name for name in names if name not in stored]
    if absent:
        raise DamagedFile(f"{path.name} has no {' and no '.join(absent)}.")
    order, images, shared = (_whole(stored[name], name, path) for name in names)
    order, shared = order.ravel(), shared.ravel()
    if images.ndim != 2 or len(images) != len(layout.SUBJECTS):
        raise DamagedFile(f"subjectim in {path.name} is {images.shape}; expected 8 rows.")
    if order.size == 0 or order.min() < 0 or order.max() >= images.shape[1] or images.min() < 0:
        raise DamagedFile(
            f"masterordering in {path.name} must hold numbers from 1 to {images.shape[1]:,}, "
            "subjectim numbers from 1."
        )
    if len(order) % trials_per_session:
        raise DamagedFile(
            f"masterordering in {path.name} has {len(order):,} trials, which are no whole sessions "
            f"of {trials_per_session}."
        )
    return NsdDesign(
        images[layout.SUBJECTS.index(subject)][order],
        np.unique(shared),
        trials_per_session,
        common_sessions,
        len(order) // trials_per_session,
    )


def _whole(stored: object, name: str, path: Path) -> np.ndarray:
    """Return numbers that count from 1 as numbers that count from 0."""
    values = np.asarray(stored)
    if values.dtype.kind not in "iuf" or not np.array_equal(values, np.round(values)):
        raise DamagedFile(f"{name} in {path.name} holds values that are no whole numbers.")
    return values.astype(np.int64) - 1


def _check_same(design: NsdDesign, trials: np.ndarray, mat: Path, table: Path) -> None:
    n = min(len(trials), len(design.image))
    if len(trials) > len(design.image):
        raise DamagedFile(
            f"{table.name} has {len(trials):,} trials, more than the {len(design.image):,} of "
            f"{mat.name}."
        )
    unlike = np.flatnonzero(trials[:n] != design.image[:n])
    if len(unlike):
        raise DamagedFile(
            f"{table.name} and {mat.name} name different images in {len(unlike):,} of {n:,} "
            f"trials, the first in trial {unlike[0] + 1:,}.",
            "They must be of the same subject; download both again.",
        )


_COLUMNS = ("SUBJECT", "SESSION", "73KID")


def read_trials(path: Path, subject: str, trials_per_session: int) -> np.ndarray:
    """Return the images (n_trials,) of a subject's trials, 73k numbers from 0.

    Raises
    ------
    DamagedFile : no such table, another subject's, or sessions that are not whole.
    """
    number, session, image = _read_columns(path)
    if np.any(number != int(subject[-2:])):
        raise DamagedFile(f"{path.name} is of subject {number[0]}, not of {subject}.")
    if len(session) == 0:
        raise DamagedFile(f"{path.name} holds no trial.")
    if image.min() < 1:
        raise DamagedFile(f"{path.name} holds the 73KID {image.min()}; they count from 1.")
    numbers, counts = np.unique(session, return_counts=True)
    uneven = np.flatnonzero(counts != trials_per_session)
    if len(uneven):
        k = uneven[0]
        raise DamagedFile(
            f"{path.name} has {counts[k]:,} trials in session {numbers[k]}; a session has "
            f"{trials_per_session}."
        )
    if not np.array_equal(session, np.repeat(np.arange(1, len(numbers) + 1), trials_per_session)):
        raise DamagedFile(
            f"{path.name} does not list the sessions 1 to {len(numbers)} one after the other."
        )
    return image - 1


def _read_columns(path: Path) -> list[np.ndarray]:
    check_fetched(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, delimiter="\t")
            header = next(rows, [])
            absent = [name for name in _COLUMNS if name not in header]
            if absent:
                raise DamagedFile(
                    f"{path.name} has no column {' and no column '.join(absent)}; expected a "
                    "tab-separated table with a header."
                )
            at = [header.index(name) for name in _COLUMNS]
            values = [[int(float(row[k])) for k in at] for row in rows if row]
    except DamagedFile:
        raise
    except (ValueError, IndexError, OverflowError, OSError, csv.Error) as error:
        raise DamagedFile(
            f"{path.name} cannot be read as a table of trials: {error}.",
            "Copy or download it again.",
        ) from error
    return list(np.array(values, dtype=np.int64).reshape(-1, len(_COLUMNS)).T)


TEST_SETS = ("shared", "shared1000", "shared515")
_REPEATS = 3


@dataclass(frozen=True)
class NsdSplit:
    """Images by split, as increasing 73k numbers from 0.

    Parameters
    ----------
    name : ``shared1000``, ``shared515`` or ``shared-seen`` (fewer sessions).
    aside : shared images that were seen and are in neither split.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    aside: np.ndarray


def split_images(design: NsdDesign, n_sessions: int, test: str = "shared") -> NsdSplit:
    """Split the images of the first sessions.

    Raises
    ------
    UnknownName, InvalidInput : no such test set; too few sessions for it; an empty split.
    """
    if test not in TEST_SETS:
        raise unknown_name("test set", test, TEST_SETS)
    seen = np.unique(design.shown(n_sessions))
    shared = np.intersect1d(seen, design.shared)
    enough = {"shared1000": design.planned_sessions, "shared515": design.common_sessions}
    if test in enough and n_sessions < enough[test]:
        raise InvalidInput(
            f"{test} needs {enough[test]} sessions; {n_sessions} are read.",
            "Take --test shared, which uses what there is.",
        )
    name = test
    if test == "shared":
        name = next((n for n, least in enough.items() if n_sessions >= least), "shared-seen")
    tested = shared
    if name == "shared515":
        images, counts = np.unique(design.shown(design.common_sessions), return_counts=True)
        tested = np.intersect1d(shared, images[counts >= _REPEATS])
    train = np.setdiff1d(seen, design.shared)
    for what, images in (("shared", tested), ("other", train)):
        if len(images) == 0:
            raise InvalidInput(
                f"The first {n_sessions} sessions show no {what} image that could be used.",
                "Read more sessions.",
            )
    return NsdSplit(name, train, tested, np.setdiff1d(shared, tested))
