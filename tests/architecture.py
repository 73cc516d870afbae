"""Draw the packages and who imports whom: ``python -m tests.architecture`` writes the picture.

Every box is a package or module directly below ``core`` or ``dashboard``. It stands above all that
it imports; an arrow that others imply (A -> C beside A -> B -> C) is left out.
``tests/test_architecture.py`` compares the picture with the imports.
"""

from __future__ import annotations

import ast
from functools import cache
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "architecture.svg"
FOLDERS = {"dashboard": "cortiscope", "core": "cortiscope.core"}
# They know nothing of the project but how a frontend is served, so that another app can take them
# as they are.
COMPONENTS = (
    "address_bar",
    "command_palette",
    "cortex_view",
    "roi_chart",
    "stimulus_gallery",
    "svg_chart",
)
_WIDTH, _ROW, _BOX, _GAP, _HEIGHT, _TITLE = 1200, 66, 108, 12, 30, 40
_COLUMNS = {"dashboard": (0, 660), "core": (680, 1200)}
_FILL = {"core": "#dbeafe", "dashboard": "#fce7f3"}
_LINE = {"core": "#3b6fb5", "dashboard": "#b5176b"}


def rooms() -> dict[str, set[str]]:
    """Return what each package or module imports of the others; ``core/brain`` is a name of one."""
    imports: dict[str, set[str]] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            room = _room_of_file(folder, path)
            if room.endswith("__init__") or "example" in str(path.relative_to(ROOT)):
                continue
            imports.setdefault(room, set())
            imports[room] |= {found for name in imported(path) if (found := _room_of_name(name))}
    return {room: (used & set(imports)) - {room} for room, used in imports.items()}


def floors(imports: dict[str, set[str]]) -> dict[str, int]:
    """Return each room's floor, above all that it imports; what imports nothing hangs just below.

    So an arrow always goes down, and a room that only the top uses is drawn near the top.
    """

    @cache
    def floor(room: str) -> int:
        return 1 + max((floor(used) for used in imports[room]), default=-1)

    found = {room: floor(room) for room in imports}
    for room in (r for r in imports if not imports[r]):
        users = [found[other] for other, used in imports.items() if room in used]
        found[room] = min(users, default=1) - 1
    return found


def needed(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out the arrows that others imply."""

    @cache
    def below(room: str) -> frozenset[str]:
        return frozenset(imports[room]).union(*(below(used) for used in imports[room]))

    return {
        room: {u for u in used if not any(u in below(other) for other in used - {u})}
        for room, used in imports.items()
    }


def draw() -> str:
    """Return the picture as SVG text; the same imports give the same text."""
    imports = rooms()
    level = floors(imports)
    top = max(level.values())
    places: dict[str, tuple[float, float]] = {}
    for folder, (left, right) in _COLUMNS.items():
        for row in range(top + 1):
            own = sorted(r for r in imports if level[r] == row and r.startswith(folder))
            step = min(_BOX + _GAP, (right - left) / max(len(own), 1))
            start = (left + right - step * len(own)) / 2
            for k, room in enumerate(own):
                x = start + step * (k + 0.5)
                places[room] = (x, _TITLE + _GAP + _ROW * (top - row) + _HEIGHT / 2)
    height = _TITLE + _ROW * top + _HEIGHT + 2 * _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
    ]
    for folder, (left, right) in _COLUMNS.items():
        parts.append(
            f'<text x="{(left + right) / 2:.0f}" y="28" text-anchor="middle" font-size="17" '
            f'fill="{_LINE[folder]}">{folder}/ is installed as {FOLDERS[folder]}</text>'
        )
    for room, used in sorted(needed(imports).items()):
        x, y = places[room]
        for other in sorted(used):
            to_x, to_y = places[other]
            start, end = y + _HEIGHT / 2, to_y - _HEIGHT / 2
            bend = (end - start) / 2
            parts.append(
                f'<path d="M{x:.0f} {start:.0f} C{x:.0f} {start + bend:.0f} {to_x:.0f} '
                f'{end - bend:.0f} {to_x:.0f} {end:.0f}" fill="none" '
                f'stroke="{_LINE[room.split("/")[0]]}" stroke-opacity="0.45"/>'
            )
    for room, (x, y) in sorted(places.items()):
        folder, name = room.split("/")
        parts.append(
            f'<rect x="{x - _BOX / 2:.0f}" y="{y - _HEIGHT / 2:.0f}" width="{_BOX}" '
            f'height="{_HEIGHT}" rx="5" fill="{_FILL[folder]}" stroke="{_LINE[folder]}"/>'
            f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _room_of_file(folder: str, path: Path) -> str:
    parts = path.relative_to(ROOT / folder).with_suffix("").parts
    return f"{folder}/{parts[0]}"


def _room_of_name(name: str) -> str | None:
    parts = name.split(".")
    if parts[0] != "cortiscope" or len(parts) < 2:
        return None
    if parts[1] != "core":
        return f"dashboard/{parts[1]}"
    return f"core/{parts[2]}" if len(parts) > 2 else None


def imported(path: Path) -> set[str]:
    """Return the dotted names of all imports, those within functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
