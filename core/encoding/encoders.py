"""The registry of encoders: name -> how to fit it. One entry adds one.

An encoder takes a design (n_stimuli, n_features) and responses (n_stimuli, n_vertices) and gives
linear coefficients; menus, the command line and the tests read this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.encoding.elastic_net import SPARSE_ALPHAS, fit_elastic_net_cv
from core.encoding.least_squares import fit_least_squares
from core.encoding.ridge import DEFAULT_ALPHAS, fit_ridge_cv
from core.encoding.ridge_closed_form import fit_ridge_closed_form
from core.errors import InvalidInput, unknown_name
from core.progress import Progress, silent


@dataclass(frozen=True)
class EncoderSpec:
    """Which encoder, with which settings.

    Parameters
    ----------
    name : a name of ``ENCODERS``.
    alphas : penalties to choose from, or () for the encoder's own; emptied where none is chosen.
    n_folds : for encoders that choose it by K-fold cross-validation; 0 for others.
    """

    name: str = "ridge"
    alphas: tuple[float, ...] = ()
    n_folds: int = 5

    def __post_init__(self) -> None:
        if self.name not in ENCODERS:
            raise unknown_name("encoder", self.name, ENCODERS)
        entry = ENCODERS[self.name]
        # Settings that do nothing must not make two equal fits look different.
        object.__setattr__(self, "alphas", (self.alphas or entry.alphas) if entry.alphas else ())
        if not entry.folds:
            object.__setattr__(self, "n_folds", 0)


@dataclass(frozen=True)
class FittedEncoder:
    """Linear coefficients: predicted = design @ coef + intercept.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    alpha : (n_vertices,) the penalty chosen for each vertex, or None.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alpha: np.ndarray | None = None

    def predict(self, design: np.ndarray) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32."""
        return design @ self.coef + self.intercept


@dataclass(frozen=True)
class EncoderEntry:
    """One line of the registry.

    Parameters
    ----------
    alphas : the penalties it chooses from unless told otherwise; () where it chooses none.
    folds : whether it chooses by K-fold cross-validation.
    """

    name: str
    title: str
    summary: str
    alphas: tuple[float, ...]
    folds: bool
    fit: Callable[[np.ndarray, np.ndarray, EncoderSpec, str, Progress], FittedEncoder]


def _fit_ridge(
    design: np.ndarray, responses: np.ndarray, spec: EncoderSpec, device: str, progress: Progress
) -> FittedEncoder:
    solution = fit_ridge_cv(
        design,
        responses,
        alphas=spec.alphas,
        n_folds=spec.n_folds,
        device=device,
        progress=progress,
    )
    return FittedEncoder(solution.coef, solution.intercept, solution.alpha)


def _fit_ridge_gcv(
    design: np.ndarray, responses: np.ndarray, spec: EncoderSpec, device: str, progress: Progress
) -> FittedEncoder:
    solution = fit_ridge_closed_form(
        design, responses, alphas=spec.alphas, device=device, progress=progress
    )
    return FittedEncoder(solution.coef, solution.intercept, solution.alpha)


def _fit_sparse(
    l1_ratio: float,
) -> Callable[[np.ndarray, np.ndarray, EncoderSpec, str, Progress], FittedEncoder]:
    def fit(
        design: np.ndarray,
        responses: np.ndarray,
        spec: EncoderSpec,
        device: str,
        progress: Progress,
    ) -> FittedEncoder:
        solution = fit_elastic_net_cv(
            design,
            responses,
            alphas=spec.alphas,
            l1_ratio=l1_ratio,
            n_folds=spec.n_folds,
            device=device,
            progress=progress,
        )
        alpha = np.full(responses.shape[1], solution.alpha, dtype=np.float32)
        return FittedEncoder(solution.coef, solution.intercept, alpha)

    return fit


def _fit_ols(
    design: np.ndarray, responses: np.ndarray, spec: EncoderSpec, device: str, progress: Progress
) -> FittedEncoder:
    return FittedEncoder(*fit_least_squares(design, responses))


ENCODERS: dict[str, EncoderEntry] = {
    entry.name: entry
    for entry in (
        EncoderEntry(
            "ridge",
            "ridge",
            "linear, with a penalty per vertex chosen by 5-fold cross-validation",
            DEFAULT_ALPHAS,
            True,
            _fit_ridge,
        ),
        EncoderEntry(
            "ridge_gcv",
            "ridge (GCV)",
            "linear, with a penalty per vertex chosen by generalised cross-validation: fastest",
            DEFAULT_ALPHAS,
            False,
            _fit_ridge_gcv,
        ),
        EncoderEntry(
            "lasso",
            "lasso",
            "linear and sparse; one penalty for all vertices, by 5-fold cross-validation",
            SPARSE_ALPHAS,
            True,
            _fit_sparse(1.0),
        ),
        EncoderEntry(
            "elastic_net",
            "elastic net",
            "linear, half sparse, half ridge; one penalty for all vertices, by 5-fold",
            SPARSE_ALPHAS,
            True,
            _fit_sparse(0.5),
        ),
        EncoderEntry(
            "ols",
            "least squares",
            "linear, without a penalty: overfits when images are few",
            (),
            False,
            _fit_ols,
        ),
    )
}


def encoder_names() -> tuple[str, ...]:
    """Names in menu order."""
    return tuple(ENCODERS)


def fit_encoder(
    design: np.ndarray,
    responses: np.ndarray,
    spec: EncoderSpec,
    *,
    device: str = "cpu",
    progress: Progress = silent,
) -> FittedEncoder:
    """Fit the encoder that ``spec`` names.

    Raises
    ------
    InvalidInput : responses that are not finite, with the vertex numbers.
    """
    finite = np.isfinite(responses).all(axis=0)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        shown = ", ".join(map(str, bad[:8])) + (", ..." if len(bad) > 8 else "")
        raise InvalidInput(
            f"{len(bad)} vertices have NaN or infinite responses: {shown}.",
            "Leave these vertices out of the subject's masks, or repair the file.",
        )
    return ENCODERS[spec.name].fit(design, responses, spec, device, progress)
