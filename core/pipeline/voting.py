"""A vote of finished runs: a run of its own, made without a fit."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import RegressorSpec
from cortiscope.core.encoding.vote import VotePredictor, VoteSettings, vote_of
from cortiscope.core.errors import InvalidInput
from cortiscope.core.pipeline.designs import Reductions, side_by_side
from cortiscope.core.pipeline.fit import save_fitted
from cortiscope.core.pipeline.training import Prepared, choose_rows
from cortiscope.core.runs import EncodingSpec, Run, RunStore
from cortiscope.core.runs.belonging import Belonging, belonging


def vote(
    members: Sequence[Run], subject: Subject, runs: RunStore, *, sharpness: float = 20.0
) -> Run:
    """Let finished runs of a subject vote, or open the vote that was saved before.

    Every vertex weights the members by a softmax of ``sharpness`` times their r on the validation
    images; no other image takes part in the choice.

    Raises
    ------
    InvalidInput : fewer than two, of other data, of other validation images, themselves votes, or
        reported on the validation images.
    """
    _check(members, subject)
    first = members[0].spec
    features = tuple(dict.fromkeys(f for run in members for f in run.spec.features))
    settings = VoteSettings(
        sharpness,
        tuple(run.id for run in members),
        tuple(dict.fromkeys(run.spec.scope for run in members)),
    )
    spec = EncodingSpec.of(
        subject,
        features,
        reduction=first.reduction,
        encoder=RegressorSpec("vote", settings),
        **{
            name: getattr(first, name)
            for name in ("seed", "validation_fraction", "split_rule", "report_fraction")
        },
    )
    if spec.run_id in runs:
        return runs.open(spec.run_id)
    started = time.perf_counter()
    prepared = _prepared(members, subject, spec)
    r = np.stack([np.asarray(run.validation.r) for run in members])
    fitted = vote_of([(run.facts.n_columns, run.fitted) for run in members], r, sharpness)
    spaces = [
        [features.index(run.spec.features[k]) for k in space]
        for run in members
        for space in run.facts.spaces
    ]
    seconds = {"fit": time.perf_counter() - started}
    said = {"spaces": spaces, "title": f"{len(members)} models · vote"}
    return save_fitted(prepared, spec, fitted, runs, seconds, said=said)


def _check(members: Sequence[Run], subject: Subject) -> None:
    if len(members) < 2 or len({run.id for run in members}) < len(members):
        raise InvalidInput(
            f"A vote is of two models or more, each once; got {len(members)}.",
            "Name the runs; 'cortiscope list runs' shows them.",
        )
    for run in members:
        if run.subject != subject.id or belonging(run, subject) is not Belonging.PRESENT:
            raise InvalidInput(
                f"{run.id} was not fitted to {subject.id} as it is now.",
                "Fit it again, or leave it out of the vote.",
            )
        if run.spec.with_subjects:
            raise InvalidInput(
                f"{run.id} was fitted together with other subjects, and cannot vote.",
                "Leave it out of the vote.",
            )
        if isinstance(run.fitted, VotePredictor):
            raise InvalidInput(f"{run.id} is a vote itself.", "Name its members in place of it.")
        if run.report.split == "validation":
            raise InvalidInput(
                f"{run.id} is reported on its validation images, which would choose the weights "
                "of the vote: its score would flatter.",
                "Fit the members with images that report alone (--report-fraction 0.2).",
            )
    first = members[0]
    for run in members[1:]:
        for role in ("fit", "validation", "report"):
            if not np.array_equal(run.rows_of(role), first.rows_of(role)):
                raise InvalidInput(
                    f"{run.id} and {first.id} divide the training images differently: an image "
                    "that one was fitted to would judge the other.",
                    "Fit both with the same seed, split and validation fraction.",
                )


def _prepared(members: Sequence[Run], subject: Subject, spec: EncodingSpec) -> Prepared:
    """Put the members' designs side by side."""
    rows = choose_rows((subject,), spec)
    if not np.array_equal(rows.validation, members[0].rows_of("validation")):
        raise InvalidInput(
            f"The validation images of {members[0].id} are drawn by a rule that is no longer "
            "known.",
            "Fit the members again.",
        )
    splits = ("train", "test") if len(subject.test) else ("train",)
    joined = {
        split: side_by_side(
            [
                (
                    np.asarray(run.array(f"design_{split}")),
                    np.asarray(run.array(f"residual_{split}")),
                )
                for run in members
            ]
        )
        for split in splits
    }
    design = {split: found[0] for split, found in joined.items()}
    return Prepared(
        (subject,),
        rows,
        Reductions(tuple(reduction for run in members for reduction in run.reductions)),
        design,
        {split: found[1] for split, found in joined.items()},
        (design["train"][rows.fit[0]],),
    )
