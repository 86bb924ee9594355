"""Pictures of the page for the documents: a page that runs, narrow and wide, by day and by night.

./run demo                                                  in one terminal, until a run has come in
.venv/bin/python docs/pictures/make.py http://127.0.0.1:8080/      in another
"""

import shutil
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize, sync_playwright

HERE = Path(__file__).parent
Scheme = Literal["light", "dark"]

WIDE = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=360, height=780)
# name, size, scheme, pixels a point
PICTURES: tuple[tuple[str, ViewportSize, Scheme, int], ...] = (
    ("today", WIDE, "light", 1),
    ("today-dark", WIDE, "dark", 1),
    ("today-phone", PHONE, "light", 2),
    ("today-phone-dark", PHONE, "dark", 2),
)


def take(browser: Browser, url: str, name: str, size: ViewportSize, scheme: Scheme, pixels: int) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme, device_scale_factor=pixels)
    page = context.new_page()
    page.goto(url)
    page.locator(".uplot").wait_for()
    page.screenshot(path=HERE / f"{name}.png")
    context.close()


def main(url: str) -> None:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        for picture in PICTURES:
            take(browser, url, *picture)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
