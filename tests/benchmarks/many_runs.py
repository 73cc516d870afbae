"""5,000 runs: how long the index takes to write and to read, and the table to fill and to search.

One run of the demo is copied under other names with changed settings: its record is written anew,
its arrays are hard links.

    python tests/benchmarks/many_runs.py [N] [FOLDER]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cortiscope.core.runs import RunStore
from cortiscope.core.storage import Home

LAYERS, REDUCTIONS, SEEDS = 20, 5, 50


def copy_runs(source: Path, root: Path, n: int) -> None:
    """Write n runs that differ in layer, PCA and seed; an own name for every hundredth."""
    record = json.loads((source / "run.json").read_text(encoding="utf-8"))
    for k in range(n):
        layer, pca = f"layer{k % LAYERS + 1}", 50 * (k // LAYERS % REDUCTIONS + 1)
        spec = json.loads(json.dumps(record["spec"]))
        spec["features"][0]["layer"] = layer
        spec["reduction"]["components"] = pca
        spec["seed"] = k // (LAYERS * REDUCTIONS)
        sources = [{**record["sources"][0], "layers": [layer]}]
        folder = root / f"{source.name.rsplit('-', 1)[0]}-{k:010x}"
        folder.mkdir(parents=True)
        for path in source.glob("*.npy"):
            os.link(path, folder / path.name)
        made = {**record, "spec": spec, "sources": sources}
        (folder / "run.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
        if k % 100 == 0:
            about = {"name": f"pilot {k}", "note": "", "tags": ["pilot"]}
            (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def measure(root: Path) -> None:
    """Print what this process takes, as one that starts."""
    # What only the table needs is imported before the clock runs.
    from cortiscope.subject.model_menu import ModelMenu
    from cortiscope.subject.model_table import holds, model_rows

    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    store = RunStore(root)

    def timed(what: str, step):
        start = time.perf_counter()
        result = step()
        print(f"{what:<44} {time.perf_counter() - start:7.2f} s", flush=True)
        return result

    runs = timed("look at all runs", lambda: store.survey()[0])
    timed("look again, nothing changed", store.survey)
    menu = timed("put them in order", lambda: ModelMenu.of(runs))
    timed("titles, no two alike", lambda: menu.titles)
    rows = timed("fill the table", lambda: model_rows(menu, menu.runs))
    found = timed("search it", lambda: [row for row in rows if holds(row, "layer7 pca 100")])
    timed("open one run", lambda: store.open(runs[-1].id).report)
    here = Path("/proc/self/fd")
    descriptors = len(list(here.iterdir())) if here.exists() else -1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(rows):,} rows, {len(found)} found; {descriptors} descriptors; {peak:.0f} MB")


def main() -> None:
    """Make the runs, and measure without and with the index."""
    if sys.argv[1:2] == ["measure"]:
        measure(Path(sys.argv[2]))
        return
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    source = next(Home.from_environment().runs.glob("sim01-small_cnn-pretrained-block4-*"))
    # On the same disk: hard links.
    beside = Path(sys.argv[2]) if len(sys.argv) > 2 else source.parents[1]
    with tempfile.TemporaryDirectory(dir=beside) as folder:
        copy_runs(source, Path(folder), n)
        for words in ("without an index", "with an index"):
            print(words)
            subprocess.run([sys.executable, __file__, "measure", folder], check=True)


if __name__ == "__main__":
    main()
