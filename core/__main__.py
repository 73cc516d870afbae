"""Entry of ``cortiscope VERB`` and of ``python -m core VERB``.

Nothing here belongs to a package named ``core``: whatever is imported has its installed name, so
that each module is loaded once, however it was started.
"""

import os
import signal
import sys
from collections.abc import Sequence
from types import ModuleType


def run(words: Sequence[str], also: Sequence[ModuleType] = ()) -> int:
    """Run a verb; return the exit status.

    Parameters
    ----------
    also : modules of verbs that are not of core.
    """
    # Idle threads of a parallel loop sleep instead of spinning: with two computing processes on two
    # cores (a fit, and the app's picture worker) spinning made each of them many times slower. Read
    # when the thread pool is made, so it must be set before numpy or torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Asked to end (the app's Cancel, a cluster's time limit), it ends as after Ctrl-C: half-written
    # drafts go, finished pieces stay.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from cortiscope.core.cli.main import main

    return main(words, also)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
