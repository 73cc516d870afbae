"""A component's JavaScript and style as one file that a browser keeps for ever.

Streamlit sends a component's files without an age, so that sixty modules are asked for again at
every visit. Here they are one module, served under the hash of its content. No build step: the
frontends keep to a few forms of import and export, and what has another form is refused.

The components' other routes send what never changes by the same answer (``kept_for_ever``).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

ROUTE = "component-bundles"
_STYLE = "style.css"

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";', re.MULTILINE)
_PASSED_ON = re.compile(r'^export \{([^}]*)\} from "(\.[^"]+)";', re.MULTILINE)
_NAMED = re.compile(r"^export ((?:async )?function\*? |class |const )([\w$]+)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_NOT_UNDERSTOOD = re.compile(r"^(?:import|export)\b.*|.*\bimport\(.*|^await\b.*", re.MULTILINE)

# Where the app lies is known from Streamlit's own script: no server knows what a proxy adds.
_LOADER = """
const script = document.querySelector('script[src*="/static/js/"]').src;
const { default: mount, style } = await import(new URL("../../%s", script));
const sheet = new CSSStyleSheet();
sheet.replaceSync(style);
export default (component) => {
  const { parentElement: scope } = component;
  if (!scope.adoptedStyleSheets.includes(sheet)) {
    scope.adoptedStyleSheets = [...scope.adoptedStyleSheets, sheet];
  }
  return mount(component);
};
"""


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a component's data so that Streamlit takes no list in it for a table.

    It asks each list on the first level whether it is one of twenty kinds of tables, at every
    update; a tuple is none, and the same JSON.
    """
    return {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}


class BundleError(ValueError):
    """A module has a form that cannot be bundled; the message says which and what is allowed."""


@dataclass(frozen=True)
class Frontend:
    """A component's frontend.

    Parameters
    ----------
    name : of the component, part of the address.
    folder : holds ``index.js``, whose exports are the bundle's, and often ``style.css``, which is
        exported as ``style``.
    """

    name: str
    folder: Path

    @cached_property
    def bundle(self) -> str:
        """All modules that ``index.js`` needs, as the text of one.

        Raises
        ------
        BundleError : naming the module and the line that cannot be bundled.
        """
        return _bundled(self.folder)

    @cached_property
    def address(self) -> str:
        """Where the route serves the bundle, below the app's own address."""
        digest = hashlib.blake2b(self.bundle.encode(), digest_size=10).hexdigest()
        return f"{ROUTE}/{self.name}.{digest}.js"

    @property
    def loader(self) -> str:
        """A module for Streamlit's ``js=``: it fetches the bundle and wears its style.

        Short, since Streamlit sends it again with each mount.
        """
        return _LOADER % self.address


def base_path() -> str:
    """Return the path under which the app is served, as in ``/lab/x``; empty without one.

    To be asked after Streamlit has read its configuration.
    """
    from streamlit import config

    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def accepts_gzip(accepted: str) -> bool:
    """Whether a request's ``Accept-Encoding`` allows a gzipped answer."""
    for part in accepted.split(","):
        coding, _, quality = part.partition(";")
        if coding.strip().lower() == "gzip":
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", quality)
    return False


def kept_for_ever(packed: bytes, request: Request, media_type: str) -> Response:
    """Answer with a gzipped file whose address names its content."""
    from starlette.responses import Response

    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
    else:
        packed = gzip.decompress(packed)
    return Response(packed, media_type=media_type, headers=headers)


def frontend_route(frontends: Iterable[Frontend]) -> Route:
    """Return the route that serves bundles; give it to ``st.App(routes=[...])``.

    Call it in the app's entry file, after Streamlit has read its configuration: the path begins
    with ``server.baseUrlPath``. The bundles are made here, so that no visitor waits for them.
    """
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    packed = {f.address: gzip.compress(f.bundle.encode(), mtime=0) for f in frontends}

    def serve(request: Request) -> Response:
        content = packed.get(f"{ROUTE}/{request.path_params['file']}")
        if content is None:
            none = {"Cache-Control": "no-store"}
            return PlainTextResponse("No such bundle.", status_code=404, headers=none)
        return kept_for_ever(content, request, "text/javascript")

    return Route(f"{base_path()}/{ROUTE}/{{file}}", serve, methods=["GET"])


@dataclass
class _Module:
    """A module as a function's body: what it needs, what it gives."""

    body: str
    needs: set[str] = field(default_factory=set)
    gives: dict[str, str] = field(default_factory=dict)  # name outside -> expression inside


def _bundled(folder: Path) -> str:
    modules: dict[str, _Module] = {}
    waiting = ["index.js"]
    while waiting:
        path = waiting.pop()
        if path not in modules:
            modules[path] = _read(folder, path)
            waiting += modules[path].needs
    # Sorted, so that the same files give the same bundle.
    needs = {path: sorted(modules[path].needs) for path in sorted(modules)}
    try:
        order = list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise BundleError(
            f"Modules of {folder} import each other in a circle: {circle}. A bundled module is "
            "run once, after all that it imports: move what they share into one below both."
        ) from None
    sheet = folder / _STYLE
    style = sheet.read_text(encoding="utf-8") if sheet.is_file() else ""
    parts = [f"const style = {json.dumps(style, ensure_ascii=False)};"]
    number = {path: f"$_{k}" for k, path in enumerate(order)}
    for path in order:
        gives = ", ".join(f"{name}: {what}" for name, what in sorted(modules[path].gives.items()))
        function = f"(() => {{\n{modules[path].body}\nreturn {{ {gives} }};\n}})()"
        named = re.sub("\0(.*?)\0", lambda found: number[found[1]], function)
        parts.append(f"// {path}\nconst {number[path]} = {named};")
    given, entry = modules["index.js"].gives, number["index.js"]
    parts += [f"export default {entry}.default;"] if "default" in given else []
    names = ", ".join(sorted(given.keys() - {"default"}))
    if names:
        parts.append(f"export const {{ {names} }} = {entry};")
    parts.append("export { style };\n")
    return "\n".join(parts)


def _read(folder: Path, path: str) -> _Module:
    """Rewrite one module; other modules stand in it by their path between two zero characters."""
    try:
        text = (folder / path).read_text(encoding="utf-8")
    except OSError:
        raise BundleError(f"{path} is imported, and not in {folder}.") from None
    module = _Module("")

    def place(address: str) -> str:
        other = _joined(PurePosixPath(path).parent, address)
        module.needs.add(other)
        return f"\0{other}\0"

    def imported(found: re.Match[str]) -> str:
        names = [n.replace(" as ", ": ") for n in _listed(found[1])]
        if found[2].endswith(".css"):
            if found[2].rpartition("/")[2] != _STYLE or names != ["style"]:
                raise _refused(path, found[0], 'import { style } from "./style.css"')
            return ""  # a constant of the bundle, above all modules
        return f"const {{ {', '.join(names)} }} = {place(found[2])};"

    def passed_on(found: re.Match[str]) -> str:
        source = place(found[2])
        for name in _listed(found[1]):
            inner, _, outer = name.partition(" as ")
            module.gives[outer or inner] = f"{source}.{inner}"
        return ""

    def named(found: re.Match[str]) -> str:
        module.gives[found[2]] = found[2]
        return found[1] + found[2]

    def default(_: re.Match[str]) -> str:
        module.gives["default"] = "$default"
        return "const $default = "

    body = _IMPORT.sub(imported, text)
    body = _PASSED_ON.sub(passed_on, body)
    body = _NAMED.sub(named, body)
    body = _DEFAULT.sub(default, body)
    left = _NOT_UNDERSTOOD.search(body)
    if left:
        raise _refused(path, left[0].strip(), _ALLOWED)
    module.body = body
    return module


_ALLOWED = (
    'import { a, b as c } from "./x.js"; export { a } from "./x.js"; export function, class or '
    "const with one name; export default"
)


def _refused(path: str, line: str, allowed: str) -> BundleError:
    return BundleError(f"{path}: {line!r} cannot be bundled. Allowed: {allowed}.")


def _listed(names: str) -> list[str]:
    return [" ".join(name.split()) for name in names.split(",") if name.strip()]


def _joined(folder: PurePosixPath, address: str) -> str:
    parts = list(folder.parts)
    for part in PurePosixPath(address).parts:
        if part == "..":
            if not parts:
                raise BundleError(f"{address} leads out of the frontend's folder.")
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
