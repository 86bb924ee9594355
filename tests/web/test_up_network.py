"""What `strideload up` shows to the network: only once there is a password, and under this computer's names."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from strideload.settings import load_settings
from strideload.store import Store, open_store
from strideload.up import NoPassword, page_certificate, page_of, require_password
from strideload.web.shield import LOOPBACK_HOSTS


def host(folder: Path, store: Store, toml: str = "") -> Any:
    (folder / "strideload.toml").write_text(toml)
    return SimpleNamespace(store=store, settings=load_settings(folder), collector=None)


def hosts(app: Any) -> list[str]:
    return next(one.kwargs["allowed_hosts"] for one in app.user_middleware if "allowed_hosts" in one.kwargs)


def test_without_a_password_nothing_goes_out(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.db") as store:
        found = host(tmp_path, store)
        with pytest.raises(NoPassword, match="only once Runner has a password"):
            require_password(found)
        store.ensure_runner("me", "Ada", "UTC")
        store.ensure_runner("bob", "Bob", "UTC")
        store.accounts.set_password("bob", "hash", login="bob")
        with pytest.raises(NoPassword, match="only once Ada has a password"):
            require_password(found)
        store.accounts.set_password("me", "hash", login="ada")
        require_password(found)


def test_where_the_runner_of_the_settings_was_erased_another_keepers_password_does(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.db") as store:
        found = host(tmp_path, store)
        for runner, name in (("me", "Ada"), ("bob", "Bob")):
            store.ensure_runner(runner, name, "UTC")
        store.erase_runner("me")
        with pytest.raises(NoPassword, match="only once Bob has a password"):
            require_password(found)
        store.accounts.set_password("bob", "hash", login="bob")
        require_password(found)


def test_it_is_asked_by_its_own_names_and_those_of_the_settings(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.db") as store:
        found = host(tmp_path, store, "[web]\nnames = ['strideload.example', 'fd00::7']\n")
        at_home = hosts(page_of(found, page_lan=False))
        assert at_home == [*LOOPBACK_HOSTS, "strideload.example", "[fd00::7]"]
        assert {"127.0.0.1", "localhost"} < set(hosts(page_of(found, page_lan=True)))
        assert any(name.endswith(".local") for name in hosts(page_of(found, page_lan=True)))


def test_a_certificate_of_ones_own_is_shown_in_place_of_the_houses(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.db") as store:
        own = host(tmp_path, store, "[web]\ncertificate_file = 'c.pem'\nkey_file = '/k.pem'\n").settings
        assert page_certificate(own) == (tmp_path / "c.pem", Path("/k.pem"))
        house = page_certificate(host(tmp_path, store).settings)
        assert [file.is_file() for file in house] == [True, True]
        assert (tmp_path / "broker").stat().st_mode & 0o077 == 0
