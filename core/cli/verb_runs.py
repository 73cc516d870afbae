"""``runs list|show|rename|note|tag|delete|undelete``: keeping order among runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cortiscope.core.cli import options as shared
from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress
from cortiscope.core.runs import FORMER_WORDS, About, Run, RunStore
from cortiscope.core.runs.facets import facets
from cortiscope.core.runs.store import KEPT_DAYS

NAME = "runs"
HELP = "Keep order among runs: list, show, rename, note, tag, delete (undelete brings one back)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("what", choices=("list", *_OF_ONE))
    parser.add_argument("run_id", nargs="?", metavar="RUN", help="its id, as runs list gives it")
    parser.add_argument(
        "words",
        nargs="*",
        help="rename: its own name; note: a text; tag: tags to add. Nothing takes away what was "
        "there",
    )
    parser.add_argument("--remove", nargs="+", default=[], metavar="TAG", help="tag: take these")
    parser.add_argument("--subject", help="list: of this subject alone")
    parser.add_argument("--tag", help="list: with this tag alone")
    parser.add_argument(
        "--deleted", action="store_true", help="list: what undelete can bring back, in its place"
    )
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    store, words = shared.run_store(options), list(options.words)
    if options.what == "list":
        if options.run_id:
            raise InvalidInput(f"runs list takes no name; got {options.run_id!r}.", "Try --tag.")
        return _listed(options, store)
    if options.subject or options.tag or options.deleted:
        raise InvalidInput("--subject, --tag and --deleted go with runs list.")
    if options.remove and options.what != "tag":
        raise InvalidInput("--remove goes with runs tag.")
    if not options.run_id:
        raise InvalidInput(f"runs {options.what} needs a run.", "runs list gives their names.")
    if words and options.what not in _SAID:
        raise InvalidInput(f"runs {options.what} takes one run; got {' '.join(words)!r} too.")
    return _OF_ONE[options.what](store, options.run_id, options)


def _listed(options: argparse.Namespace, store: RunStore) -> dict[str, Any]:
    if options.deleted:
        return {"items": [{"name": name} for name in store.deleted()]}
    found = listed(store)
    found["items"] = [
        item
        for item in found["items"]
        if options.subject in (None, item["subject"])
        and (options.tag is None or options.tag in item["tags"])
    ]
    return found


def _show(store: RunStore, run_id: str, options: argparse.Namespace) -> dict[str, Any]:
    opened = store.open(run_id)
    settings = {name: words for name, words in facets(opened).items() if words}
    about = {"settings": settings, "n_vertices": opened.n_vertices, "n_fit": opened.facts.n_fit}
    return {"run": {**_item(opened), **about, "seconds": dict(opened.facts.seconds)}}


def _say(store: RunStore, run_id: str, options: argparse.Namespace) -> dict[str, Any]:
    now, text = store.open(run_id).about, " ".join(options.words)
    if options.what == "rename":
        said = About.of(text, now.note, now.tags)
    elif options.what == "note":
        said = About.of(now.name, text, now.tags)
    else:
        if missing := [tag for tag in options.remove if tag not in now.tags]:
            has = ", ".join(now.tags) or "none"
            raise InvalidInput(
                f"The run {run_id} has no tag {missing[0]!r}; it has {has}.", "See runs show."
            )
        left = [tag for tag in now.tags if tag not in options.remove]
        clear = not options.words and not options.remove
        said = (
            replace(now, tags=())
            if clear
            else About.of(now.name, now.note, (*left, *options.words))
        )
    return {"run": _item(store.describe(run_id, said))}


def _delete(store: RunStore, run_id: str, options: argparse.Namespace) -> dict[str, Any]:
    store.delete(run_id)
    return {"run": {"name": run_id}, "deleted": True}


def _undelete(store: RunStore, run_id: str, options: argparse.Namespace) -> dict[str, Any]:
    store.undelete(run_id)
    return {"run": {"name": run_id}, "deleted": False}


_OF_ONE: dict[str, Callable[[RunStore, str, argparse.Namespace], dict[str, Any]]] = {
    "show": _show,
    "rename": _say,
    "note": _say,
    "tag": _say,
    "delete": _delete,
    "undelete": _undelete,
}
_SAID = ("rename", "note", "tag")


def listed(store: RunStore) -> dict[str, Any]:
    """List all runs, and what is set aside, as ``list runs`` gives them too."""
    runs, aside = store.survey()
    items = [_item(run) for run in runs]
    return {"items": items, "set_aside": [{"name": a.name, "reason": a.reason} for a in aside]}


def _item(run: Run) -> dict[str, Any]:
    report = run.outline.report
    whole = report.whole
    return {
        "name": run.id,
        "own_name": run.about.name,
        "note": run.about.note,
        "tags": list(run.about.tags),
        "title": run.title,
        "subject": run.subject,
        "simulated": run.simulated,
        "split": report.split,
        "n_held_out": report.n_images,
        "mean_r": whole and whole.mean_r,
        "median_r": whole and whole.median_r,
        "recipe": run.recipe,
        "stand_ins": list(run.stand_ins),
        "created": run.facts.created,
        "data": f"uncertain: {FORMER_WORDS}" if run.identity is None else "known",
    }


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    if "deleted" in result:
        name = result["run"]["name"]
        if not result["deleted"]:
            return f"{name} is back"
        return f"deleted {name}; for {KEPT_DAYS} days runs undelete {name} brings it back"
    if "run" in result:
        return "\n".join([show_run(result["run"]), *_settings(result["run"])])
    if "set_aside" not in result:
        return "\n".join(item["name"] for item in result["items"]) or "none"
    return show_runs(result)


def _settings(run: dict[str, Any]) -> list[str]:
    return [f"   {name}: {words}" for name, words in run.get("settings", {}).items()]


def show_runs(result: dict[str, Any]) -> str:
    """Format ``listed``."""
    aside = [f"set aside: {item['name']}: {item['reason']}" for item in result["set_aside"]]
    return "\n".join([*map(show_run, result["items"]), *aside]) or "none"


def show_run(run: dict[str, Any]) -> str:
    """Format one of its items."""
    r = "undefined" if run["mean_r"] is None else f"{run['mean_r']:.3f}"
    words = [run["own_name"]] if run["own_name"] else []
    words += [f"{run['title']}; mean r {r} over {run['n_held_out']} {run['split']} images"]
    words += [f"recipe {run['recipe']}"] if run["recipe"] else []
    words += ["SIMULATED data"] if run["simulated"] else []
    words += [f"data {run['data']}"] if run["data"] != "known" else []
    words += [f"tags {', '.join(run['tags'])}"] if run["tags"] else []
    words += [run["note"]] if run["note"] else []
    return f"{run['name']}\n   {'; '.join(words)}"
