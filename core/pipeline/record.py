"""What a run's record says: configuration, sources, weights, counts, seconds, scores."""

from __future__ import annotations

import importlib.metadata
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from cortiscope.core.backbones import Framing, get_card
from cortiscope.core.backbones.finetuned import finetuning_record
from cortiscope.core.config import to_plain
from cortiscope.core.encoding.grid_edges import GridEdges
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.evaluation import Evaluation
from cortiscope.core.pipeline.scoring import evaluation_record
from cortiscope.core.pipeline.training import Prepared
from cortiscope.core.recipes import RECIPES
from cortiscope.core.runs import EncodingSpec


def run_record(
    prepared: Prepared,
    spec: EncodingSpec,
    fitted: Predictor,
    validation: Evaluation,
    report: Evaluation,
    seconds: dict[str, float],
) -> dict[str, Any]:
    """Gather everything about a run except its arrays."""
    subject = prepared.subjects[0]
    sources = _sources(spec)
    spaces = spec.feature_spaces()
    edges = GridEdges.of(fitted.edges) if isinstance(fitted, LinearPredictor) else None
    return {
        "title": _title(spec, sources),
        "spec": to_plain(spec),
        "fingerprint": spec.fingerprint,
        "sources": sources,
        "spaces": [[spec.features.index(f) for f in space] for space in spaces],
        "finetuning": _finetuning(spec),
        "weights_label": " + ".join(_weights_label(s, len(sources)) for s in sources),
        "simulated": subject.simulated,
        "layout": subject.layout,
        "conventions": subject.conventions.to_json(),
        "identity": subject.identity.to_json(),
        "n_vertices": {p.short: subject.space.n_vertices(p) for p in subject.space.parts},
        "n_fit": sum(len(rows) for rows in prepared.rows.fit),
        "n_fit_by_subject": {
            s.id: len(rows) for s, rows in zip(prepared.subjects, prepared.rows.fit, strict=True)
        },
        "left_out": [
            {"train": subject.train.images.ids[row], "test": subject.test.images.ids[like]}
            for row, like in prepared.rows.left_out.items()
        ],
        "departures": list(RECIPES[spec.recipe].departures) if spec.recipe in RECIPES else [],
        "subjects_standardised": len(prepared.subjects) > 1,
        "n_train": len(subject.train),
        "n_columns": int(prepared.design["train"].shape[1]),
        "grid_edges": None if edges is None else asdict(edges),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": _versions(),
        "seconds": {k: round(v, 3) for k, v in seconds.items()},
        "validation": evaluation_record(validation),
        "report": evaluation_record(report),
    }


def _finetuning(spec: EncodingSpec) -> list[dict[str, Any]]:
    """Return how the networks that were finetuned were, in order of first appearance."""
    tuned = dict.fromkeys(f.weights.finetuned for f in spec.features if f.weights.finetuned)
    return [finetuning_record(sha256) for sha256 in tuned]


def _sources(spec: EncodingSpec) -> list[dict[str, Any]]:
    """Return backbones with their weights and layers, in order of first appearance."""
    found: dict[object, dict[str, Any]] = {}
    for f in spec.features:
        label = get_card(f.backbone).weights_label(f.weights)
        entry = {
            "backbone": f.backbone,
            "weights": {**to_plain(f.weights), "label": label},
            "framing": f.framing.text,
            "precision": f.precision,
            "layers": [],
        }
        found.setdefault((f.backbone, f.weights, f.framing, f.precision), entry)["layers"].append(
            f.layer
        )
    return list(found.values())


def _weights_label(source: dict[str, Any], n_sources: int) -> str:
    label = str(source["weights"]["label"])
    return label if n_sources == 1 else f"{get_card(source['backbone']).title} {label}"


def _title(spec: EncodingSpec, sources: list[dict[str, Any]]) -> str:
    words = []
    for source in sources:
        layers = source["layers"]
        named = " + ".join(layers) if len(layers) < 4 else f"{len(layers)} layers"
        title = get_card(source["backbone"]).title
        framing = Framing.parse(source["framing"]).label
        precision = source["precision"] if source["precision"] != "float32" else ""
        parts = [title, named, source["weights"]["label"], framing, precision]
        words.append(" · ".join(p for p in parts if p))
    return f"{' and '.join(words)} · {spec.encoder.name}"


def _versions() -> dict[str, str]:
    names = ("numpy", "torch", "torchvision", "open_clip_torch", "timm", "pillow", "scikit-learn")
    return {n: importlib.metadata.version(n) for n in names}
