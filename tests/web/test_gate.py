"""Who is let in, and to what: one test for each promise, over HTTP, with the wrong one sent as well."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from store.making import POD, T0_MS, Pod, messages
from strideload.collect.credentials import Users
from strideload.store.diary import Saying
from strideload.store.ids import new_id
from strideload.store.keys import DAY_US, LOGIN_IDLE_US, LOGIN_LIFE_US, OFFER_LIFE_US, digest
from strideload.web import shield
from strideload.web.app import make_app
from strideload.web.doors import Doors
from strideload.web.local_times import write_local
from strideload.web.pages import sharing
from strideload.web.rendering import part
from web.house import TODAY, a_live_pod
from web.people import LOGIN, PASSWORD, People, csrf, log_in, people, send

HOUR_US = 3_600_000_000


@pytest.fixture(scope="module")
def house_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with people(tmp_path_factory.mktemp("people")) as found:
        yield found


@pytest.fixture
def home(house_of: People, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setattr(house_of, "clock", list(house_of.clock))
    return house_of


@pytest.fixture
def ada(home: People) -> Iterator[httpx.Client]:
    with home.logged_in("me") as browser:
        yield browser


@pytest.fixture
def bob(home: People) -> Iterator[httpx.Client]:
    with home.logged_in("bob") as browser:
        yield browser


@pytest.fixture
def stranger(home: People) -> Iterator[httpx.Client]:
    with home.browser() as browser:
        yield browser


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


# Coming in


def test_where_nobody_has_a_password_this_computer_sees_all_without_one(tmp_path: Path) -> None:
    with people(tmp_path, passwords=False) as home, home.browser() as browser:
        assert browser.get("/metrics").status_code == 200
        assert send(browser, "/account/units", units="miles").status_code == 303
        assert home.store.accounts.units_of("me") == "miles"
        # From the first password on, nobody is let in without: not even this computer.
        data = {"login": "Ada", "password": PASSWORD["me"], "again": PASSWORD["me"]}
        assert send(browser, "/account/password", **data).status_code == 303
        assert browser.get("/metrics").status_code == 200  # who set it is logged in
        assert httpx.get(home.url).status_code == 303


def test_a_proxy_that_nobody_named_is_not_this_computer(tmp_path: Path) -> None:
    with people(tmp_path, passwords=False) as home:
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Proto"):
            answer = httpx.get(home.url, headers={header: "https"})
            assert answer.status_code == 403
            assert "not shown over the network without HTTPS" in answer.text
            assert "running" not in answer.text


@pytest.mark.parametrize(
    "address", ["/", "/?date=2026-11-21", "/account", "/household", "/metrics", "/nothing"]
)
def test_without_a_log_in_a_page_leads_to_the_form(stranger: httpx.Client, address: str) -> None:
    answer = stranger.get(address)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/log-in?next=%2F")
    assert answer.text == ""


def test_without_a_log_in_a_part_sends_the_whole_page_there(stranger: httpx.Client) -> None:
    answer = stranger.get("/part/live", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/log-in")


def test_logging_in_leads_back_to_where_one_was(stranger: httpx.Client) -> None:
    page = stranger.get("/?date=2026-11-21", follow_redirects=True).text
    assert 'name="next" value="/?date=2026-11-21"' in page
    answer = log_in(stranger, "ada", PASSWORD["me"], next="/?date=2026-11-21")
    assert answer.headers["Location"] == "/?date=2026-11-21"
    assert "Yesterday, Saturday 21 November" in stranger.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\t//evil.example", "x", "/\n/e"],
)
def test_no_log_in_leads_to_another_site(stranger: httpx.Client, elsewhere: str) -> None:
    assert log_in(stranger, "ada", PASSWORD["me"], next=elsewhere).headers["Location"] == "/"


@pytest.mark.parametrize("typed", ["ada", "ADA", " Ada ", "\uff21da"])
def test_a_login_is_the_same_however_it_is_typed(stranger: httpx.Client, typed: str) -> None:
    assert log_in(stranger, typed, PASSWORD["me"]).status_code == 303


WRONG = [
    ("ada", PASSWORD["bob"]),
    ("ada", PASSWORD["me"].upper()),
    ("ada", PASSWORD["me"] + " "),
    ("ada", ""),
    ("ada", "x" * 100_000),
    ("nobody", PASSWORD["me"]),
    ("me", PASSWORD["me"]),
    ("", ""),
]


def test_what_does_not_belong_together_is_refused_in_the_same_words(tmp_path: Path) -> None:
    with people(tmp_path) as home, home.browser() as browser:
        for login, password in WRONG:
            answer = log_in(browser, login, password)
            assert answer.status_code == 403
            assert "This login and this password do not belong together." in answer.text
            assert browser.get("/metrics").status_code == 303


def test_a_pods_broker_user_is_no_log_in(home: People, stranger: httpx.Client, tmp_path: Path) -> None:
    pod = "e661a4d41f2c7b35"
    password = Users(tmp_path).add_pod(pod)
    assert log_in(stranger, pod, password).status_code == 403
    assert stranger.get("/", auth=(pod, password)).status_code == 303
    assert stranger.get("/api/v1/me", auth=(pod, password)).status_code == 401
    assert stranger.get("/api/v1/me", headers=bearer(password)).status_code == 401


# The log-in itself


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(stranger: httpx.Client) -> None:
    set_cookie = log_in(stranger, "ada", PASSWORD["me"]).headers.get_list("Set-Cookie")[0]
    name, *flags = set_cookie.split("; ")
    assert name.startswith("strideload=")
    assert {flag.lower() for flag in flags} == {
        "httponly", "path=/", "samesite=lax", f"max-age={LOGIN_LIFE_US // 1_000_000}",
    }  # fmt: skip


def test_a_secret_that_was_planted_is_never_taken_over(home: People, stranger: httpx.Client) -> None:
    """Fixation: whoever planted it knows nothing of the log-in that follows."""
    planted = "A" * 43
    stranger.cookies.set("strideload", planted)
    assert stranger.get("/metrics").status_code == 303
    answer = log_in(stranger, "ada", PASSWORD["me"])
    given = re.search("strideload=([^;]+)", answer.headers["Set-Cookie"])
    assert given
    assert given[1] != planted
    assert httpx.get(f"{home.url}metrics", cookies={"strideload": planted}).status_code == 303
    assert httpx.get(f"{home.url}metrics", cookies={"strideload": given[1]}).status_code == 200


def test_logging_in_again_ends_the_log_in_before(home: People, ada: httpx.Client) -> None:
    before = ada.cookies["strideload"]
    assert ada.post(
        "/log-in", data={"csrf": csrf(ada, "/account"), "login": "ada", "password": PASSWORD["me"]}
    )
    assert ada.cookies["strideload"] != before
    assert httpx.get(f"{home.url}metrics", cookies={"strideload": before}).status_code == 303


def test_only_hashes_of_secrets_are_stored(home: People, ada: httpx.Client) -> None:
    secret = ada.cookies["strideload"]
    stored = b"".join(
        path.read_bytes() for path in Path(str(home.store.engine.url.database)).parent.iterdir()
    )
    assert digest(secret).encode() in stored
    assert secret.encode() not in stored
    assert PASSWORD["me"].encode() not in stored


@pytest.mark.parametrize(("steps", "each_us"), [(1, LOGIN_IDLE_US), (10, LOGIN_LIFE_US // 10)])
def test_a_log_in_ends_unused_and_in_any_case(
    home: People, ada: httpx.Client, steps: int, each_us: int
) -> None:
    for _ in range(steps):
        assert ada.get("/metrics").status_code == 200
        home.later(each_us)
    assert ada.get("/metrics").status_code == 303


def test_logging_out_ends_it_for_whoever_has_the_cookie(home: People, ada: httpx.Client) -> None:
    secret = ada.cookies["strideload"]
    assert send(ada, "/log-out").headers["Location"] == "/log-in"
    assert "strideload" not in ada.cookies
    assert httpx.get(f"{home.url}metrics", cookies={"strideload": secret}).status_code == 303


def test_logging_out_everywhere_ends_all_of_ones_own(
    home: People, ada: httpx.Client, bob: httpx.Client
) -> None:
    with home.logged_in("me") as other:
        assert send(ada, "/log-out/everywhere").status_code == 303
        assert other.get("/metrics").status_code == 303
    assert bob.get("/metrics").status_code == 200


def test_a_new_password_ends_all_log_ins_but_this(tmp_path: Path) -> None:
    with people(tmp_path) as home, home.logged_in("bob") as here, home.logged_in("bob") as other:
        new = "a new day a new way"
        data = {"login": "bob", "password": new, "again": new}
        refused = send(here, "/account/password", current="not the one it is", **data)
        assert refused.status_code == 403
        assert other.get("/metrics").status_code == 200
        assert send(here, "/account/password", current=PASSWORD["bob"], **data).status_code == 303
        assert here.get("/metrics").status_code == 200
        assert other.get("/metrics").status_code == 303
        with home.browser() as fresh:
            assert log_in(fresh, "bob", PASSWORD["bob"]).status_code == 403
            assert log_in(fresh, "bob", new).status_code == 303


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("fourteen chars", "15 characters or more"),
        ("x" * 201, "200 characters at most"),
        ("bobbobbobbobbob", "too easy to guess"),
        ("passwordpassword1", "too easy to guess"),
        ("aaaaaaaaaaaaaaaaaaaa", "too easy to guess"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(bob: httpx.Client, password: str, says: str) -> None:
    answer = send(
        bob, "/account/password", login="bob", current=PASSWORD["bob"], password=password, again=password
    )
    assert answer.status_code == 422
    assert says in answer.text
    assert password not in answer.text


# Guessing


def test_who_guesses_has_to_wait_longer_and_longer(tmp_path: Path) -> None:
    with people(tmp_path) as home, home.browser() as browser:
        token = csrf(browser, "/log-in")
        data = {"csrf": token, "login": "ada", "password": "not the right password"}
        seen = [browser.post("/log-in", data=data) for _ in range(7)]
        assert [answer.status_code for answer in seen] == [403] * 5 + [429] * 2
        assert seen[-1].headers["Retry-After"] == "1"
        assert "Too many attempts failed. Try again in 1 s." in seen[-1].text
        # The right one has to wait as well, else the answer would tell that it is right.
        assert log_in(browser, "ada", PASSWORD["me"]).status_code == 429
        assert log_in(browser, "bob", PASSWORD["bob"]).status_code == 303


def test_the_account_says_when_its_password_was_last_set(tmp_path: Path) -> None:
    said = "The password was last set"
    with people(tmp_path, passwords=False) as home, home.browser() as browser:
        assert said not in browser.get("/account").text
        new = PASSWORD["me"]
        send(browser, "/account/password", login="ada", password=new, again=new)
        at = home.store.accounts.find("me")
        assert at
        assert at.password_set_utc_us is not None
        shown = write_local(home.store, "me", at.password_set_utc_us)
        assert f"{said} {shown}." in browser.get("/account").text


def test_an_address_that_tries_many_logins_has_to_wait(tmp_path: Path) -> None:
    with people(tmp_path) as home, home.browser() as browser:
        token = csrf(browser, "/log-in")
        data = {"csrf": token, "password": "not the right password"}
        answers = [browser.post("/log-in", data={**data, "login": f"ada{n}"}) for n in range(21)]
        assert [answer.status_code for answer in answers] == [403] * 20 + [429]
        assert log_in(browser, "ada", PASSWORD["me"]).status_code == 429


def test_the_log_tells_of_refusals_and_of_no_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with people(tmp_path) as home, home.browser() as browser:
        log_in(browser, "ada", "my very secret wrong one")
        log_in(browser, "typed password as login", "my very secret wrong one")
        log_in(browser, "ada", PASSWORD["me"])
        new = "another secret of fifteen"
        data = {"login": "ada", "current": PASSWORD["me"], "password": new, "again": new}
        assert send(browser, "/account/password", **data).status_code == 303
    said = "\n".join(one.getMessage() for one in caplog.records if not one.name.startswith("http"))
    refused = re.search(r"log-in refused: (login [0-9a-f]{8}), from 127\.0\.0\.1, 1 in a row", said)
    assert refused
    assert "runner me" not in said
    assert "log-in refused: an unknown login" in said
    assert f"logged in: {refused[1]}, from 127.0.0.1" in said
    for secret in ("secret", PASSWORD["me"], "typed", browser.cookies["strideload"]):
        assert secret not in said


# What other sites have a browser send


@pytest.mark.parametrize("token", [None, "", "wrong", "A" * 43])
def test_what_comes_without_the_pages_own_token_is_refused(
    home: People, ada: httpx.Client, token: str | None
) -> None:
    for data, headers in (({"csrf": token}, {}), ({}, {"X-CSRF-Token": token})):
        given = {name: value for name, value in headers.items() if value is not None}
        data = {name: value for name, value in data.items() if value is not None}
        answer = ada.post("/account/units", data={"units": "miles", **data}, headers=given)
        assert answer.status_code == 403
    assert home.store.accounts.units_of("me") == "km"


def test_the_token_is_that_of_this_log_in(ada: httpx.Client, bob: httpx.Client) -> None:
    answer = ada.post("/account/units", data={"units": "km", "csrf": csrf(bob, "/account")})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": ""},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_what_another_origin_sends_is_refused_even_with_the_token(
    home: People, ada: httpx.Client, headers: dict[str, str]
) -> None:
    token = csrf(ada, "/account")
    answer = ada.post("/account/units", data={"units": "miles", "csrf": token}, headers=headers)
    assert answer.status_code == 403
    assert home.store.accounts.units_of("me") == "km"


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://evil.example"}], ids=["no token", "other origin"]
)
def test_so_it_is_on_this_computer_without_a_password_too(tmp_path: Path, headers: dict[str, str]) -> None:
    with people(tmp_path, passwords=False) as home:
        assert (
            httpx.post(f"{home.url}account/units", data={"units": "miles"}, headers=headers).status_code
            == 403
        )
        assert home.store.accounts.units_of("me") == "km"


def test_the_form_to_log_in_has_a_token_too(home: People) -> None:
    data = {"login": "ada", "password": PASSWORD["me"]}
    assert httpx.post(f"{home.url}log-in", data=data).status_code == 403
    assert httpx.post(f"{home.url}log-in", data={**data, "csrf": "B" * 43}).status_code == 403


def test_a_part_sends_the_token_as_a_header(ada: httpx.Client) -> None:
    token = re.search(r'"X-CSRF-Token": "([^"]+)"', ada.get("/").text)
    assert token
    answer = ada.post("/account/units", data={"units": "km"}, headers={"X-CSRF-Token": token[1]})
    assert answer.status_code == 303


def test_a_form_with_files_has_it_as_its_first_field(home: People, ada: httpx.Client) -> None:
    token = csrf(ada, "/account")
    files = {"csrf": (None, token), "file": ("a.bin", b"\r\n--x" * 50_000)}
    assert ada.post("/account/units", files=files).status_code == 422  # let through: no units among them
    late = {"file": ("a.bin", b"x" * 50_000), "csrf": (None, token)}
    assert ada.post("/account/units", files=late).status_code == 403


def test_a_form_without_an_end_is_not_read(ada: httpx.Client) -> None:
    assert ada.post("/account/units", data={"csrf": "x" * 300_000}).status_code == 413


# Another's


def test_each_sees_their_own_account_only(home: People, ada: httpx.Client, bob: httpx.Client) -> None:
    assert "Account of Ada" in ada.get("/account").text
    page = bob.get("/account").text
    assert "Account of Bob" in page
    assert "Ada" not in page


def test_anothers_log_in_token_and_link_cannot_be_ended_by_id(
    home: People, ada: httpx.Client, bob: httpx.Client
) -> None:
    keys, now = home.store.keys, home.now()
    secret = keys.add_token("me", "watch", ["read"], now, None)
    keys.share("me", "physio", TODAY, TODAY, now, now + DAY_US)
    login = keys.logins_of("me", now)[0]
    token = next(one for one in keys.tokens_of("me", now) if one.name == "watch")
    share = keys.shares_of("me", now)[0]
    for address in (
        f"log-ins/{login.id}",
        f"tokens/{token.id}",
        f"links/{share.id}",
        "log-ins/%25",
        "tokens/x",
    ):
        assert send(bob, f"/account/{address}/end").status_code == 404
    assert ada.get("/metrics").status_code == 200
    assert httpx.get(f"{home.url}api/v1/me", headers=bearer(secret)).json()["runner"] == "me"
    for address in (f"tokens/{token.id}", f"links/{share.id}"):
        assert send(ada, f"/account/{address}/end").status_code == 303
    assert httpx.get(f"{home.url}api/v1/me", headers=bearer(secret)).status_code == 401


def test_only_the_keeper_keeps_the_house(home: People, ada: httpx.Client, bob: httpx.Client) -> None:
    assert ada.get("/household").status_code == 200
    assert bob.get("/household").status_code == 403
    assert "/household" not in bob.get("/").text
    for address in ("runners", "runners/me/name", "runners/me/password", "runners/bob/keeper"):
        data = {"csrf": csrf(bob, "/account"), "name": "Eve", "zone": "UTC", "keeper": "yes"}
        assert bob.post(f"/household/{address}", data=data).status_code == 403
    assert [one.name for one in home.store.accounts.all()] == ["Ada", "Bob"]
    assert not home.store.accounts.is_keeper("bob")


# Tokens


@pytest.mark.parametrize(
    ("scopes", "method", "address", "status"),
    [
        ("read", "GET", "days", 200),
        ("read", "GET", "symptoms", 403),
        ("read", "POST", "symptoms", 403),
        ("diary", "GET", "symptoms", 200),
        ("diary", "GET", "days", 403),
        ("diary", "POST", "symptoms", 403),
        ("write", "POST", "symptoms", 403),  # what is written is read back
        ("diary write", "POST", "symptoms", 201),  # no token against forgery: no browser sends this by itself
    ],
)
def test_a_token_does_what_its_scopes_say_and_no_more(
    home: People, scopes: str, method: str, address: str, status: int
) -> None:
    now = home.now()
    secret = home.store.keys.add_token("bob", "test", scopes.split(), now, now + DAY_US)
    said = {"site": "knee_front_left", "moment": "other", "pain": 1} if method == "POST" else None
    answer = httpx.request(method, f"{home.url}api/v1/{address}", headers=bearer(secret), json=said)
    assert answer.status_code == status
    if status == 403:
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert answer.json()["detail"] == "This is not yours to see or change."


@pytest.mark.parametrize("secret", ["x", "A" * 43, "ä" * 43, "A" * 100_00])
def test_a_token_that_is_none_is_challenged(home: People, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}".encode()}
    answer = httpx.get(f"{home.url}api/v1/me", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="strideload", error="invalid_token"'


def test_a_program_without_a_token_is_challenged(home: People) -> None:
    answer = httpx.get(f"{home.url}api/v1/me")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="strideload"')
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "This needs a token: Authorization: Bearer TOKEN."


def test_a_token_ends(home: People) -> None:
    now = home.now()
    secret = home.store.keys.add_token("bob", "test", ["read"], now, now + DAY_US)
    ask = lambda: httpx.get(f"{home.url}api/v1/me", headers=bearer(secret)).status_code  # noqa: E731
    home.later(DAY_US - 1)
    assert ask() == 200
    home.later(1)
    assert ask() == 401


def test_a_token_is_no_person(home: People) -> None:
    """It cannot make itself another token, a link, or a password."""
    now = home.now()
    secret = home.store.keys.add_token("me", "all", ["read", "diary", "write", "keep"], now, None)
    for method, address in (
        ("GET", "account"), ("POST", "account/tokens"), ("POST", "account/links"), ("POST", "account/password"),
        ("GET", "household"), ("POST", "household/runners/bob/password"),
    ):  # fmt: skip
        answer = httpx.request(method, f"{home.url}{address}", headers=bearer(secret))
        assert answer.status_code == 403, address


def test_a_runner_who_keeps_no_house_has_no_token_that_does(home: People, bob: httpx.Client) -> None:
    answer = send(bob, "/account/tokens", name="mine", scope=["read", "keep"], days="30")
    assert answer.status_code == 403
    secret = home.store.keys.add_token("bob", "sly", ["keep"], home.now(), None)
    assert httpx.get(f"{home.url}household", headers=bearer(secret)).status_code == 403
    assert httpx.get(f"{home.url}api/v1/me", headers=bearer(secret)).json()["rights"] == []


def test_a_token_is_shown_once(home: People, bob: httpx.Client) -> None:
    answer = send(bob, "/account/tokens", name="dash board", scope=["read", "diary"], days="30")
    secret = re.search(r"<code>([\w-]{43})</code>", answer.text)
    assert secret
    assert httpx.get(f"{home.url}api/v1/me", headers=bearer(secret[1])).json()["runner"] == "bob"
    page = bob.get("/account").text
    assert secret[1] not in page
    assert "dash board</strong>: diary, read." in page


def test_another_runners_pod_is_not_shown_live(home: People) -> None:
    """Not even to whoever keeps the house, on the page of their own day."""
    home.live.live = [a_live_pod(pod=POD, cadence_spm=181.0), a_live_pod(pod="00" * 8, cadence_spm=157.0)]
    home.store.assign(POD, "me", "left", 0)
    home.store.assign("00" * 8, "bob", "left", 0)
    for runner, own, other in (("me", "181", "157"), ("bob", "157", "181")):
        with home.logged_in(runner) as browser:
            for address in ("/", "/part/live", "/part/live-run"):
                shown = browser.get(address).text
                assert own in shown
                assert other not in shown


# Links to a diary


def test_a_share_shows_the_symptoms_of_its_runs_and_no_others(home: People, stranger: httpx.Client) -> None:
    """Each answered course of its days, with what it comes to; another's and an earlier run's are not there."""
    days = date(2025, 10, 9), date(2025, 10, 9)
    for pod_id, runner, boot, off_days in (
        (POD, "me", 1, 0),
        ("00" * 8, "bob", 2, 0),
        ("11" * 8, "me", 3, -3),
    ):
        pod = Pod(pod_id, boot=boot)
        pod.start(0, 1)
        pod.anchor(0, off_days * 86_400_000)
        pod.steps(0, 600)
        pod.end(432)
        home.store.assign(pod_id, runner, "left", 0)
        home.store.add(messages(pod.pages, pod=pod_id))
    home.store.derive()
    for runner, site, start_ms in (
        ("me", "knee_front_left", T0_MS),
        ("bob", "calf_left", T0_MS),
        ("me", "heel_left", T0_MS - 3 * 86_400_000),
    ):
        said = Saying(site, "during", 6, start_ms * 1000, start_ms * 1000, note="a note of my own")
        home.store.diary.write(runner, new_id(), 0, said)
    stranger.get(f"/share/{shared(home, *days)}")
    page = stranger.get("/share").text
    assert "Front of the left knee" in page
    assert "Red: pain 6 during the run, 6 or more." in page
    assert "heel" not in page.lower()
    assert "calf" not in page.lower()
    assert "a note of my own" not in page


def test_a_share_shows_nothing_said_of_a_time_outside_its_days(home: People, stranger: httpx.Client) -> None:
    """Nor what it comes to with that: the morning after the last day's run, the night before the first one."""
    pod = Pod("22" * 8, boot=4)
    pod.start(0, 1)
    pod.anchor(0, 40 * 86_400_000)
    pod.steps(0, 600)
    pod.end(432)
    home.store.assign("22" * 8, "me", "left", 0)
    home.store.add(messages(pod.pages, pod="22" * 8))
    home.store.derive()
    start = (T0_MS + 40 * 86_400_000) * 1000
    morning = start + 20 * HOUR_US
    for site, moment, about, pain in (
        ("calf_right", "during", start + HOUR_US // 60, 1),
        ("calf_right", "next_morning", morning, 9),
        ("groin_left", "next_morning", morning, 8),
        ("heel_right", "before", start - 24 * HOUR_US, 7),
    ):
        said = Saying(site, moment, pain, about, start)
        home.store.diary.write("me", new_id(), 0, said)
    day = datetime.fromtimestamp(start / 1e6, UTC).date()
    stranger.get(f"/share/{shared(home, day, day)}")
    sealed = share_file(home, day)
    for page in (stranger.get("/share").text, stranger.get(f"/run/{start}").text, sealed):
        assert "right calf" in page.lower()
        for hidden in ("red:", "groin", "heel", "pain 9"):
            assert hidden not in page.lower()
    stranger.get(f"/share/{shared(home, day - timedelta(1), day + timedelta(1))}")
    whole = stranger.get(f"/run/{start}").text
    assert "Red: " in whole
    assert "groin" in whole.lower()
    assert "heel" in whole.lower()


def share_file(home: People, day: date) -> str:
    """What an encrypted file of that day shows."""
    shown = sharing.shared_days(home.store, home.live, "me", day, day)
    return part("share_file.html", style="", written="now", **shown)


def shared(home: People, first: date = date(2026, 11, 9), last: date = date(2026, 11, 15)) -> str:
    now = home.now()
    return home.store.keys.share("me", "Dr Quinn", first, last, now, now + 7 * DAY_US)


def test_a_link_shows_its_days_and_leaves_the_address_at_once(home: People, stranger: httpx.Client) -> None:
    answer = stranger.get(f"/share/{shared(home)}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/share")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert f"Max-Age={7 * 86_400};" in cookie
    page = stranger.get("/share").text
    assert "Diary of Ada, shared with Dr Quinn" in page
    assert re.findall(r'scope="row">(\w+ \d+ \w+)<', page) == [
        "Sun 15 Nov", "Sat 14 Nov", "Fri 13 Nov", "Thu 12 Nov", "Wed 11 Nov", "Tue 10 Nov", "Mon 9 Nov",
    ]  # fmt: skip


def test_a_link_opens_nothing_else(home: People, stranger: httpx.Client) -> None:
    stranger.get(f"/share/{shared(home)}")
    for address in (
        "/",
        "/?date=2026-11-10",
        "/part/day",
        "/part/live",
        "/account",
        "/household",
        "/healthz",
    ):
        assert stranger.get(address).status_code in (303, 401, 200 if address == "/healthz" else 303), address
    assert stranger.get("/api/v1/me").status_code == 401
    assert stranger.get("/metrics").status_code == 200  # what the figures mean
    assert stranger.post("/share", data={"csrf": ""}).status_code == 403
    assert stranger.post("/account/units", data={"units": "miles"}).status_code == 401


def test_a_link_ends(home: People, stranger: httpx.Client) -> None:
    secret = shared(home)
    stranger.get(f"/share/{secret}")
    home.later(7 * DAY_US - 1)
    assert stranger.get("/share").status_code == 200
    home.later(1)
    for address in ("/share", f"/share/{secret}"):
        answer = stranger.get(address)
        assert answer.status_code == 404
        assert "This link has ended" in answer.text


def test_a_link_is_taken_back(home: People, ada: httpx.Client, stranger: httpx.Client) -> None:
    answer = send(ada, "/account/links", name="Dr Fox", first="2026-11-01", last="2026-11-30", days="30")
    link = re.search(r"<code>([^<]+)</code>", answer.text)
    assert link
    assert link[1].startswith(home.url)
    stranger.get(link[1])
    assert "shared with Dr Fox" in stranger.get("/share").text
    share = next(one for one in home.store.keys.shares_of("me", home.now()) if one.name == "Dr Fox")
    assert send(ada, f"/account/links/{share.id}/end").status_code == 303
    assert stranger.get("/share").status_code == 404


def test_days_that_have_not_come_are_not_shown(home: People, stranger: httpx.Client) -> None:
    stranger.get(f"/share/{shared(home, TODAY, date(2026, 12, 31))}")
    assert stranger.get("/share").text.count('<th scope="row">') == 1
    stranger.get(f"/share/{shared(home, date(2026, 12, 1), date(2026, 12, 31))}")
    assert "None of these days has come yet." in stranger.get("/share").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": "2026-11-09", "last": "2026-11-08"},
        {"first": "x"},
        {"days": "4000"},
        {"days": ""},
        {"name": " "},
    ],
    ids=str,
)
def test_a_link_that_makes_no_sense_is_not_made(
    home: People, ada: httpx.Client, wrong: dict[str, str]
) -> None:
    before = len(home.store.keys.shares_of("me", home.now()))
    data = {"name": "Dr No", "first": "2026-11-01", "last": "2026-11-30", "days": "30"} | wrong
    assert send(ada, "/account/links", **data).status_code == 422
    assert len(home.store.keys.shares_of("me", home.now())) == before


# Links to set a password


def test_the_keeper_lets_a_new_runner_in_by_a_link_that_holds_once(tmp_path: Path) -> None:
    with people(tmp_path) as home, home.logged_in("me") as ada, home.browser() as cleo:
        assert send(ada, "/household/runners", name="  Cle\u0301o ", zone="Europe/Paris").status_code == 303
        runner = home.store.accounts.all()[-1]
        assert runner.name == "Cl\u00e9o"
        page = send(ada, f"/household/runners/{runner.runner}/password", page="/household").text
        link = re.search(r"<code>(http[^<]+)</code>", page)
        assert link
        assert cleo.get(link[1]).headers["Location"] == "/welcome"
        data = {"login": "Cléo", "password": "un chat deux chiens", "again": "un chat deux chiens"}
        assert send(cleo, "/welcome", page="/welcome", **data | {"again": "x"}).status_code == 422
        assert send(cleo, "/welcome", page="/welcome", **data | {"login": "ADA"}).status_code == 422
        assert send(cleo, "/welcome", page="/welcome", **data).status_code == 303
        assert "Account of Cl\u00e9o" in cleo.get("/account").text
        with home.browser() as late:
            assert late.get(link[1]).status_code == 404
            assert log_in(late, "CLE\u0301O", "un chat deux chiens").status_code == 303


def test_a_runner_sees_that_a_link_to_set_their_password_was_made(home: People, bob: httpx.Client) -> None:
    """A keeper makes it, and could open it: both pages say so."""
    with home.logged_in("me") as keeper:
        assert "lets in whoever opens it first" in keeper.get("/household").text
        assert "A link to set your password" not in bob.get("/account").text
        send(keeper, "/household/runners/bob/password", page="/household")
        assert "A link to set your password was made" in bob.get("/account").text
        assert "A link to set your password" not in keeper.get("/account").text
    home.later(OFFER_LIFE_US)
    assert "A link to set your password" not in bob.get("/account").text


def test_a_link_to_set_a_password_ends_and_opens_nothing_else(home: People, stranger: httpx.Client) -> None:
    secret = home.store.keys.offer_password("bob", home.now())
    assert stranger.get("/api/v1/me", headers=bearer(secret)).status_code == 401
    assert stranger.get(f"/welcome/{secret}").status_code == 303
    assert stranger.get("/metrics").status_code == 303
    assert all(one.name != "password" for one in home.store.keys.tokens_of("bob", home.now()))
    home.later(OFFER_LIFE_US)
    for address in ("/welcome", f"/welcome/{secret}"):
        assert stranger.get(address).status_code == 404


def test_somebody_always_keeps_the_house(home: People, ada: httpx.Client) -> None:
    answer = send(ada, "/household/runners/me/keeper", page="/household", keeper="no")
    assert answer.status_code == 422
    assert "Somebody has to keep the house" in answer.text
    assert send(ada, "/household/runners/nobody/keeper", keeper="yes").status_code == 404


# What every answer carries


@pytest.mark.parametrize("address", ["/log-in", "/", "/share", "/welcome", "/api/v1/me", "/account"])
def test_every_answer_of_the_gate_is_shielded(stranger: httpx.Client, address: str) -> None:
    answer = stranger.get(address)
    for name, value in shield.HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in answer.headers  # plain HTTP, to this computer only


def test_a_watcher_on_this_computer_needs_no_log_in(home: People) -> None:
    assert httpx.get(f"{home.url}healthz").status_code == 200


def test_the_logins_of_these_tests_are_the_houses(home: People) -> None:
    assert {one.runner: one.login for one in home.store.accounts.all()} == LOGIN


# What is to be read


NOTHING_OF_A_RUNNER = {
    *("/healthz", "/openmetrics", "/favicon.ico", "/log-in", "/api/v1/openapi.json"),
    "/api/v1/me",  # what the token itself may
}


def test_a_token_that_may_only_write_reads_nothing(home: People) -> None:
    """Of all addresses that need nothing filled in."""
    app = make_app(Doors(home.store, home.live, lambda _: home.live, "me"))
    addresses = {
        found.path
        for found in iter_route_contexts(app.routes)
        if found.path and "GET" in (found.methods or ()) and "{" not in found.path
    }
    assert {"/", "/part/day", "/part/live", "/trend", "/metrics", "/api/v1/days"} <= addresses
    secret = home.store.keys.add_token("me", "writes", ["write"], home.now(), None)
    with httpx.Client(base_url=home.url, headers=bearer(secret)) as program:
        read = {path for path in addresses if program.get(path).status_code == 200}
    assert read <= NOTHING_OF_A_RUNNER


@pytest.mark.parametrize(
    ("ticked", "told"),
    [
        ({}, (False, False)),
        ({"day": "yes"}, (True, False)),
        ({"day": "yes", "symptoms": "yes"}, (True, True)),
        ({"symptoms": "yes"}, (False, False)),
    ],
)
def test_dashboards_are_told_what_the_runner_ticks_and_symptoms_only_with_the_day(
    home: People, bob: httpx.Client, ticked: dict[str, str], told: tuple[bool, bool]
) -> None:
    """What is not told does not stand on the page as if it were."""
    assert send(bob, "/account/dashboards", **ticked).status_code == 303
    assert home.store.accounts.publishes("bob") == told
    assert home.store.accounts.publishes("me") == (False, False)
    boxes = re.findall(r'<input type="checkbox" name="(?:day|symptoms)"[^>]*>', bob.get("/account").text)
    assert tuple("checked" in box for box in boxes) == told
