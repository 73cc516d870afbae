"""The bundle of every frontend runs in a browser; that each module is in it is tested elsewhere."""

from __future__ import annotations

import http.server
import threading

import pytest

from cortiscope import (
    address_bar,
    command_palette,
    cortex_view,
    roi_chart,
    stimulus_gallery,
    svg_chart,
)
from cortiscope.frontends import Frontend

pytestmark = pytest.mark.browser

ALL_FORMS = {
    "index.js": """
import { one, two as zwei } from "./low/a.js";
import {
  Shape,
  later,
} from "./b.js";
import { style } from "./style.css";
export { one as first } from "./low/a.js";
export default function () { return [one, zwei(), new Shape().area(), style, calls()]; }
export const calls = () => later();
""",
    "low/a.js": """
import { later } from "../b.js";
export const one = 1;
export function two() { return 2 * one; }
export async function slow() { return later(); }
""",
    "b.js": """
const hidden = 3; // of the same name elsewhere
export class Shape { area() { return hidden; } }
export function later() { return "called"; }
""",
    "style.css": "p::after { content: '</p>`${x}'; }",
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frontend")
    for name, text in ALL_FORMS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return Frontend("tiny", folder)


@pytest.fixture(scope="module")
def served(tiny):
    """A page, and the bundles at their addresses."""
    ours = (address_bar, command_palette, cortex_view, roi_chart, stimulus_gallery, svg_chart)
    own = (tiny, *(part.FRONTEND for part in ours))
    bundles = {f"/{frontend.address}": frontend.bundle for frontend in own}

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bundles.get(self.path, "<!doctype html><title>empty</title>")
            self.send_response(200)
            kind = "text/javascript" if self.path in bundles else "text/html"
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_form_of_import_and_export_works(page, served, tiny):
    page.goto(served)
    said = page.evaluate(
        """async (address) => {
          const bundle = await import('/' + address);
          return [Object.keys(bundle), bundle.default(), bundle.first];
        }""",
        tiny.address,
    )
    names, values, first = said
    assert names == ["calls", "default", "first", "style"]
    assert values == [1, 2, 3, ALL_FORMS["style.css"], "called"]
    assert first == 1


@pytest.mark.parametrize(
    ("own", "names"),
    [
        (cortex_view.FRONTEND, ["default", "mountOffline", "render", "style"]),
        (address_bar.FRONTEND, ["default", "style"]),
        (roi_chart.FRONTEND, ["default", "style"]),
        (stimulus_gallery.FRONTEND, ["default", "style"]),
        (svg_chart.FRONTEND, ["default", "style"]),
    ],
)
def test_our_bundles_load(page, served, own, names):
    page.goto(served)
    assert page.evaluate("async (a) => Object.keys(await import('/' + a))", own.address) == names
