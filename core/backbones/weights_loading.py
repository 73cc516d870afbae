"""From a weights file into a network: only tensors are read, and every weight must be there."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DamagedFile

if TYPE_CHECKING:
    from torch import nn

_WRAPPERS = ("state_dict", "model_state_dict", "model")
_FOREIGN = re.compile(r"GLOBAL ([\w.]+)")
_N_NAMED = 3


def load_state(path: Path) -> dict[str, Any]:
    """Read a state dict without running any code that the file may hold.

    Accepts ``.safetensors`` and torch's own format, there also wrapped as
    ``{"state_dict": ...}``, ``{"model_state_dict": ...}`` or ``{"model": ...}``, and with
    ``module.`` before every name.

    Raises
    ------
    DamagedFile
        Truncated, or not a state dict.
    """
    state = _read(path)
    for wrapper in _WRAPPERS:
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


def _read(path: Path) -> Any:
    import argparse

    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        # Training scripts keep their options beside the weights, as a Namespace of plain values.
        with torch.serialization.safe_globals([argparse.Namespace]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # readers raise nearly anything on damaged files
        told = str(error).strip()
        if foreign := _FOREIGN.search(told):
            raise DamagedFile(
                f"{path} holds pickled objects ({foreign[1]}) and not only tensors; "
                "they were not loaded, since they could run code.",
                "Save the network's state_dict(), not the network.",
            ) from None
        reason = told.splitlines()[0][:160] if told else "unreadable"
        raise DamagedFile(
            f"{path} cannot be read as weights: truncated, or not a checkpoint ({reason}).",
            "Download or copy it again; only tensors are loaded, never pickled code.",
        ) from None


def load_strictly(network: nn.Module, state: dict[str, Any], path: Path, title: str) -> None:
    """Put a state dict into a network; every weight must be there and fit, and no other.

    Raises
    ------
    DamagedFile
        It belongs to another network. The network is left as it was.
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


def own_part(
    state: Mapping[str, Any], expected: Mapping[str, Any], path: Path
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Take a network's own weights out of a checkpoint that holds them under a longer name.

    Names may all begin alike (``module.``, ``model.``, ``encoder.backbone.``). What lies beside
    the network, or is a further module at its top (a projection head, a queue), is left out;
    further weights inside the network's own modules stay, and are refused on loading: they are
    of a deeper network.

    Returns
    -------
    The network's part under its own names, and the full names of what was left out.

    Raises
    ------
    DamagedFile
        There are several such networks in the file.
    """
    prefix = _prefix(state, expected, path)
    tops = {name.split(".")[0] for name in expected}
    part, left_out = {}, []
    for name, value in state.items():
        inner = name.removeprefix(prefix)
        if name.startswith(prefix) and inner.split(".")[0] in tops:
            part[inner] = value
        else:
            left_out.append(name)
    return part, tuple(left_out)


def _prefix(state: Mapping[str, Any], expected: Mapping[str, Any], path: Path) -> str:
    """Return what stands before a network's names in a file: what makes most of them known."""
    known = set(expected)
    counts: dict[str, int] = {}
    for name in state:
        parts = name.split(".")
        for i in range(len(parts)):
            if ".".join(parts[i:]) in known:
                prefix = "".join(f"{part}." for part in parts[:i])
                counts[prefix] = counts.get(prefix, 0) + 1
    best = [p for p, count in counts.items() if count == max(counts.values())]
    if len(best) > 1 and "" not in best:
        raise DamagedFile(
            f"{path} holds several networks of this kind: {_some(best)}.",
            "Save the state_dict() of the one that is meant.",
        )
    return "" if not best or "" in best else best[0]


def n_classes(state: Mapping[str, Any], expected: Mapping[str, Any]) -> int | None:
    """Return how many classes a checkpoint's classifier tells apart, if only that differs.

    None where all shapes agree, or where something else disagrees as well.
    """
    unlike = [
        (tuple(state[name].shape), tuple(expected[name].shape))
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    widths = {(found[:1], wanted[:1]) for found, wanted in unlike}
    if len(widths) != 1 or any(found[1:] != wanted[1:] for found, wanted in unlike):
        return None
    (width,) = next(iter(widths))[0] or (None,)
    return width


def left_out_note(names: tuple[str, ...]) -> tuple[str, ...]:
    """Say what of a checkpoint was not loaded; nothing where all of it was."""
    if not names:
        return ()
    return (
        f"{len(names)} weights of the file are of no part of the network and were left out "
        f"({_some(names)}).",
    )


def missing_weights(state: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Return what a network needs and a state dict lacks; counts of batches are not needed."""
    return [k for k in expected if k not in state and not k.endswith("num_batches_tracked")]


def _misfits(state: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    missing = missing_weights(state, expected)
    surplus = [k for k in state if k not in expected]
    unlike = [
        f"{k}: {_size(state[k])}, not {_size(expected[k])}"
        for k in expected
        if k in state and state[k].shape != expected[k].shape
    ]
    return [
        f"{len(names)} weights {what} ({_some(names)})"
        for names, what in (
            (missing, "are missing"),
            (surplus, "are unknown to it"),
            (unlike, "have another shape"),
        )
        if names
    ]


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:_N_NAMED]) + (", ..." if len(listed) > _N_NAMED else "")


def _size(tensor: Any) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"


def _what(state: Any) -> str:
    if isinstance(state, dict):
        return f"a dictionary of {_some(map(str, state)) or 'nothing'}"
    return f"a {type(state).__name__}"
