"""A library's network with the weights that were asked for, in one way for all libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cortiscope.core.backbones.card import BackboneCard, WeightsSpec
from cortiscope.core.backbones.module_backbone import LeftOut
from cortiscope.core.backbones.weights_files import weights_file
from cortiscope.core.backbones.weights_loading import (
    load_state,
    load_strictly,
    missing_weights,
    n_classes,
    own_part,
    taken_over,
)

State = dict[str, Any]


def make_network(
    card: BackboneCard,
    weights: WeightsSpec,
    build: Callable[[int | None], nn.Module],
    *,
    read: Callable[[Path], State] = load_state,
    adapt: Callable[[State, nn.Module], State] = lambda state, network: state,
) -> tuple[nn.Module, tuple[str, ...]]:
    """Build a network and load its weights whole; the global random generator is left alone.

    A user's checkpoint may distinguish other classes than the published network: the network is
    then built with as many. It may have no classifier: the network then ends before it.

    Parameters
    ----------
    build : makes the network for a number of classes, the published one for None.
    read : a file's state dict.
    adapt : turns the names and shapes of known publications into the network's.

    Returns
    -------
    The network, and sentences about what of a user's checkpoint was left out.

    Raises
    ------
    MissingWeights, DamagedFile
    """
    title = card.title
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(weights.seed)
        if weights.kind == "untrained":
            return build(None), ()
        path = weights_file(card, weights)
        state = read(path)
        network = build(None)
        expected = network.state_dict()
        if weights.kind != "file":
            load_strictly(
                network, own_part(adapt(state, network), expected, path).state, path, title
            )
            return network, ()
        own = own_part(
            state, expected, path, weights.part, lambda part: taken_over(part, adapt(part, network))
        )
        found = n_classes(own.state, expected)
        if found is not None:
            network = build(found)
    absent = leave_out_classifier(network, own.state)
    load_strictly(network, own.state, path, title)
    return network, own.notes + absent_note(absent)


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
