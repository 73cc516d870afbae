"""What decoding gives: the posterior of every held-out pattern, and how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.evaluation.category_decoding import CategoryDecoding
from cortiscope.core.evaluation.decoding import IdentificationCurve, ResidualCovariance
from cortiscope.core.evaluation.reliability import Reliability

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Decoding:
    """Posterior over candidate pictures for each held-out pattern, and how good it is.

    Parameters
    ----------
    images : ids of the pictures that were seen.
    candidates : ids of all pictures that are a candidate for any.
    posterior : (n_images, n_candidates) logarithms; -inf of those that are none.
    own : (n_images,) column of the picture that was seen.
    vertices : (n_vertices,) positions of those used.
    categories : None where ``categories_absent`` says why.
    facts : split, words and numbers of what was chosen, as they stand in ``to_json``.
    """

    images: tuple[str, ...]
    candidates: tuple[str, ...]
    posterior: np.ndarray
    own: np.ndarray
    vertices: np.ndarray
    covariance: ResidualCovariance
    temperature: float
    identification: IdentificationCurve
    reliability: Reliability
    categories: CategoryDecoding | None
    categories_absent: str
    facts: dict[str, Any]

    def __repr__(self) -> str:
        """Three lines: of what, how often right, how well calibrated."""
        curve, stamp = self.identification, self.facts["stamp"]
        return (
            f"<Decoding of {len(self.images)} {self.facts['split']} images"
            f"{f', {stamp}' if stamp else ''}, {len(self.vertices):,} vertices\n"
            f" {curve.rate[-1]:.1%} right of {curve.n_candidates} candidates "
            f"({curve.low[-1]:.1%} to {curve.high[-1]:.1%}; by guessing {curve.chance[-1]:.1%})\n"
            f" calibration error {self.reliability.error:.3f} "
            f"({self.reliability.error_if_calibrated:.3f} if calibrated)>"
        )

    def table(self) -> pd.DataFrame:
        """Return a row per set size: rate, chance, interval; ``attrs`` say what they are of."""
        import pandas as pd

        curve = self.identification.to_json()
        del curve["n_candidates"]
        table = pd.DataFrame(curve)
        table.attrs = dict(self.facts)
        return table

    def pictures(self, most: int = 5) -> pd.DataFrame:
        """Return a row per picture: rank and posterior of the right one, and the best ones."""
        import pandas as pd

        return pd.DataFrame(self.picture_rows(most))

    def picture_rows(self, most: int = 5) -> list[dict[str, Any]]:
        """Return the rows of ``pictures`` as plain values."""
        best = np.argsort(-self.posterior, axis=1, kind="stable")[:, :most]
        rows = []
        for k, (image, own) in enumerate(zip(self.images, self.own, strict=True)):
            row: dict[str, Any] = {"image": image, "rank": int(self.identification.rank[k])}
            row["posterior"] = float(np.exp(self.posterior[k, own]))
            for place, column in enumerate(best[k].tolist(), 1):
                row[f"candidate_{place}"] = self.candidates[column]
                row[f"posterior_{place}"] = float(np.exp(self.posterior[k, column]))
            rows.append(row)
        return rows

    def to_json(self) -> dict[str, Any]:
        """Return everything but the posterior itself as plain values."""
        known = self.categories
        return {
            **self.facts,
            "n_images": len(self.images),
            "n_vertices": len(self.vertices),
            "temperature": self.temperature,
            "shrinkage": self.covariance.shrinkage,
            "identification": self.identification.to_json(),
            "reliability": self.reliability.to_json(),
            "categories": None if known is None else [vars(own) for own in known.scores],
            "category_temperature": None if known is None else known.temperature,
            "categories_absent": self.categories_absent,
        }
