"""A library's network with the weights that were asked for, in one way for all libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cortiscope.core.backbones.card import BackboneCard, WeightsSpec
from cortiscope.core.backbones.headless import absent_note, leave_out_classifier
from cortiscope.core.backbones.weights_files import weights_file
from cortiscope.core.backbones.weights_loading import (
    load_state,
    load_strictly,
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

    A user's checkpoint may tell apart other classes than the published network: the network is
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
