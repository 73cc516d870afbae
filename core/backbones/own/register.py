"""Register a network of one's own as a backbone.

The weights are kept in the home; the network itself is made again by the code that made it (a
function in a file or package, named in the registration) or, for a network that was given as it
is, by the program that ``torch.export`` records of it. Code is run as any Python code is: it is
the user's own, on their own machine. Importing this module does not import torch.
"""

from __future__ import annotations

import copy
import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cortiscope.core.backbones.base import Backbone, match_layers
from cortiscope.core.backbones.card import BackboneCard, LayerInfo
from cortiscope.core.backbones.framing import in_words
from cortiscope.core.backbones.own.code import as_library, locate, location_of, of_library, run
from cortiscope.core.backbones.own.making import (
    Square,
    alike,
    at_work,
    digest_of,
    make,
    probe,
    probe_picture,
)
from cortiscope.core.backbones.own.registration import (
    LIVE,
    State,
    card_of,
    folder_of,
    is_name,
    states_of,
    write_states,
)
from cortiscope.core.backbones.registry import is_built_in
from cortiscope.core.backbones.tables import block_menu
from cortiscope.core.errors import CoreError, InvalidInput
from cortiscope.core.storage import atomic_file

if TYPE_CHECKING:
    import torch
    from PIL import Image
    from torch import nn


IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_OTHERS = "unknown: a network of one's own"


def register_backbone(
    network: nn.Module | Callable[[], Any] | str,
    name: str,
    *,
    transform: Callable[[Image.Image], torch.Tensor] | str | None = None,
    layers: Sequence[str] | None = None,
    input_size: int = 224,
    mean: Sequence[float] = IMAGENET[0],
    sd: Sequence[float] = IMAGENET[1],
    tokens: tuple[int, int, int] | None = None,
    title: str = "",
    summary: str = "",
    licence: str = "",
    paper: str = "",
) -> BackboneCard:
    """Make a network of one's own a backbone, for this home, until its folder is removed.

    Registering the same network again changes nothing but its menu and its words. Other weights,
    or other code under the same weights, make another state under the same name, with features
    and runs of its own; earlier states stay for the runs that were fitted with them.

    Parameters
    ----------
    network : a function without arguments that returns the network, or the network and its
        transform; that function as "FILE.py:function" or "package.module:function"; or a network
        as it is, which is copied, and recorded by ``torch.export`` for other processes.
    name : of letters, digits, "_", "." and "-"; none that another backbone has.
    transform : from an RGB picture to float32 (channels, side, side), as a function, as where it
        is written ("FILE.py:function"), or one of torchvision's; None takes that which comes with
        the network, or else the central square at ``input_size`` pixels, values 0 to 1 scaled by
        ``mean`` and ``sd`` (of three channels).
    layers : names or globs of ``named_modules`` for menus; None offers the blocks. Of a network
        that was given as it is, other processes know these layers only.
    tokens : of a transformer: tokens before the patches, rows and columns of the patches. Found
        by themselves in networks that name them as timm or torchvision do.
    title, summary, licence, paper : for people; summary and paper in one sentence each.

    Returns
    -------
    The backbone's card.

    Raises
    ------
    InvalidInput
        The name is taken or has other characters, the network gives no tensor per picture, or
        the transform gives something else than a square picture.
    UnknownName
        A layer or the function is not there.
    WorkFailed
        The code failed.

    Warns
    -----
    UserWarning
        Other processes cannot make the network or its transform again.
    """
    _check_name(name)
    made, came_with, code = make(network)
    how, change = _transform_of(transform, came_with, code, (input_size, mean, sd))
    shape = _shape_given(change)
    state = State(
        sha256="",
        network={"code": code} if code else {},
        transform=how,
        input_size=shape[-1],
        layers=(),
        offered=(),
        tokens=tuple(tokens or ()),
        probe={},
        words={
            "title": title or name,
            "summary": summary or _summary(made),
            "licence": licence or _OTHERS,
            "paper": paper or _OTHERS,
            "source": code or f"{type(made).__module__}.{type(made).__qualname__}",
            "preprocessing": _preprocessing(how, change, shape),
        },
    )
    backbone = at_work(name, state, copy.deepcopy(made), change)
    known = _layers_of(backbone)
    names = [layer.name for layer in known]
    offered = match_layers(name, names, layers) if layers else block_menu(names, names[-1:])
    state = replace(state, layers=known, offered=offered, probe=probe(backbone))
    weights = made.state_dict()
    earlier = states_of(name)
    for time in itertools.count(1):
        digest = digest_of(weights, time)
        same = [s for s in earlier if s.sha256 == digest]
        if not same or alike(same[0].probe, state.probe):
            break
    state = _kept(name, replace(state, sha256=digest), made, change, same[0] if same else None)
    write_states(name, (*(s for s in earlier if s.sha256 != digest), state))
    LIVE[folder_of(name), digest] = (copy.deepcopy(made), change)
    return card_of(name, states_of(name))


def _check_name(name: str) -> None:
    if not is_name(name):
        raise InvalidInput(
            f"{name!r} cannot be the name of a backbone; allowed are up to 64 letters, digits, "
            "'_', '.' and '-', the first a letter or digit.",
            "Choose another name.",
        )
    if is_built_in(name):
        raise InvalidInput(f"There is a backbone {name!r} already.", "Choose another name.")


def _transform_of(
    transform: Any, came_with: Any, code: str, square: tuple[int, Sequence[float], Sequence[float]]
) -> tuple[dict[str, Any], Any]:
    """Return how a transform is made again, and the transform."""
    if isinstance(transform, str):
        where = locate(transform)
        return {"code": where}, run(where, call=False)
    if transform is None and came_with is None:
        side, mean, sd = square
        return {"square": [side, list(mean), list(sd)]}, Square(side, mean, sd)
    if transform is None and code:
        return {"network": True}, came_with
    transform = came_with if transform is None else transform
    if where := location_of(transform):
        return {"code": where}, transform
    described = as_library(transform)
    if described is not None:
        again, wanted = of_library(described)(probe_picture()), transform(probe_picture())
        if again.shape == wanted.shape and bool((again == wanted).all()):
            return {"library": described}, transform
    return {}, transform


def _shape_given(transform: Callable[[Image.Image], Any]) -> tuple[int, ...]:
    import torch

    given = transform(probe_picture())
    shape = tuple(given.shape) if isinstance(given, torch.Tensor) else ()
    if len(shape) != 3 or shape[1] != shape[2] or given.dtype != torch.float32:
        raise InvalidInput(
            "A transform gives a float32 tensor (channels, side, side); this one gives "
            f"{f'{given.dtype} {shape}' if shape else type(given).__name__}.",
            "Resize or cut pictures to a square, and turn them into a tensor.",
        )
    return shape


def _kept(name: str, state: State, made: nn.Module, change: Any, before: State | None) -> State:
    """Write what another process needs, and return the state with how it is made again.

    Parameters
    ----------
    before : the same state as it was registered before.
    """
    from safetensors.torch import save_file

    folder = folder_of(name)
    if state.network:
        tensors = {k: v.detach().cpu().clone().contiguous() for k, v in made.state_dict().items()}
        with atomic_file(folder / state.weights_file) as draft:
            save_file(tensors, draft)
    elif before and before.lasts and "code" in before.network:
        # What its code makes is the same.
        state = replace(state, network=before.network, transform=before.transform)
    elif state.transform:
        # Runs of the same state may be fitted with layers that were offered before.
        recorded = before.layers if before and before.network.get("program") else ()
        names = {*state.offered, *(layer.name for layer in recorded)}
        layers = tuple(layer for layer in state.layers if layer.name in names)
        if layers == recorded and before and (folder / before.weights_file).is_file():
            state = replace(state, network={"program": True}, layers=layers)
        else:
            state = _exported(folder, state, layers, copy.deepcopy(made), change)
    if not state.lasts:
        what = "transform" if state.network or not state.transform else "network"
        warnings.warn(
            f"The backbone {name} computes in this process only: its {what} cannot be recorded "
            "for others. Give a function at the top of a .py file that returns the network and "
            "its transform.",
            UserWarning,
            stacklevel=3,
        )
    return state


def _exported(
    folder: Path, state: State, layers: tuple[LayerInfo, ...], network: nn.Module, change: Any
) -> State:
    """Record a network as a program that gives some layers; the state as it is if that fails."""
    import torch

    from cortiscope.core.backbones.own.recorded import load_program, outputs, save_program

    recorded = replace(state, network={"program": True}, layers=layers)
    path = folder / recorded.weights_file
    whole = outputs(network, recorded)
    batch = torch.stack([change(probe_picture())] * 2)
    try:
        save_program(whole, batch, path)
        again = load_program(path, torch.device("cpu"))
        found = at_work("", recorded, again, change)
    except CoreError:
        raise
    except Exception:  # torch raises nearly anything of a network that it cannot follow
        return state
    return recorded if alike(state.probe, probe(found)) else state


def _layers_of(backbone: Backbone) -> tuple[LayerInfo, ...]:
    try:
        known = backbone.layers()
    except (RuntimeError, ValueError, TypeError, AssertionError, IndexError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise InvalidInput(
            f"The network takes no pictures of {backbone.input_size} px: {reason}.",
            "Give the transform that it was made for, or its input_size.",
        ) from None
    if not known:
        raise InvalidInput(
            "No module of the network gives a tensor per picture.",
            "A backbone's layers are the modules inside it: put the network's steps into modules.",
        )
    return known


def _summary(network: nn.Module) -> str:
    n_weights = sum(parameter.numel() for parameter in network.parameters())
    amount = f"{n_weights / 1e6:.1f} million" if n_weights >= 1e5 else f"{n_weights:,}"
    return f"A network of one's own ({type(network).__name__}) with {amount} weights."


def _preprocessing(how: Mapping[str, Any], change: Any, shape: tuple[int, ...]) -> str:
    channels, side, _ = shape
    if "square" in how:
        return in_words(side, side, "bicubic", change.mean, change.std)
    return f"By its own transform to {channels} x {side} x {side} values."
