"""The command ``cortiscope``: a verb of the command line of core, or ``serve``, the app."""

from __future__ import annotations

import sys

from cortiscope import serve
from cortiscope.core.__main__ import run


def main() -> int:
    """Run one command; return its exit status."""
    return run(sys.argv[1:] or [serve.NAME], also=[serve])


if __name__ == "__main__":
    sys.exit(main())
