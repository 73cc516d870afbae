"""The noise-free responses of a simulated hemisphere: structure, meaning, and a part nobody sees.

Every vertex's reliable signal is a mixture of three standardised parts, with the shares of
:mod:`.areas`: what its receptive field holds, what the picture shows, and a function of hidden
numbers of the stimulus (memory, mood, attention, if one likes) that repeats with the stimulus but
is in no pixel. The last part is why even a perfect image-computable model stays below the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.brain import Hemisphere
from cortiscope.core.simulation.anatomy import HemisphereAnatomy
from cortiscope.core.simulation.areas import area_properties
from cortiscope.core.simulation.category_encoding import (
    CategoryEncoding,
    build_category_encoding,
    category_drive,
)
from cortiscope.core.simulation.early_encoding import (
    EarlyEncoding,
    build_early_encoding,
    early_drive,
)
from cortiscope.core.simulation.geodesic import smooth_fields

N_HIDDEN = 24
_HIDDEN_PASSES = 5
_INSIDE_DEG = 3.0
_NCSNR_SPREAD = 0.42  # standard deviation of log ncsnr within an area
_NCSNR_SHARED = 0.2  # share of that variance which neighbours have in common


@dataclass(frozen=True)
class Standard:
    """Mean and standard deviation per vertex (n_vertices,) of a part, over the training images."""

    mean: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Standard:
        """Measure (n_images, n_vertices)."""
        return cls(values.mean(axis=0), np.maximum(values.std(axis=0), 1e-9))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Standardise (n_images, n_vertices)."""
        return (values - self.mean) / self.sd


@dataclass(frozen=True)
class Encodings:
    """How the vertices of one hemisphere read structure, meaning and hidden numbers.

    Parameters
    ----------
    hidden : (N_HIDDEN, n_vertices) weights.
    """

    early: EarlyEncoding
    category: CategoryEncoding
    hidden: np.ndarray


@dataclass(frozen=True)
class Drives:
    """The three parts of a response before they are mixed, each (n_images, n_vertices)."""

    structure: np.ndarray
    meaning: np.ndarray
    hidden: np.ndarray


@dataclass(frozen=True)
class ResponseModel:
    """Everything that turns pictures into the noise-free responses of one hemisphere.

    Parameters
    ----------
    meaning, unseen : (n_vertices,) shares of variance.
    structure_scale, meaning_scale, visible_scale, hidden_scale : standardisation of the parts.
    ncsnr : (n_vertices,) true signal-to-noise ratio of single trials: small where the receptive
        field lies outside the picture, 0 for dead vertices.
    """

    encodings: Encodings
    meaning: np.ndarray
    unseen: np.ndarray
    structure_scale: Standard
    meaning_scale: Standard
    visible_scale: Standard
    hidden_scale: Standard
    ncsnr: np.ndarray


def hidden_numbers(ids: np.ndarray, seed: int) -> np.ndarray:
    """Draw a stimulus's hidden numbers from its identity alone.

    Parameters
    ----------
    ids : (n_images,) stimulus identities.

    Returns
    -------
    hidden : (n_images, N_HIDDEN) standard normal.
    """
    return np.stack([np.random.default_rng([seed, int(i)]).standard_normal(N_HIDDEN) for i in ids])


def build_encodings(
    anatomy: HemisphereAnatomy, hemisphere: Hemisphere, seed: int, signed: bool = False
) -> Encodings:
    """Draw a hemisphere's tuning; ``signed`` is the second truth."""
    rng = np.random.default_rng([seed, 2, 0 if hemisphere is Hemisphere.LEFT else 1])
    exponent = anatomy.averaging @ area_properties(anatomy.area)["exponent"]
    return Encodings(
        build_early_encoding(anatomy, hemisphere, exponent, rng, signed),
        build_category_encoding(anatomy, rng),
        smooth_fields(anatomy.averaging, N_HIDDEN, _HIDDEN_PASSES, rng).T / np.sqrt(N_HIDDEN),
    )


def compute_drives(
    encodings: Encodings, maps: np.ndarray, latents: np.ndarray, hidden: np.ndarray
) -> Drives:
    """Respond part by part.

    Parameters
    ----------
    maps : (n_images, ...) from :func:`.local_structure.local_structure`.
    latents : (n_images, len(LATENTS)) of the scenes; zeros for a picture without known content.
    hidden : (n_images, N_HIDDEN); zeros for pictures that carry no hidden numbers.
    """
    # Skewed like the visible parts, so that its values do not give the hidden part away.
    unseen = np.exp(0.4 * (hidden @ encodings.hidden))
    return Drives(
        early_drive(encodings.early, maps), category_drive(encodings.category, latents), unseen
    )


def build_response_model(
    anatomy: HemisphereAnatomy,
    hemisphere: Hemisphere,
    seed: int,
    n_dead: int,
    encodings: Encodings,
    training: Drives,
) -> ResponseModel:
    """Measure the parts on the training images and draw each vertex's reliability."""
    rng = np.random.default_rng([seed, 3, 0 if hemisphere is Hemisphere.LEFT else 1])
    table = area_properties(anatomy.area)
    # Properties change over a few mm and not at a line.
    smooth = {k: anatomy.averaging @ v for k, v in table.items()}
    meaning = np.where(anatomy.area == "V1", 0.0, smooth["meaning"])

    # How far the picture reaches a vertex, against those of early cortex with their receptive
    # field well inside it.
    spread = training.structure.std(axis=0)
    mapped = ~np.isnan(anatomy.prf[:, 0]) & (anatomy.area != "hV4")
    inside = mapped & (np.hypot(*anatomy.prf[:, :2].T) < _INSIDE_DEG)
    reach = np.clip(spread / (0.5 * np.median(spread[inside])), 0, 1)
    ncsnr = smooth["ncsnr"] * np.where(mapped, reach, 1.0) * _ncsnr_scatter(anatomy, rng)
    ncsnr[rng.choice(anatomy.n_vertices, size=n_dead, replace=False)] = 0.0

    structure_scale = Standard.of(training.structure)
    meaning_scale = Standard.of(training.meaning)
    visible = _visible(meaning, structure_scale, meaning_scale, training)
    return ResponseModel(
        encodings=encodings,
        meaning=meaning,
        unseen=smooth["unseen"],
        structure_scale=structure_scale,
        meaning_scale=meaning_scale,
        visible_scale=Standard.of(visible),
        hidden_scale=Standard.of(training.hidden),
        ncsnr=ncsnr,
    )


def _visible(
    meaning: np.ndarray, structure_scale: Standard, meaning_scale: Standard, drives: Drives
) -> np.ndarray:
    structure = structure_scale.apply(drives.structure)
    return np.sqrt(1 - meaning) * structure + np.sqrt(meaning) * meaning_scale.apply(drives.meaning)


def mix(model: ResponseModel, drives: Drives) -> np.ndarray:
    """Combine the parts into the noise-free response.

    Returns
    -------
    signal : (n_images, n_vertices); mean 0 and SD 1 over the training images (how little of it
        reaches a vertex at the edge of the picture is in ``ncsnr``), 0 for dead vertices.
    """
    visible = _visible(model.meaning, model.structure_scale, model.meaning_scale, drives)
    signal = np.sqrt(1 - model.unseen) * model.visible_scale.apply(visible)
    signal += np.sqrt(model.unseen) * model.hidden_scale.apply(drives.hidden)
    return signal * (model.ncsnr > 0)


def _ncsnr_scatter(anatomy: HemisphereAnatomy, rng: np.random.Generator) -> np.ndarray:
    """Draw log-normal factors, partly shared with the neighbourhood (veins, coil)."""
    smooth = smooth_fields(anatomy.averaging, 1, 6, rng)[:, 0]
    own = rng.standard_normal(anatomy.n_vertices)
    shared = np.sqrt(_NCSNR_SHARED) * smooth
    return np.exp(_NCSNR_SPREAD * (shared + np.sqrt(1 - _NCSNR_SHARED) * own))
