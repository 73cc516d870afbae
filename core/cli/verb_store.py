"""``store du|clean``: the disk space that everything takes, and removing what is not needed."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cortiscope.core.cli import options as shared
from cortiscope.core.datasets.arrays.conversion import (
    ConvertedFile,
    clean_converted,
    converted_files,
)
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features.upkeep import (
    ABANDONED_HOURS,
    LEAST_HOURS,
    StoredItem,
    clean,
    stored_items,
)
from cortiscope.core.progress import Progress
from cortiscope.core.runs.store import KEPT_DAYS
from cortiscope.core.runs.upkeep import remove_deleted, stored_runs
from cortiscope.core.storage import Home
from cortiscope.core.storage.upkeep import Kept, kept_in, measured, remove_drafts
from cortiscope.core.storage.write_failures import size

NAME = "store"
HELP = (
    "What runs, cached features and the rest take on disk (du); remove what is not needed (clean)."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("what", choices=("du", "clean"))
    parser.add_argument(
        "--older-than",
        type=float,
        metavar="DAYS",
        help="clean: also remove what was not used for that long (it is made again when needed)",
    )
    shared.add_runs(parser)
    parser.add_argument(
        "--drafts",
        action="store_true",
        help="clean: also remove drafts of passes stopped within the last "
        f"{ABANDONED_HOURS:.0f} hours, down to {LEAST_HOURS:.0f} hour",
    )
    parser.add_argument(
        "--deleted",
        action="store_true",
        help=f"clean: also remove all deleted runs for good, not only those of {KEPT_DAYS} days "
        "ago (runs undelete brings a run back until then)",
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    home, runs = Home.from_environment(), shared.run_store(options).root
    root, converted = shared.feature_store().root, home.converted
    days: float | None = options.older_than
    if options.what == "du":
        if days is not None or options.drafts or options.deleted:
            raise InvalidInput("--older-than, --drafts and --deleted go with store clean.")
        items = [*_features(stored_items(root)), *_responses(converted_files(converted))]
        return _sums([*items, *_others(home, _kept_elsewhere(home, runs))])
    if days is not None and not 0 <= days < math.inf:
        raise InvalidInput(f"--older-than must be 0 days or more, not {days:g}.")
    hours = LEAST_HOURS if options.drafts else ABANDONED_HOURS
    removed = clean(root, older_than_days=days, draft_hours=hours)
    tables = clean_converted(converted, older_than_days=days, draft_hours=hours)
    others = remove_drafts(_kept_elsewhere(home, runs), hours)
    others += remove_deleted(runs, 0 if options.deleted else KEPT_DAYS)
    return _sums([*_features(removed), *_responses(tables), *_others(home, others)])


def _kept_elsewhere(home: Home, runs: Path) -> list[Kept]:
    """List runs, and what else is in the home: the demo, surfaces, digests of contents, ..."""
    listed = {home.features, home.converted, home.runs, runs}
    found = stored_runs(runs)
    for entry in sorted(home.root.iterdir()) if home.root.is_dir() else ():
        if entry not in listed:
            found += kept_in(entry) if entry.is_dir() else [measured(entry, "files")]
    return found


def _others(home: Home, items: Sequence[Kept]) -> list[tuple[str, str, int]]:
    def place(path: Path) -> str:
        inside = path.is_relative_to(home.root)
        return path.relative_to(home.root).parts[0] if inside else "runs"

    return [(place(item.path), item.kind, item.n_bytes) for item in items]


def _features(items: Sequence[StoredItem]) -> list[tuple[str, str, int]]:
    return [(item.backbone, item.kind, item.n_bytes) for item in items]


def _responses(files: Sequence[ConvertedFile]) -> list[tuple[str, str, int]]:
    return [("converted responses", file.kind, file.n_bytes) for file in files]


def _sums(items: Sequence[tuple[str, str, int]]) -> dict[str, Any]:
    """Add up sizes by (name, kind), drafts apart."""
    groups: dict[tuple[str, str], list[int]] = {}
    for name, kind, n_bytes in items:
        groups.setdefault((name, kind), []).append(n_bytes)
    rows = [
        {"name": name, "kind": kind, "n": len(sizes), "bytes": sum(sizes)}
        for (name, kind), sizes in sorted(
            groups.items(), key=lambda g: (g[0][0], g[0][1] == "drafts")
        )
    ]
    return {"items": rows, "bytes": sum(n_bytes for _, _, n_bytes in items)}


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    rows = [
        f"{i['name']:<28} {i['kind']:<10} {i['n']:>6} {size(i['bytes']):>10}"
        for i in result["items"]
    ]
    return "\n".join([*rows, f"in all {size(result['bytes'])}"])
