"""Which image a subject saw in which trial, from NSD's experiment design.

``nsd_expdesign.mat`` holds ``subjectim`` (8, 10000), the 73k image numbers of each subject,
``masterordering`` (1, 30000), the position in them of each trial, the same for all subjects, and
``sharedix`` (1, 1000), the 73k numbers of the images that all subjects saw. All count from 1; the
numbers here count from 0, as in the names of the Algonauts images.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.nsd.layout import SUBJECTS
from core.errors import DamagedFile, InvalidInput, unknown_name

TRIALS_PER_SESSION = 750
# Sessions that every one of the eight subjects completed.
COMMON_SESSIONS = 30


@dataclass(frozen=True)
class NsdDesign:
    """The trials of one subject.

    Parameters
    ----------
    image : (n_trials,) 73k image numbers from 0, in order of presentation, over all planned
        sessions, completed or not.
    shared : (n_shared,) 73k numbers of the images that all subjects saw.
    """

    image: np.ndarray
    shared: np.ndarray
    trials_per_session: int = TRIALS_PER_SESSION
    common_sessions: int = COMMON_SESSIONS

    @property
    def n_sessions(self) -> int:
        """Planned sessions."""
        return len(self.image) // self.trials_per_session

    def shown(self, n_sessions: int) -> np.ndarray:
        """Return the images (n_trials,) of the first sessions.

        Raises
        ------
        InvalidInput : more sessions than the design plans.
        """
        if n_sessions > self.n_sessions:
            raise InvalidInput(
                f"{n_sessions} sessions were asked for; the design plans {self.n_sessions} of "
                f"{self.trials_per_session} trials."
            )
        return self.image[: n_sessions * self.trials_per_session]


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

    if subject not in SUBJECTS:
        raise unknown_name("NSD subject", subject, SUBJECTS)
    names = ("masterordering", "subjectim", "sharedix")
    try:
        stored = loadmat(path, variable_names=names)
    except Exception as error:  # scipy raises a dozen kinds for a file that is not one
        raise DamagedFile(f"{path.name} cannot be read as a MATLAB file: {error}.") from error
    absent = [name for name in names if name not in stored]
    if absent:
        raise DamagedFile(f"{path.name} has no {' and no '.join(absent)}.")
    order = np.asarray(stored["masterordering"], dtype=np.int64).ravel() - 1
    images = np.asarray(stored["subjectim"], dtype=np.int64) - 1
    shared = np.asarray(stored["sharedix"], dtype=np.int64).ravel() - 1
    if images.ndim != 2 or len(images) != len(SUBJECTS):
        raise DamagedFile(f"subjectim in {path.name} is {images.shape}; expected 8 rows.")
    if order.size == 0 or order.min() < 0 or order.max() >= images.shape[1] or images.min() < 0:
        raise DamagedFile(
            f"masterordering in {path.name} must hold numbers from 1 to {images.shape[1]:,}, "
            "subjectim numbers from 1."
        )
    return NsdDesign(
        images[SUBJECTS.index(subject)][order],
        np.unique(shared),
        trials_per_session,
        common_sessions,
    )
