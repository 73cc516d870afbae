"""mypy over both folders under their installed names: ``python -m tests.typecheck``.

mypy does not follow an editable install that maps folders to names: it would take every import of
``cortiscope`` for Any and pass any call. So it is given a tree of links. A wrong call across the
packages is planted in it, and mypy's own "unused type: ignore" tells if it was not seen.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TREE = ROOT / ".mypy_cache" / "tree"
_PLANTED = """\
from cortiscope.core.config import fingerprint
from cortiscope.core.encoding.splits import validation_split

fingerprint()  # type: ignore[call-arg]
validation_split("many")  # type: ignore[arg-type]
"""


def main() -> int:
    """Link the tree anew, check it, and give mypy's status."""
    package = _TREE / "cortiscope"
    package.mkdir(parents=True, exist_ok=True)
    for old in package.iterdir():
        old.unlink()
    for entry in (ROOT / "core", *(ROOT / "dashboard").iterdir()):
        (package / entry.name).symlink_to(entry)
    (package / "planted.py").write_text(_PLANTED, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "-p", "cortiscope", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "MYPYPATH": str(_TREE)}).returncode


if __name__ == "__main__":
    sys.exit(main())
