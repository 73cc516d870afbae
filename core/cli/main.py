"""Parse, dispatch, and report errors in one line.

Success exits 0, bad input 2, failed work 1, an interrupt 130. With ``--json`` the last line of
stdout is one JSON object, also for errors. A verb whose result reports failures among other work
says so by its own ``exit_status``, and its result is printed as usual.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from cortiscope.core.cli import (
    verb_best_images,
    verb_check,
    verb_contrast,
    verb_decode,
    verb_demo,
    verb_evaluate,
    verb_features,
    verb_fetch_fsaverage,
    verb_fit,
    verb_list,
    verb_maps,
    verb_predict,
    verb_prepare_nsd,
    verb_reader,
    verb_register_backbone,
    verb_runs,
    verb_score,
    verb_store,
    verb_submit,
    verb_sweep,
    verb_vote,
    verb_worker,
)
from cortiscope.core.errors import CoreError, InvalidInput, WorkFailed, unknown_name
from cortiscope.core.progress import Progress, Said, silent
from cortiscope.core.storage import Home
from cortiscope.core.storage.write_failures import write_failure

VERBS = (
    verb_check,
    verb_list,
    verb_features,
    verb_fetch_fsaverage,
    verb_fit,
    verb_vote,
    verb_predict,
    verb_prepare_nsd,
    verb_register_backbone,
    verb_evaluate,
    verb_maps,
    verb_contrast,
    verb_best_images,
    verb_decode,
    verb_score,
    verb_submit,
    verb_sweep,
    verb_runs,
    verb_store,
    verb_demo,
    verb_worker,
    verb_reader,
)
# Started by the app alone.
INTERNAL_VERBS = (verb_worker, verb_reader)


class _Parser(argparse.ArgumentParser):
    """argparse prints usage and exits; here its complaint becomes an error like any other."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


_EPILOG = (
    "cortiscope VERB --help lists a verb's options. Data folders: --data or CORTISCOPE_DATA; "
    "everything that is written lies in CORTISCOPE_HOME. In a notebook: import cortiscope as cs."
)


def build_parser(also: Sequence[ModuleType] = ()) -> argparse.ArgumentParser:
    """Build the parser with one sub-parser per verb; ``also`` are modules of further verbs."""
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", help="last line of stdout is JSON")
    common.add_argument("--debug", action="store_true", help="show tracebacks")
    common.add_argument(
        "--progress",
        choices=("auto", "text", "json", "none"),
        default="auto",
        help="how progress is written to stderr",
    )
    parser = _Parser(
        prog="cortiscope",
        description="Encoding models of human visual cortex: fit, score, compare, show.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"cortiscope {_version()}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    for module in (*also, *VERBS):
        # A verb without help is not listed.
        listed = {} if module in INTERNAL_VERBS else {"help": module.HELP}
        sub = verbs.add_parser(module.NAME, description=module.HELP, parents=[common], **listed)
        module.add_arguments(sub)
        status = getattr(module, "exit_status", _success)
        sub.set_defaults(run=module.run, show=module.show, exit_status=status)
    return parser


def _version() -> str:
    try:
        return version("cortiscope")
    except PackageNotFoundError:  # a copy of the folder that nobody has installed
        return "of unknown version"


def main(arguments: Sequence[str], also: Sequence[ModuleType] = ()) -> int:
    """Run one verb, of ``VERBS`` or of the modules ``also``; return the exit status."""
    as_json, debug = "--json" in arguments, "--debug" in arguments
    try:
        _check_verb(arguments, also)
        options = build_parser(also).parse_args(arguments)
        result = options.run(options, progress_printer(options.progress))
        print(json.dumps(result, allow_nan=False) if as_json else options.show(result), flush=True)
        return int(options.exit_status(result))
    except CoreError as error:
        return _report(error, as_json, debug)
    except KeyboardInterrupt:
        print("Stopped. Finished parts are kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _report(_in_words(error), as_json, debug=False)


def _check_verb(arguments: Sequence[str], also: Sequence[ModuleType]) -> None:
    """Offer the nearest verb for one that there is not, and none that only the app starts."""
    if not arguments or arguments[0].startswith("-"):
        return
    known = {module.NAME: module not in INTERNAL_VERBS for module in (*also, *VERBS)}
    if arguments[0] not in known:
        offered = [name for name, is_offered in known.items() if is_offered]
        raise unknown_name("verb", arguments[0], offered, "See cortiscope --help.")


def _success(result: dict[str, Any]) -> int:
    return 0


def _in_words(error: Exception) -> CoreError:
    """Return what to say of an unforeseen error."""
    if isinstance(error, OSError):
        named = error.filename if isinstance(error.filename, str | bytes) else None
        place = Path(os.fsdecode(named)) if named else Home.from_environment().root
        if failure := write_failure(error, place, by_name=False):
            return failure
        if named and error.strerror:
            return WorkFailed(f"{place}: {error.strerror}.", "Check its permissions and its disk.")
    return CoreError(f"{type(error).__name__}: {error}", "This is a defect; --debug shows where.")


def _report(error: CoreError, as_json: bool, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(" ".join(f"error: {error}".split()), file=sys.stderr)
    if as_json:
        value: dict[str, Any] = {"kind": error.kind, "message": error.message, "hint": error.hint}
        print(json.dumps({"error": value}), flush=True)
    return error.exit_code


def progress_printer(kind: str) -> Progress:
    """Return a callback for ``auto``, ``text``, ``json`` or ``none``."""
    if kind == "none":
        return silent
    if kind == "json":
        return _json_lines()
    return _text(renew=sys.stderr.isatty())


def _json_lines() -> Progress:
    def report(share: float, message: str) -> None:
        said: dict[str, Any] = {"progress": round(share, 4), "message": message}
        if isinstance(message, Said):
            said |= {"stage": message.stage} if message.stage else {}
            said |= {"run": message.run} if message.run else {}
            # JSON knows no NaN.
            known = {
                k: [v if math.isfinite(v) else None for v in values]
                for k, values in message.curves.items()
            }
            said |= {"curves": known} if known else {}
        print(json.dumps(said), file=sys.stderr, flush=True)

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
