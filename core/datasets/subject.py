"""A subject: images, responses, vertices, ROIs, and what is known about the noise ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.brain import HEMISPHERES, ChallengeSpace, Hemisphere, Parcellation
from core.datasets.responses import ResponseRows
from core.stimuli import StimulusImages


@dataclass(frozen=True)
class StimulusNote:
    """What is known about one stimulus beside its pixels."""

    captions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        """The first caption, or an empty text."""
        return self.captions[0] if self.captions else ""


@dataclass(frozen=True)
class Split:
    """The images of one split and the responses to them, row for row.

    Parameters
    ----------
    name : ``train`` or ``test``.
    responses : hemisphere -> (n_stimuli, n_vertices) float32, single-trial z averaged over
        repeats; memory-mapped; None where the responses are withheld.
    truth : the same shape, free of noise; simulated subjects only.
    repeats : (n_stimuli,) trials averaged per image; None where unknown.
    notes : one per stimulus, or empty.
    """

    name: str
    images: StimulusImages
    responses: Mapping[Hemisphere, np.ndarray] | None = None
    truth: Mapping[Hemisphere, np.ndarray] | None = None
    repeats: np.ndarray | None = None
    notes: tuple[StimulusNote, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def response_rows(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return (n_rows, n_vertices over both hemispheres) float32 of measured responses."""
        if self.responses is None:
            raise ValueError(f"The responses of the {self.name} split are withheld.")
        return _both(self.responses, rows)

    def rows_on_disk(self, rows: np.ndarray) -> ResponseRows:
        """Return the measured responses of some rows without reading them."""
        if self.responses is None:
            raise ValueError(f"The responses of the {self.name} split are withheld.")
        return ResponseRows([self.responses[h] for h in HEMISPHERES], rows)

    def truth_rows(self, rows: np.ndarray | slice) -> np.ndarray | None:
        """Return the noise-free responses of some rows, or None where there are none."""
        return None if self.truth is None else _both(self.truth, rows)


def _both(parts: Mapping[Hemisphere, np.ndarray], rows: np.ndarray | slice) -> np.ndarray:
    return np.concatenate([np.asarray(parts[h][rows], dtype=np.float32) for h in HEMISPHERES], -1)


@dataclass(frozen=True)
class Subject:
    """One subject of a dataset.

    Parameters
    ----------
    id : as the folder is called, for instance ``subj01`` or ``sim01``.
    layout : which loader read it.
    fingerprint : changes when the data do; part of every cache key.
    simulated : stamped on everything that shows this subject.
    ncsnr : (n_vertices over both hemispheres,) signal SD over noise SD of single trials, or None.
    test_ceiling : (n_vertices,) fractions of the test split's variance, or None.
    details : what else the folder says about itself.
    """

    id: str
    folder: Path
    layout: str
    fingerprint: str
    space: ChallengeSpace
    parcellation: Parcellation
    train: Split
    test: Split
    simulated: bool = False
    ncsnr: np.ndarray | None = None
    test_ceiling: np.ndarray | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The words that go on every figure and export of simulated data, else empty."""
        return f"SIMULATED {self.id}" if self.simulated else ""

    def split(self, name: str) -> Split:
        """Return the split called ``train`` or ``test``."""
        return {"train": self.train, "test": self.test}[name]

    def roi_vertices(self, name: str, hemisphere: Hemisphere) -> np.ndarray:
        """Positions (n,) of a ROI's vertices in arrays over both hemispheres (left first)."""
        start = self.space.slice_of(hemisphere).start
        return self.parcellation.vertices(name, hemisphere) + start
