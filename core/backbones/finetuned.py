"""Weights that moved in a finetuning: kept by their content, and put in a network's place.

A file of the home's folder ``finetuned`` is named by its hash and holds, as safetensors, the
weights that moved and nothing else of the network, with a record of how they came about. No torch
is needed to read the record.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.backbones.card import WeightsPresence, WeightsSpec, sha256_of
from cortiscope.core.errors import DamagedFile
from cortiscope.core.storage import Home, atomic_file

if TYPE_CHECKING:
    from cortiscope.core.backbones.base import Backbone

# One key holds the whole record: safetensors writes several in no fixed order.
_RECORD = "cortiscope"


def finetuned_file(sha256: str) -> Path:
    """Return where the weights of a finetuning are, or would be."""
    return Home.from_environment().finetuned / f"{sha256}.safetensors"


def keep_finetuned(weights: Mapping[str, np.ndarray], record: Mapping[str, Any]) -> str:
    """Write the weights that moved, by name, and return their hash."""
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    content = save(arrays, metadata={_RECORD: json.dumps(record, sort_keys=True)})
    sha256 = hashlib.sha256(content).hexdigest()
    with atomic_file(finetuned_file(sha256), len(content)) as draft:
        draft.write_bytes(content)
    return sha256


def finetuning_record(sha256: str) -> dict[str, Any]:
    """Return how finetuned weights came about.

    Raises
    ------
    DamagedFile : they are not there, or not what they were.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(finetuned_file(sha256)), framework="numpy") as stream:
            record: dict[str, Any] = json.loads((stream.metadata() or {})[_RECORD])
    except (OSError, SafetensorError, ValueError, KeyError):
        raise _damaged(sha256) from None
    return record


def finetuned_presence(sha256: str) -> WeightsPresence:
    """Say whether finetuned weights are on this machine."""
    path = finetuned_file(sha256)
    if path.is_file():
        return WeightsPresence(True, path)
    return WeightsPresence(
        False,
        path,
        f"The finetuned weights {sha256[:8]} are not on this machine: there is no {path}.",
        "Copy that file from the CORTISCOPE_HOME in which they were made, or finetune again.",
    )


def with_finetuned(backbone: Backbone, weights: WeightsSpec) -> Backbone:
    """Return a backbone with finetuned weights in place of its own; its own network stays.

    Raises
    ------
    DamagedFile : the file is not what it was, or of another network.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from cortiscope.core.backbones.module_backbone import ModuleBackbone

    path = finetuned_file(weights.finetuned)
    if sha256_of(path) != weights.finetuned or not isinstance(backbone, ModuleBackbone):
        raise _damaged(weights.finetuned)
    found = copy.copy(backbone)
    found.network, found.weights = copy.deepcopy(backbone.network), weights
    own = dict(found.network.named_parameters())
    try:
        with torch.no_grad():
            for name, values in load_file(path).items():
                own[name].copy_(values)
    except (OSError, SafetensorError, KeyError, RuntimeError):
        raise _damaged(weights.finetuned) from None
    return found


def _damaged(sha256: str) -> DamagedFile:
    return DamagedFile(
        f"{finetuned_file(sha256)} does not hold the finetuned weights that its name says.",
        "Copy it again from where they were made, or delete it and finetune again.",
    )
