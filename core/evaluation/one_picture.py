"""What a model says of one picture: how strong its prediction is, what is like it, what drives it.

And how far the picture lies outside what the model was fitted on, in its features and in its looks.
The features alone do not show that: a network that has learned on drawings finds nothing unusual in
a photograph. So the looks are compared too, which know no network (``core.stimuli.looks``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Novelty:
    """A picture's distance from the fit images, beside that of the held-out images.

    Parameters
    ----------
    distance : to the nearest fit image in the layer's scaled feature space; the part outside the
        reduction's components counts in full.
    percentile : share of held-out images that lie nearer to the fit images, 0 to 100.
    ratio : distance over the held-out images' median distance.
    """

    distance: float
    percentile: float
    ratio: float

    @property
    def outside(self) -> bool:
        """Whether it lies farther out than all but one in a hundred held-out images."""
        return self.percentile > 99


def novelty(
    design: np.ndarray,
    residual: float,
    fit_design: np.ndarray,
    held_design: np.ndarray,
    held_residual: np.ndarray,
) -> Novelty:
    """Compare a picture with held-out images.

    Parameters
    ----------
    design : (n_components,) of the picture; residual : its distance from their space.
    fit_design : (n_fit, n_components).
    held_design, held_residual : (n_held, n_components) and (n_held,) of held-out images.
    """
    fit = np.asarray(fit_design, dtype=np.float64)

    def distances(rows: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        squared = ((rows**2).sum(1)[:, None] - 2 * rows @ fit.T) + (fit**2).sum(1)[None, :]
        return np.sqrt(np.maximum(squared.min(axis=1), 0) + residuals**2)

    own = float(distances(design[None].astype(np.float64), np.array([residual], float))[0])
    others = distances(held_design.astype(np.float64), held_residual.astype(np.float64))
    return Novelty(own, float(100 * (others < own).mean()), own / float(np.median(others)))


# Share of the covariance that is taken from the variances: a few hundred pictures allow no more.
_SHRUNK = 0.05


def novelty_of_looks(looks: np.ndarray, fit: np.ndarray, held: np.ndarray) -> Novelty:
    """Compare a picture with held-out pictures by what they look like.

    Parameters
    ----------
    looks : (n_looks,) of the picture.
    fit, held : (n_fit, n_looks) and (n_held, n_looks) of fit and held-out pictures.

    Notes
    -----
    Distances are taken where the fit pictures have unit variance in every direction (Mahalanobis),
    with a shrunken covariance.
    """
    mean, sd = fit.mean(axis=0), fit.std(axis=0)
    used = sd > 0
    standard = (fit[:, used] - mean[used]) / sd[used]
    covariance = np.cov(standard, rowvar=False)
    covariance = (1 - _SHRUNK) * covariance + _SHRUNK * np.eye(len(covariance))
    whiten = np.linalg.inv(np.linalg.cholesky(covariance)).T

    def placed(values: np.ndarray) -> np.ndarray:
        return np.asarray((values[..., used] - mean[used]) / sd[used] @ whiten)

    return novelty(placed(looks), 0.0, placed(fit), placed(held), np.zeros(len(held)))


def percentile_among(value: float, reference: np.ndarray) -> float:
    """Return the share of reference values below a value, 0 to 100; NaN without any."""
    return float(100 * (reference < value).mean()) if len(reference) else float("nan")


def percentile_words(share: float, among: str) -> str:
    """Write a percentile: never the 100th of a hundred, and from both ends towards the middle."""
    if share >= 100:
        return f"higher than for any of {among}"
    if share <= 0:
        return f"lower than for any of {among}"
    whole = math.floor(share) if share >= 50 else math.ceil(share)
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if whole % 100 in (11, 12, 13) else endings.get(whole % 10, "th")
    return f"at its {whole}{ending} percentile of {among}"


def group_percentile(
    predicted: np.ndarray, reference: np.ndarray, vertices: np.ndarray
) -> tuple[float, float]:
    """Return a group's mean predicted response, and its percentile among those to other images.

    Parameters
    ----------
    predicted : (n_vertices,) for the picture.
    reference : (n_images, n_vertices) for images that were not fitted.
    vertices : positions (n,) of the group's vertices, at least one.
    """
    own = float(predicted[vertices].mean())
    return own, percentile_among(own, reference[:, vertices].mean(axis=1))


@dataclass(frozen=True, order=True)
class Neighbour:
    """A stimulus that is like a picture in a model's features.

    Parameters
    ----------
    similarity : cosine, -1 to 1.
    split, row : which image of the subject.
    """

    similarity: float
    split: str
    row: int


def nearest_stimuli(
    design: np.ndarray, designs: Mapping[str, np.ndarray], n: int = 6
) -> list[Neighbour]:
    """Return the stimuli whose features point most nearly the same way, most similar first.

    Parameters
    ----------
    design : (n_columns,) of the picture.
    designs : split -> (n_images, n_columns).

    Notes
    -----
    Cosine similarity and no distance: a photograph's contrast scales all of a layer.
    """
    found = []
    for split, rows in designs.items():
        norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(design)
        similarity = rows @ design / np.maximum(norms, 1e-9)
        best = np.argsort(similarity)[-n:]
        found += [Neighbour(float(similarity[k]), split, int(k)) for k in best]
    return sorted(found, reverse=True)[:n]


def occlusion_drop(
    predict: Callable[[np.ndarray], np.ndarray], design: np.ndarray, occluded: np.ndarray
) -> np.ndarray:
    """Return by how much a group's mean predicted response falls without each patch, (grid, grid).

    Parameters
    ----------
    predict : from designs (n, n_columns) to responses (n, n_vertices of the group).
    design : (n_columns,) of the whole picture.
    occluded : (grid, grid, n_columns), one patch blurred away in each.
    """
    whole = predict(design[None]).mean()
    masked = predict(occluded.reshape(-1, occluded.shape[-1]))
    return np.asarray(whole - masked.mean(axis=1).reshape(occluded.shape[:2]))
