"""Any torch network as a backbone: every module's response, by forward hooks, in one pass."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MethodType
from typing import Any

import torch
from torch import nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from cortiscope.core.backbones.base import Backbone, Reduce
from cortiscope.core.backbones.card import BackboneCard, LayerInfo, WeightsSpec
from cortiscope.core.backbones.layer_axes import (
    CONVOLUTIONS,
    Declared,
    axes_of,
    channels_first,
    shape_given,
    wide_shapes,
)
from cortiscope.core.backbones.precision import Precision, check_units, computing_in

AsResponse = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class _AllSeen(Exception):
    """Ends a forward pass after the last layer that was asked for."""


class LeftOut(nn.Identity):
    """Stands where a checkpoint has no weights; neither it nor what contains it is a layer."""


def is_whole(module: nn.Module) -> bool:
    """Whether a module has all that it was made of."""
    return not any(isinstance(part, LeftOut) for part in module.modules())


class ModuleBackbone(Backbone):
    """A network whose layers are the modules of ``named_modules`` that give a tensor per image.

    A module that runs several times in one pass (ResNet's one ReLU per block) has a layer for
    each time: ``relu``, ``relu_1``, ``relu_2``, as in ``torchvision.models.feature_extraction``.
    Maps that a network keeps channels-last (Swin) are given channels-first like all others.

    Subclasses implement ``preprocess``.

    Parameters
    ----------
    network : on the CPU; taken over: set to evaluation, moved to ``device``.
    declared : what its library says about the axes of its layers.
    """

    n_channels = 3

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        network: nn.Module,
        declared: Declared = CONVOLUTIONS,
    ) -> None:
        super().__init__(card, weights, device)
        self._declared = declared
        network = network.eval().requires_grad_(False)
        # channels_last pays for convolutional networks (20 to 45 % on CPUs), not for
        # transformers, which have one convolution at their entry.
        convolutions = sum(isinstance(m, nn.Conv2d) for m in network.modules())
        self._format = torch.channels_last if convolutions > 3 else torch.contiguous_format
        self.network = network.to(device).to(memory_format=self._format)  # type: ignore[call-overload]
        self._layers: tuple[LayerInfo, ...] | None = None
        # Hooks sit on the shared modules: a second thread's pass would run through them.
        self._one_at_a_time = threading.RLock()

    def layers(self) -> tuple[LayerInfo, ...]:  # noqa: D102 - as in Backbone
        with self._one_at_a_time:
            if self._layers is None:
                self._layers = discover_layers(
                    self.network, self._dry_input(), self._declared, self.as_response
                )
        return self._layers

    def at_precision(self, precision: Precision) -> Backbone:  # noqa: D102 - as in Backbone
        if precision == self.precision:
            return self
        check_units(precision, self.device)
        other = copy.copy(self)
        other.precision = precision
        return other

    def forward(  # noqa: D102 - as in Backbone
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        with torch.inference_mode():
            return self.responses(batch, layers, reduce)

    def responses(
        self,
        batch: torch.Tensor,
        layers: Sequence[str],
        reduce: Reduce | None = None,
        weights: Mapping[str, torch.Tensor] | None = None,
    ) -> dict[str, torch.Tensor]:
        """Do as ``forward`` does, in the caller's gradient mode, so that a network can be trained.

        Parameters
        ----------
        weights : that take the place of the network's own, by name.
        """
        self.check_layers(layers)
        seen: dict[str, torch.Tensor] = {}
        wanted = set(layers)
        axes = {layer.name: layer.axes for layer in self.layers() if layer.name in wanted}

        def keep(name: str, output: torch.Tensor) -> None:
            if name not in wanted:
                return
            kept = channels_first(axes[name], self.as_response(output, batch)).float()
            kept = reduce(name, kept) if reduce else kept
            if _shares_memory(kept, output):
                # A later in-place operation (ReLU, residual sum) would overwrite it.
                kept = kept.clone()
            seen[name] = kept
            if len(seen) == len(wanted):
                raise _AllSeen

        with self._one_at_a_time:
            batch = batch.to(self.device).contiguous(memory_format=self._format)
            with computing_in(self.precision, self.device):
                run_with_hooks(self.network, batch, keep, wanted, weights)
        return {name: seen[name] for name in layers}

    @staticmethod
    def as_response(output: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        """Turn a module's output for a batch into the layer's response, as the network keeps it."""
        return output

    def outputs(self, batch: torch.Tensor) -> torch.Tensor:
        """Return what the network itself returns for a batch, on ``device``."""
        with self._one_at_a_time, torch.inference_mode():
            batch = batch.to(self.device).contiguous(memory_format=self._format)
            result: torch.Tensor = self.network(batch)
        return result

    def _dry_input(self) -> torch.Tensor:
        # Two images: a layer belongs to images only if its first axis follows their number.
        side = self.input_size
        batch = torch.zeros((2, self.n_channels, side, side), device=self.device)
        return batch.contiguous(memory_format=self._format)


def discover_layers(
    network: nn.Module,
    batch: torch.Tensor,
    declared: Declared = CONVOLUTIONS,
    as_response: AsResponse = ModuleBackbone.as_response,
) -> tuple[LayerInfo, ...]:
    """List the modules that give a tensor per image, by one forward pass, and another for axes.

    Parameters
    ----------
    batch : (2, ...), inputs without meaning; may be on the meta device.
    """

    def note(network: nn.Module, batch: torch.Tensor, shapes: dict[str, tuple[int, ...]]) -> None:
        def keep(name: str, output: torch.Tensor) -> None:
            if output.ndim >= 2 and output.shape[0] == batch.shape[0]:
                shapes[name] = tuple(as_response(output, batch).shape[1:])

        with torch.inference_mode():
            run_with_hooks(network, batch, keep, None)

    shapes: dict[str, tuple[int, ...]] = {}
    wide: dict[str, tuple[int, ...]] = {}
    note(network, batch, shapes)
    tokens = None
    if batch.ndim == 4:
        wide = wide_shapes(network, tuple(batch.shape[1:]), note, declared.resize)
        tokens = declared.tokens(network, batch.shape[-1])
    modules = dict(network.named_modules())
    last = max(len(shapes) - 1, 1)
    found = []
    for i, (name, shape) in enumerate(shapes.items()):
        module = modules.get(name) or modules[name.rpartition("_")[0]]
        axes = axes_of(shape, wide.get(name), module, tokens)
        found.append(LayerInfo(name, shape_given(axes, shape), round(i / last, 4), axes))
    return tuple(found)


def discover_layers_without_weights(
    build: Callable[[], nn.Module],
    shape: tuple[int, ...],
    declared: Declared = CONVOLUTIONS,
    *,
    dtype: torch.dtype = torch.float32,
    as_response: AsResponse = ModuleBackbone.as_response,
) -> tuple[nn.Module, tuple[LayerInfo, ...]]:
    """Build a network without storage for its weights and list its layers, in a second or so.

    Parameters
    ----------
    shape, dtype : of one input, as (3, side, side) of a picture.

    Returns
    -------
    The network, on the meta device, and its layers.
    """
    with _WeightsOnMeta():
        network = build().eval()
    network = network.to("meta")
    with torch.device("meta"):
        batch = torch.empty((2, *shape), dtype=dtype)
        return network, discover_layers(network, batch, declared, as_response)


class _WeightsOnMeta(TorchFunctionMode):
    """Makes weights without storage, and leaves other tensors alone.

    With the whole constructor on the meta device, networks that compute their widths with
    tensors (RegNet, Swin) could not be built.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.empty, torch.zeros, torch.ones, torch.randn):
            kwargs = {**kwargs, "device": "meta"}
        return func(*args, **kwargs)


def name_output(
    network: nn.Module,
    name: str,
    compute: Callable[[Any, torch.Tensor], torch.Tensor],
    then: Callable[[Any, torch.Tensor], torch.Tensor] = lambda network, result: result,
) -> None:
    """Make a pass of ``network`` run ``compute`` and ``then``, and what is between them a layer.

    Both are given the network, so that a copy of it runs its own modules.

    Parameters
    ----------
    name : of that layer: a module that changes nothing, so that it can be hooked as any other.
    """
    network.add_module(name, nn.Identity())

    def forward(network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return then(network, network.get_submodule(name)(compute(network, batch)))

    network.forward = MethodType(forward, network)


def run_with_hooks(
    network: nn.Module,
    batch: torch.Tensor,
    keep: Any,
    wanted: set[str] | None,
    weights: Mapping[str, torch.Tensor] | None = None,
) -> None:
    """Run a pass that reports each module's output under its layer name to ``keep``.

    Parameters
    ----------
    weights : as in ``ModuleBackbone.responses``.
    """
    times: dict[str, int] = {}

    def make_hook(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            time = times.get(name, 0)
            times[name] = time + 1
            if isinstance(output, torch.Tensor):
                keep(f"{name}_{time}" if time else name, output)

        return hook

    handles = [
        module.register_forward_hook(make_hook(name))
        for name, module in network.named_modules()
        if name and (wanted is None or _may_give(name, wanted)) and is_whole(module)
    ]
    try:
        if weights is None:
            network(batch)
        else:
            functional_call(network, dict(weights), (batch,))
    except _AllSeen:
        pass
    finally:
        for handle in handles:
            handle.remove()


def _may_give(module_name: str, wanted: set[str]) -> bool:
    return any(
        name == module_name
        or (name.startswith(f"{module_name}_") and name[len(module_name) + 1 :].isdigit())
        for name in wanted
    )


def _shares_memory(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()
