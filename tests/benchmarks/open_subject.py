"""Opening a whole Algonauts 2023 subject, beside loading it whole as the tutorial does.

Both run in processes of their own, interleaved; cold means that the files were dropped from the
page cache first, as far as the system does that on request. Then opening it with its identity: once
with every file to be read, which says how far it is, and again with all of them remembered.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.data.algonauts_folder import write_subject

_MEASURE = """
import json, resource, sys, time
from pathlib import Path
import numpy as np
{imports}
folder = Path(sys.argv[1])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, start = peak(), time.perf_counter()
{work}
print(json.dumps([time.perf_counter() - start, peak() - before]))
"""
OURS = _MEASURE.format(
    imports="from cortiscope.core.datasets import open_subject", work="kept = open_subject(folder)"
)
IDENTIFIED = _MEASURE.format(
    imports="from cortiscope.core.datasets import open_subject",
    work="""
told = []
kept = open_subject(folder).identified(lambda share, words: told.append((share, words)))
kept.fingerprint, kept.report_fingerprint
print(f"  {told[0][1]}, told {len(told)} times" if told else "  nothing read")
""",
)
TUTORIAL = _MEASURE.format(
    imports="",
    work="""
training = folder / "training_split"
kept = [np.load(training / "training_fmri" / f"{h}_training_fmri.npy") for h in ("lh", "rh")]
images = sorted(path.name for path in (training / "training_images").iterdir())
masks = [np.load(path) for path in (folder / "roi_masks").glob("?h.*.npy")]
""",
)


def _drop_from_cache(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def _measure(code: str, folder: Path, cold: bool, home: Path | None = None) -> tuple[float, float]:
    if cold:
        _drop_from_cache(folder)
    command = [sys.executable, "-c", code, str(folder)]
    environment = {**os.environ, **({"CORTISCOPE_HOME": str(home)} if home else {})}
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    *words, numbers = ran.stdout.splitlines()
    print("\n".join(words), end="\n" * bool(words))
    seconds, megabytes = json.loads(numbers)
    return seconds, megabytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="a subject's folder (default: generated)")
    parser.add_argument("--images", type=int, default=1000, help="of the generated one")
    parser.add_argument("--pixels", type=int, default=32, help="a side of its pictures")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        size = {"n_train": options.images, "pixels": options.pixels}
        folder = options.folder or write_subject(
            Path(temporary) / "subj01", n_test=None, full=True, **size
        )
        print("cache  what            s   MB of peak memory")
        for cold in (True, False):
            found: dict[str, list[tuple[float, float]]] = {"open": [], "load all": []}
            for _ in range(options.rounds):
                found["open"].append(_measure(OURS, folder, cold))
                found["load all"].append(_measure(TUTORIAL, folder, cold))
            medians = {
                name: [statistics.median(v) for v in zip(*values, strict=True)]
                for name, values in found.items()
            }
            for name, (seconds, megabytes) in medians.items():
                print(f"{'cold' if cold else 'warm':<6} {name:<10} {seconds:7.2f} {megabytes:7.0f}")
            ratios = [b / max(a, 0.01) for a, b in zip(*medians.values(), strict=True)]
            print(f"       ratio      {ratios[0]:7.1f} {ratios[1]:7.1f}")
        time.sleep(3)  # what has just been written is not remembered
        for what, cold in (("identity", True), ("identity", False)):
            seconds, megabytes = _measure(IDENTIFIED, folder, cold, Path(temporary) / "home")
            print(f"{'first' if cold else 'again':<6} {what:<10} {seconds:7.2f} {megabytes:7.0f}")


if __name__ == "__main__":
    main()
