"""Any network of a library by the library's own name, as in ``timm:resnet18.a1_in1k``.

What a card says of such a network is read from the library once, by ``describe_network`` in a
process of its own (the app's server never imports torch), and kept as JSON in the home, by the
library's version.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cortiscope.core.backbones.tables import as_tuples
from cortiscope.core.errors import InvalidInput, UnknownName, WorkFailed
from cortiscope.core.storage import Home, write_json

_DISTRIBUTIONS = {"timm": "timm", "open_clip": "open_clip_torch"}
_FORMAT = 2
_NAME = re.compile(r"[A-Za-z0-9_.-]+(:text)?")
_PROJECT = Path(__file__).resolve().parents[2]


def described(library: str, name: str) -> dict[str, Any]:
    """Return a network's facts: what ``describe`` of the library's generating script returns.

    Raises
    ------
    InvalidInput
        The library has no such network, or none that looks at square pictures in colour.
    WorkFailed
        The library could not be asked.
    """
    plain = name.replace("/", "-")
    if re.search(r"\w/\w", name) and _NAME.fullmatch(plain):
        raise InvalidInput(
            f"{library} writes {name!r} as {plain!r} in names of networks.",
            f"Take --backbone {library}:{plain}.",
        )
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is not the name of a network of {library}.",
            f"'cortiscope list networks {library}' shows the names.",
        )
    found_in = f"{library}-{version(_DISTRIBUTIONS[library])}-{_FORMAT}"
    path = Home.from_environment().networks / found_in / f"{name.replace(':', '-')}.json"
    return _facts(library, name, path)


@functools.cache
def _facts(library: str, name: str, path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        facts = None
    if not isinstance(facts, dict):
        facts = _ask(library, name)
        # A home that may not be written to only costs time.
        with contextlib.suppress(OSError):
            write_json(path, facts)
    return dict(as_tuples(facts))


def _ask(library: str, name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "cortiscope.core.backbones.describe_network", library, name]
    ran = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=_PROJECT,
        # A look-up of weights on the network must fail at once instead of after retries.
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        check=False,
    )
    answer = (ran.stdout.strip().splitlines() or [""])[-1]
    if ran.returncode == InvalidInput.exit_code:
        refusal = json.loads(answer)
        kind = UnknownName if refusal["kind"] == UnknownName.kind else InvalidInput
        raise kind(refusal["message"], refusal["hint"])
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise WorkFailed(
            f"{library} could not be asked about {name}: {last[:200]}.",
            f"Check that {_DISTRIBUTIONS[library]} and torch are installed.",
        )
    return dict(json.loads(answer))
