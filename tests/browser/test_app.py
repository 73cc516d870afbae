"""The real app in a real browser: every page, the address, the camera, pictures good and bad."""

from __future__ import annotations

import re
import struct
import zlib

import pytest
from PIL import Image

from cortiscope.pages import PAGES
from tests.browser.accessibility import serious_violations

pytestmark = pytest.mark.browser

# The first page at the root; Data has no cortex.
WITH_CORTEX = ["", *(page.url for page in PAGES[1:] if page.url != "data")]


@pytest.fixture(scope="module")
def app(start_app, demo_home, tmp_path_factory):
    """The app on the demo, without any weights to be found."""
    nowhere = tmp_path_factory.mktemp("no-weights")
    env = {"CORTISCOPE_HOME": str(demo_home), "TORCH_HOME": str(nowhere), "CORTISCOPE_DATA": ""}
    return start_app("dashboard/app.py", env=env)


def _open(page, address):
    page.goto(address)
    _settled(page)


def _settled(page):
    """Wait for a painted cortex and a resting script: states the app publishes."""
    page.wait_for_selector("[data-painted]")
    page.wait_for_selector('[data-test-script-state="notRunning"]')


@pytest.mark.parametrize("path", WITH_CORTEX)
def test_every_page_paints_a_cortex_stamped_simulated_without_errors(page, app, path):
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    _open(page, f"{app}/{path}")
    text = page.locator("body").inner_text()
    assert "SIMULATED sim01" in text
    assert page.locator(".cs-stamp").inner_text() == "SIMULATED sim01"
    assert page.locator('[data-testid="stAlert"]').count() == 0
    assert "Traceback" not in text
    assert serious_violations(page) == []
    assert not failures


def _cortex(page):
    """The viewer's root element (inside a shadow root, which locators see through)."""
    return page.locator("[data-painted]").first


def _camera(page):
    return _cortex(page).evaluate("root => root.__cortex.camera()")


def _wait_for_change(page, before):
    """Wait until the viewer shows another payload than ``before``."""
    handle = _cortex(page).element_handle()
    page.wait_for_function("([root, b]) => root.dataset.payload !== b", arg=[handle, before])
    _settled(page)


def test_another_image_costs_62_kb_at_most_and_the_camera_stays(page, app):
    received = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda d: received.append(len(d)))
    )
    _open(page, app)
    page.locator("button", has_text=re.compile("^ven$")).first.click()
    page.wait_for_timeout(300)
    page.wait_for_selector('.gallery[data-state="ready"]')
    camera, before = _camera(page), _cortex(page).get_attribute("data-payload")
    received.clear()
    page.keyboard.press("ArrowRight")
    _wait_for_change(page, before)
    page.wait_for_timeout(500)
    # Of which 3 kB are reliability, one byte a vertex.
    assert 0 < sum(received) <= 62_000
    assert _camera(page) == camera
    assert "image=test-2" in page.url
    assert page.locator("[data-painted]").count() == 1  # drawn anew in its place


def test_a_copied_address_opens_the_same_view_elsewhere(page, browser, app):
    _open(page, f"{app}/?subject=sim02&backbone=gabor~fixed&image=test-7&roi=PPA~left")
    assert page.locator(".cs-stamp").inner_text() == "SIMULATED sim02"
    page.locator('.svg-chart[data-state="ready"]').wait_for()  # which is drawn last
    first = page.locator("body").inner_text()
    copied = page.url
    other = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    other.set_default_timeout(60_000)
    _open(other, copied)
    # The script rests before a busy browser has drawn all it was sent.
    other.wait_for_function("text => document.body.innerText === text", arg=first)
    assert "PPA left" in first
    assert "run=sim02-gabor-fixed-energy-ridge-" in copied
    assert _shown(other) == ("sim02", "Gabor energy · energy · ridge")
    other.context.close()


def _share_of_data(page):
    """Share of the stage's pixels under which a vertex with data is picked, every fourth asked."""
    return _cortex(page).evaluate("""root => {
        const hook = root.__cortex;
        const [w, h] = hook.stageSize();
        let [all, data] = [0, 0];
        for (let y = 2; y < h; y += 4) for (let x = 2; x < w; x += 4) {
            const hit = hook.pick(x, y);
            all += 1;
            if (hit && hook.facts(hit.side, hit.vertex).covered) data += 1;
        }
        return data / all;
    }""")


def test_pages_open_on_the_data_and_the_whole_brain_is_one_click(page, app):
    page.set_viewport_size({"width": 1440, "height": 900})
    least = {"compare": 0.25, "?view=s2": 0.25, "": 0.3}
    found = {}
    for address in least:
        _open(page, f"{app}/{address}")
        found[address] = _share_of_data(page)
    print({address: f"{share:.3f}" for address, share in found.items()})
    assert all(found[address] >= least[address] for address in least), found
    page.get_by_role("button", name="Whole brain").click()
    assert _camera(page)["framing"] == "whole"
    assert _share_of_data(page) < 0.2
    page.wait_for_url("**view=w1*")
    page.reload()
    _settled(page)
    assert _camera(page)["framing"] == "whole"
    page.get_by_role("button", name="Whole brain").click()
    assert _share_of_data(page) == pytest.approx(found[""])


def _shown(page):
    """Subject and model on screen, as the sidebar names them."""
    subject = page.locator(".stSelectbox input").first.input_value()
    return subject, page.locator(".st-key-models-run button p").inner_text()


def test_the_encoder_stays_when_the_page_changes_and_when_it_is_chosen_anew(page, app):
    _open(page, f"{app}/?backbone=gabor~fixed")
    for title in ("Accuracy", "Your image", "Explore"):
        page.get_by_role("link", name=title).click()
        page.locator(".cs-title, .cs-note").first.wait_for()
        _settled(page)
        assert _shown(page) == ("sim01", "Gabor energy · energy · ridge"), title
    page.locator(".st-key-models-run button").click()
    page.get_by_placeholder("filter").press_sequentially("untrained block4")
    table = page.locator(".st-key-models-run-table")
    # A row of heads, and few models that are left: as many as there are seeds.
    page.wait_for_function(
        "() => document.querySelectorAll('.st-key-models-run-table [role=row]').length <= 6"
    )
    table.locator('[data-testid="stDataFrame"]').click(position={"x": 200, "y": 52})
    page.wait_for_function("() => location.search.includes('small_cnn-untrained-block4')")
    _settled(page)
    assert _shown(page)[1] == "Small CNN · untrained, seed 0 · block4 · ridge"
    # One key press steps to the layer before.
    page.locator(".st-key-model-layer input").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => location.search.includes('small_cnn-untrained-block3')")
    page.get_by_role("link", name="Accuracy").click()
    page.wait_for_function("() => location.pathname.includes('accuracy')")
    _settled(page)
    assert _shown(page)[1] == "Small CNN · untrained, seed 0 · block3 · ridge"


def test_the_palette_goes_anywhere_by_key_and_the_selection_comes_along(page, app):
    _open(page, f"{app}/?image=test-5")
    page.keyboard.press("Control+k")
    page.get_by_role("option", name="Accuracy").wait_for()
    page.get_by_role("option", name="PPA left").wait_for()  # what was asked for has come
    assert serious_violations(page) == []
    page.keyboard.type("PPA le")  # C and R are keys of Streamlit's, elsewhere
    page.keyboard.press("Enter")
    page.wait_for_url("**roi=PPA~left**")
    page.keyboard.press("Control+k")
    page.keyboard.type("accu")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accuracy?**")
    _settled(page)
    assert all(part in page.url for part in ("roi=PPA~left", "image=test-5"))
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    assert page.get_by_role("combobox", name="Go to").count() == 0


def test_pictures_on_the_map_are_gone_to_and_encircled(page, app):
    _open(page, f"{app}/?roi=PPA~left&image=test-3")
    page.get_by_text("Images as a map").click()
    # All are drawn, and their thumbnails have come.
    page.wait_for_selector('.picture-map[data-drawn="200 200"]')
    canvas = page.locator(".picture-map canvas")
    canvas.scroll_into_view_if_needed()
    canvas.focus()
    page.keyboard.press("ArrowRight")  # marks the one on screen
    page.keyboard.press("ArrowRight")
    name = page.locator(".picture-map .here").get_attribute("aria-label")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**image={name}&**")
    assert name != "test-3"
    page.get_by_role("button", name="encircle").click()
    box = canvas.bounding_box()
    x, y, w, h = (box[side] for side in ("x", "y", "width", "height"))
    page.mouse.move(x + 0.7 * w, y + 30)
    page.mouse.down()
    for across, down in ((0.98, 0.06), (0.98, 0.9), (0.7, 0.9)):
        page.mouse.move(x + across * w, y + down * h, steps=3)
    page.mouse.up()
    page.get_by_text("pictures, shown in the gallery").wait_for()
    page.get_by_role("button", name="all pictures", exact=True).wait_for()
    assert serious_violations(page) == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("colour=red", "colour"),
        ("subject=subj99", "subj99"),
        ("backbone=resnet999~pretrained", "resnet999"),
        ("layer=block9", "block9"),
        ("image=test-9999", "test-9999"),
        ("image=first", "first"),
    ],
)
def test_an_unknown_value_in_the_address_is_told_and_ignored(page, app, query, words):
    _open(page, f"{app}/?{query}")
    told = page.locator('[data-testid="stToast"]')
    assert words in told.first.inner_text()
    assert serious_violations(page) == []
    told.get_by_role("button").click()
    told.wait_for(state="detached")
    assert page.locator('[data-testid="stAlert"]').count() == 0
    assert page.locator("[data-painted]").count() == 1


def test_a_clicked_vertex_arrives_in_python(page, app):
    _open(page, app)
    location = _cortex(page).evaluate(
        """root => {
          const hook = root.__cortex;
          const box = root.querySelector('canvas').getBoundingClientRect();
          for (let y = box.height * .3; y < box.height * .8; y += 7)
            for (let x = 10; x < box.width / 2; x += 7) {
              const hit = hook.pick(x, y);
              if (hit && hook.valueAt(0, hit.side ?? hit.hemisphere, hit.vertex) !== null)
                return {x: box.left + x, y: box.top + y, vertex: hit.vertex};
            }
        }"""
    )
    page.mouse.click(location["x"], location["y"])
    page.wait_for_function("() => location.search.includes('vertex=')")
    _settled(page)
    assert re.search(r"vertex=(left|right)~\d+", page.url.replace("%7E", "~"))
    assert page.locator(".cs-title", has_text="vertex").count() == 1


def test_absent_weights_are_one_clear_message_and_the_rest_goes_on(page, app):
    _open(page, app)
    page.locator(".st-key-models-run button").click()
    page.get_by_role("button", name="Fit another encoding model").click()
    dialog = page.get_by_role("dialog")
    menu = dialog.get_by_label("backbone", exact=True)
    menu.fill("squeezenet 1.1")
    menu.press("Enter")
    message = dialog.locator('[data-testid="stAlert"]').inner_text()
    assert "squeezenet1_1-b8a52dc0.pth" in message
    assert "checkpoints" in message
    assert dialog.get_by_role("button", name="Fit", exact=True).is_disabled()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.search.includes('image=test-2')")


def _png_header_only(side):
    """A PNG that claims a size and holds next to nothing: a decompression bomb's head."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)

    def chunk(kind, data):
        packed = struct.pack(">I", len(data)) + kind + data
        return packed + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def _saved(tmp_path, name, picture, **options):
    picture.save(tmp_path / name, **options)
    return tmp_path / name


def _gradient(mode="RGB", size=(120, 80)):
    return Image.linear_gradient("L").resize(size).convert(mode)


def _see_through():
    picture = _gradient("RGBA")
    picture.putalpha(_gradient("L"))
    return picture


def _pictures(tmp_path):
    """File and a word of what the page must say about it; None for a plain good one."""
    text = tmp_path / "notes.jpg"
    text.write_text("this is no picture")
    whole = _saved(tmp_path, "whole.jpg", _gradient(size=(300, 300)))
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(_png_header_only(30_000))
    portrait = _gradient(size=(160, 90))
    exif = portrait.getexif()
    exif[0x0112] = 6
    frames = [_gradient(), _gradient().rotate(90)]
    sixteen = Image.fromarray(__import__("numpy").arange(120 * 80, dtype="uint16").reshape(80, 120))
    return {
        "a text file": (text, "alert", "notes.jpg"),
        "a truncated JPEG": (cut, "alert", "cut.jpg"),
        "a decompression bomb": (bomb, "alert", "bomb.png is too large"),
        "one pixel": (_saved(tmp_path, "dot.png", Image.new("RGB", (1, 1))), "alert", "dot.png"),
        "CMYK": (_saved(tmp_path, "print.jpg", _gradient("CMYK")), "note", "CMYK"),
        "16-bit grey": (_saved(tmp_path, "deep.png", sixteen), "note", "16"),
        "transparency": (_saved(tmp_path, "clear.png", _see_through()), "note", "transparent"),
        "animation": (
            _saved(tmp_path, "moving.gif", frames[0], save_all=True, append_images=frames[1:]),
            "note",
            "frame",
        ),
        "turned by EXIF": (_saved(tmp_path, "up.jpg", portrait, exif=exif), "note", "upright"),
    }


def test_pictures_good_and_bad_each_get_their_message_and_no_traceback(page, app, tmp_path):
    _open(page, f"{app}/your-image")
    upload = page.locator('input[type="file"]').first
    for kind, (path, where, words) in _pictures(tmp_path).items():
        upload.set_input_files(str(path))
        place = '[data-testid="stAlert"]' if where == "alert" else ".cs-note"
        page.locator(place, has_text=re.compile(re.escape(words), re.IGNORECASE)).first.wait_for()
        page.wait_for_selector('[data-test-script-state="notRunning"]')
        assert "Traceback" not in page.locator("body").inner_text(), kind
        if where != "alert":
            # A busy machine ends its run before its brain is painted.
            page.wait_for_selector("[data-painted]")
            assert page.locator("[data-painted]").count() == 1, kind
    # The page is not lost: the sample photographs still work.
    page.locator('.cs-tray a[title="temple"]').click()
    page.locator(".cs-note", has_text="china.jpg").first.wait_for()
    # A sample of each kind drives what is known for it.
    for kind in ("bodies", "faces", "places", "words"):
        page.locator(f'.cs-tray a[title="{kind}"]').click()
        page.locator(".cs-says", has_text=re.compile(f"^{kind}: ")).wait_for()


def test_a_file_of_200_mb_is_refused(page, app, tmp_path):
    _open(page, f"{app}/your-image")
    big = tmp_path / "big.jpg"
    with big.open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)
    page.evaluate(
        """() => {
          const file = new File([new Blob([new Uint8Array(200 * 1024 * 1024)])], 'big.jpg');
          const transfer = new DataTransfer();
          transfer.items.add(file);
          const input = document.querySelector('input[type=file]');
          input.files = transfer.files;
          input.dispatchEvent(new Event('change', {bubbles: true}));
        }"""
    )
    page.get_by_text(
        re.compile("64.?MB or smaller|exceeds|must be 64", re.IGNORECASE)
    ).first.wait_for()
