"""``store du|clean``: what the cached features take on disk, and removing what nobody needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from core.cli import options as shared
from core.errors import InvalidInput
from core.features.upkeep import ABANDONED_HOURS, LEAST_HOURS, StoredItem, clean, stored_items
from core.progress import Progress

NAME = "store"
HELP = "Cached features: their size (du); remove abandoned drafts and unused features (clean)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("what", choices=("du", "clean"))
    parser.add_argument(
        "--older-than",
        type=float,
        metavar="DAYS",
        help="clean: also remove features that were not used for so long (they are recomputed)",
    )
    parser.add_argument(
        "--drafts",
        action="store_true",
        help="clean: also remove drafts of passes stopped within the last "
        f"{ABANDONED_HOURS:.0f} hours, down to {LEAST_HOURS:.0f} hour",
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    root = shared.feature_store().root
    days: float | None = options.older_than
    if options.what == "du":
        if days is not None or options.drafts:
            raise InvalidInput("--older-than and --drafts go with store clean.")
        return _sums(stored_items(root))
    if days is not None and not days >= 0:
        raise InvalidInput(f"--older-than must be 0 days or more, not {days:g}.")
    hours = LEAST_HOURS if options.drafts else ABANDONED_HOURS
    return _sums(clean(root, older_than_days=days, draft_hours=hours))


def _sums(items: Sequence[StoredItem]) -> dict[str, Any]:
    """Add up per backbone, drafts apart."""
    groups: dict[tuple[str, str], list[int]] = {}
    for item in items:
        groups.setdefault((item.backbone, item.kind), []).append(item.n_bytes)
    rows = [
        {"name": name, "kind": kind, "n": len(sizes), "bytes": sum(sizes)}
        for (name, kind), sizes in sorted(
            groups.items(), key=lambda g: (g[0][0], g[0][1] != "features")
        )
    ]
    return {"items": rows, "bytes": sum(item.n_bytes for item in items)}


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
