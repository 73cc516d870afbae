"""Names, captions and addresses are text on every page: no markup of theirs is ever sent."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

from cortiscope.charts.style import as_written, layout
from cortiscope.core.encoding import Reduction
from cortiscope.core.storage import Home
from cortiscope.markup import Html, as_text, html
from tests.architecture import COMPONENTS
from tests.dashboard.conftest import TinyApp
from tests.data.tiny_world import write_subject

ROOT = Path(__file__).parents[2] / "dashboard"

NAME = "<u>s01![b](x)"


def test_nothing_of_a_text_is_markup():
    given = "![b](http://x.y/z) **a**\n# b `c` $d$ :red[e] <u> www.x.y a@b.c :material/home:"
    shown = as_text(given)
    assert re.search(r"(?<!\\)[!\[\](*#`$:<_.@]", shown.replace("\u2060", "\\")) is None
    assert re.sub(r"\\(.)|\u2060", r"\1", shown) == " ".join(given.split())
    assert not re.search(r"https?:\\?/|www\\?\.|:material|@b", shown)


# ---- every call that Streamlit reads as Markdown ------------------------------------------------

MARKDOWN = set(
    [
        "markdown",
        "caption",
        "warning",
        "error",
        "info",
        "success",
        "toast",
        "write",
        "title",
        "header",
        "subheader",
        "status",
        "expander",
        "button",
        "progress",
        "spinner",
        "tabs",
        "segmented_control",
        "pills",
        "radio",
        "checkbox",
        "toggle",
        "metric",
        "popover",
        "form_submit_button",
        "download_button",
        "text_input",
        "text_area",
        "selectbox",
        "slider",
        "select_slider",
        "number_input",
        "multiselect",
        "file_uploader",
        "link_button",
        "badge",
    ]
)
STREAMS = ("text", "stream", "self._process.stdin")
# Words of our own.
OWN = re.compile(
    r"units?|per|corrected|label|names|listed|components|n_\w+|guide\.notes|g\.title|"
    r"card\.name|len\(.*|sum\(.*|.*space\.unit|unit_of\(.*|images_of\(.*|"
    r"a\.report\.n_images.*|(state\.)?[A-Z_]+|as_text\(.*|_none_is_fitted\(subject\)"
)


def _raw(value: ast.expr | None, scope: ast.AST, seen: tuple[str, ...] = ()) -> list[str]:
    """Return what is put into a text without being made plain; names by what they are given."""

    def all_of(*parts: ast.expr | None) -> list[str]:
        return [raw for part in parts for raw in _raw(part, scope, seen)]

    match value:
        case None | ast.Constant():
            return []
        case ast.JoinedStr(values=parts) | ast.List(elts=parts):
            return all_of(*parts)
        case ast.FormattedValue():
            return [] if value.format_spec is not None else all_of(value.value)
        case ast.BinOp():
            return all_of(value.left, value.right)
        case ast.IfExp():
            return all_of(value.body, value.orelse)
        case ast.ListComp() | ast.GeneratorExp():
            return all_of(value.elt)
        case ast.Call(func=ast.Attribute(attr="join")):
            return all_of(*value.args)
    text = ast.unparse(value)
    if OWN.fullmatch(text) or text in seen:
        return []
    seen = (*seen, text)
    given = [
        node.value
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign | ast.AugAssign)
        and text
        in map(ast.unparse, node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return all_of(*given) if given else [text]


def _calls(path: Path):
    """Yield each call of a file that Streamlit reads as Markdown, with the function around it."""
    for scope in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(scope, ast.FunctionDef):
            for node in ast.walk(scope):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in MARKDOWN
                    and ast.unparse(node.func.value) not in STREAMS
                ):
                    yield node, scope


def test_no_call_for_markdown_takes_a_text_from_outside_as_it_is():
    raw = set()
    for path in sorted(ROOT.rglob("*.py")):
        if path.relative_to(ROOT).parts[0] in COMPONENTS:
            continue
        for call, scope in _calls(path):
            words = [k.value for k in call.keywords if k.arg in ("help", "text", "label", "body")]
            first = int(call.func.attr == "progress")  # a share comes before its words
            for word in [*call.args[first : first + 1], *words]:
                place = f"{path.relative_to(ROOT)}:{word.lineno}"
                raw |= {f"{place} {told}" for told in _raw(word, scope)}
    assert not raw, "make these plain by as_text"


def test_a_template_escapes_what_is_put_into_it_and_keeps_markup():
    made = html("<b>{name}</b>{rest}{n}", name="<u>&'", rest=Html("<br>"), n=3)
    assert made == "<b>&lt;u&gt;&amp;&#x27;</b><br>3"
    assert html("{literal}") == "{literal}"
    assert isinstance(html("{a}", a=made), Html)
    assert html("{a}", a=made) == made


def test_html_is_made_by_templates_alone():
    """What is drawn as a title or a note is written out where it is drawn; HTML in one place."""
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        where = path.relative_to(ROOT)
        if where.parts[0] in COMPONENTS:
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = ast.unparse(call.func)
            raw = name.endswith(".html") or any(k.arg == "unsafe_allow_html" for k in call.keywords)
            if raw and where.name not in ("markup.py", "look.py", "first_start.py"):
                wrong.append(f"{where}:{call.lineno} {name}")
            template = name in ("html", "show_title", "show_note")
            if (
                template
                and where.name != "markup.py"
                and not isinstance(call.args[0], ast.Constant)
            ):
                wrong.append(f"{where}:{call.lineno} {name} without a template")
    assert not wrong


# ---- every page, of a subject whose every name is markup -----------------------------------------


@pytest.fixture(scope="module")
def hostile_world(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    world = TinyApp(Home(root / "home"), root / "data")
    folder = write_subject(world.data / NAME)
    names = {0: "Unknown", 1: "<u>OFA", 2: "<u>FFA"}
    np.save(folder / "roi_masks" / "mapping_floc-faces.npy", names, allow_pickle=True)
    notes = folder / "cortiscope_sidecar" / "stimuli.json"
    stimuli = [
        {"split": split, "number": k + 1, "caption": "<u>c ![b](x)", "categories": ["<u>face"]}
        for split, n in (("train", 20), ("test", 6))
        for k in range(n)
    ]
    notes.write_text(json.dumps(stimuli))
    world.runs = [world.fit(NAME), world.fit(NAME, reduction=Reduction("pca", 4))]
    return world


@pytest.fixture
def tiny_world(hostile_world):
    """Take the place of the harmless world under ``tiny_app``."""
    return hostile_world


def _markup_of(app) -> list[str]:
    """Return what surrounds markup of a name in the HTML and the Markdown of a page."""
    found = []
    for element in app.get("html"):
        # Neither as it is nor escaped twice.
        found += re.findall(r".{0,60}(?:<u>|&amp;lt;).{0,40}", element.proto.body, re.DOTALL)
    for kind in ("markdown", "caption", "warning", "info", "error", "success"):
        for element in app.get(kind):
            found += re.findall(r".{0,60}(?<!\\)(?:!\[b|<u>).{0,40}", element.value, re.DOTALL)
    return found


@pytest.mark.parametrize("page", ["", "accuracy", "compare", "data"])
def test_no_page_sends_markup_of_a_name(tiny_app, page):
    app = tiny_app.open(page, subject=NAME, roi="<u>![b](x)", image="<u>![b](x)", vertex="<u>")
    assert any("&lt;u&gt;s01" in element.proto.body for element in app.get("html"))
    assert not _markup_of(app)


def test_a_chart_shows_a_name_as_it_is():
    assert as_written('<a href="x">%{x} & "b"</a>') == (
        '&lt;a href="x"&gt;%&#123;x} &amp; "b"&lt;/a&gt;'
    )
    stamped = layout("SIMULATED <b>s</b>", "light")["annotations"][0]
    assert stamped["text"] == "SIMULATED &lt;b&gt;s&lt;/b&gt;"
