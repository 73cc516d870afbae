"""Train and test images of raw NSD by identity: no image that all subjects saw is ever fitted.

``shared``: the 1,000 shared images where all planned sessions were completed (each then has its
three trials); else the 515 that everybody saw three times, which are those complete after the 30
sessions that all eight subjects have; with fewer sessions all shared images seen so far.
Shared images that are not tested are put aside: they are test images of another subject.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.datasets.nsd.design import NsdDesign
from cortiscope.core.errors import InvalidInput, unknown_name

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
