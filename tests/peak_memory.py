"""How much memory a step takes at its peak, measured on a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="peaks are read from /proc"
)


def peak_bytes(process: str | int = "self") -> int:
    """Return the largest resident size that a process has had."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


_SCRIPT = """
import sys
from pathlib import Path
from cortiscope.core.errors import CoreError
from tests.peak_memory import peak_bytes
{imports}

path = Path(sys.argv[1])
before = peak_bytes()
refusal = ""
try:
    {step}
except CoreError as error:
    refusal = error.message
print(peak_bytes() - before, refusal)
"""


def rise(imports: str, step: str, path: Path) -> tuple[int, str]:
    """Return the bytes that a step adds to the peak, and the message by which it refused.

    Parameters
    ----------
    step : one statement, which has ``path``.
    """
    script = _SCRIPT.format(imports=imports, step=step)
    command = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told, _, refusal = done.stdout.strip().partition(" ")
    return int(told), refusal
