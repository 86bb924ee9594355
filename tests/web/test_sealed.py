"""A sealed page opens with its passphrase in a browser that has no network, and with no other."""

import re
from base64 import b64decode
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from strideload.access.passwords import PasswordRefused
from strideload.web import sealed
from strideload.web.sealed import encrypt_page
from web.browsing import new_page
from web.house import TODAY
from web.people import People, people, send

PASSPHRASE = "fünf kleine Affen im Wald"
HTML = (
    "<!doctype html><title>Within</title><h1>Knee: 2 in the morning</h1><script>document.title='ran'</script>"
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """As production has it but for the cost."""
    monkeypatch.setattr(sealed, "ITERATIONS", 1000)


def test_production_has_the_figures_of_owasp() -> None:
    assert sealed.ITERATIONS == 600_000


@pytest.mark.usefixtures("quick")
def test_nothing_of_the_page_stands_in_the_file() -> None:
    one, other = encrypt_page(HTML, PASSPHRASE), encrypt_page(HTML, PASSPHRASE)
    for file in (one, other):
        assert b"Knee" not in file
        assert b"Affen" not in file
        assert not re.search(rb'(src|href)="', file)  # it loads nothing
    bytes_of = lambda file: b64decode(re.search(rb'data-sealed="([^"]+)"', file)[1])  # type: ignore[index]  # noqa: E731
    assert bytes_of(one)[:28] != bytes_of(other)[:28]  # salt and nonce


@pytest.mark.parametrize("passphrase", ["", "fourteen chars", "x" * 20])
def test_a_weak_passphrase_is_refused(passphrase: str) -> None:
    with pytest.raises(PasswordRefused):
        encrypt_page(HTML, passphrase)


@pytest.mark.usefixtures("quick")
def test_a_browser_opens_it_with_the_passphrase_alone(browser: Any, tmp_path: Path) -> None:
    whole = encrypt_page(HTML, PASSPHRASE)
    (tmp_path / "page.html").write_bytes(whole)
    at = whole.index(b'data-sealed="') + 80  # within what is encrypted
    (tmp_path / "changed.html").write_bytes(
        whole[:at] + (b"A" if whole[at : at + 1] != b"A" else b"B") + whole[at + 1 :]
    )
    with new_page(browser, offline=True) as page:

        def opened(name: str, passphrase: str) -> None:
            page.goto((tmp_path / name).as_uri())
            page.fill("#passphrase", passphrase)
            page.click("button")

        for name, passphrase in (("page.html", PASSPHRASE + " "), ("changed.html", PASSPHRASE)):
            opened(name, passphrase)
            page.locator("#problem", has_text="does not open it").wait_for()
        opened("page.html", "fu\u0308nf kleine Affen im Wald")  # as another keyboard composes it
        page.locator("h1", has_text="Knee: 2 in the morning").wait_for()
        expect(page).to_have_title("Within")  # what is within runs no script


@pytest.mark.usefixtures("quick")
def test_the_days_of_a_runner_are_written_and_no_others(browser: Any, tmp_path: Path) -> None:
    with people(tmp_path) as home:
        file = _saved(home)
    (tmp_path / "days.html").write_bytes(file)
    with new_page(browser) as page:
        page.goto((tmp_path / "days.html").as_uri())
        page.fill("#passphrase", PASSPHRASE)
        page.click("button")
        page.locator("h1", has_text="Diary of Bob").wait_for()
        assert page.locator("tbody th").all_inner_texts() == [
            "Sun 22 Nov\nrun", "Sat 21 Nov\nno run", "Fri 20 Nov\nrun",
        ]  # fmt: skip


def _saved(home: People) -> bytes:
    with home.logged_in("bob") as bob:
        data = {"first": str(date(2026, 11, 20)), "last": str(TODAY), "passphrase": PASSPHRASE}
        assert send(bob, "/account/file", **data, again="another").status_code == 422
        answer = send(bob, "/account/file", **data, again=PASSPHRASE)
        assert answer.headers["Content-Disposition"] == (
            'attachment; filename="strideload-2026-11-20-2026-11-22.html"'
        )
        assert httpx.post(f"{home.url}account/file", data=data).status_code == 401
        return answer.content
