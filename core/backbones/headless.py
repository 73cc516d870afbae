"""Checkpoints without a classifier: self-supervised networks are published without one.

What the file has no weights for gives way to modules that pass their input on and are no layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from cortiscope.core.backbones.weights_loading import missing_weights


class LeftOut(nn.Identity):
    """Stands where a checkpoint has no weights; neither it nor what contains it is a layer."""


def is_whole(module: nn.Module) -> bool:
    """Tell whether a module has all that it was made of."""
    return not any(isinstance(part, LeftOut) for part in module.modules())


def leave_out_classifier(network: nn.Module, state: Mapping[str, Any]) -> tuple[str, ...]:
    """Take out the end of a network's head where a state dict has nothing for it.

    Only the last of the network's direct children may lack weights, and only from some module on:
    a checkpoint that lacks more is one of another network, and is refused on loading.

    Returns
    -------
    The modules that were left out.
    """
    expected = missing_weights({}, network.state_dict())
    missing = missing_weights(state, network.state_dict())
    if not missing or expected[-len(missing) :] != missing or len(missing) == len(expected):
        return ()
    head = expected[-1].split(".")[0]
    if any(name.split(".")[0] != head for name in missing):
        return ()
    leaves = list(_leaves(head, network.get_submodule(head)))
    first = missing[0].rpartition(".")[0]
    if first not in leaves:
        return ()
    left_out = tuple(leaves[leaves.index(first) :])
    for name in left_out:
        parent, _, own = name.rpartition(".")
        setattr(network.get_submodule(parent), own, LeftOut())
    return left_out


def absent_note(modules: tuple[str, ...]) -> tuple[str, ...]:
    """Say that a checkpoint has no classifier; nothing where it has one."""
    if not modules:
        return ()
    which = modules[0] if len(modules) == 1 else f"{modules[0]} to {modules[-1]}"
    return (f"The file has no weights for the network's end ({which}), which is left out.",)


def _leaves(prefix: str, module: nn.Module) -> Iterator[str]:
    """Yield the names of the modules that contain no others, in order."""
    for name, part in module.named_modules(prefix=prefix):
        if not any(part.children()):
            yield name
