"""The C library's memory is kept while a network runs, and given back."""

from __future__ import annotations

import subprocess
import sys

import pytest

_FAULTS = """
import resource
import numpy as np
from contextlib import nullcontext
from cortiscope.core.features.extract import kept_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(12_000_000)  # 96 MB: beyond what glibc keeps of itself
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
with kept_memory():
    kept = faults()
print(kept, faults())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_memory_comes_from_the_system_once_and_goes_back():
    ran = subprocess.run(
        [sys.executable, "-c", _FAULTS], capture_output=True, text=True, check=True
    )
    kept, returned = map(int, ran.stdout.split())
    if kept > returned * 0.7:
        pytest.skip("This C library keeps memory in a way of its own.")
    assert kept < returned / 3
