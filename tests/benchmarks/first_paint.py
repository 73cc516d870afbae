"""When the cortex is painted, beside a plain Streamlit page, in fresh browsers by turns.

Times are from the navigation until the browser has shown the frame: of the cortex on Explore, and
of the picture of a page that holds a text and a picture. First visits, nothing kept from before.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.explore_update import _FLAGS, ROOT, start

PLAIN = """
import numpy as np
import streamlit as st

st.set_page_config(layout="wide")
st.title("A plain page")
st.write("A text, and a picture.")
st.image(np.tile(np.linspace(0, 255, 480, dtype=np.uint8), (320, 1)))
"""
_PICTURE = """() => new Promise((done) => {
  const look = () => {
    const picture = document.querySelector("[data-testid=stImage] img");
    if (!picture?.complete || !picture.naturalWidth) return requestAnimationFrame(look);
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
  };
  look();
})"""
_CORTEX = "() => performance.getEntriesByName('cortiscope:painted')[0]?.startTime"


def first_paint(browser: Browser, address: str, *, plain: bool) -> float:
    """Return seconds from the navigation to the paint, in a browser that knows nothing."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(address, wait_until="commit")
    if plain:
        seconds = page.evaluate(_PICTURE) / 1000
    else:
        seconds = page.wait_for_function(_CORTEX).json_value() / 1000
    page.wait_for_selector('[data-test-script-state="notRunning"]')
    context.close()
    return float(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=7, help="of each page")
    visits = parser.parse_args().visits
    chromium = os.environ.get("CORTISCOPE_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("No Chromium found; set CORTISCOPE_CHROMIUM.")
    demo = [sys.executable, "-m", "cortiscope.core", "demo", "--progress", "none"]
    subprocess.run(demo, check=True, cwd=ROOT)
    script = Path(tempfile.mkdtemp()) / "plain.py"
    script.write_text(PLAIN, encoding="utf-8")
    running = [start("dashboard/app.py"), start(str(script))]
    pages = dict(zip(("Explore", "plain page"), (address for _, address in running), strict=True))
    times: dict[str, list[float]] = {name: [] for name in pages}
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=list(_FLAGS))
            for visit in range(visits + 1):
                for name, address in pages.items():
                    seconds = first_paint(browser, address, plain=name == "plain page")
                    if visit:  # before the first, each server prepares what it keeps
                        times[name].append(seconds)
            browser.close()
    finally:
        for process, _ in running:
            process.terminate()
    for name, each in times.items():
        print(f"{name:10s}  {statistics.median(each):5.2f} s  ({min(each):.2f} to {max(each):.2f})")
    later = [a - b for a, b in zip(times["Explore"], times["plain page"], strict=True)]
    ratio = statistics.median(times["Explore"]) / statistics.median(times["plain page"])
    print(f"the cortex is {statistics.median(later):.2f} s later ({ratio:.1f} times)")


if __name__ == "__main__":
    main()
