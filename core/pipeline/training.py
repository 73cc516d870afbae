"""From a subject and a configuration to what a regressor is given: reductions, designs, rows.

Everything fitted sees the fit images only; for a cross-subject model also those training images of
the other subjects that are not held out for any subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import (
    REGRESSORS,
    FittedReduction,
    PictureGrid,
    TrainingData,
    Work,
    fit_places,
    fit_reduction,
    validation_split,
)
from cortiscope.core.encoding.denoising import check_denoising, denoised
from cortiscope.core.encoding.predictor import Member, Predictor, merge
from cortiscope.core.encoding.reduction.streamed import can_stream
from cortiscope.core.encoding.scopes import fit_scoped, vertex_table
from cortiscope.core.encoding.splits import LEAST_IMAGES, report_split
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.pipeline.cross_subject import allowed_rows, pooled_responses, shared_vertices
from cortiscope.core.pipeline.designs import (
    PlacedDesign,
    Reductions,
    check_places,
    designed,
    picture_grid,
    side_by_side,
    space_features,
)
from cortiscope.core.pipeline.streaming import ImageSets, ReducedSpace, ReducedStore, source_of
from cortiscope.core.runs import EncodingSpec
from cortiscope.core.stimuli import groups_over


@dataclass(frozen=True)
class Rows:
    """What training rows are for. No image has rows in two of them, under whatever names.

    Parameters
    ----------
    fit : per subject, the target first, those that are fitted.
    validation : the target's that choose between models.
    report : the target's that do neither, for the report; empty where other images report.
    left_out : the target's that are for nothing, as they are nearly test images -> row of ``test``.
    groups : per subject, (n_fit,) labels of the fitted rows, equal for rows of one image.
    """

    fit: tuple[np.ndarray, ...]
    validation: np.ndarray
    report: np.ndarray
    left_out: Mapping[int, int]
    groups: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Prepared:
    """Everything up to the regressor.

    Parameters
    ----------
    subjects : the target, then those fitted along.
    design, residual : the target's, by split: (n, n_columns) and (n,).
    fit_designs : per subject, the design of its fitted rows.
    grids : what the design's columns are where it keeps places.
    """

    subjects: tuple[Subject, ...]
    rows: Rows
    reductions: Reductions
    design: Mapping[str, np.ndarray]
    residual: Mapping[str, np.ndarray]
    fit_designs: tuple[np.ndarray, ...]
    grids: tuple[PictureGrid, ...] = ()


def subjects_of(
    subject: Subject, spec: EncodingSpec, others: Mapping[str, Subject]
) -> tuple[Subject, ...]:
    """Return the subjects of a configuration, the target first, if they are what it names."""
    wanted = [(spec.subject, spec.data), *((o.subject, o.data) for o in spec.with_subjects)]
    found = [subject]
    for name, _ in wanted[1:]:
        if name not in others:
            raise InvalidInput(
                f"The configuration fits {name} along, which was not opened.",
                f"Opened are: {', '.join([subject.id, *others])}.",
            )
        found.append(others[name])
    for (name, data), opened in zip(wanted, found, strict=True):
        if (name, data) != (opened.id, own := spec.data_of(opened)):
            raise InvalidInput(
                f"The configuration is for {name} with data {data}; "
                f"the open subject is {opened.id} with data {own}.",
                "Make it again for the data as they are: EncodingSpec.of.",
            )
    return tuple(found)


def choose_rows(subjects: Sequence[Subject], spec: EncodingSpec) -> Rows:
    """Divide the training rows into those that are fitted and those that are held out."""
    target = subjects[0]
    found = groups_over([split.images for s in subjects for split in (s.train, s.test)])
    labels, tested = found[::2], found[1].tolist()
    left_out = {
        row: tested.index(label) for row, label in enumerate(labels[0].tolist()) if label in tested
    }
    own = np.setdiff1d(np.arange(len(target.train)), list(left_out))
    if left_out and len(own) < LEAST_IMAGES:
        raise InvalidInput(
            f"{len(left_out)} of {len(target.train)} training images of {target.id} are nearly "
            f"test images: the {len(own)} others are too few to fit and to validate.",
            f"At least {LEAST_IMAGES} are needed; 'cortiscope check' names the copies.",
        )
    rest, report = (
        own[rows]
        for rows in report_split(
            len(own), fraction=spec.report_fraction, seed=spec.seed, groups=labels[0][own]
        )
    )
    fit, validation = validation_split(
        len(rest),
        fraction=spec.validation_fraction,
        seed=spec.seed,
        rule=spec.split_rule,
        groups=labels[0][rest],
    )
    rows = allowed_rows(target, rest[fit], subjects[1:]) if len(subjects) > 1 else (rest[fit],)
    groups = tuple(label[fitted] for label, fitted in zip(labels, rows, strict=True))
    return Rows(rows, rest[validation], report, left_out, groups)


def image_sets(subjects: Sequence[Subject], rows: Sequence[np.ndarray]) -> ImageSets:
    """Return the fit images, and the images of which ``prepare`` makes designs, in its order."""
    target = subjects[0]
    fit = [s.train.images.subset(r) for s, r in zip(subjects, rows, strict=True)]
    own = [target.train.images, *([target.test.images] if len(target.test) else [])]
    return ImageSets.of(fit, [*own, *fit[1:]])


def may_stream(spec: EncodingSpec, space: Sequence[FeatureSpec]) -> bool:
    """Whether a space can be reduced while images pass: incremental PCA, of one pass."""
    asked = spec.on_the_way != "never"
    return asked and can_stream(spec.reduction) and source_of(space) is not None


def prepare(subjects: Sequence[Subject], spec: EncodingSpec, store: FeatureStore) -> Prepared:
    """Choose the rows, fit the reductions on them, and make the designs.

    Spaces that were reduced while images passed are taken as they are.
    """
    target = subjects[0]
    rows = choose_rows(subjects, spec)
    if spec.reduction.kind == "places":
        return _prepare_places(subjects, rows, spec, store)
    spaces = spec.feature_spaces()
    sets, reduced = image_sets(subjects, rows.fit), ReducedStore(store)
    parts: list[tuple[FittedReduction, list[tuple[np.ndarray, np.ndarray]]]] = []
    for space in spaces:
        made = ReducedSpace(space, spec.reduction)
        if may_stream(spec, space) and reduced.has(made, sets):
            parts.append(reduced.open(made, sets))
        else:
            parts.append(_from_stored(subjects, rows.fit, space, spec, store))
    reductions = Reductions(tuple(reduction for reduction, _ in parts))
    joined = [side_by_side(s) for s in zip(*(designs for _, designs in parts), strict=True)]
    names = ["train", "test"] if len(target.test) else ["train"]
    along = [design for design, _ in joined[len(names) :]]
    return Prepared(
        tuple(subjects),
        rows,
        reductions,
        {name: joined[k][0] for k, name in enumerate(names)},
        {name: joined[k][1] for k, name in enumerate(names)},
        (joined[0][0][rows.fit[0]], *along),
    )


def _prepare_places(
    subjects: Sequence[Subject], rows: Rows, spec: EncodingSpec, store: FeatureStore
) -> Prepared:
    """Prepare designs that keep places, each layer a space; features stay in their files."""
    target, *others = subjects
    degrees = target.conventions.picture_degrees.value
    check_places(subjects, spec)
    names = ["train", "test"] if len(target.test) else ["train"]
    sets = [target.split(name).images for name in names] + [s.train.images for s in others]
    grids, parts, stored = [], [], []
    for feature in spec.features:
        arrays = [store.get([feature], images)[feature.layer] for images in sets]
        grids.append(picture_grid(store, feature, arrays[0].shape[1:], degrees, sets))
        flat = [array.reshape(len(array), -1) for array in arrays]
        stored.append(flat)
        pooled, own = flat[0], rows.fit[0]
        if others:
            fitted = [flat[0], *flat[len(names) :]]
            pooled = np.concatenate([f[r] for f, r in zip(fitted, rows.fit, strict=True)])
            own = np.arange(len(pooled))
        parts.append(fit_places(pooled, spec.reduction, grids[-1].channels, own))
    designs = [
        PlacedDesign(list(zip(parts, space, strict=True))) for space in zip(*stored, strict=True)
    ]
    kept = [
        replace(grid, channels=part.components.shape[1])
        for grid, part in zip(grids, parts, strict=True)
    ]
    fit_designs = [designs[0], *designs[len(names) :]]
    # Arrays to whoever reads rows of them.
    by_split = dict(zip(names, designs, strict=False))
    return Prepared(
        tuple(subjects),
        rows,
        Reductions(tuple(parts)),
        cast(dict[str, np.ndarray], by_split),
        {name: design.residual() for name, design in by_split.items()},
        tuple(cast(np.ndarray, d.of_rows(r)) for d, r in zip(fit_designs, rows.fit, strict=True)),
        tuple(kept),
    )


def _from_stored(
    subjects: Sequence[Subject],
    rows: Sequence[np.ndarray],
    space: Sequence[FeatureSpec],
    spec: EncodingSpec,
    store: FeatureStore,
) -> tuple[FittedReduction, list[tuple[np.ndarray, np.ndarray]]]:
    """Fit a space's reduction on stored features; return it and, per set of images, its designs."""
    target = subjects[0]
    train = [space_features(store, space, s.train.images) for s in subjects]
    if len(subjects) == 1:
        reduction = fit_reduction(train[0], spec.reduction, rows[0])
    else:
        pooled = np.concatenate([block[r] for block, r in zip(train, rows, strict=True)])
        reduction = fit_reduction(pooled, spec.reduction)
    blocks = [train[0]]
    if len(target.test):
        blocks.append(space_features(store, space, target.test.images))
    designs = [designed(reduction, block) for block in blocks]
    # Another subject's images are read one subject after the other.
    designs += [designed(reduction, b[r]) for b, r in zip(train[1:], rows[1:], strict=True)]
    return reduction, designs


def _stack(blocks: Sequence[np.ndarray]) -> np.ndarray:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def fit_prepared(prepared: Prepared, spec: EncodingSpec, surfaces: Path, work: Work) -> Predictor:
    """Fit the regressor, per part of its scope and, cross-subject, per group of shared vertices."""
    target = prepared.subjects[0]
    near = surfaces if REGRESSORS[spec.encoder.name].uses_positions else None
    table = vertex_table(target, near) if target.space.is_placed else None
    spaces, rows = prepared.reductions.spaces, prepared.rows
    check_denoising(spec.denoise, len(rows.fit[0]))
    if len(prepared.subjects) == 1:
        responses = target.train.rows_on_disk(rows.fit[0])
        data = TrainingData(
            prepared.fit_designs[0], responses, spaces, table, rows.groups[0], prepared.grids
        )
        return fit_scoped(denoised(data, spec.denoise), spec.encoder, spec.scope, work)
    groups = shared_vertices(target, prepared.subjects[1:])
    members = []
    for k, group in enumerate(groups):
        data = TrainingData(
            _stack([prepared.fit_designs[m] for m in group.members]),
            pooled_responses(prepared.subjects, rows.fit, group),
            spaces,
            None if table is None else table.subset(group.vertices),
            _stack([rows.groups[m] for m in group.members]),
            prepared.grids,
        )
        name = "with " + " ".join(prepared.subjects[m].id for m in group.members)
        step = work.step(f"group{k}", k / len(groups), (k + 1) / len(groups))
        fitted = fit_scoped(denoised(data, spec.denoise), spec.encoder, spec.scope, step)
        members.append(Member(name, group.vertices, fitted))
    return members[0].predictor if len(members) == 1 else merge(members, target.space.n_vertices())
