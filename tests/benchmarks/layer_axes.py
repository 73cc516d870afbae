"""Compare pooled layers with the patches of every network of timm and open_clip that menus offer.

    python tests/benchmarks/layer_axes.py [NAME ...]

Untrained weights, on the CPU; some minutes and up to 12 GB for the largest. Prints how many layers
of each agree, how many layers of each kind of axes there are, and what is offered but unknown.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "core" / "backbones")]

from own_patches import compare  # noqa: E402

from cortiscope.core.backbones import backbone_names, get_card, list_layers  # noqa: E402


def main() -> None:
    """Print a line per network."""
    offered = [n for n in backbone_names() if get_card(n).family in ("timm", "open_clip")]
    for name in sys.argv[1:] or [n for n in offered if get_card(n).modality == "image"]:
        axes = {layer.name: layer.axes for layer in list_layers(name)}
        unknown = [n for n in get_card(name).layers_offered if axes[n].kind == "unknown"]
        kinds = Counter(a.kind for a in axes.values())
        print(
            f"{name:45s} {compare(name):3d} layers agree; {dict(kinds)}; offered and unknown: "
            f"{unknown or 'none'}",
            flush=True,
        )


if __name__ == "__main__":
    main()
