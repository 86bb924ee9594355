"""Of a runner who was erased nothing is found: not in the store, not in memory, not by a log-in, not by a pod."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from runner.world import RUNNER, World
from store.making import messages
from strideload import activity_file, days, erase
from strideload.cli import app
from strideload.load.strength import Exercise
from strideload.protocol.pod_settings import CueTarget
from strideload.remembered import forget_everything
from strideload.runner import activities, cadence, own_cadence, runs, watch
from strideload.store import open_store
from strideload.store.conditions import Worn
from strideload.store.database import Store
from strideload.store.ids import new_id
from strideload.store.keys import DAY_US
from strideload.store.schema import metadata
from test_activity_file import gpx

POD, CUED = "aa" * 8, "cc" * 8
FRIEND = "friend"
WORDS = (
    "Adelaide",
    "ada-the-login",
    "hurts when dancing",
    "Blue shoes",
    "Dr Quinn",
    "dash board",
    "hash-of-it",
)
HERS = (*WORDS, f"'{RUNNER}'", '"target_cspm": 17351')


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A runner with something of everything, and a friend who has the pod since."""
    made = World(tmp_path / "store.db")
    with made.store as store:
        store.accounts.rename(RUNNER, "Adelaide")
        store.accounts.set_password(RUNNER, "hash-of-it", login="ada-the-login")
        store.accounts.set_publishes(RUNNER, True, True)
        now = made.us("2026-11-22 12:00")
        store.keys.add_token(RUNNER, "dash board", ["read"], now, None)
        store.keys.share(RUNNER, "Dr Quinn", date(2026, 11, 1), date(2026, 11, 2), now, now + DAY_US)
        made.run("2026-11-20 18:00", 3)
        made.run("2026-11-22 18:02", 10)
        store.assign(CUED, RUNNER, "right", 0)
        store.change_settings(CUED, cue=CueTarget(17_351))
        (run,) = made.runs("2026-11-20")
        made.says("during", 3, run=run, note="hurts when dancing")
        store.note_day(RUNNER, date(2026, 11, 19), "rest")
        store.strength.add(RUNNER, new_id(), date(2026, 11, 19), Exercise("calves", 3, 12))
        shoe = store.conditions.add_shoe(RUNNER, "Blue shoes", date(2026, 11, 1))
        store.conditions.set_usual(RUNNER, made.us("2026-11-01 00:00"), Worn(shoe.id, "laces"))
        store.conditions.set_run(RUNNER, run.start_utc_us, Worn(shoe.id))
        store.plans.set(RUNNER, {"v": 1}, "runner", None)
        activities.take(store, RUNNER, activity_file.read(gpx(), "x.gpx"))
        store.ensure_runner(FRIEND, "A friend", "Europe/Berlin")
        store.assign(POD, FRIEND, "left", made.us("2026-11-23 00:00"))
        made.run("2026-11-23 08:00", 3)
        made.says("during", 1, at="2026-11-20 19:00")
        yield made


def rows(store: Store) -> dict[str, list[str]]:
    """Every row of every table."""
    with store.engine.connect() as connection:
        return {
            table.name: [repr(tuple(row)) for row in connection.execute(sa.select(table))]
            for table in metadata.sorted_tables
        }


def test_nothing_is_found_but_what_says_nothing(world: World) -> None:
    before = rows(world.store)
    for word in HERS:
        assert any(word in row for found in before.values() for row in found), word
    assert erase.erase(world.store, RUNNER, FRIEND).sessions == 2
    after = rows(world.store)
    for word in HERS:
        assert not [row for found in after.values() for row in found if word in row], word
    assert [one.settings.cue for one in world.store.settings_history(CUED)] == [None, None]
    # What is left: a name that says nothing, whose pod it was, and which page numbers do not come back.
    gone = next(row for row in after["runners"] if "erased-" in row).split("'")[1]
    holding = {name for name, found in after.items() if any(gone in row for row in found)}
    assert holding == {"runners", "assignments"}
    assert after["erasures"]
    for name in (
        "symptoms",
        "plans",
        "shoes",
        "strength",
        "activities",
        "tokens",
        "shares",
        "logins",
        "day_notes",
    ):
        assert after[name] == [], name


def test_another_runner_is_untouched(world: World) -> None:
    store = world.store
    store.note_day(FRIEND, date(2026, 11, 21), "rest")
    shoe = store.conditions.add_shoe(FRIEND, "Red", date(2026, 11, 1))
    on = date(2026, 11, 23)
    before = days.day_of(store, FRIEND, on)
    erase.erase(store, RUNNER, FRIEND)
    forget_everything()
    assert days.day_of(store, FRIEND, on) == before
    assert store.conditions.shoes(FRIEND) == [shoe]
    assert store.notes(FRIEND, on, on) == {}
    assert store.notes(FRIEND, date(2026, 11, 21), on) == {date(2026, 11, 21): "rest"}
    assert [(one.runner, one.keeper) for one in store.accounts.all()] == [(FRIEND, True)]


def test_what_the_pod_sends_again_stays_deleted(world: World) -> None:
    store = world.store
    erase.erase(store, RUNNER, FRIEND)
    before = rows(store)
    outcome = store.add(messages(world.pods[POD].pages, pod=POD))
    store.derive()
    assert (outcome.stored, outcome.erased > 0) == (0, True)
    assert {name: found for name, found in rows(store).items() if name != "streams"} == {
        name: found for name, found in before.items() if name != "streams"
    }


def test_nothing_is_remembered(world: World) -> None:
    world.read("2026-11-20")
    erase.erase(world.store, RUNNER, FRIEND)
    for memory in (
        days._summaries,
        runs._whole_runs,
        cadence._looked,
        own_cadence._remembered,
        watch._along,
    ):
        assert not memory._values


def test_the_runner_of_the_settings_begins_anew(world: World) -> None:
    store = world.store
    erase.erase(store, RUNNER, RUNNER)
    assert store.runners() == [FRIEND, RUNNER]
    assert store.zone_of(RUNNER, date(2026, 11, 20)) == "Europe/Berlin"
    account = store.accounts.find(RUNNER)
    assert account is not None
    assert (account.login, account.has_password, account.publish_day) == (None, False, False)
    assert account.password_set_utc_us is None
    assert runs.runs_of(store, RUNNER, date(2026, 11, 1), date(2026, 11, 23)) == []
    assert store.diary.everything(RUNNER) == []


def test_the_command_asks_before_it_erases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIDELOAD_DIR", str(tmp_path))
    typed = CliRunner()
    with open_store(tmp_path / "strideload.db") as store:
        store.ensure_runner("me", "Me", "UTC")
    refused = typed.invoke(app, ["runner", "erase", "me"], input="me\n")
    assert "give --yes if you mean it" in str(refused.exception)
    with open_store(tmp_path / "strideload.db") as store:
        store.note_day("me", date(2026, 11, 20), "rest")
    done = typed.invoke(app, ["runner", "erase", "me", "--yes"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Erased for good: 0 sessions, 0 pages, ")
    with open_store(tmp_path / "strideload.db") as store:
        assert store.notes("me", date(2026, 11, 1), date(2026, 11, 30)) == {}
    assert "There is no runner 'eve'" in str(typed.invoke(app, ["runner", "erase", "eve"]).exception)
