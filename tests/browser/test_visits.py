"""What a visit costs: bytes, requests and how far things move, of every page, first and again."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cortiscope.pages import PAGES

pytestmark = pytest.mark.browser

# Shifts are noted with those that follow an action: another image must not move the page either.
WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const { value, startTime, hadRecentInput } of list.getEntries()) {
    window.shifts.push({ value, startTime, hadRecentInput });
  }
}).observe({ type: "layout-shift", buffered: true });
"""
# Every element in sight, and a little below, is there, and so is what is drawn in it.
NOTHING_IS_AWAITED = """() => [...document.querySelectorAll('[data-testid="stSkeleton"]')].every(
  (element) => element.getBoundingClientRect().top > innerHeight + 150
) && [...document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')].every(
  (host) => !host.shadowRoot?.querySelector('[data-state="loading"]')
)"""


@dataclass
class Visit:
    """What came over the wire, with headers: address -> bytes; what the cache gave is left out."""

    received: dict[str, int] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        return sum(self.received.values())


@pytest.fixture(scope="module")
def app(start_app, demo_home, tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("no-weights")
    env = {"CORTISCOPE_HOME": str(demo_home), "TORCH_HOME": str(nowhere), "CORTISCOPE_DATA": ""}
    return start_app("dashboard/app.py", env=env)


@pytest.fixture
def context(browser):
    """A browser that has never been here."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(WATCH)
    yield context
    context.close()


def _visit(context, address):
    """Open a page in a new tab until nothing more comes; return the tab and what it cost."""
    page = context.new_page()
    page.set_default_timeout(60_000)
    asked, visit, cached = {}, Visit(), set()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on(
        "Network.requestWillBeSent", lambda e: asked.update({e["requestId"]: e["request"]["url"]})
    )
    wire.on("Network.requestServedFromCache", lambda e: cached.add(e["requestId"]))

    def finished(event):
        url, n_bytes = asked.get(event["requestId"], ""), event["encodedDataLength"]
        if url.startswith("http") and event["requestId"] not in cached and n_bytes:
            visit.received[url] = visit.received.get(url, 0) + n_bytes

    wire.on("Network.loadingFinished", finished)
    page.goto(address)
    page.wait_for_selector("[data-painted], .cs-facts")
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    page.wait_for_function(NOTHING_IS_AWAITED)
    # The gallery's neighbours come a moment after what is in sight.
    page.wait_for_load_state("networkidle")
    return page, visit


def _moved(page, *, acted=False):
    """Return the sum of layout shifts; after an action those it brought too."""
    shifts = page.evaluate("window.shifts")
    return sum(s["value"] for s in shifts if acted or not s["hadRecentInput"])


@pytest.mark.parametrize("path", ["", *(page.url for page in PAGES[1:])])
def test_a_visit_is_small_the_next_one_next_to_nothing_and_nothing_jumps(context, app, path):
    page, first = _visit(context, f"{app}/{path}")
    # 3.9 MB at least before scripts went compressed, and with Plotly twice as much.
    assert first.n_bytes <= 2_700_000, first.received
    assert not any("bidi-components" in address for address in first.received)
    assert _moved(page) < 0.1
    page.close()
    again, second = _visit(context, f"{app}/{path}")
    assert second.n_bytes <= 80_000, second.received
    assert len(second.received) <= 12, second.received
    assert _moved(again) < 0.1


def test_another_image_moves_nothing(context, app):
    page, _ = _visit(context, app)
    before = _moved(page, acted=True)
    root = page.locator("[data-painted]").first.element_handle()
    payload = root.get_attribute("data-payload")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("([root, b]) => root.dataset.payload !== b", arg=[root, payload])
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    assert _moved(page, acted=True) - before < 0.1


def test_plotly_comes_with_the_click_that_needs_it(context, app):
    page, visit = _visit(context, f"{app}/compare")
    assert not any("PlotlyChart" in address for address in visit.received)
    page.get_by_role("tab", name="vertex by vertex").click()
    page.locator(".js-plotly-plot").wait_for()
    page.wait_for_function(
        """() => performance.getEntriesByType("resource").some((e) => e.name.endsWith("?whole"))"""
    )
