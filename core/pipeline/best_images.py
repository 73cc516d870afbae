"""The pictures to which a ROI, vertex or region responds most and least, by prediction.

Of the subject's own pictures, the measurement beside; or of a folder of one's own, whose features
are kept in the store: a pass that was stopped goes on, and another ROI costs a product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.datasets import Subject
from cortiscope.core.errors import InvalidInput, check_whole
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.picture import feature_novelty
from cortiscope.core.pipeline.predict import design_of_layers, sources_of
from cortiscope.core.pipeline.unseen import once_each
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.runs import Run
from cortiscope.core.stimuli import StimulusImages, groups_over
from cortiscope.core.storage import content_hashes

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 256
MOST = 1000
"""Pictures that are listed at each end."""


@dataclass(frozen=True)
class RankedImage:
    """One picture.

    Parameters
    ----------
    image : ``test-12`` of the subject's own (counted from 1), or its name in the folder.
    name : of its file.
    predicted : mean predicted response.
    measured : the same measured; None where it is unknown.
    role : what the subject's picture was for when the model was fitted (``Run.role_of``), else
        empty. The prediction for what was fitted is no test of the model.
    novelty : percentile of its distance from the fit images, by the model's features, among images
        that were not fitted (``core.evaluation.Novelty``); None where it was not asked for.
    """

    image: str
    name: str
    predicted: float
    measured: float | None = None
    role: str = ""
    novelty: float | None = None


@dataclass(frozen=True, eq=False)
class BestImages:
    """Both ends of a ranking.

    Parameters
    ----------
    n_images : among how many distinct pictures.
    place : whose mean response, in words.
    n_vertices : over how many vertices it is averaged.
    highest, lowest : the most extreme first.
    r : Pearson r of predicted and measured over the ranked pictures that were not fitted; None
        where fewer than three are measured.
    """

    n_images: int
    place: str
    n_vertices: int
    highest: tuple[RankedImage, ...]
    lowest: tuple[RankedImage, ...]
    r: float | None = None
    stamp: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "n_images": self.n_images,
            "place": self.place,
            "n_vertices": self.n_vertices,
            "r_not_fitted": self.r,
            "highest": [asdict(own) for own in self.highest],
            "lowest": [asdict(own) for own in self.lowest],
        }

    def table(self) -> pd.DataFrame:
        """Return a row per picture, the highest first."""
        import pandas as pd

        ends = (("highest", self.highest), ("lowest", self.lowest))
        table = pd.DataFrame([{"end": end, **asdict(own)} for end, some in ends for own in some])
        table.attrs = {"place": self.place, "stamp": self.stamp}
        return table

    def __repr__(self) -> str:
        """Two lines: whose, and the first of both ends."""
        stamp = f", {self.stamp}" if self.stamp else ""
        top, low = (", ".join(o.image for o in end[:3]) for end in (self.highest, self.lowest))
        return (
            f"<BestImages for {self.place} among {self.n_images:,} pictures{stamp}; .table()\n"
            f" highest {top}; lowest {low}>"
        )


def best_images(
    run: Run,
    subject: Subject,
    positions: np.ndarray,
    place: str,
    *,
    k: int = 12,
    images: StimulusImages | None = None,
    store: FeatureStore | None = None,
    progress: Progress = silent,
) -> BestImages:
    """Rank pictures by the mean predicted response of some vertices.

    Parameters
    ----------
    positions : (n,) of the vertices, in the order of the subject.
    place : what these are, in words.
    k : how many of each end; of copies of a picture the first.
    images : of one's own; the subject's without.
    store : where features of ``images`` are kept.

    Raises
    ------
    InvalidInput : there is no vertex, or no picture.
    """
    check_whole("The number of pictures", k, 1, MOST)
    if not len(positions):
        raise InvalidInput("There is no vertex to rank pictures by.", "Name others.")
    ranked: _Own | _Further
    if images is None:
        ranked = _Own(run, subject, positions)
    elif store is None:
        raise ValueError("Pictures of one's own need a store of features.")
    else:
        ranked = _Further(run, subject, positions, images, store, progress)
    order = np.argsort(-ranked.predicted, kind="stable")
    order = order[np.isin(order, ranked.distinct)]
    unseen = np.array([k for k in ranked.distinct if ranked.role(k) != "fit"], dtype=np.intp)
    return BestImages(
        len(order),
        place,
        len(positions),
        tuple(ranked.image(row) for row in order[:k]),
        tuple(ranked.image(row) for row in order[::-1][:k]),
        _r(ranked.predicted[unseen], ranked.measured[unseen]),
        subject.stamp,
    )


def _r(predicted: np.ndarray, measured: np.ndarray) -> float | None:
    known = np.isfinite(measured)
    if known.sum() < 3 or not (predicted[known].std() > 0 and measured[known].std() > 0):
        return None
    return float(np.corrcoef(predicted[known], measured[known])[0, 1])


class _Own:
    """The subject's pictures: training images, then test images."""

    def __init__(self, run: Run, subject: Subject, positions: np.ndarray) -> None:
        self._run, self._subject = run, subject
        self._splits = [s for s in (subject.train, subject.test) if len(s)]
        fitted = run.fitted
        self.predicted = np.concatenate(
            [
                fitted.predict(np.asarray(run.array(f"design_{s.name}")[:]), positions).mean(axis=1)
                for s in self._splits
            ]
        ).astype(np.float64)
        self.measured = np.concatenate([_measured(s, positions) for s in self._splits])
        labels = np.concatenate(groups_over([s.images for s in self._splits]))
        self.distinct = once_each(labels)

    def _split_row(self, row: int) -> tuple[str, int]:
        n = len(self._splits[0])
        return (self._splits[0].name, row) if row < n else (self._splits[1].name, row - n)

    def role(self, row: int) -> str:
        return self._run.role_of(*self._split_row(row))

    def image(self, row: int) -> RankedImage:
        split, own = self._split_row(row)
        known = self.measured[row]
        return RankedImage(
            f"{split}-{own + 1}",
            self._subject.split(split).images.paths[own].name,
            float(self.predicted[row]),
            None if np.isnan(known) else float(known),
            self.role(row),
        )


def _measured(split: Any, positions: np.ndarray) -> np.ndarray:
    if split.responses is None:
        return np.full(len(split), np.nan)
    rows = split.rows_on_disk(np.arange(len(split)))
    return np.asarray(rows[:, positions], dtype=np.float64).mean(axis=1)


class _Further:
    """Pictures of a folder; those of the subject are known by their content."""

    def __init__(
        self,
        run: Run,
        subject: Subject,
        positions: np.ndarray,
        images: StimulusImages,
        store: FeatureStore,
        progress: Progress,
    ) -> None:
        self._run, self._subject, self._images = run, subject, images
        designs = list(_designs(run, images, store, progress))
        self._design = np.concatenate([own for own, _ in designs])
        self._residual = np.concatenate([own for _, own in designs])
        self.predicted = run.fitted.predict(self._design, positions).mean(axis=1).astype(np.float64)
        hashes = content_hashes()
        digests = hashes.digests(images.paths)
        self.distinct = np.sort(np.unique(digests, return_index=True)[1])
        self._known: dict[str, tuple[str, int]] = {}
        for split in (subject.train, subject.test):
            for own, digest in enumerate(hashes.digests(split.images.paths)):
                self._known[digest] = (split.name, own)
        self._digests = digests
        self.measured = np.array([self._measured_of(d, positions) for d in digests])

    def _measured_of(self, digest: str, positions: np.ndarray) -> float:
        split, row = self._known.get(digest, ("", 0))
        if not split or self._subject.split(split).responses is None:
            return float("nan")
        values = self._subject.split(split).rows_on_disk(np.array([row]))[:, positions]
        return float(np.asarray(values, dtype=np.float64).mean())

    def role(self, row: int) -> str:
        known = self._known.get(self._digests[row])
        return "" if known is None else self._run.role_of(*known)

    def image(self, row: int) -> RankedImage:
        known = self.measured[row]
        far = feature_novelty(
            self._run, self._subject, self._design[row], float(self._residual[row])
        )
        return RankedImage(
            self._images.ids[row],
            self._images.paths[row].name,
            float(self.predicted[row]),
            None if np.isnan(known) else float(known),
            self.role(row),
            None if far is None else far.percentile,
        )


def _designs(
    run: Run, images: StimulusImages, store: FeatureStore, progress: Progress
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield designs and residuals of pictures, some at a time."""
    sources = sources_of(run)
    stored = []
    for k, source in enumerate(sources):
        wanted = [replace(source.common, layer=name) for name in source.layers]
        step = part(progress, k / len(sources), (k + 1) / len(sources))
        stored.append(store.get(wanted, images, step))
    for start in range(0, len(images), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        layers = {
            source: {name: np.asarray(own[rows]) for name, own in features.items()}
            for source, features in zip(sources, stored, strict=True)
        }
        yield design_of_layers(run, layers)
