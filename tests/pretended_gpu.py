"""A GPU that is not there: tensors of the CPU that say they are on one, and refuse to be mixed.

A CPU build of torch cannot make CUDA tensors with values, and its own ``FakeTensorMode`` has none:
a solver that looks at what it computed cannot run under it. Here a whole fit runs, and gives the
numbers of the CPU, while every call follows CUDA's rule: tensors of two devices do not meet, but
for tensors without dimensions and for indices, and numpy reads no tensor of a GPU.
``test_two_devices`` holds the rule to that of ``FakeTensorMode``, call by call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

GPU = torch.device("cuda", 0)


class TwoDevices(RuntimeError):
    """A call got tensors of the CPU and of the GPU."""


class OnGpu(torch.Tensor):
    """A tensor of the CPU that passes for one of the GPU."""

    # What belongs to a tensor itself: asked of the GPU's as of any other.
    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return GPU

    @property
    def is_cuda(self) -> bool:  # type: ignore[override]
        return True

    def numpy(self, *_: Any, **__: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy.")

    __array__ = numpy

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return _call(func, args, kwargs or {})


def _as_gpu(values: Any) -> Any:
    # What came back in place is one already.
    plain = isinstance(values, torch.Tensor) and not isinstance(values, OnGpu)
    return values.as_subclass(OnGpu) if plain else values


def _as_cpu(values: Any) -> Any:
    return values.as_subclass(torch.Tensor) if isinstance(values, OnGpu) else values


_COPYING = ("copy_", "__set__", "_has_compatible_shallow_copy_type")
_MOVING = ("to", "cpu", "cuda")


def _call(func: Any, args: Any, kwargs: Any) -> Any:
    """Carry a call out on the CPU, under the rule of the GPU."""
    name = getattr(func, "__name__", "")
    tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, torch.Tensor)]
    gpu = any(isinstance(t, OnGpu) for t in tensors)
    with torch._C.DisableTorchFunction():
        if name in _MOVING and tensors:
            target, args, kwargs = _destination(name, args, kwargs, gpu)
            found = func(*args, **kwargs) if name == "to" else args[0]
            return tree_map(_as_gpu if target else _as_cpu, found)
        if (device := kwargs.get("device")) is not None:
            kwargs = {**kwargs, "device": "cpu"}
            target = torch.device(device).type == "cuda"
            return tree_map(_as_gpu if target else _as_cpu, func(*args, **kwargs))
        if gpu and name not in _COPYING:
            strangers = [t for t in _meeting(name, args, tensors) if not isinstance(t, OnGpu)]
            if any(t.ndim > 0 for t in strangers):
                raise TwoDevices(f"{name or func}: a tensor of the CPU met one of the GPU.")
        found = func(*args, **kwargs)
        return tree_map(_as_gpu, found) if gpu else found


def _meeting(name: str, args: Any, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return the tensors of a call that must be on one device."""
    if name == "__getitem__":  # an index of the CPU is copied
        return [args[0], *(t for t in tensors[1:] if isinstance(t, OnGpu))]
    if name == "__setitem__":  # values are copied where no tensor says to which places
        by_tensors = any(isinstance(t, torch.Tensor) for t in tree_flatten(args[1])[0])
        return [args[0], args[2]] if by_tensors and isinstance(args[2], torch.Tensor) else []
    return tensors


def _destination(name: str, args: Any, kwargs: Any, gpu: bool) -> tuple[bool, Any, Any]:
    """Return whether a tensor moves to the GPU, and the call as one that stays on the CPU."""
    if name != "to":
        return name == "cuda", args, kwargs
    asked = [a for a in (*args[1:], *kwargs.values()) if isinstance(a, str | torch.device)]
    like = [a for a in (*args[1:], *kwargs.values()) if isinstance(a, torch.Tensor)]
    target = torch.device(asked[0]).type == "cuda" if asked else gpu
    target = isinstance(like[0], OnGpu) if like else target
    stay = lambda a: "cpu" if isinstance(a, str | torch.device) else a  # noqa: E731
    return target, tuple(map(stay, args)), {k: stay(v) for k, v in kwargs.items()}


class _Pretending(TorchFunctionMode):
    n_calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        found = _call(func, args, kwargs or {})
        self.n_calls += isinstance(found, OnGpu)
        return found


@contextmanager
def pretended_gpu() -> Iterator[_Pretending]:
    """Have tensors that are asked for on ``cuda`` pass for tensors of a GPU.

    Yields what counts, as ``n_calls``, the calls that gave one.
    """
    with _Pretending() as mode:
        yield mode
