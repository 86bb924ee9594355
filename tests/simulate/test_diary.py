"""The season's diary tells of a spike that a knee minded and of how it settled; a watch told the distances."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from strideload.load.strength import OF_THE_LEG, StrengthSession, coverage
from strideload.load.symptoms import Colour
from strideload.runner.diary import diary_of
from strideload.runner.records import Records, read
from strideload.simulate.diary import keep_diary
from strideload.simulate.pod import ScratchFiles
from strideload.simulate.runner import Runner
from strideload.simulate.season import EASY_KMH, SPIKE_DAYS_AGO, write_season
from strideload.simulate.watch import WATCH_WEEKS, keep_activities
from strideload.store import Received, Store, open_store
from strideload_pod.log import Log
from strideload_pod.page import PAGE_SIZE, STREAM_STEPS

TODAY = date(2026, 11, 22)
UID = bytes.fromhex("5311de10ad000001")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("season")
    files = ScratchFiles(folder)
    write_season(Runner(1), TODAY, ZoneInfo("Europe/Berlin"), files, UID, log_id=7)
    log = Log(files, UID, 1 << 20, lambda: 9)
    buffer = bytearray(PAGE_SIZE)
    pages = []
    for number in range(log.next(STREAM_STEPS)):
        assert log.read(STREAM_STEPS, number, buffer)
        pages.append(bytes(buffer))
    found = open_store(folder / "store.db")
    found.ensure_runner("demo", "Demo runner", "Europe/Berlin")
    found.add([Received(UID.hex(), page, 1) for page in pages])
    found.derive()
    keep_activities(found, "demo", TODAY)
    keep_diary(found, "demo", TODAY)
    return found


def records_of(store: Store) -> Records:
    return read(store, "demo", TODAY - timedelta(days=SPIKE_DAYS_AGO), TODAY)


def test_a_knee_minded_the_spike_and_settled(store: Store) -> None:
    records = records_of(store)
    found = {one.run.date: one.status.colour for one in diary_of(records).shown if one.status}
    spike, *after = [found[run.date] for run in records.shown_runs]
    settled: list[Colour] = ["green"] * (len(after) - 1)
    assert spike == "red"
    assert after == [*settled, "open"]
    assert len(after) >= 3


def test_again_it_changes_nothing(store: Store) -> None:
    def kept() -> tuple[object, ...]:
        return (
            store.diary.everything("demo"),
            store.conditions.shoes("demo"),
            store.strength.everything("demo"),
            store.activities.all("demo"),
        )

    before = kept()
    keep_activities(store, "demo", TODAY)
    keep_diary(store, "demo", TODAY)
    assert kept() == before


def test_shoes_changed_once(store: Store) -> None:
    runs = read(store, "demo", TODAY - timedelta(days=70), TODAY).shown_runs
    worn = [run.figures.conditions.shoe for run in runs]
    assert len(set(worn)) == 2
    assert worn == sorted(worn, key=worn.index)
    assert {run.figures.conditions.surface for run in runs if run.date.weekday() == 6} == {"trail"}


def test_a_watch_told_how_far_the_runs_of_the_last_weeks_went(store: Store) -> None:
    runs = read(store, "demo", TODAY - timedelta(days=70), TODAY).shown_runs
    worn = [run for run in runs if (TODAY - run.date).days <= 7 * WATCH_WEEKS]
    assert [run for run in runs if run.distance_m is not None] == worn
    assert len(worn) >= 12
    for run in worn:
        running_m = run.run.running_s * EASY_KMH / 3.6
        assert running_m < (run.distance_m or 0) < running_m + 800
    assert all("simulated" in one.name for one in store.activities.all("demo"))


def test_strength_covers_the_whole_leg_only_since_the_spike(store: Store) -> None:
    entries = store.strength.entries("demo", TODAY - timedelta(days=70), TODAY)
    sessions = [StrengthSession(one.date, (one.exercise,)) for one in entries]
    *before, _, last = coverage(sessions, TODAY - timedelta(days=41), TODAY)
    assert last.not_logged == ()
    assert all(set(week.not_logged) & set(OF_THE_LEG) for week in before[:3])
