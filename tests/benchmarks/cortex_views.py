"""What another image costs in the cortex viewer, in Plotly Mesh3d and in nilearn's view_surf.

All three get the same maps on the same mesh in one run, turn by turn. Bytes are those of the
websocket; server ms is the script's own time; drawn and painted count from the click's event to the
last WebGL draw call, and to the second frame after it. ``fine`` is fsaverage5 subdivided twice:
163,842 vertices a hemisphere, as many as fsaverage. A way that does not come to rest within the
limit, or whose page dies, is said to and left out of its row.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import sys
import time

from explore_update import _FLAGS, start
from playwright.sync_api import Error, Page, sync_playwright

ROWS = {"2": (2, "fsaverage5"), "6": (6, "fsaverage5"), "fine": (2, "fine")}
WAYS = ("ours", "mesh3d", "view_surf")
NAMES = ("kB", "server ms", "drawn ms", "painted ms")
BUDGET = {"2": (45, 20, 150, 400)}  # of ours, two brains of fsaverage5
QUIET_S = 1.5

# In every frame: when WebGL last drew, and when that was on screen.
_WATCH = """(() => {
  const now = () => performance.timeOrigin + performance.now();
  const seen = (window.__drawn = { clicked: 0, drawn: 0, painted: 0 });
  const click = (event) => { seen.clicked = performance.timeOrigin + event.timeStamp; };
  addEventListener('click', click, true);
  for (const kind of [window.WebGLRenderingContext, window.WebGL2RenderingContext]) {
    if (!kind) continue;
    for (const name of ['drawArrays', 'drawElements']) {
      const real = kind.prototype[name];
      kind.prototype[name] = function (...args) {
        const result = real.apply(this, args);
        seen.drawn = now();
        requestAnimationFrame(() => requestAnimationFrame(() => { seen.painted = now(); }));
        return result;
      };
    }
  }
})()"""


def last_draw(page: Page) -> tuple[float, float]:
    """Return when any frame of the page last drew and painted, ms since 1970."""
    times = [(0.0, 0.0)]
    for frame in page.frames:
        try:
            seen = frame.evaluate("() => window.__drawn || null")
        except Error:
            continue  # the frame is being replaced
        if seen:
            times.append((seen["drawn"], seen["painted"]))
    return max(t[0] for t in times), max(t[1] for t in times)


class NoRest(Exception):
    """A page kept drawing, or never drew, for as long as it was allowed to."""


def wait_until_quiet(page: Page, limit: float) -> tuple[float, float]:
    """Wait until nothing was drawn for a while and the last draw is on screen."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        page.wait_for_timeout(200)
        drawn, painted = last_draw(page)
        idle = page.evaluate("() => performance.timeOrigin + performance.now()") - drawn
        if drawn and painted >= drawn and idle > 1000 * QUIET_S:
            return drawn, painted
    raise NoRest


def step(page: Page, received: list[int], limit: float) -> tuple[float, ...]:
    """Go to the next image; return kB, server ms, drawn ms, painted ms."""
    page.bring_to_front()
    image = int(page.locator("p.step").get_attribute("data-image") or 0)
    received.clear()
    page.get_by_role("button", name="next").click()
    page.locator(f'p.step[data-image="{image + 1}"]').wait_for(state="attached")
    drawn, painted = wait_until_quiet(page, limit)
    server = float(page.locator("p.step").get_attribute("data-ms") or "nan")
    # As the page saw it: the driver's own way to the button is none of the ways' time.
    begun = page.evaluate("() => window.__drawn.clicked")
    return sum(received) / 1000, server, drawn - begun, painted - begun


def opened(browser, address: str, query: str, limit: float) -> tuple[Page, list[int]]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(1000 * limit)
    page.add_init_script(_WATCH)
    received: list[int] = []
    page.on("websocket", lambda s: s.on("framereceived", lambda d: received.append(len(d))))
    page.goto(f"{address}/?{query}")
    page.locator("p.step").wait_for(state="attached")
    wait_until_quiet(page, limit)
    return page, received


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--limit", type=float, default=90, help="s that a page may take to rest")
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    options = parser.parse_args()
    chromium = os.environ.get("CORTISCOPE_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("No Chromium found; set CORTISCOPE_CHROMIUM.")
    if "view_surf" in options.ways and importlib.util.find_spec("matplotlib") is None:
        print("view_surf left out: nilearn's plotting needs matplotlib, which is not installed.")
        options.ways.remove("view_surf")
    process, address = start("tests/benchmarks/peer_views_entry.py")
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=list(_FLAGS))
            for row in options.rows:
                report(row, measure(browser, address, row, options), options.steps)
            browser.close()
    finally:
        process.terminate()


def measure(browser, address: str, row: str, options) -> dict[str, list[tuple[float, ...]]]:
    views, template = ROWS[row]
    query = f"views={views}&template={template}"
    pages: dict[str, tuple[Page, list[int]]] = {}
    found: dict[str, list[tuple[float, ...]]] = {way: [] for way in options.ways}

    def survives(way: str, work) -> None:
        try:
            work()
        except (NoRest, Error) as error:
            why = "no rest" if isinstance(error, NoRest) else str(error).splitlines()[0]
            print(
                f"{way} at {template}, {views} views, given up after {options.limit:.0f} s: {why}",
                flush=True,
            )
            pages.pop(way, None)
            found.pop(way, None)

    def open_one(way: str) -> None:
        pages[way] = opened(browser, address, f"way={way}&{query}", options.limit)

    for way in options.ways:
        survives(way, lambda way=way: open_one(way))
    for _ in range(options.steps):
        for way in list(pages):
            page, received = pages[way]
            # Page and way of this turn: the function is called at once.
            survives(
                way,
                lambda way=way, page=page, received=received: found[way].append(
                    step(page, received, options.limit)
                ),
            )
    for page, _ in pages.values():
        page.close()
    return found


def report(row: str, found: dict[str, list[tuple[float, ...]]], steps: int) -> None:
    views, template = ROWS[row]
    load = os.getloadavg()[0]
    print(f"\n{template}, {views} views; median of {steps} (ratio to ours); load {load:.1f}")
    print(f"{'':10s}" + "".join(f"{name:>20s}" for name in NAMES))
    if "ours" not in found:
        return
    base = [statistics.median(column) for column in zip(*found["ours"], strict=True)]
    for way, values in found.items():
        medians = [statistics.median(column) for column in zip(*values, strict=True)]
        cells = [f"{m:,.0f} ({m / b:.1f})" for m, b in zip(medians, base, strict=True)]
        print(f"{way:10s}" + "".join(f"{cell:>20s}" for cell in cells), flush=True)
    columns = list(zip(*found["ours"], strict=True))
    print(f"{'ours, best':10s}" + "".join(f"{min(c):>20,.0f}" for c in columns))
    print(f"{'worst':10s}" + "".join(f"{max(c):>20,.0f}" for c in columns), flush=True)
    if row in BUDGET:
        print(f"{'budget':10s}" + "".join(f"{limit:>20,.0f}" for limit in BUDGET[row]))


if __name__ == "__main__":
    main()
