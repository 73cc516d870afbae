"""From a weights file into a network: only tensors are read, and every weight must be there."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cortiscope.core.errors import DamagedFile

if TYPE_CHECKING:
    from torch import nn

_WRAPPERS = ("state_dict", "model_state_dict", "model")
_FOREIGN = re.compile(r"GLOBAL ([\w.]+)")
_N_NAMED = 3
# Part of every pass of a network that has them: without them it is another one.
_TOKENS = ("register_tokens", "reg_token", "storage_tokens", "dist_token")


def load_state(path: Path) -> dict[str, Any]:
    """Read a state dict without running any code that the file may hold.

    Accepts ``.safetensors`` and torch's own format, there also wrapped as
    ``{"state_dict": ...}``, ``{"model_state_dict": ...}`` or ``{"model": ...}``, with
    ``module.`` before every name, and several state dicts side by side (student and teacher),
    whose names then begin with theirs.

    Raises
    ------
    DamagedFile
        Truncated, or not a state dict.
    """
    state = _read(path)
    for wrapper in _WRAPPERS:
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if isinstance(state, dict) and not _is_state(state):
        named = {k: v for k, v in state.items() if isinstance(v, dict) and _is_state(v)}
        # Of a whole training's file the networks count; epochs and losses do not.
        state = {f"{k}.{n}": t for k, v in named.items() for n, t in v.items()} or state
    if not isinstance(state, dict) or not _is_state(state):
        raise DamagedFile(
            f"{path} holds no state dict (names with tensors) but {_what(state)}.",
            "Save the network's state_dict().",
        )
    if state and all(key.startswith("module.") for key in state):
        state = {key.removeprefix("module."): value for key, value in state.items()}
    return state


def _is_state(value: dict[str, Any]) -> bool:
    return bool(value) and all(hasattr(v, "shape") for v in value.values())


class _Unread:
    """Stands for a value beside the weights (numpy's numbers, paths, options) that is not needed.

    Its own code does not run: torch's reader is given this class in place of the one named.
    """

    def __init__(self, *values: object, **named: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


_HARMLESS = (
    "argparse.Namespace",
    "numpy.dtype",
    "numpy.ndarray",
    *(f"numpy.{c}.multiarray.{f}" for c in ("core", "_core") for f in ("scalar", "_reconstruct")),
    *(
        f"{module}.{pure}{system}Path"
        for module in ("pathlib", "pathlib._local")
        for pure in ("", "Pure")
        for system in ("", "Posix", "Windows")
    ),
    "datetime.datetime",
    "datetime.timedelta",
    "datetime.timezone",
    "collections.defaultdict",
)


def _read(path: Path) -> Any:
    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        with torch.serialization.safe_globals([(_Unread, name) for name in _HARMLESS]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # readers raise nearly anything on damaged files
        reply = str(error).strip()
        if foreign := _FOREIGN.search(reply):
            raise DamagedFile(
                f"{path} holds pickled objects ({foreign[1]}) and not only tensors; "
                "they were not loaded, since they could run code.",
                "Save the network's state_dict(), not the network.",
            ) from None
        reason = reply.splitlines()[0][:160] if reply else "unreadable"
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
    check_numbers(state, path)
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


def check_numbers(state: Mapping[str, Any], path: Path) -> None:
    """Refuse weights that are no finite real numbers, by name.

    Raises
    ------
    DamagedFile
        Weights that are complex, sparse, quantised, without values, or NaN or infinite.
    """
    import torch

    odd: dict[str, list[str]] = {}
    for name, value in state.items():
        if value.is_meta:
            odd.setdefault("have no values (meta tensors)", []).append(name)
        elif value.is_complex():
            odd.setdefault("are complex numbers", []).append(name)
        elif value.layout != torch.strided or value.is_quantized:
            odd.setdefault("are sparse or quantised", []).append(name)
        elif value.is_floating_point() and not bool(torch.isfinite(value).all()):
            odd.setdefault("hold NaN or infinite values", []).append(name)
    if odd:
        faults = ", ".join(f"{len(names)} {what} ({_some(names)})" for what, names in odd.items())
        raise DamagedFile(
            f"{path} holds weights that cannot be used: {faults}.",
            "Save the network's state_dict() with finite real numbers.",
        )


def fits(network: nn.Module, state: dict[str, Any]) -> bool:
    """Whether a state dict has all names and shapes of a network and no other."""
    return not _misfits(state, network.state_dict())


class OwnPart(NamedTuple):
    """A network's part of a checkpoint.

    Attributes
    ----------
    state : under the network's own names.
    left_out : full names of what belongs to no part of the network.
    notes : sentences about what was left out, chosen or changed.
    """

    state: dict[str, Any]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def own_part(
    state: Mapping[str, Any],
    expected: Mapping[str, Any],
    path: Path,
    wanted: str = "",
    adapt: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> OwnPart:
    """Take a network's own weights out of a checkpoint that holds them under a longer name.

    Names may all begin alike (``module.``, ``model.``, ``encoder.backbone.``). What lies beside
    the network, or is a further module at its top (a projection head, a queue), is left out;
    further weights inside the network's own modules stay, and are refused on loading: they are
    of a deeper network. Of equal copies (an average that was never updated) the first is taken.

    Parameters
    ----------
    wanted : the name of one of several networks, as in "teacher".
    adapt : turns the names of a known publication into the network's.

    Raises
    ------
    DamagedFile
        There are several such networks in the file that differ, or none of the wanted name, or
        its network has tokens that this one lacks.
    """
    prefix, copies = _prefix(state, expected, path, wanted)
    inner = {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}
    made = adapt(inner)
    tops = {name.split(".")[0] for name in expected}
    part = {name: value for name, value in made.items() if name.split(".")[0] in tops}
    beside = {prefix + name for name in made if name not in part}
    left_out = [n for n in state if n in beside or not n.startswith((prefix, *copies))]
    tokens = [n for n in left_out if n.removeprefix(prefix) in _TOKENS]
    if tokens:
        raise DamagedFile(
            f"{path} is of a network with further tokens ({_some(tokens)}), which this one lacks.",
            "Choose the network with registers, or the distilled one.",
        )
    note: tuple[str, ...] = (
        (f"The file holds the network {1 + len(copies)} times, alike; {prefix} was taken.",)
        if copies
        else ()
    )
    reshaped = [
        f"{name}: {_size(made[name])}, there {_size(inner[name])}"
        for name in part
        if name in inner and made[name].shape != inner[name].shape
    ]
    if reshaped:
        note += (f"The library's rules for this publication fitted {_some(reshaped)}.",)
    return OwnPart(part, tuple(left_out), note + left_out_note(tuple(left_out)))


def taken_over(given: dict[str, Any], adapted: dict[str, Any]) -> dict[str, Any]:
    """Return a library's reading of a user's file, unless it would make weights up.

    Libraries fit published patch embeddings of another size to a network; a user's file of that
    kind is of another network. Positions may be fitted: they lie on the picture.
    """
    for name, value in adapted.items():
        if name in given and "pos" not in name and value.numel() != given[name].numel():
            return given
    return adapted


def _prefix(
    state: Mapping[str, Any], expected: Mapping[str, Any], path: Path, wanted: str
) -> tuple[str, tuple[str, ...]]:
    """Return what stands before a network's names in a file, and before those of equal copies.

    It is what makes most of them known.
    """
    known = set(expected)
    counts: dict[str, int] = {}
    for name in state:
        parts = name.split(".")
        for i in range(len(parts)):
            if ".".join(parts[i:]) in known:
                prefix = "".join(f"{part}." for part in parts[:i])
                counts[prefix] = counts.get(prefix, 0) + 1
    best = [p for p, count in counts.items() if count == max(counts.values())]
    if wanted:
        chosen = [p for p in counts if f".{p}".startswith(f".{wanted}.")]
        if not chosen:
            raise DamagedFile(
                f"{path} holds no network named {wanted!r}; those in it: {_some(best)}.",
                "Name one of these after the path, as in FILE#teacher.",
            )
        return max(chosen, key=counts.__getitem__), ()
    if len(best) > 1 and "" not in best:
        first, *others = best
        if not all(_alike(state, known, first, other) for other in others):
            raise DamagedFile(
                f"{path} holds several networks of this kind that differ: {_some(best)}.",
                f"Name the one that is meant after the path: FILE#{first.rstrip('.')}.",
            )
        return first, tuple(others)
    return ("" if not best or "" in best else best[0]), ()


def _alike(state: Mapping[str, Any], known: set[str], one: str, other: str) -> bool:
    """Whether two copies have the same names of the network and the same values."""
    names = [name for name in known if one + name in state]
    return names == [name for name in known if other + name in state] and all(
        state[one + name].shape == state[other + name].shape
        and bool((state[one + name] == state[other + name]).all())
        for name in names
    )


def n_classes(state: Mapping[str, Any], expected: Mapping[str, Any]) -> int | None:
    """Return how many classes a checkpoint's classifier distinguishes, if only that differs.

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
