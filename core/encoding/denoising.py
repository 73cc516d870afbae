"""Responses to fit with part of their noise taken out: what all vertices share is kept whole.

A picture's responses are patterns over the cortex of which few differ by more than noise does. Half
of each response is replaced by its projection on these patterns, before anything is fitted; the
other half keeps what a vertex does not share. Predictions are compared with responses as they were
measured: nothing but the images to fit is ever changed.

References
----------
Breiman & Friedman 1997, J. R. Stat. Soc. B 59:3 (predicting several responses: what they share);
Marchenko & Pastur 1967 (eigenvalues of noise); Horn 1965, Psychometrika 30:179 (parallel analysis).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from cortiscope.core.encoding.training import (
    Responses,
    StoredResponses,
    TrainingData,
    check_responses,
)
from cortiscope.core.errors import InvalidInput

NONE, AUTO = "none", "auto"
_SHARE = 0.5
_VERTICES = 4096
_DIGITS = 6


def check_denoising(how: str, n_images: int | None = None) -> None:
    """Refuse what is not ``none``, ``auto`` or ``pca:K``, K below the number of images to fit."""
    kind, _, number = how.partition(":")
    # As it would be printed: a number written in two ways would be two settings of a run.
    is_number = number.isascii() and number.isdigit() and number[0] != "0"
    if how in (NONE, AUTO) or (kind == "pca" and is_number and len(number) <= _DIGITS):
        if n_images is not None and is_number and int(number) >= n_images:
            raise InvalidInput(
                f"Denoising {how} keeps all that {n_images} images to fit can differ in.",
                f"Keep fewer than {n_images} components, or auto.",
            )
        return
    raise InvalidInput(
        f"Denoising is {NONE}, {AUTO} or pca:K; got {how!r}.",
        "auto keeps the components that are larger than noise makes; pca:20 keeps twenty.",
    )


def denoising_words(how: str) -> str:
    """Say what was done to the responses before the fit; empty where nothing was."""
    if how == NONE:
        return ""
    kept = (
        "the principal components whose eigenvalue is above the largest that noise alone gives "
        "(Marchenko-Pastur)"
        if how == AUTO
        else f"the first {how.partition(':')[2]} principal components"
    )
    return (
        "Before the fit, half of each response to the fit images was replaced by its projection on "
        f"{kept} of all standardised responses to them."
    )


def denoised(data: TrainingData, how: str) -> TrainingData:
    """Return the data with denoised responses, which are made as they are read.

    They stay as they are where ``auto`` finds nothing that vertices share: half of each would be
    replaced by its mean, which takes out no noise and halves every prediction.

    Raises
    ------
    InvalidInput : responses that are not finite, with the vertex numbers.
    """
    if how == NONE:
        return data
    check_responses(data.responses)
    patterns = shared_components(data.responses, how)
    if not patterns.shape[1]:
        return data
    return replace(data, responses=cast(Responses, DenoisedResponses(data.responses, patterns)))


def shared_components(responses: Responses, how: str) -> np.ndarray:
    """Return the leading components over images of all vertices' standardised responses.

    Parameters
    ----------
    responses : (n_stimuli, n_vertices), read once, a chunk of vertices at a time. Constant ones
        take no part.

    Returns
    -------
    (n_stimuli, n_components) float32, orthonormal, each of mean 0.
    """
    n = len(responses)
    gram, n_varying = np.zeros((n, n)), 0
    for start in range(0, responses.shape[1], _VERTICES):
        block = np.asarray(responses[:, start : start + _VERTICES], dtype=np.float32)
        block = block[:, (block != block[0]).any(axis=0)]
        block = block - block.mean(axis=0)
        sd = block.std(axis=0)
        block = block[:, sd > 0] / sd[sd > 0]
        gram += block @ block.T
        n_varying += block.shape[1]
    values, vectors = np.linalg.eigh(gram)
    edge = (np.sqrt(n) + np.sqrt(n_varying)) ** 2
    wanted = int((values > edge).sum()) if how == AUTO else int(how.partition(":")[2])
    kept = min(wanted, int((values > 1e-6 * max(values[-1], 1e-30)).sum()))
    return np.ascontiguousarray(vectors[:, n - kept :][:, ::-1], dtype=np.float32)


@dataclass(frozen=True)
class DenoisedResponses:
    """Responses (n_stimuli, n_vertices), half of each its projection on components over images.

    Parameters
    ----------
    components : (n_stimuli, n_components), orthonormal, each of mean 0.
    """

    measured: Responses
    components: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """(n_stimuli, n_vertices)."""
        return tuple(self.measured.shape)

    def __len__(self) -> int:
        return len(self.components)

    def __getitem__(self, key: Any) -> np.ndarray:
        """Read a part: of the vertices it holds all images are looked at."""
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        measured = np.asarray(self.measured[:, columns], dtype=np.float32)
        shared = self.components @ (self.components.T @ measured) + measured.mean(axis=0)
        found = (1 - _SHARE) * measured + _SHARE * shared
        # Rounding would make a constant one vary.
        varies = (measured != measured[0]).any(axis=0)
        return np.where(varies, found, measured)[rows]

    def columns(self, vertices: np.ndarray) -> DenoisedResponses:
        """Return the same stimuli with some vertices (positions), denoised by all."""
        if isinstance(self.measured, np.ndarray):
            return replace(self, measured=self.measured[:, vertices])
        return replace(self, measured=cast(StoredResponses, self.measured).columns(vertices))
