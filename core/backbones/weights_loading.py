"""From a weights file into a network: only tensors are read, and every one of them must fit."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DamagedFile

if TYPE_CHECKING:
    from torch import nn


def load_state(path: Path) -> dict[str, Any]:
    """Read a state dict without running any code that the file may hold.

    Accepts ``.safetensors`` and torch's own format, there also wrapped as
    ``{"state_dict": ...}`` or ``{"model": ...}`` and with ``module.`` before every name.

    Raises
    ------
    DamagedFile
        Truncated, or not a state dict.
    """
    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # readers raise nearly anything on damaged files
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else "unreadable"
        raise DamagedFile(
            f"{path} cannot be read as weights: truncated, or not a checkpoint ({reason}).",
            "Download or copy it again; only tensors are loaded, never pickled code.",
        ) from None
    for wrapper in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not all(hasattr(v, "shape") for v in state.values()):
        raise DamagedFile(
            f"{path} holds no state dict (names with tensors) but {_what(state)}.",
            "Save the network's state_dict().",
        )
    if state and all(key.startswith("module.") for key in state):
        state = {key.removeprefix("module."): value for key, value in state.items()}
    return state


def load_strictly(network: nn.Module, state: dict[str, Any], path: Path, title: str) -> None:
    """Put a state dict into a network; every weight must be there and fit.

    Raises
    ------
    DamagedFile
        It belongs to another network.
    """
    expected = network.state_dict()
    found = _misfits(state, expected)
    if found:
        raise DamagedFile(
            f"{path} does not hold the weights of {title}: {', '.join(found)}.",
            "Choose the network that the checkpoint was saved from.",
        )
    # Version notes of the modules (MNASNet asks for one) travel beside the tensors; a file
    # without them is taken to be of the present version.
    tensors = OrderedDict(state)
    vars(tensors)["_metadata"] = vars(expected)["_metadata"]
    network.load_state_dict(tensors, strict=False)


def fits(network: nn.Module, state: dict[str, Any]) -> bool:
    """Whether a state dict has all names and shapes of a network and no other."""
    return not _misfits(state, network.state_dict())


def _misfits(state: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    missing = sorted(
        k for k in expected.keys() - state.keys() if not k.endswith("num_batches_tracked")
    )
    surplus = sorted(state.keys() - expected.keys())
    unlike = sorted(
        k for k in state.keys() & expected.keys() if state[k].shape != expected[k].shape
    )
    return [
        f"{len(names)} weights {what} (as {names[0]})"
        for names, what in (
            (missing, "are missing"),
            (surplus, "are unknown to it"),
            (unlike, "have another shape"),
        )
        if names
    ]


def _what(state: Any) -> str:
    return "other things" if isinstance(state, dict) else f"a {type(state).__name__}"
