"""Train the small CNN on procedural scenes.

    python -m tests.tools.train_small_cnn --out FILE

It learns to name the kinds of thing and the place in a scene, as networks for photographs do; it
never sees the sizes that the simulated subjects respond to, nor any scene of the demo. With the
same seed and versions, on one thread, the same checkpoint comes out, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from cortiscope.core.backbones.base import rgb_tensor
from cortiscope.core.backbones.small_cnn_network import (
    ARCHITECTURE,
    INPUT_SIZE,
    METADATA_KEY,
    SmallCnn,
    load_small_cnn,
    state_for_checkpoint,
)
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.simulation.scenes import (
    BACKGROUNDS,
    LATENTS,
    OBJECT_KINDS,
    SCENE_VERSION,
    render_scene,
)
from cortiscope.core.stimuli import square_crop
from cortiscope.core.storage import atomic_file

FIRST_TRAINING_SEED = 10_000_000
FIRST_VALIDATION_SEED = 20_000_000
"""Scenes of the demo have seeds below 1,000,000."""

_N_KINDS = len(OBJECT_KINDS)
_MAX_SHIFT = 4


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what the trained weights are.

    Attributes
    ----------
    n_scenes, n_validation : scenes to learn from, and to score on once at the end.
    seed : of the first weights, the order of scenes and the augmentation.
    """

    n_scenes: int = 8000
    n_validation: int = 1000
    epochs: int = 14
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 5e-3
    seed: int = 0


@dataclass(frozen=True)
class LabelledScenes:
    """Scenes as the network sees them.

    Attributes
    ----------
    images : (n, 3, 64, 64), 0..255.
    kinds : (n, 7), 1 where a kind of thing is in sight.
    places : (n,), index into ``BACKGROUNDS``.
    """

    images: torch.Tensor
    kinds: torch.Tensor
    places: torch.Tensor


def render_labelled_scenes(
    first_seed: int, n_scenes: int, progress: Progress = silent
) -> LabelledScenes:
    """Render scenes of consecutive seeds with the labels that a viewer could give them."""
    images = torch.empty((n_scenes, 3, INPUT_SIZE, INPUT_SIZE), dtype=torch.uint8)
    latents = np.empty((n_scenes, len(LATENTS)), dtype=np.float32)
    for i in range(n_scenes):
        scene = render_scene(first_seed + i)
        small = square_crop(Image.fromarray(scene.pixels), INPUT_SIZE)
        images[i] = (rgb_tensor(small) * 255).round().to(torch.uint8)
        latents[i] = scene.latents
        if i % 100 == 0:
            progress(i / n_scenes, f"Rendering scene {i:,} of {n_scenes:,}")
    kinds = torch.from_numpy((latents[:, :_N_KINDS] > 0).astype(np.float32))
    places = torch.from_numpy(latents[:, _N_KINDS:].argmax(axis=1))
    return LabelledScenes(images, kinds, places)


def train(scenes: LabelledScenes, recipe: Recipe, progress: Progress = silent) -> SmallCnn:
    """Train a network from its untrained state."""
    network = load_small_cnn(None, recipe.seed).train()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    generator = torch.Generator().manual_seed(recipe.seed)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    n_batches = len(scenes.images) // recipe.batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=recipe.epochs * n_batches, pct_start=0.2
    )
    things, place = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()
    word = OBJECT_KINDS.index("word")
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(scenes.images), generator=generator)
        for b in range(n_batches):
            chosen = order[b * recipe.batch_size : (b + 1) * recipe.batch_size]
            kinds = scenes.kinds[chosen]
            images = augment(scenes.images[chosen], kinds[:, word] == 0, generator)
            logits = network(images.contiguous(memory_format=torch.channels_last))
            loss = things(logits[:, :_N_KINDS], kinds)
            loss = loss + 0.25 * place(logits[:, _N_KINDS:], scenes.places[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        done = (epoch + 1) / recipe.epochs
        progress(done, f"Training, epoch {epoch + 1} of {recipe.epochs}: loss {loss.item():.3f}")
    return network.eval()


def augment(
    images: torch.Tensor, may_flip: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Shift by up to 4 pixels, mirror what has no letters, and vary the exposure a little.

    Parameters
    ----------
    images : (n, 3, side, side), 0..255.
    may_flip : (n,), False where a word is in sight.

    Returns
    -------
    (n, 3, side, side), 0..1.
    """
    n, side = len(images), images.shape[-1]
    flip = may_flip & (torch.rand(n, generator=generator) < 0.5)
    values = images.float() / 255
    values[flip] = values[flip].flip(-1)
    padded = nn.functional.pad(values, [_MAX_SHIFT] * 4, mode="replicate")
    shifts = torch.randint(0, 2 * _MAX_SHIFT + 1, (n, 2), generator=generator).tolist()
    for i, (dy, dx) in enumerate(shifts):
        values[i] = padded[i, :, dy : dy + side, dx : dx + side]
    gain = 1 + 0.2 * (torch.rand((n, 1, 1, 1), generator=generator) - 0.5)
    offset = 0.1 * (torch.rand((n, 1, 1, 1), generator=generator) - 0.5)
    return ((values - 0.5) * gain + 0.5 + offset).clamp(0, 1)


def score(network: SmallCnn, scenes: LabelledScenes) -> dict[str, float]:
    """Return the area under the ROC curve for each kind and place (one against the rest)."""
    from sklearn.metrics import roc_auc_score

    with torch.inference_mode():
        logits = torch.cat([network(batch.float() / 255) for batch in scenes.images.split(100)])
    truth = torch.cat([scenes.kinds, nn.functional.one_hot(scenes.places, len(BACKGROUNDS))], dim=1)
    return {
        name: round(float(roc_auc_score(truth[:, i].numpy(), logits[:, i].numpy())), 4)
        for i, name in enumerate(LATENTS)
    }


def write_checkpoint(network: SmallCnn, out: Path, card: dict[str, Any]) -> None:
    """Write weights with their card inside, and the card again beside them for people."""
    from safetensors.torch import save

    content = save(
        state_for_checkpoint(network), metadata={METADATA_KEY: json.dumps(card, sort_keys=True)}
    )
    with atomic_file(out) as draft:
        draft.write_bytes(content)
    beside = {**card, "file": out.name, "sha256": hashlib.sha256(content).hexdigest()}
    with atomic_file(out.with_suffix(".json")) as draft:
        draft.write_text(json.dumps(beside, indent=2) + "\n", encoding="utf-8")


def train_and_write(out: Path, recipe: Recipe, progress: Progress = silent) -> dict[str, Any]:
    """Render, train, score and write a checkpoint.

    Returns
    -------
    The card: architecture, recipe, versions, and validation scores of the weights as written.
    """
    n_threads = torch.get_num_threads()
    # One thread: sums are then taken in one order, and for maps this small it is not slower.
    torch.set_num_threads(1)
    try:
        scenes = render_labelled_scenes(
            FIRST_TRAINING_SEED, recipe.n_scenes, part(progress, 0.0, 0.2)
        )
        network = train(scenes, recipe, part(progress, 0.2, 0.95))
        fresh = render_labelled_scenes(
            FIRST_VALIDATION_SEED, recipe.n_validation, part(progress, 0.95, 0.99)
        )
        # Scored as it will be used: rounded to half precision.
        network.load_state_dict(
            {name: value.float() for name, value in state_for_checkpoint(network).items()}
        )
        auc = score(network, fresh)
    finally:
        torch.set_num_threads(n_threads)
    card = {
        "architecture": ARCHITECTURE,
        "task": "multi-label kinds of thing (BCE) and the place (cross-entropy)",
        "recipe": asdict(recipe),
        "first_training_seed": FIRST_TRAINING_SEED,
        "first_validation_seed": FIRST_VALIDATION_SEED,
        "scene_version": SCENE_VERSION,
        "torch": torch.__version__,
        "outputs": list(LATENTS),
        "validation_auc": auc,
        "mean_auc_of_kinds": round(float(np.mean([auc[kind] for kind in OBJECT_KINDS])), 4),
    }
    write_checkpoint(network, out, card)
    progress(1.0, f"Wrote {out}: mean AUC of kinds {card['mean_auc_of_kinds']:.3f}")
    return card


def main(arguments: list[str] | None = None) -> int:
    """Train from the command line."""
    usual = Recipe()
    parser = argparse.ArgumentParser(prog="python -m tests.tools.train_small_cnn")
    parser.add_argument(
        "--out", type=Path, required=True, help="checkpoint to write (.safetensors)"
    )
    parser.add_argument("--scenes", type=int, default=usual.n_scenes)
    parser.add_argument("--epochs", type=int, default=usual.epochs)
    parser.add_argument("--seed", type=int, default=usual.seed)
    options = parser.parse_args(arguments)
    if options.scenes < usual.batch_size or options.epochs < 1:
        parser.error(f"it takes at least {usual.batch_size} scenes and 1 epoch")

    def tell(share: float, message: str) -> None:
        sys.stderr.write(f"{share:4.0%}  {message}\n")

    recipe = Recipe(n_scenes=options.scenes, epochs=options.epochs, seed=options.seed)
    card = train_and_write(options.out, recipe, tell)
    sys.stdout.write(json.dumps(card, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
