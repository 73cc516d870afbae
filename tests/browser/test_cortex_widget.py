"""The viewer as a notebook's widget, on the least page that hosts an anywidget."""

from __future__ import annotations

import functools
import http.server
import json
import re
import threading

import numpy as np
import pytest

from cortiscope.cortex_view import ColourScale, CortexMap, colour_table, register_assets

pytestmark = pytest.mark.browser

SCALE = ColourScale("diverging", -2.0, 2.0, "z", "response")
# What anywidget gives a module: a model with traits, bytes as DataViews, and an element.
HOST = """<!doctype html><meta charset="utf-8"><title>host</title>
<body style="margin:0; background:#fff"><div id="output" style="width:900px"></div>
<script type="module">
import widget from "./widget.js";
const binary = async (name) => new DataView(await (await fetch(name)).arrayBuffer());
const traits = await (await fetch("traits.json")).json();
const assets = {};
for (const name of traits.assets) assets[name] = await binary(`${name}.gz`);
const values = { _message: await binary("message0"), _assets: assets };
const listeners = new Map();
window.sent = [];
window.model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = value; },
  save_changes: () => { window.sent.push({ ...values }); },
  on: (name, call) => listeners.set(name, call),
  off: (name) => listeners.delete(name),
};
window.fromPython = async (name, file) => {
  values[name] = await binary(file);
  listeners.get(`change:${name}`)();
};
const el = document.getElementById("output");
window.remove = await widget.render({ model: window.model, el });
</script>"""
ROOT = "document.querySelector('#output > div')?.shadowRoot.querySelector('.cortex')"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def synthetic():
    pytest.importorskip("nilearn", reason="the example's surfaces come with nilearn")
    from cortiscope.cortex_view.example import synthetic

    return synthetic


@pytest.fixture(scope="module")
def widget(synthetic, tmp_path_factory):
    from cortiscope.cortex_view.widget import CortexWidget

    measured, predicted = synthetic.responses(3)
    maps = [CortexMap("measured", measured, SCALE, simulated=True)]
    maps.append(CortexMap("predicted", predicted, SCALE, role="predicted", simulated=True))
    folder = tmp_path_factory.mktemp("assets")
    assets = register_assets(folder, synthetic.geometry(), synthetic.space())
    return CortexWidget(maps, assets=assets, folder=folder, height=420, stamp="SIMULATED example")


@pytest.fixture(scope="module")
def host(widget, synthetic, tmp_path_factory):
    folder = tmp_path_factory.mktemp("host")
    (folder / "index.html").write_text(HOST, encoding="utf-8")
    (folder / "widget.js").write_text(widget._esm, encoding="utf-8")
    (folder / "traits.json").write_text(json.dumps({"assets": list(widget._assets)}))
    for name, data in widget._assets.items():
        (folder / f"{name}.gz").write_bytes(data)
    (folder / "message0").write_bytes(widget._message)
    following = synthetic.responses(4)[0]
    widget.show([CortexMap("another", following, SCALE)])
    (folder / "message1").write_bytes(widget._message)
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_notebook_has_the_viewer_with_its_picks_and_its_next_picture(
    page, browser, host, widget, synthetic, tmp_path
):
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(host)
    page.wait_for_function(f"{ROOT}?.dataset.payload")
    first = page.evaluate(f"{ROOT}.dataset.payload")
    # A vertex that is seen, not on a rim: its colour is the table's entry of its value.
    space, measured = synthetic.space(), synthetic.responses(3)[0]
    sides = [("left", int(v)) for v in space.vertices["left"]]
    seen = page.evaluate(f"all => {ROOT}.__cortex.visible(all)", sides)
    position = seen[len(seen) // 2]
    side, vertex = sides[position]
    colour = page.evaluate(f"v => {ROOT}.__cortex.colourAt(0, ...v)", [side, vertex])
    entry = round(float(np.clip((measured[position] + 2) / 4, 0, 1)) * 255)
    expected = colour_table("diverging", "light").astype(int)[entry]
    assert np.abs(np.array(colour) - expected).max() <= 3
    # A click is heard in Python.
    at = page.evaluate(f"v => {ROOT}.__cortex.screenPosition(0, ...v)", [side, vertex])
    origin = page.evaluate(f"{ROOT}.__cortex.origin()")
    page.mouse.click(origin[0] + at[0], origin[1] + at[1])
    page.wait_for_function("window.sent.some((values) => values._picked)")
    widget._picked = page.evaluate("window.model.get('_picked')")
    (pick,) = widget.picks
    assert (pick.hemisphere, pick.position) == (side, sides.index((side, pick.vertex)))
    # A turn is heard too, and other values leave the camera alone.
    page.locator("button", has_text=re.compile("^ven$")).first.click()
    page.wait_for_function("window.model.get('_view')?.preset === 'ventral'")
    widget._view = page.evaluate("window.model.get('_view')")
    assert widget.view["preset"] == "ventral"
    page.evaluate("window.fromPython('_message', 'message1')")
    page.wait_for_function(f"b => {ROOT}.dataset.payload !== b", arg=first)
    assert page.evaluate(f"{ROOT}.__cortex.cells().length") == 1
    assert page.evaluate(f"{ROOT}.__cortex.camera().preset") == "ventral"
    # The file to take away is made of what the widget brought: there is nothing to fetch.
    page.locator("summary[title='Save']").click()
    with page.expect_download() as saving:
        page.locator("button", has_text="Viewer in one file").click()
    saved = tmp_path / "cortex.html"
    saving.value.save_as(saved)
    context = browser.new_context(offline=True)
    alone = context.new_page()
    alone.goto(saved.as_uri())
    alone.wait_for_selector("[data-painted]")
    assert alone.locator(".cortex").evaluate("root => root.__cortex.camera().preset") == "ventral"
    context.close()
    page.evaluate("window.remove()")
    assert page.evaluate("document.querySelector('#output').children.length") == 0
    assert not failures
