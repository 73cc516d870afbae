"""The C library's memory is kept while a network runs, and given back."""

from __future__ import annotations

import subprocess
import sys

import pytest

# 96 MB: beyond what glibc keeps of itself. What is resident is counted, not page faults, of which
# huge pages spare some where the system happens to have them.
_RESIDENT = """
import os
import numpy as np
from cortiscope.core.features.extract import kept_memory
def resident():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 10**6
before = resident()
with kept_memory():
    np.ones(12_000_000)
    kept = resident() - before
print(kept, resident() - before)
np.ones(12_000_000)
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_memory_comes_from_the_system_once_and_goes_back():
    ran = subprocess.run(
        [sys.executable, "-c", _RESIDENT], capture_output=True, text=True, check=True
    )
    kept, left, later = map(int, ran.stdout.split())
    if kept < 10:
        pytest.skip("This C library keeps memory in a way of its own.")
    assert kept > 90
    assert left < 10
    assert later < 10
