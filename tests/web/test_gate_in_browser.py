"""Logging in as a person does: a real browser's forms, origins and cookies, at a phone's width."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from web.browsing import PHONE, fits, new_page
from web.people import PASSWORD, people


def test_a_keeper_logs_in_shares_a_diary_and_lets_a_runner_in(browser: Any, tmp_path: Path) -> None:
    faults: list[str] = []
    with people(tmp_path) as home, ExitStack() as pages:
        ada, physio, bob = (pages.enter_context(new_page(browser, PHONE)) for _ in range(3))
        for page in (ada, physio, bob):
            page.on("pageerror", lambda error: faults.append(str(error)))
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
        expect(shown_once).to_be_focused()
        expect(shown_once).to_be_in_viewport(ratio=1)  # far down the page, and yet in sight
        link = shown_once.locator("code").first.inner_text()
        assert fits(ada)

        physio.goto(link)
        physio.get_by_role("heading", name="Diary of Ada, shared with Dr Quinn-").wait_for()
        expect(physio).to_have_url(f"{home.url}share")
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
