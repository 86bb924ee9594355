"""Logging in as a person does: a real browser's forms, origins and cookies, at a phone's width."""

from pathlib import Path
from typing import Any

from web.people import PASSWORD, people

WAIT_MS = 60_000


def test_a_keeper_logs_in_shares_a_diary_and_lets_a_runner_in(browser: Any, tmp_path: Path) -> None:
    with people(tmp_path) as home:

        def device() -> Any:
            context = browser.new_context(viewport={"width": 360, "height": 800})
            context.set_default_timeout(WAIT_MS)
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            return page

        def fits(page: Any) -> bool:
            return page.evaluate("document.documentElement.scrollWidth") <= 360

        faults: list[str] = []
        ada, physio, bob = device(), device(), device()
        ada.goto(f"{home.url}account")
        assert fits(ada)
        ada.fill("#login", "Ada")
        ada.fill("#password", PASSWORD["me"])
        ada.click("main button")
        ada.get_by_role("heading", name="Account of Ada").wait_for()
        assert ada.evaluate("document.cookie") == ""
        ada.fill("#link-name", "Dr Quinn-" * 8)
        ada.locator("form[action='/account/links'] button").click()
        shown_once = ada.locator("#links .secret")
        shown_once.wait_for()
        assert 0 <= shown_once.bounding_box()["y"] < 800  # far down the page, and yet in sight
        assert ada.evaluate("document.activeElement.className") == "secret"
        link = shown_once.locator("code").first.inner_text()
        assert fits(ada)

        physio.goto(link)
        physio.get_by_role("heading", name="Diary of Ada, shared with Dr Quinn-").wait_for()
        assert physio.url == f"{home.url}share"
        assert fits(physio)

        ada.goto(f"{home.url}household")
        ada.get_by_role("button", name="Link to set a password, for Bob").click()
        bob.goto(ada.locator(".secret code").inner_text())
        assert fits(ada)
        assert fits(bob)
        for field in ("#password", "#again"):
            bob.fill(field, "a new one of four words")
        bob.click("main button")
        bob.get_by_text("Pages", exact=True).click()
        bob.get_by_role("link", name="Account").click()
        bob.get_by_role("button", name="Log out", exact=True).click()
        bob.get_by_role("heading", name="Log in").wait_for()
        assert faults == []
        for page in (ada, physio, bob):
            page.context.close()
