"""Progress on stderr: a line that renews itself on a terminal, JSON lines for the app."""

from __future__ import annotations

import json
import sys
import time

from cortiscope.core.progress import Progress, silent


def progress_printer(kind: str) -> Progress:
    """Return a callback for ``auto``, ``text``, ``json`` or ``none``."""
    if kind == "none":
        return silent
    if kind == "json":
        return _json_lines()
    return _text(renew=sys.stderr.isatty())


def _json_lines() -> Progress:
    def report(share: float, message: str) -> None:
        line = json.dumps({"progress": round(share, 4), "message": message})
        print(line, file=sys.stderr, flush=True)

    return report


def _text(renew: bool) -> Progress:
    last = 0.0

    def report(share: float, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        # A log file gets a line every five seconds, a terminal ten a second.
        if now - last < (0.1 if renew else 5.0) and share < 1:
            return
        last = now
        line = f"{share:4.0%} {message}"
        end = "\r" if renew and share < 1 else "\n"
        print(line.ljust(72) if renew else line, end=end, file=sys.stderr, flush=True)

    return report
