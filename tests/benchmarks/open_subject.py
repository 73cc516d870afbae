"""Opening a whole Algonauts 2023 subject, beside loading it whole as the tutorial does.

Both run in processes of their own, interleaved; cold means that the files were dropped from the
page cache first, as far as the system does that on request.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.algonauts_folder import write_subject

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
    imports="from core.datasets import open_subject", work="kept = open_subject(folder)"
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


def _measure(code: str, folder: Path, cold: bool) -> tuple[float, float]:
    if cold:
        _drop_from_cache(folder)
    command = [sys.executable, "-c", code, str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = json.loads(ran.stdout)
    return seconds, megabytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="a subject's folder (default: generated)")
    parser.add_argument("--images", type=int, default=1000, help="of the generated one")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or write_subject(
            Path(temporary) / "subj01", n_train=options.images, n_test=None, full=True
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
            ratios = [b / a for a, b in zip(*medians.values(), strict=True)]
            print(f"       ratio      {ratios[0]:7.1f} {ratios[1]:7.1f}")


if __name__ == "__main__":
    main()
