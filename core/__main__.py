"""Entry of ``python -m core``."""

import os
import signal
import sys

# Idle threads of a parallel loop sleep instead of spinning: with two computing processes on two
# cores (a fit, and the app's picture worker) spinning made each of them many times slower. Read
# when the thread pool is made, so it must be set before numpy or torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from core.cli.main import main  # noqa: E402

if __name__ == "__main__":
    # Asked to end (the app's Cancel, a cluster's time limit), it ends as after Ctrl-C: half-written
    # drafts go, finished pieces stay.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
