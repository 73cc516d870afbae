"""What a run's record says of its fit, as typed values (``config.from_plain`` reads them)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cortiscope.core.encoding.grid_edges import GridEdges
from cortiscope.core.encoding.neural.moving import FinetuneSettings


@dataclass(frozen=True)
class RunSource:
    """One backbone of a run.

    Parameters
    ----------
    weights : kind, seed, sha256, label.
    framing : as ``core.backbones.Framing.text``.
    precision : what its network multiplied in.
    """

    backbone: str
    weights: Mapping[str, Any]
    layers: tuple[str, ...]
    framing: str = "published"
    precision: str = "float32"


@dataclass(frozen=True)
class ScoredAgain:
    """When a run got other scores than at its fit, and which parts of the data had changed."""

    when: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Finetuning:
    """How a network was finetuned.

    Parameters
    ----------
    layers : what was read of it.
    subject : whose images it was finetuned to.
    kept_epoch : from 1.
    curves : as in ``core.encoding.neural.finetune.Finetuned``; None where undefined.
    """

    backbone: str
    layers: tuple[str, ...]
    subject: str
    settings: FinetuneSettings
    kept_epoch: int
    curves: Mapping[str, tuple[float | None, ...]]


@dataclass(frozen=True)
class RunFacts:
    """What a record says of a fit beside its configuration and scores.

    Parameters
    ----------
    created : UTC, as in 2023-08-01T12:00:00+00:00.
    seconds : by step, without the pass through the network.
    n_vertices : how many it predicts, by part: ``lh`` and ``rh``, or ``voxels``.
    n_fit, n_fit_by_subject : images fitted, all together and of each subject.
    n_train : training images of the subject, whatever they were for.
    n_columns : of the design.
    spaces : of each feature space the places of its features in ``spec.features``.
    left_out : training images that were for nothing, and the test images that they nearly are.
    finetuning : of each network that was finetuned.
    subjects_standardised : whether subjects fitted together were brought to one mean and SD.
    """

    title: str
    sources: tuple[RunSource, ...]
    weights_label: str
    simulated: bool
    created: str
    seconds: Mapping[str, float]
    n_vertices: Mapping[str, int]
    n_fit: int
    n_fit_by_subject: Mapping[str, int]
    n_train: int
    n_columns: int
    spaces: tuple[tuple[int, ...], ...]
    # Younger than some records.
    departures: tuple[str, ...] = ()
    left_out: tuple[Mapping[str, str], ...] = ()
    subjects_standardised: bool = False
    grid_edges: GridEdges | None = None
    scored_again: ScoredAgain | None = None
    finetuning: tuple[Finetuning, ...] = ()
