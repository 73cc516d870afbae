"""Count modules and lines of code: ``python -m tests.size``.

Lines are those with code on them: no docstrings, comments or empty lines. Beside the sum stand
the modules that few would look for: with one importer and less than 60 lines.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections import defaultdict
from pathlib import Path

from tests.architecture import FOLDERS, ROOT, imported

_SHORT = 60


def code_lines(text: str) -> int:
    """Return how many lines of a module hold code."""
    documented: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                documented |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    held: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.OP, tokenize.STRING):
            held |= set(range(token.start[0], token.end[0] + 1))
        elif tokenize.tok_name[token.type].startswith("FSTRING"):
            held.add(token.start[0])
    return len(held - documented)


def modules() -> dict[str, Path]:
    """Return every module by its installed name, ``__init__`` files excepted."""
    found = {}
    for folder, package in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            if parts[-1] != "__init__":
                found[".".join((package, *parts))] = path
    return found


def importers(names: dict[str, Path]) -> dict[str, set[str]]:
    """Return who imports each module, by name; ``__init__`` files count by their folders."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name in imported(path):
                for known in (name, name.rpartition(".")[0]):
                    if known in names and names[known] != path:
                        found[known].add(str(path.relative_to(ROOT)))
    return found


def main() -> None:
    """Print the counts."""
    names = modules()
    users = importers(names)
    counts = {name: code_lines(path.read_text(encoding="utf-8")) for name, path in names.items()}
    for folder in FOLDERS:
        own = [n for n in names if (n.startswith("cortiscope.core.")) == (folder == "core")]
        print(f"{folder:10} {len(own):4} modules {sum(counts[n] for n in own):7,} lines of code")
    print(f"{'together':10} {len(names):4} modules {sum(counts.values()):7,} lines of code")
    short = [
        n
        for n, path in names.items()
        if len(users[n]) == 1 and len(path.read_text(encoding="utf-8").splitlines()) < _SHORT
    ]
    print(f"{len(short)} modules below {_SHORT} lines have one importer:")
    for name in short:
        print(f"  {name} <- {next(iter(users[name]))}")


if __name__ == "__main__":
    main()
