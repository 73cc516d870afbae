"""Parse, dispatch, and tell errors in one line.

Success exits 0, bad input 2, failed work 1, an interrupt 130. With ``--json`` the last line of
stdout is one JSON object, also for errors.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from core.cli import (
    verb_check,
    verb_demo,
    verb_features,
    verb_fetch_fsaverage,
    verb_fit,
    verb_list,
    verb_predict,
    verb_prepare_nsd,
    verb_score,
    verb_store,
    verb_submit,
    verb_sweep,
    verb_worker,
)
from core.cli.progress import progress_printer
from core.errors import CoreError, InvalidInput

VERBS = (
    verb_check,
    verb_list,
    verb_features,
    verb_fetch_fsaverage,
    verb_fit,
    verb_predict,
    verb_prepare_nsd,
    verb_score,
    verb_submit,
    verb_sweep,
    verb_store,
    verb_demo,
    verb_worker,
)


class _Parser(argparse.ArgumentParser):
    """argparse prints usage and exits; here its complaint becomes an error like any other."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with one sub-parser per verb."""
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="last line of stdout is JSON")
    common.add_argument("--debug", action="store_true", help="show tracebacks")
    common.add_argument(
        "--progress",
        choices=("auto", "text", "json", "none"),
        default="auto",
        help="how progress is written to stderr",
    )
    parser = _Parser(prog="python -m core", description="Encoding models of visual cortex.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    for module in VERBS:
        sub = verbs.add_parser(
            module.NAME, help=module.HELP, description=module.HELP, parents=[common]
        )
        module.add_arguments(sub)
        sub.set_defaults(run=module.run, show=module.show)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run one verb; return the exit status."""
    as_json, debug = "--json" in arguments, "--debug" in arguments
    try:
        options = build_parser().parse_args(arguments)
        result = options.run(options, progress_printer(options.progress))
        print(json.dumps(result, allow_nan=False) if as_json else options.show(result), flush=True)
    except CoreError as error:
        return _tell(error, as_json, debug)
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        if debug:
            traceback.print_exc()
        wrapped = CoreError(
            f"{type(error).__name__}: {error}", "This is a defect; --debug shows where."
        )
        return _tell(wrapped, as_json, debug=False)
    return 0


def _tell(error: CoreError, as_json: bool, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(" ".join(f"error: {error}".split()), file=sys.stderr)
    if as_json:
        value: dict[str, Any] = {"kind": error.kind, "message": error.message, "hint": error.hint}
        print(json.dumps({"error": value}), flush=True)
    return error.exit_code
