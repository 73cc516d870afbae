"""The command ``cortiscope``: with a verb the command line of core, without one the app."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

_APP = Path(__file__).parent / "app.py"


def main() -> int:
    """Run one command; return its exit status."""
    words = sys.argv[1:]
    if not words or words[0] == "serve":
        return _serve(words[1:])
    from cortiscope.core.__main__ import run

    return run(words)


def _serve(options: Sequence[str]) -> int:
    """Open the app with its own settings (beside app.py), whatever the current folder."""
    from streamlit.web import cli

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return int(cli.main(["run", str(_APP), *options], standalone_mode=False) or 0)


if __name__ == "__main__":
    sys.exit(main())
