"""The view in the page's address: pasted elsewhere it is the same view, and nothing was sent."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

VIEW = {
    "preset": "ventral",
    "surface": 1.25,
    "zoom": 1.7,
    "pan": [0.05, -0.02],
    "threshold": [-0.3, 0.8],
    "range": [-1.5, 2.5],
    "tables": {"diverging": "purple green"},
    "opacity": 0.8,
    "groups": ["faces", "early visual"],
    "own": {"1": {"rotation": [0.5, -0.5, 0.5, 0.5], "surface": 0, "zoom": 1, "pan": [0, 0]}},
}


@pytest.fixture(scope="module")
def app(start_app, demo_home, tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("no-weights")
    env = {"CORTISCOPE_HOME": str(demo_home), "TORCH_HOME": str(nowhere), "CORTISCOPE_DATA": ""}
    return start_app("dashboard/app.py", env=env)


def _settled(page):
    page.wait_for_selector("[data-painted]")
    page.wait_for_selector('[data-test-script-state="notRunning"]')


def _open(page, address):
    page.goto(address)
    _settled(page)


def _call(page, name, *arguments):
    root = page.locator("[data-painted]").first
    return root.evaluate("(root, [n, all]) => root.__cortex[n](...all)", [name, list(arguments)])


def _wait_for_view(page, words):
    page.wait_for_function(
        "words => words === '' ? !location.search.includes('view=')"
        " : location.search.includes('view=') && location.search.includes(words)",
        arg=words,
    )


@pytest.mark.parametrize("path", ["", "accuracy", "compare"])
def test_a_pasted_address_shows_the_same_view(page, browser, app, path):
    _open(page, f"{app}/{path}")
    wanted = {k: v for k, v in VIEW.items() if k != "own" or path != "accuracy"}
    if path != "":  # scores are on a sequential scale, r from 0
        wanted |= {"threshold": 0.2, "range": [0.1, 0.6], "tables": {"sequential": "lagoon"}}
    _call(page, "setView", wanted)
    _wait_for_view(page, "s1.25~pven~z1.7")
    state = _call(page, "state")
    for key in ("preset", "surface", "zoom", "threshold", "range", "tables", "opacity"):
        assert state[key] == wanted[key], key
    copied = page.url
    assert len(copied.partition("view=")[2].partition("&")[0]) < 200
    other = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    other.set_default_timeout(60_000)
    _open(other, copied)
    assert _call(other, "state") == state
    assert other.locator('[data-testid="stAlert"]').count() == 0
    if "own" in wanted:
        assert other.locator(".padlock").nth(1).get_attribute("aria-pressed") == "true"
        assert _call(other, "camera", 1)["rotation"] == pytest.approx([0.5, -0.5, 0.5, 0.5])
    other.context.close()


def test_looking_sends_nothing_and_is_in_the_address_all_the_same(page, app):
    """Turning, recolouring, threshold, morph, outlines and hover: no message either way."""
    frames = []

    def watch(socket):
        socket.on("framesent", lambda data: frames.append(("sent", len(data))))
        socket.on("framereceived", lambda data: frames.append(("received", len(data))))

    page.on("websocket", watch)
    _open(page, app)
    page.wait_for_timeout(1500)  # whatever the page itself still says
    frames.clear()
    root = page.locator("[data-painted]").first
    root.locator('button[aria-label="ventral view"]').click()
    _wait_for_view(page, "pven")
    _call(page, "setView", {"tables": {"diverging": "purple green"}, "surface": 1.5})
    _wait_for_view(page, "cdi.purple-green")
    _call(page, "setThreshold", 0.5)
    _wait_for_view(page, "t.5")
    root.evaluate("root => root.querySelector('canvas').focus()")
    for key in ("p", "i", "f", "l", "u", "ArrowLeft"):
        page.keyboard.press(key)
    _wait_for_view(page, "v0")
    box = root.bounding_box()
    for step in range(8):
        page.mouse.move(box["x"] + 200 + 20 * step, box["y"] + box["height"] / 2)
    page.wait_for_timeout(600)
    assert frames == []
    _call(page, "restart")
    _wait_for_view(page, "")
    assert frames == []


def test_the_view_stays_while_the_data_change_and_after_another_page(page, app):
    _open(page, f"{app}/?image=test-3&view=s1~pdor~t.4")
    assert _call(page, "state")["preset"] == "dorsal"
    page.wait_for_selector('.gallery[data-state="ready"]')
    _call(page, "setView", {"preset": "medial"})
    _wait_for_view(page, "pmed~t.4")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('image=test-4')")
    _wait_for_view(page, "pmed~t.4")
    _settled(page)
    assert _call(page, "state") == {"surface": 1, "preset": "medial", "threshold": 0.4}
    page.get_by_role("link", name="Accuracy").click()
    page.wait_for_function("() => location.pathname.includes('accuracy')")
    page.locator(".cs-note", has_text="Per vertex").wait_for()
    _settled(page)
    assert "view=" not in page.url
    page.get_by_role("link", name="Explore").click()
    page.wait_for_selector('.gallery[data-state="ready"]')
    _settled(page)
    assert _call(page, "state") == {"surface": 1, "preset": "medial", "threshold": 0.4}
    _wait_for_view(page, "pmed~t.4")


def test_nonsense_in_the_view_is_told_and_the_rest_is_shown(page, app):
    _open(page, f"{app}/?view=pven~zhuge~rainbow")
    page.locator('[data-testid="stToast"]').first.wait_for()
    told = [a.inner_text() for a in page.locator('[data-testid="stToast"]').all()]
    assert len(told) == 1
    assert "zhuge" in told[0]
    assert "rainbow" in told[0]
    assert _call(page, "state") == {"surface": 1, "preset": "ventral"}


def test_an_address_of_before_the_view_was_in_it_opens_as_it_did(page, app):
    _open(page, f"{app}/?subject=sim02&image=test-7&roi=PPA~left")
    assert page.locator('[data-testid="stAlert"]').count() == 0
    assert page.locator(".cs-stamp").inner_text() == "SIMULATED sim02"
    page.wait_for_timeout(600)
    assert "view=" not in page.url


def test_back_and_forward_take_one_press_per_page_and_keep_the_selection(page, app):
    _open(page, f"{app}/?image=test-3")
    entries = page.evaluate("history.length")
    page.wait_for_selector('.gallery[data-state="ready"]')
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('image=test-4')")
    _settled(page)
    assert page.evaluate("history.length") == entries  # another image is no other page
    chosen = page.url.partition("?")[2]
    for title in ("Accuracy", "Compare"):
        page.get_by_role("link", name=title).click()
        _wait_for_page(page, title.lower())
        assert page.url.partition("?")[2].startswith(chosen), title
    assert page.evaluate("history.length") == entries + 2
    for press, path in (
        (page.go_back, "accuracy"),
        (page.go_back, ""),
        (page.go_forward, "accuracy"),
    ):
        press()
        _wait_for_page(page, path)
        assert page.url.partition("?")[2] == chosen
    assert page.evaluate("history.length") == entries + 2


def test_a_picture_leads_to_its_image_here_and_in_a_new_tab(page, app):
    _open(page, f"{app}/?image=test-3&roi=PPA~left&search=street")
    entries = page.evaluate("history.length")
    picture = page.locator(".cs-strip a").nth(2)
    name = picture.locator("img").get_attribute("alt").partition(":")[0]
    with page.context.expect_page() as opened:
        picture.click(modifiers=["Control"])
    other = opened.value
    other.set_default_timeout(60_000)
    _settled(other)
    picture.click()
    for one in (page, other):
        one.wait_for_function("name => location.search.includes(`image=${name}&`)", arg=name)
        _settled(one)
        assert "roi=PPA~left" in one.url  # all else stays
        assert "search=" not in one.url  # it was not among those searched for
        assert other.locator(".gallery").inner_text()
    assert page.evaluate("history.length") == entries
    assert page.locator("body").inner_text() == other.locator("body").inner_text()
    other.close()


def _wait_for_page(page, path):
    """Wait for a page that is drawn, not the one before it, and for its address."""
    page.wait_for_selector(f".st-key-{path or 'explore'}-brain [data-painted]")
    page.wait_for_function(
        "path => location.pathname === `/${path}` && location.search.includes('image=')", arg=path
    )
    _settled(page)
