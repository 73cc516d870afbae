"""A fitted model and one picture that is none of the subject's: the numbers of Your image.

Everything beside the picture's own features and looks is read from the run and its subject, so that
the app, which has these from a process of its own, and a notebook come to the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cortiscope.core.brain import ROI_CLASSES, Parcellation
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.describe import spread_rows
from cortiscope.core.evaluation import (
    Neighbour,
    Novelty,
    group_percentile,
    nearest_stimuli,
    novelty,
    novelty_of_looks,
    percentile_words,
)
from cortiscope.core.evaluation.report import ALL_VERTICES, places_of
from cortiscope.core.pipeline.predict import BackboneCache, picture_design
from cortiscope.core.runs import Run
from cortiscope.core.stimuli import decode_image, picture_looks

if TYPE_CHECKING:
    import pandas as pd

# Pictures whose looks a picture's are compared with: enough for a percentile.
_N_FIT_LOOKS, _N_HELD_LOOKS = 300, 200

BY_FEATURES = "the model’s features"
BY_LOOKS = "its looks (colours, contrasts, edges)"


def reference_images(run: Run, subject: Subject) -> tuple[str, np.ndarray, str]:
    """Return split and rows (n,) of images that were not fitted, and what they are called.

    The test images, also where their responses are unknown; without any the validation images.
    """
    if len(subject.test):
        return "test", np.arange(len(subject.test)), "held-out"
    return "train", np.asarray(run.array("validation_rows")), "validation"


# Streams cover all of visual cortex: they stand for no kind of picture.
_EVERYWHERE = "streams"
_KINDS = tuple(c for c in ROI_CLASSES if c.name.startswith("floc-"))
# Percentiles from which on a prediction is called strong, and as far from the other end weak.
_STRONG = 90.0


def stimulus_at(subject: Subject, path: Path) -> tuple[str, int] | None:
    """Return split and row of the subject's image that a file is, None if it is none of them."""
    for split in ("test", "train"):
        paths = [one.resolve() for one in subject.split(split).images.paths]
        if path.resolve() in paths:
            return split, paths.index(path.resolve())
    return None


def without(rows: np.ndarray, split: str, image: tuple[str, int] | None) -> np.ndarray:
    """Return which (n,) of a split's rows are other images than the one looked at."""
    return np.ones(len(rows), bool) if image is None or image[0] != split else rows != image[1]


def prediction_words(
    parcellation: Parcellation, percentiles: Mapping[tuple[str, str], float], among: str
) -> str:
    """Say in a sentence what is predicted of a picture: the ROI that is farthest from its median.

    Parameters
    ----------
    percentiles : ROI and hemisphere -> percentile of its mean prediction, 0 to 100.
    among : what it is a percentile of, as ``200 held-out images``.

    Returns
    -------
    words : empty without ROIs.
    """
    groups = {roi: parcellation.class_of(roi) for roi, _ in percentiles}
    kinds = {place: p for place, p in percentiles.items() if groups[place[0]] != _EVERYWHERE}
    known = {place: p for place, p in (kinds or percentiles).items() if np.isfinite(p)}
    if not known:
        return ""
    (roi, side), share = max(known.items(), key=lambda one: abs(one[1] - 50))
    titles = {c.name: c.title for c in ROI_CLASSES}
    where = f"{titles.get(groups[roi], groups[roi])}: {roi} {side}"
    place = f"{percentile_words(share, among)}, the farthest out of {len(known)} ROIs"
    if 100 - _STRONG < share < _STRONG:
        return (
            f"Nothing stands out: no ROI is beyond its {_STRONG:.0f}th or {100 - _STRONG:.0f}th "
            f"percentile ({where} is {place})."
        )
    return f"{where} is predicted {place}."


def clear_examples(
    places: Sequence[tuple[str, np.ndarray]], measured: np.ndarray, predicted: np.ndarray
) -> dict[str, int]:
    """Choose an image for each kind that areas are known for, on which data and model agree.

    Of the images whose farthest ROI, of all but the streams, is one of the kind and predicted at
    its 90th percentile at least, the one whose measured responses in that kind's ROIs stand out
    most beside those of the other kinds (z-scored over images).

    Parameters
    ----------
    places : of each ROI and hemisphere its class, and where its vertices (n,) are in the columns.
    measured, predicted : (n_images, n_columns), to images that were not fitted.

    Returns
    -------
    chosen : kind (``faces``, ...) -> image; without those that no image stands for.
    """
    used = [(group, v) for group, v in places if len(v) and group != _EVERYWHERE]
    kinds = [c for c in _KINDS if any(group == c.name for group, _ in used)]
    if len(kinds) < 2 or len(measured) < 2:
        return {}
    groups = np.array([group for group, _ in used])
    means = np.stack([predicted[:, v].mean(axis=1) for _, v in used], axis=1)
    share = np.stack([(column < column[:, None]).mean(axis=1) for column in means.T], axis=1)
    share *= 100 * len(share) / (len(share) - 1)  # among the others
    data = _standard(np.stack([measured[:, v].mean(axis=1) for _, v in used], axis=1))
    by_kind = np.stack([data[:, groups == c.name].mean(axis=1) for c in kinds], axis=1)
    by_kind = _standard(by_kind)
    chosen = {}
    for k, kind in enumerate(kinds):
        own = groups == kind.name
        top = share[:, own].max(axis=1)
        clear = (top >= _STRONG) & (top - 50 >= np.abs(share[:, ~own] - 50).max(axis=1, initial=0))
        if clear.any():
            margin = by_kind[:, k] - np.delete(by_kind, k, axis=1).max(axis=1)
            chosen[kind.title] = int(np.argmax(np.where(clear, margin, -np.inf)))
    return chosen


def _standard(values: np.ndarray) -> np.ndarray:
    sd = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(sd > 0, sd, 1))


def feature_novelty(
    run: Run, subject: Subject, design: np.ndarray, residual: float
) -> Novelty | None:
    """Compare a picture's distance from the fit images with that of images that were not fitted.

    Parameters
    ----------
    design, residual : of the picture (``picture_design``).

    Returns
    -------
    novelty : None where there is no image to compare with.
    """
    split, rows, _ = reference_images(run, subject)
    if not len(rows):
        return None
    fit = np.asarray(run.array("design_train"))[np.asarray(run.array("fit_rows"))]
    held, held_residual = (
        np.asarray(run.array(f"{name}_{split}"))[rows] for name in ("design", "residual")
    )
    return novelty(design, residual, fit, held, held_residual)


def looks_to_compare(run: Run, subject: Subject) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Name some of the pictures that a run was fitted on, and some that it was not."""
    split, held, _ = reference_images(run, subject)
    fit = np.asarray(run.array("fit_rows"))
    chosen = []
    for name, rows, most in (("train", fit, _N_FIT_LOOKS), (split, held, _N_HELD_LOOKS)):
        paths = subject.split(name).images.paths
        chosen.append(tuple(paths[rows[k]] for k in spread_rows(len(rows), most)))
    return chosen[0], chosen[1]


def novelty_words(found: Mapping[str, Novelty], which: str, *, simulated: bool) -> tuple[str, str]:
    """Say in a sentence whether a picture can be trusted to the model, and by which numbers.

    Parameters
    ----------
    found : by what it was compared -> how far out it lies.
    which : images it was compared with, as ``held-out``.
    simulated : whether the subject is.

    Returns
    -------
    verdict, numbers : a sentence, and a fragment that can follow "It is ".
    """
    numbers = "farther from the fit images " + ", and ".join(
        f"than {far.percentile:.0f} % of the {which} images by {what}, at {far.ratio:.1f} times "
        "their median distance"
        for what, far in found.items()
    )
    farthest = max(found.values(), key=lambda far: far.percentile)
    if farthest.outside:
        verdict = "Outside what this model was fitted on: read the map as an extrapolation."
    elif farthest.percentile > 80:
        verdict = "At the edge of what this model was fitted on."
    else:
        verdict = "Within the range of the images this model was fitted on."
    if simulated and not farthest.outside:
        verdict += " Any photograph lies outside, all the same: the subject saw drawn scenes."
    return verdict, numbers


def nearest_of_run(
    run: Run,
    subject: Subject,
    design: np.ndarray,
    n: int = 6,
    *,
    but: tuple[str, int] | None = None,
) -> list[Neighbour]:
    """Return the subject's stimuli that are most like a picture in a run's features.

    Parameters
    ----------
    but : split and row of the picture itself, if it is one of them.
    """
    splits = [name for name in ("train", "test") if len(subject.split(name))]
    designs = {name: np.asarray(run.array(f"design_{name}")) for name in splits}
    found = nearest_stimuli(design, designs, n if but is None else n + 1)
    return [one for one in found if (one.split, one.row) != but][:n]


@dataclass(frozen=True, eq=False)
class PictureReport:
    """What a model predicts of one picture, beside what it predicts of images it never saw.

    Parameters
    ----------
    predicted : (n_vertices,) float32, in the responses' own units.
    rois : ROI and hemisphere -> n, mean predicted response and its percentile among the
        predictions for the ``which`` images.
    nearest : stimuli most like it in the model's features.
    novelty : by what it was compared -> how far it lies outside what was fitted.
    which : images it is compared with, and how many.
    verdict : what ``novelty`` means, in a sentence.
    says : what is predicted, in a sentence; empty without ROIs.
    stamp : the words that mark simulated data, else empty.
    """

    predicted: np.ndarray
    rois: Mapping[tuple[str, str], tuple[int, float, float]]
    nearest: Sequence[Neighbour]
    novelty: Mapping[str, Novelty]
    which: str
    verdict: str
    says: str = ""
    stamp: str = ""

    def table(self) -> pd.DataFrame:
        """Return a row per ROI and hemisphere: n, mean predicted response, percentile."""
        import pandas as pd

        table = pd.DataFrame(
            [
                {"roi": roi, "hemisphere": side, "n": n, "predicted": mean, "percentile": share}
                for (roi, side), (n, mean, share) in self.rois.items()
            ]
        )
        table.attrs = {
            "definition": "mean predicted response over the ROI's vertices, and its percentile "
            f"among the predictions for {self.which}",
            **({"stamp": self.stamp} if self.stamp else {}),
        }
        return table

    def __repr__(self) -> str:
        """Three lines: what is compared, what is predicted with its trust, what is like it."""
        like = ", ".join(
            f"{one.split} {one.row + 1} ({one.similarity:.2f})" for one in self.nearest[:3]
        )
        stamp = f", {self.stamp}" if self.stamp else ""
        return (
            f"<PictureReport beside {self.which}{stamp}; .table(): percentile per ROI\n"
            f" {f'{self.says} {self.verdict}'.strip()}\n"
            f" nearest stimuli: {like}>"
        )


def report_of_picture(
    run: Run, subject: Subject, picture: Image.Image, *, stimulus: tuple[str, int] | None = None
) -> PictureReport:
    """Predict responses to a picture and set everything beside it that the page Your image shows.

    Parameters
    ----------
    picture : decoded, of any size and mode.
    stimulus : split and row, if it is one of the subject's: it is set beside the others alone.
    """
    seen = picture.convert("RGB")
    design, residual = picture_design(run, seen, BackboneCache())
    predicted = run.fitted.predict(design[None])[0]
    split, rows, which = reference_images(run, subject)
    rows = rows[without(rows, split, stimulus)]
    others = run.predict_rows(split, rows)
    rois = {
        (roi, side): (len(v), *group_percentile(predicted, others, v))
        for roi, side, v in places_of(subject)
        if len(v)
    }
    found: dict[str, Novelty] = {}
    by_features = feature_novelty(run, subject, design, residual)
    verdict = "There is no image to compare it with."
    if by_features is not None:
        fit, held = (_looks_of(paths) for paths in looks_to_compare(run, subject))
        by_looks = novelty_of_looks(picture_looks(seen), fit, held)
        found = {BY_FEATURES: by_features, BY_LOOKS: by_looks}
        drawn = subject.simulated and stimulus is None  # of photographs alone
        verdict = novelty_words(found, which, simulated=drawn)[0]
    among = f"{len(rows)} {which} images"
    shares = {place: own[2] for place, own in rois.items() if place[0] != ALL_VERTICES}
    return PictureReport(
        predicted,
        rois,
        nearest_of_run(run, subject, design, but=stimulus),
        found,
        f"{among} of {subject.id}",
        verdict,
        prediction_words(subject.parcellation, shares, among) if shares else "",
        subject.stamp,
    )


def _looks_of(paths: Sequence[Path]) -> np.ndarray:
    return np.stack([picture_looks(decode_image(p, name=p.name).image) for p in paths])
