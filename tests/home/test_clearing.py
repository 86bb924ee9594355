"""Once the settings do not want homes told any more, the next start takes away what was told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from collect.talker import Talker
from home.conftest import day
from home.fake_home_assistant import TOKEN, FakeHomeAssistant
from strideload.collect.credentials import HOST_USER, Users
from strideload.home import clearing
from strideload.home.facts import RunnerAtHome
from strideload.home.ledger import PUBLISHED_NAME, STATISTICS_NAME, Ledger
from strideload.home.statistics import Statistics, series_of
from strideload.home_doors import telling_homes
from strideload.host import BROKER_FOLDER, HOME_FOLDER, Host, open_host
from strideload.settings import Settings, load_settings
from support import tools
from support.waiting import until


def settings(folder: Path, *, enabled: bool, statistics: str | None = None) -> Settings:
    """`statistics`: Home Assistant's address."""
    words = f"[home]\nenabled = {str(enabled).lower()}\n"
    if statistics is not None:
        (folder / "token").write_text(TOKEN)
        words += f'statistics_url = "{statistics}"\nstatistics_token_file = "token"\n'
    (folder / "strideload.toml").write_text(words)
    return load_settings(folder)


def names(folder: Path) -> list[str]:
    return json.loads((folder / HOME_FOLDER / PUBLISHED_NAME).read_text())


def retained(host: Host, unwanted: Callable[[str], bool]) -> dict[str, bytes]:
    """What lies under our topics, as soon as a mark of this test's own was heard."""
    with Talker(host.broker.address, ("strideload/#",)) as talker:
        talker.publish("strideload/mark", b"1")
        until(lambda: any(topic == "strideload/mark" for topic, _ in talker.heard))
        return {topic: payload for topic, payload in talker.heard if payload and unwanted(topic)}


def test_what_was_published_goes_once_it_is_not_wanted_any_more(tmp_path: Path) -> None:
    tools.program("mosquitto")
    told = settings(tmp_path, enabled=True)
    with open_host(told) as host:
        host.store.accounts.set_publishes("me", day=True, symptoms=True)
        with telling_homes(host):
            until(lambda: (tmp_path / HOME_FOLDER / PUBLISHED_NAME).is_file())
            of_home = set(names(tmp_path))
            until(lambda: len(retained(host, of_home.__contains__)) >= 3)
    assert any(topic.endswith("/summary") for topic in of_home)
    with open_host(settings(tmp_path, enabled=False)) as host, telling_homes(host) as publisher:
        assert publisher is None
        until(lambda: names(tmp_path) == [])
        assert retained(host, of_home.__contains__) == {}
    # Then nobody is let in by the names of homes any more.
    with open_host(settings(tmp_path, enabled=False)) as host, telling_homes(host):
        assert set(Users(tmp_path / BROKER_FOLDER).read()) == {HOST_USER}
        assert retained(host, of_home.__contains__) == {}


def put_into_statistics(folder: Path, url: str) -> None:
    """A day of a runner, as it goes in while homes are told."""
    (folder / "token").write_text(TOKEN)
    series = series_of(RunnerAtHome("a" * 16, "me", "Ada", symptoms=False), [day()])
    Ledger(folder / HOME_FOLDER / STATISTICS_NAME).add(one.id for one in series)
    Statistics(url, folder / "token").bring_up_to_date(series)


def test_days_go_out_of_the_statistics_as_well(tmp_path: Path) -> None:
    with FakeHomeAssistant() as home:
        put_into_statistics(tmp_path, home.url)
        assert len(home.rows) == 5
        not_told = settings(tmp_path, enabled=False, statistics=home.url)
        with open_host(not_told) as host, telling_homes(host):
            until(lambda: Ledger(tmp_path / HOME_FOLDER / STATISTICS_NAME).names == frozenset())
        assert home.rows == {}


@pytest.mark.parametrize("enabled", [True, False])
def test_days_that_cannot_be_taken_out_are_told_of(
    enabled: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeHomeAssistant() as home:
        put_into_statistics(tmp_path, home.url)
    with open_host(settings(tmp_path, enabled=enabled)) as host, telling_homes(host):
        assert "Set home.statistics_url and home.statistics_token_file once more" in caplog.text
    assert Ledger(tmp_path / HOME_FOLDER / STATISTICS_NAME).names


def test_a_home_assistant_that_is_away_is_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clearing, "RETRY_S", 0.02)
    with FakeHomeAssistant() as home:
        put_into_statistics(tmp_path, home.url)
        with open_host(settings(tmp_path, enabled=False, statistics=home.url)) as host:
            (tmp_path / "token").rename(tmp_path / "away")
            with telling_homes(host):
                until(lambda: "not taken out" in caplog.text)
                (tmp_path / "away").rename(tmp_path / "token")
                until(lambda: home.rows == {})
    assert caplog.text.count("not taken out") == 1


def test_a_ledger_that_cannot_be_read_keeps_no_host_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tools.program("mosquitto")
    (tmp_path / HOME_FOLDER).mkdir()
    (tmp_path / HOME_FOLDER / PUBLISHED_NAME).write_text("[")
    with open_host(settings(tmp_path, enabled=False)) as host, telling_homes(host) as publisher:
        assert publisher is None
    assert "cannot be read" in caplog.text
