"""The page on the network: by HTTPS only, for whoever logs in; and behind a reverse proxy that says so."""

import json
import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.exceptions import HTTPException

from strideload.collect.certificates import CA_FILE, PAGE, ensure_certificates
from strideload.web.arrival import FORWARDED, arrival, networks
from strideload.web.serve import ServeError, serve
from web.people import PASSWORD, People, log_in, people, send
from web.test_serve import hello

NAMES = frozenset({"localhost", "127.0.0.1"})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    ensure_certificates(folder, NAMES, PAGE)
    return folder / PAGE.file, folder / PAGE.key_file


@pytest.fixture(scope="module")
def trust(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate[0].with_name(CA_FILE))


@pytest.fixture(scope="module")
def by_https(tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]) -> Iterator[People]:
    with people(tmp_path_factory.mktemp("https"), certificate=certificate) as found:
        yield found


def test_the_houses_own_certificate_is_good_for_whoever_trusts_its_authority(
    by_https: People, trust: ssl.SSLContext
) -> None:
    assert by_https.url.startswith("https://")
    assert httpx.get(f"{by_https.url}log-in", verify=trust).status_code == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(by_https.url)


def test_plain_http_gets_no_answer_there(by_https: People) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(by_https.url.replace("https", "http"))


def test_by_https_cookies_are_this_hosts_alone_and_never_go_out_in_the_clear(
    by_https: People, trust: ssl.SSLContext
) -> None:
    with by_https.browser(verify=trust) as browser:
        cookies = log_in(browser, "ada", PASSWORD["me"]).headers.get_list("Set-Cookie")
        for cookie in cookies:
            assert cookie.startswith("__Host-strideload")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
            assert "Domain" not in cookie
        answer = browser.get("/account")
        assert "Account of Ada" in answer.text
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert send(browser, "/account/units", units="miles").status_code == 303


def test_a_cookie_of_plain_http_opens_nothing_by_https(by_https: People, trust: ssl.SSLContext) -> None:
    """Another port of this host can plant `strideload`, but no `__Host-strideload`."""
    secret = by_https.store.keys.log_in("me", by_https.now())
    for name, status in (("strideload", 303), ("__Host-strideload", 200)):
        answer = httpx.get(f"{by_https.url}metrics", cookies={name: secret}, verify=trust)
        assert answer.status_code == status


def test_by_https_nobody_is_at_home(
    tmp_path: Path, certificate: tuple[Path, Path], trust: ssl.SSLContext
) -> None:
    """Without any password the network is shut, even where the request comes from this computer."""
    with people(tmp_path, passwords=False, certificate=certificate) as home:
        answer = httpx.get(home.url, verify=trust)
        assert answer.status_code == 403
        assert "nobody is let in over the network" in answer.text


def test_lasting_https_can_be_left_out(
    tmp_path: Path, certificate: tuple[Path, Path], trust: ssl.SSLContext
) -> None:
    with people(tmp_path, certificate=certificate, entrance={"lasting_https": False}) as home:
        answer = httpx.get(f"{home.url}log-in", verify=trust)
        assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("harm", ["missing", "no certificate", "another key"])
def test_a_certificate_that_cannot_be_used_is_named(
    tmp_path: Path, certificate: tuple[Path, Path], harm: str
) -> None:
    file, key = tmp_path / "page.pem", certificate[1]
    if harm == "no certificate":
        file.write_text("none")
    if harm == "another key":
        ensure_certificates(tmp_path, NAMES, PAGE)
    with pytest.raises(ServeError, match=r"certificate .*page\.pem or its key cannot be used"):
        serve(hello, "127.0.0.1", 0, (file, key))


# Behind a reverse proxy


@pytest.fixture(scope="module")
def by_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The tests' own client stands for the proxy."""
    entrance = {"hosts": ("strideload.example",)}
    folder = tmp_path_factory.mktemp("proxy")
    with people(folder, proxies=("127.0.0.1", "10.0.0.0/8"), entrance=entrance) as found:
        yield found


FROM_PROXY = {
    "Host": "strideload.example",
    "Origin": "https://strideload.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "192.0.2.7",
}


def test_a_named_proxy_speaks_for_https(by_proxy: People) -> None:
    with httpx.Client(base_url=by_proxy.url, headers=FROM_PROXY) as browser:
        page = browser.get("/log-in")
        assert page.headers["Strict-Transport-Security"]
        given = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert given
        cookie = f"__Host-strideload-form={given[1]}"  # httpx keeps no Secure cookie of http://
        data = {"csrf": given[1], "login": "ada", "password": PASSWORD["me"]}
        answer = browser.post("/log-in", data=data, headers={"Cookie": cookie})
        assert answer.status_code == 303
        assert answer.headers["Set-Cookie"].startswith("__Host-strideload=")
        assert "; Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("address", ["healthz", "openmetrics"])
def test_what_programs_on_this_computer_watch_needs_a_log_in_from_elsewhere(
    by_proxy: People, address: str
) -> None:
    answer = httpx.get(f"{by_proxy.url}{address}", headers=FROM_PROXY)
    assert (answer.status_code, answer.text) == (303, "")


@pytest.mark.parametrize("said", ["http", "", "http, https", "https, http", None])
def test_a_proxy_that_does_not_say_https_is_refused(by_proxy: People, said: str | None) -> None:
    headers = {**FROM_PROXY, "X-Forwarded-Proto": said}
    answer = httpx.get(
        f"{by_proxy.url}log-in", headers={name: value for name, value in headers.items() if value is not None}
    )
    assert answer.status_code == 403
    assert "does not say that the request came by HTTPS" in answer.text


def test_behind_a_proxy_only_its_names_are_answered(by_proxy: People) -> None:
    for host in ("evil.example", "127.0.0.1"):
        assert httpx.get(f"{by_proxy.url}log-in", headers={**FROM_PROXY, "Host": host}).status_code == 400


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("198.51.100.9, 192.0.2.7", "192.0.2.7"),  # what stands left of a stranger is the stranger's word
        ("192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("not an address", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_who_asks_by_a_proxy_is_whom_it_heard(said: str, asked: str) -> None:
    headers = [(b"x-forwarded-proto", b"https"), (b"x-forwarded-for", said.encode())]
    scope = {"type": "http", "scheme": "http", "client": ("127.0.0.1", 5), "headers": headers}
    found = arrival(scope, networks(["127.0.0.1", "10.0.0.0/8"]))
    assert (found.address, found.secure, found.at_home) == (asked, True, False)


@pytest.mark.parametrize(
    ("client", "scheme", "at_home"),
    [
        (("127.0.0.1", 5), "http", True),
        (("::1", 5), "http", True),
        (("::ffff:127.0.0.1", 5), "http", True),
        (("192.0.2.7", 5), "http", None),
        (("::ffff:192.0.2.7", 5), "http", None),
        (None, "http", None),
        (("192.0.2.7", 5), "https", False),
        (("127.0.0.1", 5), "https", False),
    ],
)
def test_plain_http_is_for_this_computer_alone(
    client: tuple[str, int] | None, scheme: str, at_home: bool | None
) -> None:
    scope = {"type": "http", "scheme": scheme, "client": client, "headers": []}
    if at_home is None:
        with pytest.raises(Exception, match="not shown over the network without HTTPS"):
            arrival(scope, ())
    else:
        assert arrival(scope, ()).at_home is at_home


@pytest.mark.parametrize("header", FORWARDED)
def test_a_proxy_that_nobody_named_is_refused_over_https_as_well(header: str) -> None:
    """Else all who come by it would be counted as one address."""
    scope = {
        "type": "http",
        "scheme": "https",
        "client": ("192.0.2.7", 5),
        "headers": [(header.encode(), b"198.51.100.3")],
    }
    with pytest.raises(HTTPException, match=r"web\.trusted_proxies") as caught:
        arrival(scope, networks(["192.0.2.8"]))
    assert caught.value.status_code == 403


def test_a_refusal_of_the_api_is_json(by_proxy: People) -> None:
    answer = httpx.get(f"{by_proxy.url}api/v1/me", headers=FROM_PROXY)
    assert answer.status_code == 401
    assert "token" in json.loads(answer.text)["detail"]
