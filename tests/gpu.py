"""Everything that computes on a GPU, on this machine's: seconds, memory, differences to the CPU.

``python -m tests.gpu`` prints one Markdown table. It needs no network and no data, takes less than
four minutes on a GPU, and without one goes through the same lines in small on the CPU (``--small``
does so anywhere). A line that fails says why, the others go on, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from cortiscope.core.backbones import load_backbone, parse_weights
from cortiscope.core.backbones.base import Backbone, choose_device
from cortiscope.core.encoding import (
    RegressorSpec,
    TrainingData,
    VertexTable,
    Work,
    fit_regressor,
    regressor_names,
)
from cortiscope.core.encoding.training import PictureGrid
from cortiscope.core.features.extract import batch_for, extract
from cortiscope.core.features.pooling import Pooling
from cortiscope.core.stimuli import StimulusImages

LONGEST = 220.0
"""Seconds after which no further line is begun."""

PENALTIES = np.logspace(0, 7, 15)
# Training is as long as it is asked to be; a few epochs show whether devices agree.
EPOCHS = 5


@dataclass(frozen=True)
class Sizes:
    """Of a whole subject, of the comparison of devices, and of what goes through networks."""

    whole: tuple[int, int, int]
    grid: tuple[int, int]
    compared: tuple[int, int, int]
    networks: tuple[str, ...]
    n_images: int


FULL = Sizes(
    whole=(8000, 500, 39548),
    grid=(500, 8),
    compared=(600, 80, 600),
    networks=("alexnet", "resnet50", "clip_vit_b32"),
    n_images=512,
)
SMALL = Sizes(
    whole=(60, 12, 40),
    grid=(3, 2),
    compared=(40, 10, 9),
    networks=("small_cnn",),
    n_images=6,
)


@dataclass(frozen=True)
class Line:
    """One line of the table; texts as they are printed."""

    what: str
    size: str = ""
    seconds: str = ""
    beside: str = ""
    difference: str = ""
    memory: str = ""


HEADER = Line("what", "size", "seconds", "beside", "largest difference to the CPU", "peak memory")


class Machine:
    """A device, with what is measured on it."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.is_gpu = device.type == "cuda"

    @property
    def words(self) -> str:
        """What it is."""
        if self.is_gpu:
            return torch.cuda.get_device_name(self.device)
        return f"CPU, {torch.get_num_threads()} thread(s)"

    def measured(self, compute: Callable[[], Any]) -> tuple[Any, float, str]:
        """Return what is computed, its seconds, and the most memory it held on the GPU."""
        if self.is_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)
            torch.cuda.synchronize(self.device)
        begun = time.perf_counter()
        found = compute()
        if self.is_gpu:
            torch.cuda.synchronize(self.device)
        seconds = time.perf_counter() - begun
        if not self.is_gpu:
            return found, seconds, ""
        return found, seconds, f"{torch.cuda.max_memory_allocated(self.device) / 2**30:.2f} GiB"


def make_data(n: int, d: int, v: int) -> TrainingData:
    """Draw a design with a power-law spectrum, and responses of which it explains 2 to 60 %."""
    rng = np.random.default_rng(0)
    sizes = (30 * np.arange(1, d + 1) ** -0.5).astype(np.float32)
    x = rng.standard_normal((n, d), dtype=np.float32) * sizes
    y = np.empty((n, v), dtype=np.float32)
    for start in range(0, v, 2000):
        part = slice(start, min(start + 2000, v))
        width = part.stop - part.start
        signal = x @ (rng.standard_normal((d, width), dtype=np.float32) / sizes[:, None] ** 0.5)
        share = rng.uniform(0.02, 0.6, width).astype(np.float32)
        y[:, part] = np.sqrt(share) * signal / signal.std(axis=0)
        y[:, part] += np.sqrt(1 - share) * rng.standard_normal((n, width), dtype=np.float32)
    return TrainingData(x, y)


def _shape(*sizes: int) -> str:
    return " x ".join(f"{size:,}" for size in sizes)


def whole_subject(machine: Machine, sizes: Sizes) -> Iterator[Callable[[], Line]]:
    """Yield the lines of fits to a whole subject."""
    data = make_data(*sizes.whole)
    size = _shape(*sizes.whole)

    def ours(name: str, what: str, peer: Callable[[], None] | None = None) -> Line:
        spec = RegressorSpec(name)
        run = lambda: fit_regressor(data, spec, Work(str(machine.device)))  # noqa: E731
        _, seconds, memory = machine.measured(run)
        beside = "" if peer is None else f"himalaya {machine.measured(peer)[1]:.2f} s"
        return Line(what, size, f"{seconds:.2f}", beside, memory=memory)

    def himalaya() -> None:
        from himalaya.backend import get_backend, set_backend
        from himalaya.ridge import RidgeCV
        from sklearn.model_selection import KFold

        before = get_backend()
        set_backend("torch_cuda" if machine.is_gpu else "torch")
        batches = {"n_targets_batch": 1000, "n_alphas_batch": 5}
        model = RidgeCV(alphas=PENALTIES, cv=KFold(5), fit_intercept=True, solver_params=batches)
        try:
            model.fit(data.design, np.asarray(data.responses[:, :]))
        finally:
            set_backend(before)  # it is of the whole process

    peer = himalaya if importlib.util.find_spec("himalaya") else None
    yield lambda: ours("ridge", "ridge, 15 penalties, 5 folds", peer)
    yield lambda: ours("ridge_gcv", "ridge, generalised cross-validation")

    def fields() -> Line:
        channels, side = sizes.grid
        rng = np.random.default_rng(1)
        n = sizes.whole[0]
        grid = PictureGrid(channels, side, side, (-4.2, 4.2, 4.2, -4.2))
        maps = rng.standard_normal((n, grid.n_columns), dtype=np.float32)
        placed = TrainingData(maps, data.responses, grids=(grid,))
        spec = RegressorSpec("receptive_fields")
        if sizes is SMALL:
            spec = spec.with_settings(n_sizes=2, fineness=1)
        run = lambda: fit_regressor(placed, spec, Work(str(machine.device)))  # noqa: E731
        _, seconds, memory = machine.measured(run)
        where = _shape(n, channels, side * side, sizes.whole[2])
        return Line("receptive fields", where, f"{seconds:.2f}", memory=memory)

    if "receptive_fields" in regressor_names():
        yield fields


def networks(machine: Machine, sizes: Sizes, folder: Path) -> Iterator[Callable[[], Line]]:
    """Yield a line for each network and precision: pictures from files to pooled features."""
    rng = np.random.default_rng(0)
    for k in range(sizes.n_images):
        coarse = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8))
        coarse.resize((425, 425)).save(folder / f"{k}.jpg", quality=92)
    images = StimulusImages.from_folder(folder)

    def through(name: str, precision: str) -> Line:
        weights = parse_weights(name, "untrained")
        network = load_backbone(name, weights, str(machine.device))
        network = network.at_precision(precision)  # type: ignore[arg-type]
        layers = [network.layers()[-1].name]
        batch = batch_for(network)

        def run() -> np.ndarray:
            taken = extract(network, images, layers, Pooling("mean"), batch_size=batch)
            return taken[layers[0]]

        run()  # compiles, and chooses algorithms
        found, seconds, memory = machine.measured(run)
        bare = _bare(machine, network, batch, len(images))
        few = images.subset(range(min(8, len(images))))
        on_cpu = load_backbone(name, weights, "cpu")
        expected = extract(on_cpu, few, layers, Pooling("mean"))[layers[0]]
        rate = len(images) / seconds
        return Line(
            f"{network.card.title}, {precision}",
            f"{len(images)} pictures, {batch} at once",
            f"{seconds:.2f}",
            f"{rate:.0f} images/s, {rate / bare:.0%} of the bare network",
            _difference(found[: len(few)], expected),
            memory,
        )

    for name in sizes.networks:
        for precision in ("float32", "bfloat16"):
            yield lambda name=name, precision=precision: through(name, precision)


def _bare(machine: Machine, network: Backbone, batch: int, n_images: int) -> float:
    """Return images per second through a network alone, batches lying on the device."""
    side = network.input_size
    inputs = torch.randn((min(batch, n_images), 3, side, side), device=machine.device)
    layers = [network.layers()[-1].name]
    network.forward(inputs, layers)
    turns = max(1, n_images // len(inputs))
    run = lambda: [network.forward(inputs, layers) for _ in range(turns)]  # noqa: E731
    return turns * len(inputs) / machine.measured(run)[1]


def _difference(found: np.ndarray, expected: np.ndarray) -> str:
    """Return the largest difference, in standard deviations of what is expected."""
    spread = float(np.std(expected)) or 1.0
    return f"{float(np.abs(found - expected).max()) / spread:.1e} SD"


def regressors(machine: Machine, sizes: Sizes) -> Iterator[Callable[[], Line]]:
    """Yield a line for each regressor: the same fit on the device and on the CPU."""
    n, d, v = sizes.compared
    flat = make_data(n, d, v)
    rng = np.random.default_rng(2)
    sides = (np.arange(v) >= v // 2).astype(np.int8)
    rois = {"V1v": np.arange(0, v, 2), "FFA-1": np.arange(1, v, 3)}
    table = VertexTable(rng.normal(size=(v, 3)).astype(np.float32), sides, rois, rois)
    side = 2
    grids = (PictureGrid(d - 4), PictureGrid(1, side, side, (-4.2, 4.2, 4.2, -4.2)))
    spaces = (slice(0, d - 4), slice(d - 4, d))
    data = replace(flat, vertices=table, spaces=spaces, grids=grids)

    def compared(name: str) -> Line:
        spec = RegressorSpec(name)
        if hasattr(spec.settings, "max_epochs"):
            spec = spec.with_settings(max_epochs=EPOCHS)
        if sizes is SMALL and name == "banded":
            spec = spec.with_settings(n_samples=3)
        if sizes is SMALL and hasattr(spec.settings, "n_sizes"):
            spec = spec.with_settings(n_sizes=2, fineness=1)
        fit = lambda device: fit_regressor(data, spec, Work(device))  # noqa: E731
        found, seconds, memory = machine.measured(lambda: fit(str(machine.device)))
        begun = time.perf_counter()
        expected = fit("cpu")
        on_cpu = time.perf_counter() - begun
        difference = _difference(found.predict(data.design), expected.predict(data.design))
        return Line(
            name, _shape(n, d, v), f"{seconds:.2f}", f"CPU {on_cpu:.2f} s", difference, memory
        )

    for name in regressor_names():
        yield lambda name=name: compared(name)


def lines(machine: Machine, sizes: Sizes, until: float) -> Iterator[tuple[Line, bool]]:
    """Yield every line, and whether it is as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        sources = (
            whole_subject(machine, sizes),
            networks(machine, sizes, Path(folder)),
            regressors(machine, sizes),
        )
        for source in sources:
            for compute in source:
                if time.perf_counter() > until:
                    yield Line("left out: the time is over"), False
                    return
                try:
                    yield compute(), True
                except Exception as error:
                    words = " ".join(f"{type(error).__name__}: {error}".split())[:160]
                    # A machine without units for a precision has no line for it.
                    fine = "bfloat16" in words and not machine.is_gpu
                    yield Line("no line" if fine else "FAILED", words), fine


def markdown(line: Line) -> str:
    """Return a line of the table."""
    return f"| {' | '.join(vars(line).values())} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 where a line failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--small", action="store_true", help="small sizes, as on a CPU")
    options = parser.parse_args(arguments)
    machine = Machine(choose_device(options.device))
    sizes = FULL if machine.is_gpu and not options.small else SMALL
    if machine.is_gpu:
        torch.ones(8, 8, device=machine.device) @ torch.ones(8, 8, device=machine.device)
    print(f"{machine.words}; torch {torch.__version__}\n")
    print(markdown(HEADER))
    print("|" + "---|" * len(vars(HEADER)), flush=True)
    whole = True
    for line, fine in lines(machine, sizes, time.perf_counter() + LONGEST):
        print(markdown(line), flush=True)
        whole &= fine
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
