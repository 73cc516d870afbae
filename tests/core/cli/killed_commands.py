"""Run a command again and again, killing it with SIGKILL at random moments, then to its end.

``python -m tests.core.cli.killed_commands SEED CHUNK HOME... -- ARGUMENTS`` runs it once without a
kill in the first home, then with kills in the second, in processes forked from one that has loaded
torch. After every kill a line names what is finished, as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from cortiscope.core.features import extract
from cortiscope.core.features.draft import Draft  # noqa: F401 - loads what the command needs
from cortiscope.core.pipeline import streaming
from tests.core.killing import run

KILLS = 10


def _run(home, arguments, **kill):
    status, _ = run([a.replace("HOME", home) for a in arguments], Path(home), **kill)
    return status


def _finished(home):
    """Every seal of a chunk, array and state under its final name, with its size."""
    return {
        str(p.relative_to(home)): p.stat().st_size
        for p in sorted(Path(home).rglob("*"))
        if p.suffix in (".seal", ".npy", ".json") and not p.name.startswith(".")
    }


def main(seed, chunk, whole, killed, *arguments):
    extract.CHUNK_IMAGES, streaming._PATIENCE = int(chunk), 0
    import cortiscope.core.backbones.small_cnn_network  # noqa: F401 - once, not in every child

    assert _run(whole, arguments) == 0
    moments = random.Random(int(seed))
    # The last ones while arrays are put together and saved, which tells no progress of its own.
    shares = sorted(moments.uniform(0.02, 0.98) for _ in range(KILLS - 2)) + [0.99, 0.99]
    for share in shares:
        status = _run(killed, arguments, kill_at=share, later=moments.uniform(0, 0.04))
        print(json.dumps({"status": status, "finished": _finished(killed)}))
    print(json.dumps({"status": _run(killed, arguments), "finished": _finished(killed)}))


if __name__ == "__main__":
    main(*[a for a in sys.argv[1:] if a != "--"])
