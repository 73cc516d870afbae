"""Coverage of the intervals, false positives and false discoveries of the tests, by simulation.

Writes the table of ``docs/calibration.md``. Seeds are fixed by what is simulated.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from cortiscope.core.evaluation import LEAST_STIMULI
from tests.core.evaluation.calibration import (
    CELLS,
    FURTHER_CELLS,
    N_ROIS,
    Cell,
    count,
    false_discovery_shares,
    one_of_many_found,
)

OUT = Path(__file__).resolve().parents[2] / "docs" / "calibration.md"

HEAD = f"""# Calibration of intervals and tests

Made by `python -m tests.benchmarks.calibration`. The statistic is the mean over vertices of Pearson
r over images; intervals and p are by a leave-one-image-out jackknife with Student's t
(`core/evaluation/resampling.py`). Images are drawn anew in each repetition; vertices and their true
r are fixed. r is .2 at every vertex (flat), or .05 + .75 u^4 with u from 0 to 1, shifted to that
mean (skewed). Predictions and noise are independent between vertices, or share half of their
variance. Two predictions of one response correlate by .5.

*Covered*: share of 95 % intervals of the mean r that held the true one. *False positives*: share of
p < .05 for the difference between that encoder and one whose r is .2 at each vertex, the same mean.
A cell is fit where exact binomial tests at .001 find neither a coverage below .93 or above .97, nor
false positives above .06. Fewer than {LEAST_STIMULI} images get neither interval nor p.

| images | vertices | r over vertices | noise | repetitions | covered | false positives | fit |
|---|---|---|---|---|---|---|---|
"""


def row(cell: Cell, repetitions: int) -> str:
    """Simulate one cell and write its line of the table."""
    found = count(cell, repetitions)
    words = "skewed" if cell.skewed else "flat", "shared" if cell.correlated else "independent"
    shares = (f"{k / repetitions:.3f}" for k in (found.covered, found.false_positives))
    fit = "yes" if found.coverage_fits and found.false_positives_fit else "**no**"
    cells = (cell.n_images, cell.n_vertices, *words, f"{repetitions:,}", *shares, fit)
    return "| " + " | ".join(map(str, cells)) + " |\n"


def discoveries(repetitions: int) -> str:
    """Simulate tests of all ROIs with their correction, and write them down."""
    lines = []
    for n_different in (0, 13):
        shares = false_discovery_shares(repetitions, n_different=n_different, seed=N_ROIS)
        error = shares.std() / np.sqrt(repetitions)
        fit = "yes" if shares.mean() <= 0.05 + 2 * error else "**no**"
        lines.append(
            f"- A and B differ in {n_different} of {N_ROIS} ROIs: {shares.mean():.4f} of what was "
            f"found was false (Monte-Carlo error {error:.4f}; at most .05 plus two of them: {fit})."
        )
    found = one_of_many_found(repetitions, seed=N_ROIS)
    lines.append(
        f"- A and B differ in one ROI alone, by .5 in r: it was found in {found.mean():.3f} of the "
        f"repetitions. The smallest possible p is that of t itself, below .05 / {N_ROIS}."
    )
    return (
        f"\n## False discoveries over {N_ROIS} ROIs\n\nResponses to 80 images, paired tests of "
        "every ROI of 10 vertices with half of their noise shared, Benjamini-Hochberg at .05; "
        f"{repetitions:,} repetitions.\n\n" + "\n".join(lines) + "\n"
    )


def main() -> None:
    """Write the table, or print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5000)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    text = HEAD
    for cell in (*CELLS, *FURTHER_CELLS):
        # What is large takes as many responses, not as many repetitions.
        n = min(options.repetitions, max(200, options.repetitions * 80 // cell.n_vertices))
        line = row(cell, n)
        print(line, end="", flush=True)
        text += line
    text += discoveries(options.repetitions)
    options.out.write_text(text, encoding="utf-8")
    print(text[text.index("\n## ") :])


if __name__ == "__main__":
    main()
