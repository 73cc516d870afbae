"""``store du|clean``: what cached features and converted responses take, and removing them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import Any

from core.cli import options as shared
from core.datasets.plain_arrays.upkeep import ConvertedFile, clean_converted, converted_files
from core.errors import InvalidInput
from core.features.upkeep import ABANDONED_HOURS, LEAST_HOURS, StoredItem, clean, stored_items
from core.progress import Progress
from core.storage import Home

NAME = "store"
HELP = "Cached features and responses: their size (du); remove drafts and what is unused (clean)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("what", choices=("du", "clean"))
    parser.add_argument(
        "--older-than",
        type=float,
        metavar="DAYS",
        help="clean: also remove what was not used for so long (it is made again when needed)",
    )
    parser.add_argument(
        "--drafts",
        action="store_true",
        help="clean: also remove drafts of passes stopped within the last "
        f"{ABANDONED_HOURS:.0f} hours, down to {LEAST_HOURS:.0f} hour",
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    root, converted = shared.feature_store().root, Home.from_environment().converted
    days: float | None = options.older_than
    if options.what == "du":
        if days is not None or options.drafts:
            raise InvalidInput("--older-than and --drafts go with store clean.")
        return _sums([*_features(stored_items(root)), *_responses(converted_files(converted))])
    if days is not None and not 0 <= days < math.inf:
        raise InvalidInput(f"--older-than must be 0 days or more, not {days:g}.")
    hours = LEAST_HOURS if options.drafts else ABANDONED_HOURS
    removed = clean(root, older_than_days=days, draft_hours=hours)
    tables = clean_converted(converted, older_than_days=days, draft_hours=hours)
    return _sums([*_features(removed), *_responses(tables)])


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
        f"{i['name']:<28} {i['kind']:<9} {i['n']:>6} {_size(i['bytes']):>10}"
        for i in result["items"]
    ]
    return "\n".join([*rows, f"in all {_size(result['bytes'])}"])


def _size(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"
