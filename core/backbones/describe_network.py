"""Ask a library about one of its networks: ``describe_network LIBRARY NAME`` prints JSON.

Run by ``core.backbones.by_name``, in a process of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from cortiscope.core.backbones.open_clip import generate as open_clip_generate
from cortiscope.core.backbones.timm import generate as timm_generate
from cortiscope.core.backbones.torchvision.networks import import_torchvision
from cortiscope.core.errors import InvalidInput, check_option

_DESCRIBERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "timm": timm_generate.describe,
    "open_clip": open_clip_generate.describe,
}


def describe(library: str, name: str) -> dict[str, Any]:
    """Return a network's row of the library's table, and what menus say of its origin.

    Raises
    ------
    InvalidInput
        There is no such network, or it cannot be a backbone.
    """
    check_option("library", library, _DESCRIBERS)
    try:
        return _DESCRIBERS[library](name)
    except InvalidInput:
        raise
    except Exception as error:  # libraries raise nearly anything where a part is not installed
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise InvalidInput(
            f"{library} cannot build {name} for pictures here ({reason[0][:200]}).",
            "Choose another network.",
        ) from None


def network_names(library: str) -> list[str]:
    """List a library's networks, those with published weights by each of their sets."""
    if library == "torchvision":
        models = import_torchvision().models
        return list(models.list_models(module=models))
    check_option("library", library, _DESCRIBERS)
    module = timm_generate if library == "timm" else open_clip_generate
    return module.network_names()


def main(arguments: Sequence[str]) -> int:
    """Print the facts, or what is wrong with the request, on the last line."""
    library, name = arguments
    try:
        print(json.dumps(describe(library, name), allow_nan=False))
    except InvalidInput as error:
        refusal = {"kind": error.kind, "message": error.message, "hint": error.hint}
        print(json.dumps(refusal))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
