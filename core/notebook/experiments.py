"""What the page Lab asks: contrasts of pictures, best pictures, seed maps."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureStore
from cortiscope.core.notebook.models import given_model
from cortiscope.core.notebook.subjects import given_subject, subject_of
from cortiscope.core.pipeline.best_images import BestImages
from cortiscope.core.pipeline.best_images import best_images as ranked
from cortiscope.core.pipeline.contrast import PictureContrast, contrast_of
from cortiscope.core.pipeline.seed_map import SeedMap
from cortiscope.core.pipeline.seed_map import seed_map as mapped
from cortiscope.core.progress import Progress, silent
from cortiscope.core.runs import Run
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.storage import Home


def contrast(
    subject: Subject | str,
    a: str,
    b: str,
    model: Run | str | None = None,
    *,
    control: str = "none",
    progress: Progress = silent,
) -> PictureContrast:
    """Compare the responses to two sets of pictures, as ``cortiscope contrast`` does.

    Parameters
    ----------
    a, b : ``category:indoor,street and not category:face``, ``caption:WORD``, a text file of names
        or a folder of the subject's pictures.
    model : whose prediction is set beside the measurement.
    control : ``gabor`` partials the pictures' Gabor energy out.

    Returns
    -------
    found : ``table()`` has a row per ROI, ``maps()`` arrays over vertices.
    """
    known = given_subject(subject)
    run = None if model is None else given_model(model)
    if run is not None:
        subject_of(run, known)
    store = FeatureStore(Home.from_environment().features)
    return contrast_of(known, a, b, run, control=control, store=store, progress=progress)


def best_images(
    model: Run | str,
    roi: str | None = None,
    hemisphere: str | None = None,
    *,
    vertices: np.ndarray | None = None,
    images: str | os.PathLike[str] | None = None,
    k: int = 12,
    subject: Subject | str | None = None,
    progress: Progress = silent,
) -> BestImages:
    """Rank pictures by the mean predicted response, as ``cortiscope best-images`` does.

    Parameters
    ----------
    roi, hemisphere : a ROI, of ``left`` or ``right``, or of both without.
    vertices : (n,) positions in the subject's arrays, instead of a ROI.
    images : a folder of pictures; the subject's own without.
    k : how many of each end.

    Returns
    -------
    found : ``table()`` has a row per picture.
    """
    run = given_model(model)
    known = subject_of(run, subject)
    if (roi is None) == (vertices is None):
        raise InvalidInput("Name a ROI or vertices, one of both.", "As in best_images(m, 'PPA').")
    if roi is not None:
        sides = HEMISPHERES if hemisphere is None else (Hemisphere(hemisphere),)
        vertices = np.concatenate([known.roi_vertices(roi, h) for h in sides])
    positions = np.asarray(vertices)
    place = f"{len(positions):,} {known.space.unit}" if roi is None else roi
    if hemisphere is not None and roi is not None:
        place = f"{roi} {hemisphere}"
    return ranked(
        *(run, known, positions, place),
        k=k,
        images=None if images is None else StimulusImages.from_folder(Path(images).expanduser()),
        store=FeatureStore(Home.from_environment().features),
        progress=progress,
    )


def seed_map(
    subject: Subject | str,
    position: int,
    model: Run | str | None = None,
    *,
    responses: str = "measured",
) -> SeedMap:
    """Correlate a vertex's response profile with those of all vertices.

    Parameters
    ----------
    position : of the seed in the subject's arrays.
    responses : ``measured``, or ``predicted`` by a model for its held-out pictures.
    """
    known = given_subject(subject)
    run = None if model is None else given_model(model)
    return mapped(known, position, run, responses=responses)
