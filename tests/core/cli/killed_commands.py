"""Run a command again and again, killing it with SIGKILL at random moments, then to its end.

``python -m tests.core.cli.killed_commands SEED CHUNK HOME... -- ARGUMENTS`` runs it once without a
kill in the first home, then with kills in the second, in processes forked from one that has loaded
torch. After every kill a line names what is finished, as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from core.cli import main as cli
from core.features import extract
from core.features.draft import Draft  # noqa: F401 - loads what the command needs
from core.pipeline import on_the_way

KILLS = 10


def _start(home, arguments):
    child = os.fork()
    if not child:
        status = 1
        try:
            os.environ["CORTISCOPE_HOME"] = home
            status = cli.main([*(a.replace("HOME", home) for a in arguments), "--progress", "none"])
        finally:
            os._exit(status)
    return child


def _end(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _finished(home):
    """Every chunk, array and state under its final name, with its size."""
    return {
        str(p.relative_to(home)): p.stat().st_size
        for p in sorted(Path(home).rglob("*"))
        if p.suffix in (".chunk", ".npy", ".json") and not p.name.startswith(".")
    }


def main(seed, chunk, whole, killed, *arguments):
    extract.CHUNK_IMAGES, on_the_way._PATIENCE = int(chunk), 0
    import core.backbones.small_cnn  # noqa: F401 - once, not in every child

    # The first run pays for what the system reads once; its time would put kills after the end.
    assert _end(_start(f"{whole}-first", arguments)) == 0
    begun = time.monotonic()
    assert _end(_start(whole, arguments)) == 0
    seconds = time.monotonic() - begun
    moments = random.Random(int(seed))
    for _ in range(KILLS):
        child = _start(killed, arguments)
        time.sleep(moments.uniform(0.1, 0.5) * seconds)
        os.kill(child, signal.SIGKILL)
        print(json.dumps({"status": _end(child), "finished": _finished(killed)}))
    print(json.dumps({"status": _end(_start(killed, arguments)), "finished": _finished(killed)}))


if __name__ == "__main__":
    main(*[a for a in sys.argv[1:] if a != "--"])
