"""Receptive fields as a regressor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.copies import averaged
from cortiscope.core.encoding.fields.candidates import candidate_fields
from cortiscope.core.encoding.fields.fitting import fit_fields
from cortiscope.core.encoding.fields.predictor import FieldsPredictor
from cortiscope.core.encoding.fields.search import CRITERIA, FieldSearch
from cortiscope.core.encoding.fields.spectra import Maps
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.ridge.data import decreasing_penalties
from cortiscope.core.encoding.ridge.kfold import fold_rows
from cortiscope.core.encoding.training import PictureGrid, TrainingData, Work
from cortiscope.core.errors import InvalidInput, check_option

_SHARES = tuple(float(f"{share:.3g}") for share in np.logspace(-3, 3, 10))
_HELD = 10
# A design of fewer bytes is read once, not again for each batch of fields.
_IN_MEMORY = 2**30


@dataclass(frozen=True)
class FieldSettings:
    """Which fields are tried, and by which rule one is chosen.

    Parameters
    ----------
    n_sizes, smallest, largest : sizes of the fields: SDs, as shares of the picture's side.
    spacing : of their centres, in SDs.
    fineness : steps of the finer lattice per step of the candidates; 0 leaves it out.
    criterion : ``gcv``; ``loo``, leaving out single images; ``holdout``, the last tenth of them.
    shares : penalties, as shares of the mean variance along a field's axes.
    """

    n_sizes: int = 8
    smallest: float = 0.042
    largest: float = 0.48
    spacing: float = 0.9
    fineness: int = 2
    criterion: str = "gcv"
    shares: tuple[float, ...] = _SHARES


def fit_receptive_fields(
    data: TrainingData, settings: FieldSettings | None = None, work: Work | None = None
) -> FieldsPredictor:
    """Fit ridge at each vertex to the channels of the maps under a Gaussian field of its own.

    Parameters
    ----------
    data : its ``grids`` say where columns lie on the picture. Columns without places are seen
        whole by every vertex; without any grid, so are all, which leaves ridge.

    Raises
    ------
    InvalidInput : sizes, spacing or criterion that mean nothing, or too few images.

    References
    ----------
    St-Yves & Naselaris 2018, NeuroImage 180 (feature-weighted receptive fields); Golub, Heath &
    Wahba 1979, Technometrics 21 (GCV).
    """
    settings, work = settings or FieldSettings(), work or Work()
    _check(settings)
    grids = data.grids or (PictureGrid(data.design.shape[1]),)
    rows = np.arange(len(data.design))
    held = rows[:0]
    if settings.criterion == "holdout":
        last = fold_rows(len(rows), _HELD, data.groups)[-1]
        rows, held = rows[: last.start], rows[last]
    else:
        data = averaged(data)  # single rows are left out: their copies would reveal them
        rows = np.arange(len(data.design))
    fields = candidate_fields(
        grids,
        n_sizes=settings.n_sizes,
        smallest=settings.smallest,
        largest=settings.largest,
        spacing=settings.spacing,
    )
    design = data.design
    if not isinstance(design, np.ndarray) and 4 * math.prod(design.shape) <= _IN_MEMORY:
        design = design[np.arange(len(design))]
    search = FieldSearch(
        Maps(design, grids, work.device),
        fields,
        decreasing_penalties(settings.shares),
        settings.criterion,
        rows,
        held,
    )
    return fit_fields(
        search, data.responses, fineness=settings.fineness, spacing=settings.spacing, work=work
    )


def _check(settings: FieldSettings) -> None:
    check_option("criterion", settings.criterion, CRITERIA)
    if not 0 < settings.smallest <= settings.largest or settings.n_sizes < 1:
        raise InvalidInput(
            "Sizes of receptive fields go from smallest to largest, above 0, at least one; got "
            f"smallest={settings.smallest:g}, largest={settings.largest:g}, "
            f"n_sizes={settings.n_sizes}.",
        )
    if settings.n_sizes == 1 and settings.smallest != settings.largest:
        raise InvalidInput(
            "One size of receptive fields is both the smallest and the largest; got "
            f"smallest={settings.smallest:g}, largest={settings.largest:g}, n_sizes=1.",
            "Set both to that size, or ask for more sizes.",
        )
    if settings.spacing <= 0:
        raise InvalidInput(f"The spacing of fields must be above 0; got {settings.spacing:g}.")


ENTRIES = (
    RegressorEntry(
        name="receptive_fields",
        title="receptive fields",
        summary="linear: each vertex reads the maps through a Gaussian field of its own",
        method="ridge regression on the channels of the maps under a Gaussian receptive field, "
        "field and penalty per vertex chosen by {criterion} (gcv being generalised "
        "cross-validation, loo leave-one-out, holdout the last tenth of the images) among the "
        "whole picture and {n_sizes} sizes (SD {smallest} to {largest} of the picture's side), "
        "with centres {spacing} SD apart",
        settings=FieldSettings,
        separable=True,
        fit=fit_receptive_fields,
        reads_places=True,
        predictor=FieldsPredictor,
    ),
)
