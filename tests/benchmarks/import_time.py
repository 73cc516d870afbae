"""How long ``import cortiscope`` takes beside a bare interpreter: fresh processes, interleaved.

Start with ``python -m tests.benchmarks.import_time``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

CODES = {
    "bare interpreter": "pass",
    "import cortiscope": "import cortiscope",
    "... and its functions for notebooks": "import cortiscope; cortiscope.fit",
}


def seconds(code: str) -> float:
    """Time one fresh process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print medians, and what each takes above a bare interpreter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    took: dict[str, list[float]] = {name: [] for name in CODES}
    for _ in range(rounds):
        for name, code in CODES.items():
            took[name].append(seconds(code))
    bare = statistics.median(took["bare interpreter"])
    for name, each in took.items():
        middle = statistics.median(each)
        print(f"{name:38} {middle:6.3f} s   {middle - bare:+.3f} s")


if __name__ == "__main__":
    main()
