"""Features of picture files against the bare network, interleaved; untrained weights.

* from files: pictures of 425 px are decoded, framed and go through the network, whose last layer
  is kept; the share is that of the bare network's speed with the same batches in memory. On a
  CPU decoding takes cores from the network: ``at most`` is the share if all cores are always busy,
  (time of the network) / (that + decoding's CPU time spread over the threads).
* one pass: all layers of img2brain in one pass, against a pass for each layer.
* precision: the network alone in bfloat16 against float32, where the machine has units for it.
* store: ``FeatureStore.get``, which also writes what it computes, against the pass alone.

``python tests/benchmarks/features.py --threads 2``
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
PIXELS = 425
N_IMAGES = {"alexnet": 192, "resnet50": 64, "clip_vit_b32": 96}


def make_pictures(folder: Path, n: int) -> None:
    """Write pictures with structure at every scale as PNG and as JPEG."""
    rng = np.random.default_rng(0)
    for name in ("png", "jpg"):
        (folder / name).mkdir()
    for k in range(n):
        pixels = np.zeros((PIXELS, PIXELS, 3), np.float32)
        for side, weight in ((4, 0.4), (16, 0.3), (64, 0.2), (200, 0.1)):
            coarse = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
            smooth = coarse.resize((PIXELS, PIXELS), Image.Resampling.BILINEAR)
            pixels += weight * np.asarray(smooth, np.float32)
        picture = Image.fromarray(pixels.astype(np.uint8))
        picture.save(folder / "png" / f"{k}.png")
        picture.save(folder / "jpg" / f"{k}.jpg", quality=92)


def interleaved(arms: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Return seconds per arm and round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(rounds + 1):
        for name, arm in arms.items():
            begun = time.perf_counter()
            arm()
            if turn:
                seconds[name].append(time.perf_counter() - begun)
    return seconds


def ratio(a: list[float], b: list[float]) -> float:
    """Return the median over rounds of a / b."""
    return statistics.median(x / y for x, y in zip(a, b, strict=True))


def exhaust(batches: Iterator[object]) -> None:
    for _ in batches:
        pass


def from_files(folder: Path, name: str, n: int, rounds: int, threads: int) -> None:
    import torch

    from cortiscope.core.backbones import WeightsSpec, load_backbone
    from cortiscope.core.features import Pooling
    from cortiscope.core.features.extract import BATCH_SIZE, extract_batches
    from cortiscope.core.stimuli import StimulusImages

    backbone, pooling = load_backbone(name, WeightsSpec("untrained"), "cpu"), Pooling("mean")
    layer = [backbone.layers()[-1].name]
    sets = {e: StimulusImages.from_folder(folder / e).subset(range(n)) for e in ("png", "jpg")}
    rows = [range(a, min(a + BATCH_SIZE, n)) for a in range(0, n, BATCH_SIZE)]
    batches = [backbone.collate([backbone.prepare(sets["jpg"], i) for i in part]) for part in rows]

    def bare() -> None:
        for batch in batches:
            backbone.forward(batch, layer)

    def decode(images: StimulusImages) -> float:
        torch.set_num_threads(1)
        begun = time.thread_time()
        backbone.collate([backbone.prepare(images, i) for i in range(BATCH_SIZE)])
        torch.set_num_threads(threads)
        return (time.thread_time() - begun) / BATCH_SIZE

    found = interleaved(
        {
            "bare": bare,
            **{
                e: (lambda s=s: exhaust(extract_batches(backbone, s, layer, pooling)))
                for e, s in sets.items()
            },
        },
        rounds,
    )
    per_image = statistics.median(found["bare"]) / n
    print(f"{name:14s} network with images in memory {1 / per_image:7.1f} images/s")
    for e, images in sets.items():
        spent = min(decode(images) for _ in range(3))
        most = per_image / (per_image + spent / threads)
        share = ratio(found["bare"], found[e])
        print(
            f"{'':14s} from {e} files {n / statistics.median(found[e]):7.1f} images/s, share "
            f"{share:.2f} (at most {most:.2f}: decoding takes {1e3 * spent:.1f} ms of CPU)"
        )


def one_pass(folder: Path, name: str, n: int, rounds: int) -> None:
    from cortiscope.core.backbones import Framing, WeightsSpec, load_backbone
    from cortiscope.core.features import Pooling
    from cortiscope.core.features.extract import extract_batches
    from cortiscope.core.recipes.img2brain import LAYERS
    from cortiscope.core.stimuli import StimulusImages

    backbone = load_backbone(name, WeightsSpec("untrained"), "cpu").framed(Framing("stretch", 224))
    images = StimulusImages.from_folder(folder / "jpg").subset(range(n))
    layers, pooling = dict(LAYERS)[name], Pooling("none")

    def each() -> None:
        for layer in layers:
            exhaust(extract_batches(backbone, images, [layer], pooling))

    together = {"all": lambda: exhaust(extract_batches(backbone, images, layers, pooling))}
    found = interleaved({**together, "each": each}, rounds)
    seconds = statistics.median(found["all"])
    print(
        f"{name:14s} {len(layers)} layers of img2brain in one pass {seconds:.2f} s; "
        f"a pass each takes {ratio(found['each'], found['all']):.2f} times as long"
    )


def precision(name: str, n: int, rounds: int) -> None:
    import torch

    from cortiscope.core.backbones import WeightsSpec, load_backbone

    backbone = load_backbone(name, WeightsSpec("untrained"), "cpu")
    half, layer = backbone.at_precision("bfloat16"), [backbone.layers()[-1].name]
    batch = torch.randn(n, 3, 224, 224)
    arms = {
        "float32": lambda: backbone.forward(batch, layer),
        "bfloat16": lambda: half.forward(batch, layer),
    }
    found = interleaved(arms, rounds)
    print(f"{name:14s} bfloat16 {ratio(found['float32'], found['bfloat16']):.2f} times as fast")


def store_overhead(folder: Path, name: str, n: int, rounds: int, pool: str) -> None:
    from cortiscope.core.backbones import WeightsSpec, load_backbone
    from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
    from cortiscope.core.features.extract import extract_batches, image_chunks
    from cortiscope.core.recipes.img2brain import LAYERS
    from cortiscope.core.stimuli import StimulusImages

    backbone, pooling = load_backbone(name, WeightsSpec("untrained"), "cpu"), Pooling.parse(pool)
    images = StimulusImages.from_folder(folder / "jpg").subset(range(n))
    layers = dict(LAYERS)[name]
    specs = [FeatureSpec(name, WeightsSpec("untrained"), layer, pooling) for layer in layers]
    chunks = image_chunks(n, 224)
    n_bytes = []

    def stored() -> None:
        # Removed after the last round: that takes time as well, and nobody does it.
        found = FeatureStore(Path(tempfile.mkdtemp(dir=home)), lambda *_: backbone)
        n_bytes.append(sum(array.nbytes for array in found.get(specs, images).values()))

    with tempfile.TemporaryDirectory(dir=folder) as home:
        found = interleaved(
            {
                "pass": lambda: exhaust(
                    extract_batches(backbone, images, layers, pooling, chunks=chunks)
                ),
                "store": stored,
            },
            rounds,
        )
    pairs = sorted(zip(found["store"], found["pass"], strict=True), key=lambda p: p[0] / p[1])
    print(
        f"{name:14s} {len(layers)} layers, {pooling.label}, {n_bytes[0] / 1e6 / n:.2f} MB an "
        f"image: storing adds {100 * (ratio(found['store'], found['pass']) - 1):.1f} % "
        f"({', '.join(f'{100 * (a / b - 1):.1f}' for a, b in pairs)})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of images")
    parser.add_argument("--networks", nargs="+", choices=N_IMAGES, default=list(N_IMAGES))
    parser.add_argument("--parts", nargs="+", default=["files", "pass", "precision", "store"])
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    counts = {name: max(32, int(n * options.scale)) for name, n in N_IMAGES.items()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pictures(folder, max(counts.values()))
        print(f"load {os.getloadavg()[0]:.1f}, {options.threads} threads, {options.rounds} rounds")
        if "files" in options.parts:
            for network in options.networks:
                from_files(folder, network, counts[network], options.rounds, options.threads)
        if "pass" in options.parts:
            for network, n in (("alexnet", 96), ("resnet50", 32)):
                one_pass(folder, network, max(32, int(n * options.scale)), options.rounds)
        if "precision" in options.parts:
            for network in ("alexnet", "vgg16", "resnet50", "clip_vit_b32"):
                precision(network, 32, options.rounds)
        if "store" in options.parts:
            # Whole maps of a small network are the most bytes for the least arithmetic.
            for network, n, pool in (
                ("alexnet", 192, "none"),
                ("alexnet", 192, "grid:5"),
                ("resnet50", 64, "grid:5"),
            ):
                n = max(32, int(n * options.scale))
                store_overhead(folder, network, n, options.rounds, pool)
        print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
