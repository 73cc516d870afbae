"""From a subject and a configuration to what an encoder is given: readouts, designs, rows.

Everything fitted sees the fit images only; for a cross-subject model also those training images of
the other subjects that no one holds out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets import Subject
from core.encoding import ENCODERS, TrainingData, Work, validation_split
from core.encoding.ensemble import Member, merge
from core.encoding.predictor import Predictor
from core.encoding.scopes import fit_scoped
from core.errors import InvalidInput
from core.features import FeatureStore
from core.pipeline.cross_subject import allowed_rows, pooled_responses, shared_vertices
from core.pipeline.designs import Readouts, space_features
from core.pipeline.vertices import vertex_table
from core.runs import EncodingSpec


@dataclass(frozen=True)
class Prepared:
    """Everything up to the encoder.

    Parameters
    ----------
    subjects : the target, then those fitted along.
    rows : per subject, the training rows that are fitted.
    validation_rows : the target's training rows that are not.
    design, residual : the target's, by split: (n, n_columns) and (n,).
    fit_designs : per subject, the design of its fitted rows.
    """

    subjects: tuple[Subject, ...]
    rows: tuple[np.ndarray, ...]
    validation_rows: np.ndarray
    readouts: Readouts
    design: Mapping[str, np.ndarray]
    residual: Mapping[str, np.ndarray]
    fit_designs: tuple[np.ndarray, ...]


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
        if (name, data) != (opened.id, opened.fingerprint):
            raise InvalidInput(
                f"The configuration is for {name} with data {data}; "
                f"the open subject is {opened.id} with data {opened.fingerprint}."
            )
    return tuple(found)


def prepare(subjects: Sequence[Subject], spec: EncodingSpec, store: FeatureStore) -> Prepared:
    """Choose the rows, fit the readouts on them, and make the designs."""
    target = subjects[0]
    fit_rows, validation_rows = validation_split(
        len(target.train),
        fraction=spec.validation_fraction,
        seed=spec.seed,
        rule=spec.split_rule,
    )
    rows: tuple[np.ndarray, ...] = (fit_rows,)
    if len(subjects) > 1:
        rows = allowed_rows(target, fit_rows, subjects[1:])
    spaces = spec.feature_spaces()
    train = [[space_features(store, f, s.train.images) for f in spaces] for s in subjects]
    if len(subjects) == 1:
        readouts = Readouts.fit(train[0], spec.reduction, fit_rows)
    else:
        pooled = [
            _stack([train[s][k][rows[s]] for s in range(len(subjects))]) for k in range(len(spaces))
        ]
        readouts = Readouts.fit(pooled, spec.reduction)
    design, residual = {}, {}
    design["train"], residual["train"] = readouts.transform(train[0])
    if len(target.test):
        test = [space_features(store, f, target.test.images) for f in spaces]
        design["test"], residual["test"] = readouts.transform(test)
    fit_designs = [design["train"][rows[0]]]
    for s in range(1, len(subjects)):
        fit_designs.append(readouts.transform([block[rows[s]] for block in train[s]])[0])
    return Prepared(
        tuple(subjects), rows, validation_rows, readouts, design, residual, tuple(fit_designs)
    )


def _stack(blocks: Sequence[np.ndarray]) -> np.ndarray:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def fit_prepared(prepared: Prepared, spec: EncodingSpec, surfaces: Path, work: Work) -> Predictor:
    """Fit the encoder, per part of its scope and, cross-subject, per group of shared vertices."""
    target = prepared.subjects[0]
    near = surfaces if ENCODERS[spec.encoder.name].uses_positions else None
    table = vertex_table(target, near) if target.space.is_placed else None
    spaces = prepared.readouts.spaces
    if len(prepared.subjects) == 1:
        responses = target.train.rows_on_disk(prepared.rows[0])
        data = TrainingData(prepared.fit_designs[0], responses, spaces, table)
        return fit_scoped(data, spec.encoder, spec.scope, work)
    groups = shared_vertices(target, prepared.subjects[1:])
    members = []
    for k, group in enumerate(groups):
        data = TrainingData(
            _stack([prepared.fit_designs[m] for m in group.members]),
            pooled_responses(prepared.subjects, prepared.rows, group),
            spaces,
            None if table is None else table.subset(group.vertices),
        )
        name = "with " + " ".join(prepared.subjects[m].id for m in group.members)
        step = work.step(f"group{k}", k / len(groups), (k + 1) / len(groups))
        members.append(
            Member(name, group.vertices, fit_scoped(data, spec.encoder, spec.scope, step))
        )
    return members[0].predictor if len(members) == 1 else merge(members, target.space.n_vertices())
