"""The verb ``serve``: open the app with its own settings, whatever the current folder.

A module of its own, since it has the form of every verb (``core/cli``), by which it is listed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cortiscope.core.cli.options import whole_number
from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress

NAME = "serve"
HELP = "Open the app in a browser; so does cortiscope without a verb."

_APP = Path(__file__).parent / "app.py"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--port",
        type=whole_number(1, 65_535),
        metavar="N",
        help="port of the server (default 8501)",
    )
    parser.add_argument(
        "streamlit",
        nargs="*",
        metavar="-- OPTIONS",
        help="after --: options of streamlit run, as --server.headless true",
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out; returns when the server is stopped."""
    import click
    from streamlit.web import cli

    port = [] if options.port is None else ["--server.port", str(options.port)]
    # Settings come from .streamlit/config.toml beside app.py.
    try:
        cli.main(["run", str(_APP), *port, *options.streamlit], standalone_mode=False)
    except click.Abort:  # Ctrl-C is how one closes it
        pass
    except click.ClickException as error:
        raise InvalidInput(error.format_message(), "streamlit run --help lists them.") from None
    return {}


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    return "The app is closed."
