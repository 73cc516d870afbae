"""What another image costs on Explore, beside the same brains as Plotly Mesh3d, interleaved.

Bytes are those of the websocket. "Painted" is the time from the key press (or click) until the
browser has shown the first frame with the new map.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--disable-background-networking", "--no-first-run",
)  # fmt: skip
_NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def start(script: str) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script]
    command += ["--server.headless", "true", "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            break
    return process, address


def opened(browser, address: str) -> tuple[Page, list[int]]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
    received: list[int] = []
    page.on("websocket", lambda s: s.on("framereceived", lambda d: received.append(len(d))))
    page.goto(address)
    return page, received


def ours(page: Page, received: list[int]) -> tuple[float, float, float]:
    """Return bytes, ms until drawn, ms until painted of one step."""
    root = page.locator("[data-painted]").first.element_handle()
    before = root.get_attribute("data-payload")
    received.clear()
    page.evaluate("() => performance.clearMarks()")
    begun = page.evaluate("() => performance.now()")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("([r, b]) => r.dataset.payload !== b", arg=[root, before])
    marks = page.evaluate(
        """() => ['cortiscope:drawn', 'cortiscope:painted'].map(
             name => performance.getEntriesByName(name).at(-1)?.startTime ?? performance.now())"""
    )
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    page.wait_for_timeout(400)
    return sum(received), marks[0] - begun, marks[1] - begun


def peers(page: Page, received: list[int], row: int) -> tuple[float, float, float]:
    received.clear()
    begun = time.perf_counter()
    page.get_by_role("button", name="next").click()
    page.locator(".peer-row", has_text=str(row)).wait_for()
    page.get_by_text(f"image {row}", exact=True).wait_for()
    page.evaluate(_NEXT_FRAME)
    passed = 1000 * (time.perf_counter() - begun)
    page.wait_for_timeout(400)
    return sum(received), float("nan"), passed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10)
    steps = parser.parse_args().steps
    chromium = os.environ.get("CORTISCOPE_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("No Chromium found; set CORTISCOPE_CHROMIUM.")
    subprocess.run(
        [sys.executable, "-m", "cortiscope.core", "demo", "--progress", "none"],
        check=True,
        cwd=ROOT,
    )
    app, address = start("dashboard/app.py")
    peer, peer_address = start("tests/benchmarks/peer_plotly_app.py")
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=list(_FLAGS))
            page, received = opened(browser, address)
            page.wait_for_selector('.gallery[data-state="ready"]')
            other, others = opened(browser, peer_address)
            other.get_by_text("image 0", exact=True).wait_for()
            page.wait_for_timeout(3000)
            rows: dict[str, list[tuple[float, float, float]]] = {"ours": [], "Mesh3d": []}
            for step in range(1, steps + 1):
                page.bring_to_front()
                rows["ours"].append(ours(page, received))
                other.bring_to_front()
                rows["Mesh3d"].append(peers(other, others, step))
            browser.close()
    finally:
        for process in (app, peer):
            process.terminate()
    print(f"{'':8s}{'kB':>10s}{'drawn ms':>12s}{'painted ms':>12s}   median of {steps} (max)")
    for name, values in rows.items():
        kb, drawn, painted = zip(*values, strict=True)
        print(
            f"{name:8s}{statistics.median(kb) / 1000:10.1f}{statistics.median(drawn):12.0f}"
            f"{statistics.median(painted):12.0f}   "
            f"({max(kb) / 1000:.1f} kB, {max(painted):.0f} ms)"
        )
    ratio = [b[0] / a[0] for a, b in zip(rows["ours"], rows["Mesh3d"], strict=True)]
    speed = [b[2] / a[2] for a, b in zip(rows["ours"], rows["Mesh3d"], strict=True)]
    size, pace = statistics.median(ratio), statistics.median(speed)
    print(f"Mesh3d / ours: {size:.0f} x bytes, {pace:.1f} x time")


if __name__ == "__main__":
    main()
