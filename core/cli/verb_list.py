"""``list backbones|layers NAME|encoders|recipes|runs``: what there is."""

from __future__ import annotations

import argparse
from typing import Any

from core.backbones import backbone_names, get_card, list_layers, weights_presence
from core.cli import options as shared
from core.config import to_plain
from core.encoding import ENCODERS
from core.errors import CoreError, InvalidInput, MissingWeights
from core.progress import Progress
from core.recipes import RECIPES, Recipe, resolve
from core.runs import RunStore

NAME = "list"
HELP = "What there is: backbones, layers of one, encoders, recipes, runs."
_WHAT = ("backbones", "layers", "encoders", "recipes", "runs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("what", choices=_WHAT)
    parser.add_argument("name", nargs="?", help="the backbone, for layers")
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    if options.what == "backbones":
        return {"items": [_backbone(name) for name in backbone_names()]}
    if options.what == "encoders":
        items = [
            {
                "name": e.name,
                "title": e.title,
                "summary": e.summary,
                "settings": to_plain(e.settings()),
            }
            for e in ENCODERS.values()
        ]
        return {"items": items}
    if options.what == "recipes":
        return {"items": [_recipe(recipe) for recipe in RECIPES.values()]}
    if options.what == "runs":
        store = shared.run_store(options)
        return {"items": [_run(store, run_id) for run_id in store.ids()]}
    if not options.name:
        raise InvalidInput("list layers needs a backbone.", "As in: list layers small_cnn.")
    layers = list_layers(options.name)
    return {"items": [{"name": i.name, "shape": list(i.shape), "depth": i.depth} for i in layers]}


def _backbone(name: str) -> dict[str, Any]:
    card = get_card(name)
    presence = {kind: weights_presence(name, kind) for kind in card.weights if kind != "file"}
    return {
        "name": name,
        "title": card.title,
        "family": card.family,
        "modality": card.modality,
        "weights": {kind: p.present for kind, p in presence.items()},
        "weights_path": {kind: str(p.path) for kind, p in presence.items() if p.path},
        "input_size": card.input_size,
    }


def _recipe(recipe: Recipe) -> dict[str, Any]:
    try:
        used = resolve(recipe)
        here = {"available": True, "stand_ins": list(used.stand_ins)}
    except MissingWeights as error:
        here = {"available": False, "missing": error.message}
    return {
        "name": recipe.name,
        "title": recipe.title,
        "origin": recipe.origin,
        "summary": recipe.summary,
        "ours": recipe.ours,
        **here,
    }


def _run(store: RunStore, run_id: str) -> dict[str, Any]:
    try:
        run = store.open(run_id)
    except CoreError as error:
        # One run that cannot be read must not hide the others.
        return {"name": run_id, "problem": error.message}
    return {
        "name": run.id,
        "title": run.title,
        "subject": run.subject,
        "simulated": run.simulated,
        "split": run.report.split,
        "n_held_out": run.report.n_images,
        "median_r": run.report.overall.median_r,
        "created": run.record["created"],
    }


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    rows = []
    for item in result["items"]:
        rest = {k: v for k, v in item.items() if k != "name" and v not in ({}, None)}
        rows.append(f"{item['name']:<28} " + "  ".join(f"{k} {v}" for k, v in rest.items()))
    return "\n".join(rows) if rows else "none"
