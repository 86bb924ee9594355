"""Runners and their passwords from the terminal: what is refused, and that nobody is half added."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from strideload import runners
from strideload.errors import StrideloadError
from strideload.store import Store, open_store

PASSWORD = "a long secret of four words"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.db") as found:
        found.ensure_runner("me", "Ada", "Europe/London")
        yield found


def test_a_password_lets_its_runner_log_in(store: Store) -> None:
    found = runners.set_password(store, runners.require(store, "me", "Ada"), "Ada", PASSWORD)
    assert runners.in_words(found) == "me  Ada, logs in as ada, keeps the house"
    assert runners.require(store, "me", None) == "me"
    assert PASSWORD not in runners.to_json([found])


def test_who_has_no_login_needs_one(store: Store) -> None:
    with pytest.raises(StrideloadError, match="no name to log in by yet: give one with --login"):
        runners.require(store, "me", None)


def test_a_runner_who_is_not_there_is_named_with_those_who_are(store: Store) -> None:
    with pytest.raises(StrideloadError, match="There is no runner 'nobody'; there are me"):
        runners.require(store, "nobody", "ada")


@pytest.mark.parametrize(
    ("name", "login", "password", "says"),
    [
        ("Bob", "bob", "short secret", "15 characters or more"),
        ("Bob", "a b", PASSWORD, "a login has"),
        ("Bob", "bob", "bobbobbobbobbob", "too easy to guess"),
        (" ", None, None, "a name has"),
    ],
)
def test_a_runner_is_added_whole_or_not_at_all(
    store: Store, name: str, login: str | None, password: str | None, says: str
) -> None:
    with pytest.raises(StrideloadError, match=says) as caught:
        runners.add(store, name, "Europe/London", None, login, password)
    assert password is None or password not in str(caught.value)
    assert store.runners() == ["me"]


def test_a_password_is_a_line_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f" {PASSWORD} \r\nmore"))
    assert runners.read_password(from_stdin=True) == f" {PASSWORD} "
    with pytest.raises(StrideloadError, match="no terminal to ask at"):
        runners.read_password(from_stdin=False)


def test_at_the_terminal_it_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([PASSWORD, PASSWORD, PASSWORD, "another"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(runners, "getpass", lambda _: next(answers))
    assert runners.read_password(from_stdin=False) == PASSWORD
    with pytest.raises(StrideloadError, match="differ"):
        runners.read_password(from_stdin=False)
