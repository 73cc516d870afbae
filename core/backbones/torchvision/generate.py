"""Write the table of torchvision's classification networks that menus are made of.

The table is committed so that listing backbones needs neither torch nor torchvision::

    python -m cortiscope.core.backbones.torchvision.generate

Run it after a change of torchvision's version; a test compares the table with the library.
"""

from __future__ import annotations

from typing import Any

from cortiscope.core.backbones.tables import write_table
from cortiscope.core.backbones.torchvision.networks import import_torchvision

_COLUMNS = """
Rows: name, builder, number of weights, published sets with the usual one first (variant, url,
side after resizing, side after cropping, interpolation, whether pixels are scaled by ImageNet's
mean and SD, else by .5), layers for menus.
"""

MENU_LENGTH = 14
# Modules that menus leave out: what follows them is the response that one means by the layer.
_UNOFFERED = ("Dropout", "Identity", "Flatten", "Conv2d", "Norm", "Permute", "StochasticDepth")
_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict", "Encoder", "MaxVitBlock")


def published_sets(name: str) -> list[tuple[Any, ...]]:
    """List a network's weights: the usual ones first, those that are no classifier left out."""
    models = import_torchvision().models
    enum = models.get_model_weights(name)
    usable = [w for w in enum if w.meta.get("categories")]
    usable.sort(key=lambda w: w is not enum.DEFAULT)
    rows = []
    for weights in usable:
        t = weights.transforms()
        rows.append(
            (
                weights.name,
                weights.url,
                t.resize_size[0],
                t.crop_size[0],
                t.interpolation.value,
                tuple(t.mean) == (0.485, 0.456, 0.406),
            )
        )
    return rows


def menu_layers(name: str, side: int) -> tuple[str, ...]:
    """Choose at most MENU_LENGTH layers that cover a network, in order of computation."""
    from cortiscope.core.backbones.module_backbone import discover_layers_without_weights
    from cortiscope.core.backbones.torchvision.networks import build_network

    network, layers = discover_layers_without_weights(
        lambda: build_network(name, side), (3, side, side)
    )
    known = [layer.name for layer in layers]
    units = [n for n in _units(network, "") if n in known]
    units.sort(key=known.index)
    # Of the linear layers only the last one: the others are meant after their ReLU.
    kinds = {n: type(network.get_submodule(n)).__name__ for n in units}
    units = [n for n in units if kinds[n] != "Linear" or n == units[-1]]
    if len(units) <= MENU_LENGTH:
        return tuple(units)
    step = (len(units) - 1) / (MENU_LENGTH - 1)
    return tuple(units[round(i * step)] for i in range(MENU_LENGTH))


def _units(module: Any, prefix: str) -> list[str]:
    found = []
    for name, child in module.named_children():
        full = f"{prefix}{name}"
        kind = type(child).__name__
        if kind in _CONTAINERS:
            found += _units(child, f"{full}.")
        elif not any(word in kind for word in _UNOFFERED):
            found.append(full)
    return found


def main() -> None:
    """Write ``table.json``."""
    models = import_torchvision().models
    rows = []
    for name in models.list_models(module=models):
        sets = published_sets(name)
        side = sets[0][3]
        title = models.get_model_builder(name).__name__
        meta = models.get_model_weights(name).DEFAULT.meta
        rows.append((name, title, meta["num_params"], tuple(sets), menu_layers(name, side)))
    write_table("torchvision", _COLUMNS, rows)


if __name__ == "__main__":
    main()
