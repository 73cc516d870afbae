"""The folder of runs: one folder per fitted encoding model, complete or absent.

``run.json`` holds what was asked, where the weights came from, the split, and the scores; arrays
lie beside it as ``.npy``. A prediction for any image of the subject is one small matrix product
with the stored design, so nothing heavier than numpy is needed to show a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.conventions import Conventions
from core.encoding import Predictor, Readout
from core.encoding.restore import restore_predictor
from core.errors import DamagedFile, unknown_name
from core.evaluation import Evaluation, RoiScore
from core.runs.drafts import FolderCheckpoint
from core.runs.spec import RUN_FORMAT
from core.storage import atomic_directory

_RECORD = "run.json"


@dataclass(frozen=True)
class RunSource:
    """One backbone of a run.

    Parameters
    ----------
    weights : kind, seed, sha256, label.
    framing : as ``core.backbones.Framing.text``.
    precision : what its network multiplied in.
    """

    backbone: str
    weights: Mapping[str, Any]
    layers: tuple[str, ...]
    framing: str = "published"
    precision: str = "float32"


@dataclass(frozen=True)
class Run:
    """One fitted encoding model, opened; arrays are memory-mapped when they are asked for."""

    folder: Path
    record: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The run's name, which is its folder's."""
        return self.folder.name

    @property
    def subject(self) -> str:
        """Id of the subject it was fitted to."""
        return str(self.record["spec"]["subject"])

    @property
    def data(self) -> str:
        """Fingerprint of the data it was fitted to."""
        return str(self.record["spec"]["data"])

    @property
    def n_vertices(self) -> dict[str, int]:
        """How many it predicts, by part: ``lh`` and ``rh``, or ``voxels``."""
        return {str(name): int(n) for name, n in self.record["n_vertices"].items()}

    @property
    def simulated(self) -> bool:
        """Whether it was fitted to simulated responses."""
        return bool(self.record["simulated"])

    @property
    def conventions(self) -> Conventions:
        """What the responses it was fitted to mean; unknown in records older than this field."""
        return Conventions.from_json(self.record.get("conventions", {}))

    @property
    def sources(self) -> tuple[RunSource, ...]:
        """The backbones its features come from, each with weights and layers."""
        return tuple(
            RunSource(
                *(s["backbone"], s["weights"], tuple(s["layers"])),
                # Records older than these were of the usual ones.
                *(s.get("framing", "published"), s.get("precision", "float32")),
            )
            for s in self.record["sources"]
        )

    @property
    def stretches(self) -> bool:
        """Whether its networks see whole pictures, stretched, and not their central squares."""
        return all(source.framing != "published" for source in self.sources)

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
    def encoder(self) -> str:
        """Name of the encoder."""
        return str(self.record["spec"]["encoder"]["name"])

    @property
    def method(self) -> str:
        """The encoder and whatever of the fit was unusual, short, for menus."""
        spec = self.record["spec"]
        words = [self.encoder]
        words += [f"per {spec['scope'].replace('_', ' ')}"] if spec["scope"] != "both" else []
        words += ["cross-subject"] if spec["with_subjects"] else []
        unusual = [w for s in self.sources for w in (s.framing, s.precision)]
        words += [w for w in dict.fromkeys(unusual) if w not in ("published", "float32")]
        return " ".join(words)

    @property
    def recipe(self) -> str:
        """The recipe it was made by, or empty."""
        return str(self.record["spec"]["recipe"])

    @property
    def title(self) -> str:
        """Backbone, layer, weights and encoder in words."""
        return str(self.record["title"])

    def array(self, name: str) -> np.ndarray:
        """Open one of the run's arrays, memory-mapped."""
        path = self.folder / f"{name}.npy"
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DamagedFile(
                f"Run {self.id}: {path.name} cannot be read ({error}).",
                "Delete the run's folder and fit it again.",
            ) from error

    @cached_property
    def fitted(self) -> Predictor:
        """What was fitted: from design to responses."""
        return restore_predictor(self.record["predictor"], self.array)

    @cached_property
    def readouts(self) -> tuple[Readout, ...]:
        """Scaling and PCA of each feature space."""
        names = ("mean", "scale", "components", "explained")
        return tuple(
            Readout(*(self.array(f"readout{k}_{n}") for n in names))
            for k in range(len(self.record["spaces"]))
        )

    def predict_rows(self, split: str, rows: np.ndarray | slice) -> np.ndarray:
        """Predict (n_rows, n_vertices) for images of the subject, from the stored design."""
        return self.fitted.predict(np.asarray(self.array(f"design_{split}")[rows]))

    def role_of(self, split: str, row: int) -> str:
        """Say what the encoder did with an image: ``fit``, ``validation`` or ``test``."""
        if split == "test":
            return "test"
        return "validation" if row in self._validation_rows else "fit"

    @cached_property
    def _validation_rows(self) -> frozenset[int]:
        return frozenset(int(k) for k in self.array("validation_rows"))

    @cached_property
    def report(self) -> Evaluation:
        """The scores on images that took no part in fitting or selection."""
        return self._evaluation("report")

    @cached_property
    def validation(self) -> Evaluation:
        """The scores on the validation images: for choosing between encoders."""
        return self._evaluation("validation")

    def _evaluation(self, name: str) -> Evaluation:
        stored = self.record[name]
        has_ceiling = stored["has_ceiling"]
        return Evaluation(
            split=stored["split"],
            n_images=stored["n_images"],
            r=self.array(f"{name}_r"),
            ceiling=self.array(f"{name}_ceiling") if has_ceiling else None,
            ceiling_source=stored["ceiling_source"],
            rois=tuple(RoiScore(**score) for score in stored["rois"]),
        )


class RunStore:
    """All runs under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def ids(self) -> tuple[str, ...]:
        """Names of all complete runs, in alphabetical order."""
        if not self.root.is_dir():
            return ()
        return tuple(sorted(p.parent.name for p in self.root.glob(f"[!.]*/{_RECORD}")))

    def __contains__(self, run_id: str) -> bool:
        return (self.root / run_id / _RECORD).exists()

    def open(self, run_id: str) -> Run:
        """Open a run by its name.

        Raises
        ------
        UnknownName : no such run; the nearest name is offered.
        DamagedFile : its record cannot be read or is of another version.
        """
        path = self.root / run_id / _RECORD
        if run_id not in self.ids():
            raise unknown_name("run", run_id, self.ids(), f"Runs are kept in {self.root}.")
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DamagedFile(f"{path} is not JSON: {error}.", "Delete the folder.") from error
        if record.get("format") != RUN_FORMAT:
            raise DamagedFile(
                f"Run {run_id} has format {record.get('format')!r}; "
                f"this program reads {RUN_FORMAT}.",
                "Fit it again.",
            )
        return Run(path.parent, record)

    def draft(self, run_id: str) -> FolderCheckpoint:
        """Return the pieces of a run that is being fitted."""
        return FolderCheckpoint(self.root / ".drafts" / run_id)

    def save(self, run_id: str, record: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Run:
        """Write a run whole, or not at all."""
        with atomic_directory(self.root / run_id) as draft:
            for name, array in arrays.items():
                np.save(draft / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
            text = json.dumps({"format": RUN_FORMAT, **record}, indent=1, ensure_ascii=False)
            # Last, so that a folder with a record is a whole one even if it was copied by hand.
            (draft / _RECORD).write_text(text + "\n", encoding="utf-8")
        return self.open(run_id)
