"""Which weights of a network move when it is finetuned, and what is trained in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from cortiscope.core.encoding.neural.optimisation import TrainingSettings, require
from cortiscope.core.errors import InvalidInput, check_option, read_whole, unknown_name

if TYPE_CHECKING:
    import torch
    from torch import nn

    from cortiscope.core.backbones.module_backbone import ModuleBackbone

ADAPTERS, BLOCKS, ALL = "adapters", "blocks", "all"


def check_moves(moves: str) -> int:
    """Return the N of ``blocks:N``, 0 for ``adapters`` and ``all``; InvalidInput for others."""
    kind, colon, number = moves.partition(":")
    n = read_whole(number) if kind == BLOCKS and colon else None
    if moves not in (ADAPTERS, ALL) and not n:
        raise InvalidInput(
            f"Unknown finetuning {moves!r}. Allowed: {ADAPTERS}, {BLOCKS}:N (as in {BLOCKS}:1), "
            f"{ALL}."
        )
    return n or 0


@dataclass(frozen=True)
class FinetuneSettings(TrainingSettings):
    """What of a network moves, and how; numbers are ours.

    Parameters
    ----------
    moves : ``adapters``, matrices of low rank beside the weights of convolutions, attention and
        linear maps; ``blocks:N``, all weights of the last N blocks before the layer; or ``all``.
    rank, scale : of an adapter (``MovingWeights``).
    roi : whose vertices, in both hemispheres, the network is to predict; empty for all.
    """

    moves: str = ADAPTERS
    rank: int = 4
    scale: float = 0.2
    roi: str = ""
    loss: str = "huber"
    learning_rate: float = 3e-3
    batch_size: int = 32
    max_epochs: int = 20
    patience: int = 5
    validation_fraction: float = 0.15

    def __post_init__(self) -> None:
        super().__post_init__()
        check_moves(self.moves)
        check_option("loss of finetuning", self.loss, ("mse", "huber"))
        check_option("optimizer of finetuning", self.optimizer, ("adamw", "adam", "sgd", "rmsprop"))
        require("rank", self.rank, self.rank >= 1, "1 or more")
        require("scale", self.scale, 0 < self.scale < np.inf, "positive")
        share = self.validation_fraction
        require(
            "validation_fraction", share, share > 0, "positive: the network as it came competes"
        )

    @classmethod
    def parse(cls, text: str) -> FinetuneSettings:
        """Read ``MOVES[,NAME=VALUE...]``, as in ``adapters,rank=8,roi=FFA-1``.

        Unless another is given the learning rate is 3e-3 for adapters and 3e-4 for the weights
        themselves, which need smaller steps.
        """
        moves, *others = text.split(",")
        usual: dict[str, Any] = {f.name: f.default for f in fields(cls) if f.name != "moves"}
        given: dict[str, object] = {"moves": moves}
        if moves != ADAPTERS:
            given["learning_rate"] = 3e-4
        for other in others:
            name, _, value = other.partition("=")
            if name not in usual:
                raise unknown_name("setting of finetuning", name, usual)
            try:
                given[name] = type(usual[name])(value)
            except ValueError:
                raise InvalidInput(
                    f"The setting {name} of finetuning takes a value like {usual[name]!r}; got "
                    f"{value!r}."
                ) from None
        return cls(**given)  # type: ignore[arg-type]


class MovingWeights:
    """The weights of a network that move, as functions of tensors that are trained.

    Adapters leave a weight ``W``, (n_out, ...), in place and train two small matrices beside it,
    ``W + scale * (out @ in)`` with ``out`` (n_out, rank) and ``in`` (rank, all other axes of W).
    ``out`` begins with zeros: before the first step the network is what it was. In all other cases
    the weights themselves are trained; statistics of normalisation stay.

    Parameters
    ----------
    backbone : its network is read, and not changed.
    layers : what is read of it; weights that these do not depend on stay.
    batch : some inputs, to see which do.
    generator : draws ``in``.

    Raises
    ------
    InvalidInput : nothing can move.

    References
    ----------
    Hu et al. 2022, ICLR, "LoRA: low-rank adaptation of large language models".
    """

    def __init__(
        self,
        backbone: ModuleBackbone,
        layers: Sequence[str],
        batch: torch.Tensor,
        moves: str,
        rank: int,
        scale: float,
        generator: torch.Generator,
    ) -> None:
        import torch

        used = _weights_behind(backbone, layers, batch)
        names = _chosen(backbone, list(used), moves)
        if not names:
            raise InvalidInput(
                f"No weight of {backbone.card.title} that {', '.join(layers)} depends on can be "
                f"finetuned by {moves}.",
                "Choose another layer, or finetune all.",
            )
        self._scale = scale if moves == ADAPTERS else None
        self._fixed = {name: used[name] for name in names}
        self.trained: dict[str, torch.Tensor] = {}
        for name, weight in self._fixed.items():
            if moves == ADAPTERS:
                n_out, n_in = weight.flatten(1).shape
                r = min(rank, n_out, n_in)
                drawn = torch.randn(r, n_in, generator=generator) / n_in**0.5
                self.trained[f"{name}:in"] = drawn.to(weight)
                self.trained[f"{name}:out"] = weight.new_zeros(n_out, r)
            else:
                self.trained[name] = weight.clone()
        for tensor in self.trained.values():
            tensor.requires_grad_()

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the weights that move, by their names in the network, with gradients."""
        if self._scale is None:
            return dict(self.trained)
        found = {}
        for name, weight in self._fixed.items():
            change = self.trained[f"{name}:out"] @ self.trained[f"{name}:in"]
            found[name] = weight + self._scale * change.reshape(weight.shape)
        return found


def _weights_behind(
    backbone: ModuleBackbone, layers: Sequence[str], batch: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return copies of the weights that some layers depend on, by name."""
    import torch

    known = {
        name: weight.detach().clone().requires_grad_()
        for name, weight in backbone.network.named_parameters()
        if weight.is_floating_point()
    }
    with torch.enable_grad():
        seen = backbone.responses(batch, layers, weights=known).values()
        total = torch.stack([responses.sum() for responses in seen]).sum()
        if not known or not total.requires_grad:
            return {}
        found = torch.autograd.grad(total, list(known.values()), allow_unused=True)
    slopes = zip(known.items(), found, strict=True)
    return {name: weight.detach() for (name, weight), slope in slopes if slope is not None}


def _chosen(backbone: ModuleBackbone, used: Sequence[str], moves: str) -> list[str]:
    n = check_moves(moves)
    if moves == ALL:
        return list(used)
    if moves == ADAPTERS:
        matrices = _matrices(backbone.network)
        return [name for name in used if name in matrices]
    blocks = blocks_of(backbone.network, backbone.card.layers_offered)
    reached = [own for block in blocks if (own := [name for name in block if name in used])]
    return [name for block in reached[-n:] for name in block]


def _matrices(network: nn.Module) -> set[str]:
    """Return the names of weights of convolutions, linear maps and attention."""
    from torch import nn

    kinds: Any = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.MultiheadAttention)
    return {
        f"{name}.{own}" if name else own
        for name, module in network.named_modules()
        if isinstance(module, kinds)
        for own, weight in module.named_parameters(recurse=False)
        if weight.ndim > 1
    }


def blocks_of(network: nn.Module, offered: Sequence[str]) -> list[list[str]]:
    """Return the names of a network's weights block by block; a block ends with an offered layer.

    Weights after the last one are a block of their own; layers without weights before them end
    none.
    """
    own: dict[str, list[str]] = {}
    for name, _ in network.named_parameters():
        own.setdefault(name.rpartition(".")[0], []).append(name)
    blocks: list[list[str]] = [[]]

    def walk(module: nn.Module, name: str) -> None:
        for child, below in module.named_children():
            walk(below, f"{name}.{child}" if name else child)
        blocks[-1].extend(own.get(name, []))
        if name in offered and blocks[-1]:
            blocks.append([])

    walk(network, "")
    return [block for block in blocks if block]
