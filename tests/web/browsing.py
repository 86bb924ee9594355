"""Pages in a real browser. What arrives in one later is waited for, with `expect` or a locator's own wait."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final
from urllib.parse import urljoin

from playwright.sync_api import expect

# Of each wait, those of `expect` as well. No page takes that long: a busy machine may.
WAIT_MS: Final = 30_000
PHONE, DESK = 360, 1280
HEIGHT: Final = 800
# How many times slower than it could a page is to run, to find what does not wait: see CONTRIBUTING.md.
SLOWER: Final = int(os.environ.get("STRIDELOAD_SLOW_BROWSER", "1"))
OPEN_ALL: Final = "document.querySelectorAll('details').forEach((one) => { one.open = true })"

Open = Callable[..., Any]

expect.set_options(timeout=WAIT_MS)


@contextmanager
def new_page(browser: Any, width: int = DESK, **options: Any) -> Iterator[Any]:
    """A page in a context of its own, which `options` are of."""
    page = browser.new_page(viewport={"width": width, "height": HEIGHT}, **options)
    try:
        page.set_default_timeout(WAIT_MS)
        if SLOWER > 1:
            _devtools(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        yield page
    finally:
        page.close()


@contextmanager
def watched_pages(browser: Any, url: str, usual_width: int) -> Iterator[Open]:
    """Opens pages below `url`; in the end nothing went wrong in them but what was expected, as a pattern, and nothing
    was asked of another host.
    """
    faults: list[str] = []
    asked: list[str] = []
    expected_faults: list[str] = []
    with ExitStack() as pages:

        def open_page(
            path: str = "", width: int = usual_width, expected: str = "(?!)", **options: Any
        ) -> Any:
            expected_faults.append(expected)
            page = pages.enter_context(new_page(browser, width, **options))
            page.on(
                "console", lambda message: faults.append(message.text) if message.type == "error" else None
            )
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(urljoin(url, path))
            return page

        yield open_page
    assert [fault for fault in faults if not re.search("|".join(expected_faults), fault)] == []
    assert [one for one in asked if not one.startswith(url)] == []


def arrives(page: Any, selector: str, text: str) -> None:
    page.locator(selector, has_text=re.compile(text)).first.wait_for()


def fits(page: Any) -> bool:
    """Nothing is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def hold_offers(page: Any) -> None:
    """An offer that goes after ten seconds stays, however slowly the machine comes to it: no animation plays."""
    devtools = _devtools(page)
    devtools.send("Animation.enable")
    devtools.send("Animation.setPlaybackRate", {"playbackRate": 0})


def sent_by(page: Any) -> list[str]:
    """Forms that the page sends from now on, in their order, as they are encoded."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.post_data) if request.method == "POST" else None)
    return found


def _devtools(page: Any) -> Any:
    return page.context.new_cdp_session(page)
