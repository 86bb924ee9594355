"""Pictures of every page for the documents, of a demo that is started for them: wide and narrow, and today by night.

.venv/bin/python docs/pictures/make.py            all of them
.venv/bin/python docs/pictures/make.py trend run  those of some pages
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from strideload.web.navigation import PLACES

HERE: Final = Path(__file__).parent
Scheme = Literal["light", "dark"]

WIDE: Final = ViewportSize(width=1280, height=900)
PHONE: Final = ViewportSize(width=360, height=780)
COLOURS: Final = 48  # the pages have two inks and one accent; the rest are edges of letters
# A page's name -> its address; that of a run is found on the day.
PAGES: Final = {place.name.lower().replace(" ", "-"): place.href for place in PLACES} | {
    "run": "",
    "report": "/report",
    "data": "/data",
}
BY_NIGHT: Final = ("today",)
DRAWN_MS: Final = 400  # a plot is drawn in the frame after its size is known
RUNS_WITHIN_MS: Final = 120_000  # the pod of the demo walks first
LIVE_MS: Final = 15_000  # so much of the live run is drawn
BROWSER_ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--font-render-hinting=none")


def views(name: str) -> Iterator[tuple[str, ViewportSize, Scheme, int]]:
    """The pictures of a page: file's name without its ending, size, scheme and pixels a point."""
    schemes: tuple[Scheme, ...] = ("light", "dark") if name in BY_NIGHT else ("light",)
    for scheme in schemes:
        ending = "-dark" if scheme == "dark" else ""
        yield f"{name}{ending}", WIDE, scheme, 1
        yield f"{name}-phone{ending}", PHONE, scheme, 2


@contextmanager
def demo() -> Iterator[str]:
    """A demo with its run of today -> the address of its page."""
    command = [sys.executable, "-m", "strideload.cli", "demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            for line in process.stdout:
                found = re.search(r"The page is at (\S+)/ ", line)
                if found:
                    yield found[1]
                    return
            raise SystemExit("The demo ended before its page was there.")
        finally:
            process.terminate()


def take(browser: Browser, url: str, name: str, size: ViewportSize, scheme: Scheme, pixels: int) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme, device_scale_factor=pixels)
    page = context.new_page()
    page.goto(url)
    page.wait_for_timeout(LIVE_MS if name.startswith("live") else DRAWN_MS)
    drawn = Image.open(BytesIO(page.screenshot())).convert("RGB")
    drawn.quantize(COLOURS).save(HERE / f"{name}.png", optimize=True)
    context.close()


def run_of_spike(browser: Browser, url: str) -> str:
    """The address of the longest run in sight, once the pod is running."""
    page = browser.new_page()
    page.goto(f"{url}/")
    page.locator("#live", has_text="running").wait_for(timeout=RUNS_WITHIN_MS)
    page.goto(f"{url}/trend")
    address = page.locator('main a[href^="/run/"]').first.get_attribute("href")
    page.close()
    assert address
    return address


def main(names: list[str]) -> None:
    with demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(BROWSER_ARGUMENTS)
        )
        addresses = PAGES | {"run": run_of_spike(browser, url)}
        for name in names or PAGES:
            for view in views(name):
                take(browser, f"{url}{addresses[name]}", *view)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
