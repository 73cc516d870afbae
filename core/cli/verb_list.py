"""``list backbones|layers NAME|networks LIBRARY|regressors|metrics|recipes|runs``."""

from __future__ import annotations

import argparse
import fnmatch
import math
from typing import Any

from cortiscope.core.backbones import (
    LIBRARIES,
    backbone_names,
    get_card,
    list_layers,
    weights_presence,
)
from cortiscope.core.cli import options as shared
from cortiscope.core.cli.verb_runs import listed, show_runs
from cortiscope.core.config import to_plain
from cortiscope.core.encoding import REGRESSORS
from cortiscope.core.errors import InvalidInput, MissingWeights, check_option
from cortiscope.core.evaluation import ARITIES, METRICS, Metric
from cortiscope.core.progress import Progress
from cortiscope.core.recipes import RECIPES, Recipe, resolve

NAME = "list"
HELP = (
    "What there is: backbones, layers of one, all networks of a library, regressors, metrics, "
    "recipes, runs."
)
_WHAT = ("backbones", "layers", "networks", "regressors", "metrics", "recipes", "runs")
_NAMED = ("layers", "networks")
_FORMER = {"encoders": "regressors"}
_FEW = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("what", type=lambda what: _FORMER.get(what, what), metavar="|".join(_WHAT))
    parser.add_argument(
        "name", nargs="?", help="the backbone, for layers; the library, for networks"
    )
    parser.add_argument("--match", metavar="GLOB", help="only names like this, as in 'layer4.*'")
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    check_option("list", options.what, _WHAT)
    if options.name and options.what not in _NAMED:
        raise InvalidInput(
            f"list {options.what} takes no name; got {options.name!r}.",
            f"Some of them: list {options.what} --match {options.name!r}.",
        )
    result = _listed(options)
    if options.match:
        wanted = [i for i in result["items"] if fnmatch.fnmatchcase(i["name"], options.match)]
        if result["items"] and not wanted:
            raise InvalidInput(
                f"None of the {len(result['items'])} names matches {options.match!r}.",
                "* stands for anything.",
            )
        result["items"] = wanted
    return result


def _listed(options: argparse.Namespace) -> dict[str, Any]:
    if options.what == "backbones":
        return {"items": [_backbone(name) for name in backbone_names()]}
    if options.what == "networks":
        return {"items": _networks(options.name)}
    if options.what == "regressors":
        items = [
            {
                "name": e.name,
                "title": e.title,
                "summary": e.summary,
                "settings": to_plain(e.settings()),
            }
            for e in REGRESSORS.values()
        ]
        return {"items": items}
    if options.what == "metrics":
        return {"items": [_metric(metric) for metric in METRICS.values()]}
    if options.what == "recipes":
        return {"items": [_recipe(recipe) for recipe in RECIPES.values()]}
    if options.what == "runs":
        return listed(shared.run_store(options))
    if not options.name:
        raise InvalidInput("list layers needs a backbone.", "As in: list layers small_cnn.")
    layers, card = list_layers(options.name), get_card(options.name)
    return {
        "backbone": _backbone(options.name),
        "items": [
            {
                "name": i.name,
                "shape": list(i.shape),
                "depth": i.depth,
                "offered": i.name in card.layers_offered,
            }
            for i in layers
        ],
    }


def _networks(library: str | None) -> list[dict[str, Any]]:
    check_option("library", library or "", LIBRARIES)
    # torch is imported only where a library has to be asked.
    from cortiscope.core.backbones.describe_network import network_names

    assert library
    own = set(backbone_names())
    return [
        {"name": name if name in own else f"{library}:{name}"} for name in network_names(library)
    ]


def _backbone(name: str) -> dict[str, Any]:
    card = get_card(name)
    presence = {kind: weights_presence(name, kind) for kind in card.weights if kind != "file"}
    return {
        "name": name,
        "title": card.title,
        "family": card.family,
        "modality": card.modality,
        "summary": card.summary,
        "weights": {kind: p.present for kind, p in presence.items()},
        "weights_path": {kind: str(p.path) for kind, p in presence.items() if p.path},
        "published": [
            {"variant": p.variant, "file": p.file_name, "url": p.url} for p in card.pretrained
        ],
        "input_size": card.input_size,
        "preprocessing": card.preprocessing,
        "layers_offered": list(card.layers_offered),
        "licence": card.licence,
        "paper": card.paper,
        "source": card.source,
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
        "ours": " ".join(recipe.departures),
        **here,
    }


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    items = result["items"]
    if "set_aside" in result:
        return show_runs(result)
    if not items:
        return "none"
    if "backbone" in result:
        return _show_layers(items, result["backbone"])
    if "arity" in items[0]:
        return _show_metrics(items)
    if "layers_offered" in items[0]:
        return _show_backbones(items)
    if "settings" in items[0]:
        return _show_regressors(items)
    if "origin" in items[0]:
        return _show_recipes(items)
    return "\n".join(i["name"] for i in items)


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "title": metric.title,
        "arity": metric.arity,
        "shape": metric.shape,
        "unit": metric.unit,
        "limits": [end if math.isfinite(end) else None for end in metric.limits],
        "needs": list(metric.needs),
        "definition": metric.definition,
        "source": metric.source,
    }


_GIVES = {"roi": "numbers", "curve": "a curve", "matrix": "a matrix"}


def _show_metrics(items: list[dict[str, Any]]) -> str:
    rows = []
    for i in items:
        needs = f"; needs {' and '.join(i['needs'])}" if i["needs"] else ""
        gives = "a number per vertex" if i["shape"] == "vertex" else f"{_GIVES[i['shape']]} per ROI"
        rows.append(f"{i['name']:<16} {i['title']}: of {ARITIES[i['arity']]}, {gives}{needs}")
        source = f" ({i['source']})" if i["source"] else ""
        rows.append(f"{'':<16}   {i['definition']}{source}")
    return "\n".join(rows)


def _show_regressors(items: list[dict[str, Any]]) -> str:
    rows = []
    for i in items:
        rows.append(f"{i['name']:<22} {i['title']}: {i['summary']}")
        settings = ", ".join(
            f"{name}={_setting(value)}" for name, value in i["settings"].items() if name != "type"
        )
        rows += [f"{'':<22}   {settings}"] if settings else []
    return "\n".join(rows)


def _setting(value: Any) -> str:
    """Write a setting's default, of a long list its ends."""
    if isinstance(value, list):
        written = [f"{v:g}" if isinstance(v, float) else str(v) for v in value]
        few = written if len(written) <= 3 else [written[0], "...", written[-1]]
        return f"({', '.join(few)})"
    return str(value)


def _show_recipes(items: list[dict[str, Any]]) -> str:
    rows = []
    for i in items:
        rows.append(f"{i['name']:<22} {i['title']} ({i['origin']})")
        rows += [f"{'':<22}   {words}" for words in (i["summary"], i["ours"]) if words]
        if not i["available"]:
            rows.append(f"{'':<22}   not here: {i['missing']}")
        elif i["stand_ins"]:
            rows.append(f"{'':<22}   here with {'; '.join(i['stand_ins'])}")
    return "\n".join(rows)


def _show_backbones(items: list[dict[str, Any]]) -> str:
    rows: list[tuple[str, ...]] = [("name", "what it is", "family", "sees", "pretrained weights")]
    for i in items:
        sees = "captions" if i["modality"] == "text" else f"{i['input_size']} px"
        here = {True: "here", False: "absent", None: "none needed"}[i["weights"].get("pretrained")]
        rows.append((i["name"], i["title"], i["family"], sees, here))
    return "\n".join(_columns(rows))


def _show_layers(items: list[dict[str, Any]], backbone: dict[str, Any]) -> str:
    rows: list[tuple[str, ...]] = [("", "layer", "shape", "values")]
    for i in items:
        shape = " x ".join(map(str, i["shape"]))
        rows.append(("*" if i["offered"] else "", i["name"], shape, f"{math.prod(i['shape']):,}"))
    words = f"{len(items)} layer{'s' * (len(items) > 1)}; * in menus"
    if len(items) > _FEW:
        words += "; fewer: --match GLOB, as in --match '*.1'"
    head = [
        f"{backbone['title']} ({backbone['source']}). {backbone['summary']}",
        f"{backbone['preprocessing']} Licence: {backbone['licence']}. Paper: {backbone['paper']}.",
    ]
    return "\n".join([*head, "", *_columns(rows), "", f"{words}."])


def _columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Align cells under each other; a cell that is far longer than others sticks out."""
    widths = [min(max(len(row[k]) for row in rows), 44) for k in range(len(rows[0]))]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
