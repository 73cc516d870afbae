"""Receptive fields at the size of a whole subject, and beside the published way on a slice.

Parts are timed on ``--share`` of the vertices and fields and extrapolated by what each grows with;
what is extrapolated says so. The published way (St-Yves & Naselaris 2018) pools the maps by each
field and multiplies with all responses anew; here it chooses by the same criterion and penalties,
batched over voxels, by turns with ours.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

import numpy as np
import torch

from cortiscope.core.encoding import PictureGrid
from cortiscope.core.encoding.fields.candidates import candidate_fields
from cortiscope.core.encoding.fields.regressors import FieldSettings
from cortiscope.core.encoding.fields.search import FieldSearch, rotated_errors
from cortiscope.core.encoding.fields.spectra import Maps, field_spectra
from cortiscope.core.encoding.ridge.data import decreasing_penalties

SIDE = 8.4


def make(options: argparse.Namespace) -> tuple[FieldSearch, np.ndarray]:
    """Return a search over random maps, and responses of a slice of the vertices."""
    rng = np.random.default_rng(0)
    side = int(round(options.places**0.5))
    grid = PictureGrid(options.channels, side, side, (-SIDE / 2, SIDE / 2, SIDE / 2, -SIDE / 2))
    design = rng.standard_normal((options.images, grid.n_columns), dtype=np.float32)
    fields = candidate_fields((grid,), n_sizes=8, smallest=0.042, largest=0.48, spacing=0.9)[
        : options.fields
    ]
    n = max(64, int(options.share * options.vertices))
    y = rng.standard_normal((options.images, n), dtype=np.float32)
    y -= y.mean(0)
    shares = decreasing_penalties(FieldSettings().shares)
    rows = np.arange(options.images)
    return FieldSearch(
        Maps(design, (grid,), options.device), fields, shares, "gcv", rows, rows[:0]
    ), y


def clock(device: str) -> float:
    """Return seconds, once the device has done what it was asked for."""
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def ours(search: FieldSearch, y: np.ndarray, some: slice) -> tuple[dict[str, float], np.ndarray]:
    """Return seconds of each part, and the least errors (n_fields, n_vertices)."""
    device = search.maps.device
    a = clock(device)
    spectra = field_spectra(search.maps, search.fields[some], search.fit, with_axes=False)
    spectra = spectra.to(torch.float32)
    b = clock(device)
    values = torch.as_tensor(y, device=device)
    moments = search.maps.moments(values, search.fit)
    c = clock(device)
    weights = search.maps.weights(search.fields[some])
    z = search.maps.contracted(moments, weights)
    d = clock(device)
    energy, turn = (values**2).sum(0), spectra.axes.transpose(1, 2)
    least = rotated_errors(search, spectra, turn, z, values, search.fields[some], energy)
    e = clock(device)
    parts = {"spectra": b - a, "X'Y": c - b, "contraction": d - c, "rotation": e - d}
    return parts, least.cpu().numpy()


def published(
    search: FieldSearch, y: np.ndarray, some: slice
) -> tuple[dict[str, float], np.ndarray]:
    """Pool, scale and solve field by field, each field's X'Y anew; return seconds and errors."""
    device, n = search.maps.device, len(y)
    values = torch.as_tensor(y, device=device)
    energy = (values**2).sum(0)
    parts, least = {"designs": 0.0, "products": 0.0}, []
    for field in search.fields[some]:
        a = clock(device)
        weights = search.maps.weights(field[None])
        blocks = search.maps.blocks(search.fit)
        x = torch.cat([search.maps.laid(block, weights)[0] for _, block in blocks])
        x = (x - x.mean(0)) / x.std(0, correction=0)
        s, axes = torch.linalg.eigh((x.T @ x).double())
        b = clock(device)
        c2 = (axes.float().T @ (x.T @ values)) ** 2
        errors = []
        for share in search.shares:
            d = 1 / (s + share * s.mean())
            left = 1 - 1 / n - (s * d).sum() / n
            errors.append((energy - (d * (2 - s * d)).float() @ c2) / n / left**2)
        least.append(torch.stack(errors).amin(0))
        parts["designs"] += b - a
        parts["products"] += clock(device) - b
    return parts, torch.stack(least).cpu().numpy()


def main() -> None:
    """Print the parts, their sum for the whole, the ratio and the differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (
        ("images", 800),
        ("channels", 100),
        ("places", 64),
        ("vertices", 4000),
        ("fields", 875),
        ("rounds", 3),
        ("batch", 16),
        ("threads", 0),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--share", type=float, default=0.25, help="of the vertices that is run")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    search, y = make(options)
    n_fields, n_vertices = len(search.fields), y.shape[1]
    data = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    some = slice(1, 1 + min(options.batch, n_fields - 1))
    size = some.stop - some.start
    ours(search, y, some)
    own, theirs, difference = [], [], 0.0
    for _ in range(options.rounds):
        parts, mine = ours(search, y, some)
        own.append(parts)
        parts, other = published(search, y, some)
        theirs.append(parts)
        difference = max(difference, float(np.abs(mine / other - 1).max()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Designs grow with fields, X'Y of the maps with vertices, the rest with both.
    by_fields, by_vertices = n_fields / size, options.vertices / n_vertices
    growth = {"spectra": by_fields, "designs": by_fields, "X'Y": by_vertices}

    def extrapolated(rounds: list[dict[str, float]]) -> dict[str, float]:
        return {
            name: statistics.median(parts[name] for parts in rounds)
            * growth.get(name, by_fields * by_vertices)
            for name in rounds[0]
        }

    print(
        f"{options.images:,} images, {options.channels} channels x {options.places} places, "
        f"{n_fields} fields, {options.vertices:,} vertices; {size} fields x {n_vertices:,} "
        f"vertices were run on {options.device}, {torch.get_num_threads()} threads"
    )
    totals = []
    for whose, rounds in (("ours", own), ("published", theirs)):
        parts = extrapolated(rounds)
        totals.append(sum(parts.values()))
        words = ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items())
        print(f"  {whose}: {totals[-1]:.1f} s in all, extrapolated by parts ({words})")
    print(f"  ratio {totals[1] / totals[0]:.1f}")
    print(
        f"  largest relative difference of errors {difference:.1e}; peak above maps and responses "
        f"{(peak - data) / 2**20:.2f} GB ({(data - before) / 2**20:.2f} GB of these)"
    )


if __name__ == "__main__":
    main()
