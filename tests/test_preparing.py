"""Days stand ready before anybody asks for them: made in the background, slowly, the newest first."""

from datetime import timedelta
from pathlib import Path

import pytest

from runner.world import RUNNER, World
from strideload import days, preparing
from strideload.remembered import forget_everything
from strideload.runner import shoes
from strideload.store import Store, StoreError


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A runner at home in Berlin, and when they ran first."""
    made = World(tmp_path / "store.db")
    first = days.today(made.store, RUNNER) - timedelta(days=8)
    for back in (8, 3, 0):
        made.run(f"{first + timedelta(days=8 - back)} 00:10", 2)
    made.store.conditions.add_shoe(RUNNER, "Blue", first)
    forget_everything()
    return made


def steps_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A line for each read of steps from now on."""
    reads: list[int] = []
    read = store.sessions

    def counted(runner: str, start_utc_us: int, end_utc_us: int):
        reads.append(start_utc_us)
        return read(runner, start_utc_us, end_utc_us)

    monkeypatch.setattr(store, "sessions", counted)
    return reads


def test_the_first_look_at_the_shoes_reads_no_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.store as store:
        assert preparing.prepare(store, lambda _: False) >= 9
        reads = steps_read(store, monkeypatch)
        (blue,) = shoes.read(store, RUNNER).pairs
        assert (blue.mileage.unknown_days, reads) == (0, [])


def test_it_begins_with_today_and_rests_most_of_the_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.store as store:
        reads, waits = steps_read(store, monkeypatch), list[float]()

        def wait(seconds: float) -> bool:
            waits.append(seconds)
            return False

        assert preparing.prepare(store, wait) >= 9
        assert len(reads) == len(waits) == 2  # weeks with a run
        assert reads == sorted(reads, reverse=True)
        assert all(seconds > 0 for seconds in waits)


def test_no_more_days_are_made_than_are_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "DAYS_REMEMBERED", 14)
    with world.store as store:
        store.ensure_runner("friend", "Friend", "Europe/Berlin")
        assert preparing.prepare(store, lambda _: False) == 7


def test_while_sessions_are_derived_it_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.store as store:
        monkeypatch.setattr(store, "due", lambda: 1)
        assert preparing.prepare(store, lambda _: True) == 0


def test_it_ends_with_the_host_and_a_fault_ends_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with world.store as store:
        with preparing.preparing(store):
            pass

        def broken() -> int:
            raise StoreError("the store: no")

        monkeypatch.setattr(store, "due", broken)
        with preparing.preparing(store):
            pass
        assert "days are made when they are asked for" in caplog.text
