"""One fitted encoding model, opened: what was asked, what came out, and what it predicts.

``run.json`` holds what was asked, where the weights came from, the split, the scores, and a seal
of every array; arrays lie beside it as ``.npy``. A prediction for any image of the subject is one
small matrix product with the stored design, so nothing heavier than numpy is needed to show a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from cortiscope.core.config import from_plain
from cortiscope.core.datasets.conventions import Conventions
from cortiscope.core.datasets.fingerprint import DataIdentity
from cortiscope.core.encoding import FittedReduction, Predictor
from cortiscope.core.encoding.grid_edges import GridEdges
from cortiscope.core.encoding.predictor import notes_by_part
from cortiscope.core.encoding.regressors import restore_predictor
from cortiscope.core.errors import DamagedFile
from cortiscope.core.evaluation import Evaluation, RoiScore
from cortiscope.core.runs.about import About, read_about
from cortiscope.core.runs.facts import RunFacts, RunSource
from cortiscope.core.runs.outline import IndexedRecord, Outline, ScoresInShort
from cortiscope.core.runs.spec import EncodingSpec
from cortiscope.core.runs.wholeness import check_arrays, read_array, without_nan

_Read = TypeVar("_Read")


@dataclass(frozen=True, eq=False)
class Run:
    """One fitted encoding model, opened: its record. Arrays are read when they are asked for.

    Nothing of a run keeps a file open, so that a process may hold thousands of them.
    """

    folder: Path
    record: Mapping[str, Any]
    # Scores that take the place of those on disk.
    scores: Mapping[str, Evaluation] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Three lines: its name, what it is, its scores."""
        report, stamp = self.report, f", SIMULATED {self.subject}" if self.simulated else ""
        return (
            f"<Run {self.id}{stamp}\n"
            f" {self.title}; fitted to {self.facts.n_fit:,} images of {self.subject}\n"
            f" {report.overall.in_words()}; {report.n_images} {report.split} images>"
        )

    @property
    def id(self) -> str:
        """The run's name, which is its folder's."""
        return self.folder.name

    @cached_property
    def spec(self) -> EncodingSpec:
        """What was asked for."""
        return from_plain(EncodingSpec, self.record["spec"], "spec", stored=True)

    @cached_property
    def facts(self) -> RunFacts:
        """What came of it, beside scores and arrays."""
        record = self.record
        held = record.kept if isinstance(record, IndexedRecord) else record
        return from_plain(RunFacts, held, stored=True)

    @cached_property
    def about(self) -> About:
        """What people say of it: a name of its own, a note, tags."""
        return self.outline.about

    @cached_property
    def outline(self) -> Outline:
        """What menus and lists say of it; no array is opened."""
        if isinstance(self.record, IndexedRecord):
            return self.record.outline
        validation, report = (
            ScoresInShort.of(self.record[name], stored_rois(self.record[name]))
            for name in ("validation", "report")
        )
        is_linear = self.record["predictor"].get("kind") == "linear"
        return Outline(validation, report, is_linear, read_about(self.folder))

    @property
    def subject(self) -> str:
        """Id of the subject it was fitted to."""
        return self.spec.subject

    @property
    def data(self) -> str:
        """Fingerprint of the data it was fitted to."""
        return self.spec.data

    @property
    def identity(self) -> DataIdentity | None:
        """Of the subject's data as they were, part by part; None of a run from before it."""
        return DataIdentity.from_json(self.record.get("identity"))

    @property
    def n_vertices(self) -> dict[str, int]:
        """How many it predicts, by part: ``lh`` and ``rh``, or ``voxels``."""
        return dict(self.facts.n_vertices)

    @property
    def simulated(self) -> bool:
        """Whether it was fitted to simulated responses."""
        return self.facts.simulated

    @property
    def conventions(self) -> Conventions:
        """What the responses it was fitted to mean; unknown in records older than this field."""
        return Conventions.from_json(self.record.get("conventions", {}))

    @property
    def sources(self) -> tuple[RunSource, ...]:
        """The backbones its features come from, each with weights and layers."""
        return self.facts.sources

    @property
    def layer(self) -> str:
        """The layer, or several joined by +, each with its backbone if there are several."""
        several = len(self.sources) > 1
        names = [
            f"{s.backbone}:{layer}" if several else layer
            for s in self.sources
            for layer in s.layers
        ]
        if len(names) > 3:
            return f"{names[0]} .. {names[-1]} - {len(names)} layers"
        return "+".join(names)

    @property
    def regressor(self) -> str:
        """Name of the regressor."""
        return self.spec.encoder.name

    @property
    def method(self) -> str:
        """The regressor and whatever of the fit was unusual, short, for menus."""
        scope = self.spec.scope.replace("_", " ")
        words = [self.regressor]
        words += [f"per {scope}"] if scope != "both" else []
        words += ["cross-subject"] if self.spec.with_subjects else []
        unusual = [w for s in self.sources for w in (s.framing, s.precision)]
        words += [w for w in dict.fromkeys(unusual) if w not in ("published", "float32")]
        return " ".join(words)

    @property
    def grid_edges(self) -> GridEdges | None:
        """How many penalties lie at an edge of their grid; None where none were chosen."""
        return self.facts.grid_edges

    @property
    def recipe(self) -> str:
        """The recipe it was made by, or empty."""
        return self.spec.recipe

    @property
    def departures(self) -> tuple[str, ...]:
        """What of its recipe was not as in the source, in sentences; none in older runs."""
        return self.facts.departures

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """What replaced missing weights of the recipe, in words; empty if nothing."""
        return self.spec.stand_ins

    @property
    def title(self) -> str:
        """Backbone, layer, weights and regressor in words."""
        return self.facts.title

    def array(self, name: str) -> np.ndarray:
        """Read one of the run's arrays; a large one is memory-mapped, to be used and dropped.

        Raises
        ------
        DamagedFile : it is not what was saved; from then on the store sets this run aside.
        """
        return self._reading(lambda: read_array(self.folder, self.record, name))

    @property
    def fitted(self) -> Predictor:
        """What was fitted: from design to responses. Read anew each time."""

        def numbers(name: str) -> np.ndarray:
            array = read_array(self.folder, self.record, name)
            # A sealed run was looked at before it was saved.
            return array if "arrays" in self.record else without_nan(self.id, name, array)

        return self._reading(lambda: restore_predictor(self.record["predictor"], numbers))

    @property
    def notes(self) -> dict[str, dict[str, str]]:
        """Names of the arrays that the fit noted: part of the vertices -> note -> name.

        The part of a model of all vertices is the empty string; ``lh.V1`` is a ROI's.
        """
        return notes_by_part(self.record["predictor"])

    @property
    def reductions(self) -> tuple[FittedReduction, ...]:
        """Scaling and PCA, or what took its place, of each feature space. Read anew each time."""
        kept = self.record.get("arrays", {})
        return tuple(
            FittedReduction.read(self.array, f"readout{k}_", kept)
            for k in range(len(self.facts.spaces))
        )

    def verify(self) -> None:
        """Read everything; DamagedFile where anything is not what was saved."""
        self._reading(lambda: check_arrays(self.folder, self.record))
        for name in self.record.get("arrays", {}):
            self.array(name)
        for _ in (self.fitted, self.reductions, self.report, self.validation):
            pass
        self.array("design_train")

    def _reading(self, read: Callable[[], _Read]) -> _Read:
        """Return what a step reads; what it finds damaged is remembered."""
        try:
            return read()
        except DamagedFile as error:
            self.__dict__["damage"] = error
            raise

    def predict_rows(self, split: str, rows: np.ndarray | slice) -> np.ndarray:
        """Predict (n_rows, n_vertices) for images of the subject, from the stored design."""
        return self.fitted.predict(np.asarray(self.array(f"design_{split}")[rows]))

    def role_of(self, split: str, row: int) -> str:
        """Say what an image was for: ``fit``, ``validation``, ``report``, ``test``, ``left out``.

        Left out are training images that are (nearly) test images, of this subject or of one that
        was fitted along.
        """
        if split == "test":
            return "test"
        return next((role for role, rows in self._roles.items() if row in rows), "left out")

    @cached_property
    def _roles(self) -> Mapping[str, frozenset[int]]:
        roles = ("fit", "validation", "report")
        return {role: frozenset(self.rows_of(role).tolist()) for role in roles}

    def rows_of(self, role: str) -> np.ndarray:
        """Return the training rows (n,) that were for ``fit``, ``validation`` or ``report``.

        Those of ``report`` neither fitted nor chose; without such a part there are none.
        """
        if role == "report" and self.record["report"]["split"] != "report":
            return np.empty(0, dtype=np.intp)
        return np.asarray(self.array(f"{role}_rows"))

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Training images that were for nothing, and the test images that they nearly are."""
        return tuple((pair["train"], pair["test"]) for pair in self.facts.left_out)

    @property
    def left_out_words(self) -> str:
        """Say how many those are, and which; empty without any."""
        if not self.left_out:
            return ""
        shown = ", ".join(f"{own} is like {test}" for own, test in self.left_out[:5])
        more = ", ..." if len(self.left_out) > 5 else ""
        return (
            f"Training images left out as nearly test images: {len(self.left_out)} ({shown}{more})"
        )

    @property
    def reported(self) -> tuple[str, np.ndarray]:
        """Split of the subject, and rows (n_images,), of the images behind the report."""
        if self.report.split == "test":
            return "test", np.arange(self.report.n_images)
        return "train", self.rows_of(self.report.split)

    @property
    def report(self) -> Evaluation:
        """The scores on images that took no part in fitting or selection."""
        return self.scores.get("report") or _evaluation(self, "report")

    @property
    def validation(self) -> Evaluation:
        """The scores on the validation images: for choosing between models."""
        return self.scores.get("validation") or _evaluation(self, "validation")

    def with_scores(self, validation: Evaluation, report: Evaluation) -> Run:
        """Return this run with other scores than are on disk."""
        return replace(self, scores={"validation": validation, "report": report})


# A page looks at the same few scores again and again; those of all runs would fill the memory.
@lru_cache(maxsize=64)
def _evaluation(run: Run, name: str) -> Evaluation:
    stored = run.record[name]
    files = stored.get("files", name)
    return Evaluation(
        split=stored["split"],
        n_images=stored["n_images"],
        # Copies, should they be mapped: what is remembered keeps no file open.
        r=np.array(run.array(f"{files}_r")),
        ceiling=np.array(run.array(f"{files}_ceiling")) if stored["has_ceiling"] else None,
        ceiling_source=stored["ceiling_source"],
        rois=stored_rois(stored),
        statistic=stored.get("statistic", ""),
        n_stimuli=stored.get("n_stimuli"),
        stamp=f"SIMULATED {run.subject}" if run.simulated else "",
    )


def stored_rois(stored: Mapping[str, Any]) -> tuple[RoiScore, ...]:
    """Read the ROIs of a report as it is in a record, whatever rules it was made by."""
    rules = dict if stored.get("statistic") else _of_former_rules
    return tuple(RoiScore(**rules(score)) for score in stored["rois"])


def _of_former_rules(score: Mapping[str, Any]) -> dict[str, Any]:
    """Read a score whose interval was the median's and whose percent followed the challenge."""
    former = dict(score)
    # Another statistic's interval and ceiling would pass for those of the mean.
    for name in ("low", "high", "ceiling_r"):
        former.pop(name, None)
    return {**former, "noise_normalized": None, "challenge_score": score.get("noise_normalized")}
