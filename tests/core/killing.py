"""Command lines that are killed with SIGKILL once their progress has reached a share."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cortiscope.core.cli.main import main as run_core

Start = Callable[[Sequence[str], Path, int, int], int]


def start_fork(words: Sequence[str], home: Path, out: int, told: int) -> int:
    """Carry a command line out in a fork, which has imported what this process has."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.environ["CORTISCOPE_HOME"] = str(home)
        os.dup2(out, 1)
        os.dup2(told, 2)
        sys.stdout, sys.stderr = (os.fdopen(n, "w", closefd=False) for n in (1, 2))
        status = run_core(list(words))
    finally:
        os._exit(status)


def start_process(words: Sequence[str], home: Path, out: int, told: int) -> int:
    """Start a command line as people do; return its process."""
    command = [sys.executable, "-m", "cortiscope.core", *words]
    environment = {**os.environ, "CORTISCOPE_HOME": str(home)}
    return subprocess.Popen(command, env=environment, stdout=out, stderr=told).pid


def run(
    words: Sequence[str],
    home: Path,
    *,
    start: Start = start_fork,
    kill_at: float | None = None,
    later: float = 0.0,
) -> tuple[int, str]:
    """Run a command line; kill it ``later`` seconds after its progress has reached a share.

    By what it tells and not by the clock: on a busy machine every moment would come too early.

    Returns
    -------
    Its status (negative: the signal), and what it wrote to stdout.
    """
    home.mkdir(parents=True, exist_ok=True)
    answer, (listen, told) = home / "stdout", os.pipe()
    with answer.open("wb") as out:
        child = start([*words, "--progress", "json"], home, out.fileno(), told)
    os.close(told)
    with os.fdopen(listen, encoding="utf-8") as lines:
        for line in lines:
            if kill_at is not None and _progress(line) >= kill_at:
                time.sleep(later)
                os.kill(child, signal.SIGKILL)
                break
        lines.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, answer.read_text(encoding="utf-8")


def _progress(line: str) -> float:
    """Return the share that a line tells, -1 for a warning of a library."""
    try:
        return float(json.loads(line)["progress"])
    except (ValueError, KeyError, TypeError):
        return -1.0
