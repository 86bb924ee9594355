"""Once the settings do not want homes told any more, the next start takes away what lies at the broker."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from collect.talker import Talker, until
from strideload.collect.credentials import HOST_USER, Users
from strideload.home.ledger import PUBLISHED_NAME
from strideload.home_doors import telling_homes
from strideload.host import BROKER_FOLDER, HOME_FOLDER, Host, open_host
from strideload.settings import Settings, load_settings
from support import tools


def settings(folder: Path, *, enabled: bool) -> Settings:
    (folder / "strideload.toml").write_text(f"[home]\nenabled = {str(enabled).lower()}\n")
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


def test_a_ledger_that_cannot_be_read_keeps_no_host_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tools.program("mosquitto")
    (tmp_path / HOME_FOLDER).mkdir()
    (tmp_path / HOME_FOLDER / PUBLISHED_NAME).write_text("[")
    with open_host(settings(tmp_path, enabled=False)) as host, telling_homes(host) as publisher:
        assert publisher is None
    assert "cannot be read" in caplog.text
