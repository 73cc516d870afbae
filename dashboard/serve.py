"""The verb ``serve``: open the app with its own settings, whatever the current folder.

A module of its own, since it has the form of every verb (``core/cli``), by which it is listed.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
        "--address",
        metavar="IP",
        help="what the server listens on (default 127.0.0.1, this machine alone; 0.0.0.0: all)",
    )
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument(
        "--class",
        dest="mode",
        action="store_const",
        const="class",
        help="read-only: visitors look, upload a photograph and download; a presenter has a token",
    )
    ways.add_argument(
        "--lab",
        dest="mode",
        action="store_const",
        const="lab",
        help="members fit models, each their own; they have a token or a proxy that knows them",
    )
    parser.add_argument(
        "--user-header",
        metavar="NAME",
        help="with --lab: the header in which a proxy names its user, as X-Remote-User",
    )
    parser.add_argument(
        "--proxies",
        metavar="IPS",
        help="from where that header is believed, separated by commas (default this machine)",
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

    from cortiscope.serving import Gate

    words = [] if options.port is None else ["--server.port", str(options.port)]
    words += ["--server.address", options.address] if options.address else []
    # Settings come from .streamlit/config.toml beside app.py.
    try:
        with _environment(_served(options)):
            Gate.from_environment()  # what is wrong with it is said before the server starts
            cli.main(["run", str(_APP), *words, *options.streamlit], standalone_mode=False)
    except click.Abort:  # Ctrl-C is how one closes it
        pass
    except click.ClickException as error:
        raise InvalidInput(error.format_message(), "streamlit run --help lists them.") from None
    return {}


def _served(options: argparse.Namespace) -> dict[str, str]:
    """Return the environment that says how the app is served; what is not given stays as it is."""
    # Streamlit comes with it: other verbs do without.
    from cortiscope.serving import MODE, PROXIES, USER_HEADER, Mode, networks

    said = {USER_HEADER: options.user_header, PROXIES: options.proxies}
    given = {name: value for name, value in said.items() if value}
    if given and options.mode != Mode.LAB:
        raise InvalidInput(
            "--user-header and --proxies say who is a member of a laboratory.",
            "Add --lab, or leave them out.",
        )
    if PROXIES in given and not options.user_header:
        raise InvalidInput(
            "--proxies says from where a header is believed, and no header is named.",
            "Add --user-header NAME.",
        )
    networks(options.proxies or "")
    if options.mode is not None:
        given[MODE] = options.mode
    # uvicorn would put what X-Forwarded-For says in the place of the proxy's own address, by
    # which a proxy is known here.
    return {**given, "FORWARDED_ALLOW_IPS": ""}


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    return "The app is closed."
