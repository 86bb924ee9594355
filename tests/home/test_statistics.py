"""Days land on their own dates, are sent once, and a token is said to nobody but Home Assistant."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from home.conftest import ADA, BEN, TODAY, Door, day
from home.fake_home_assistant import STATISTIC_ID, TOKEN, FakeHomeAssistant
from strideload.home import history as history_module
from strideload.home.facts import RunnerAtHome, RunnerDay
from strideload.home.history import History
from strideload.home.ledger import Ledger
from strideload.home.statistics import ROWS_A_MESSAGE, Statistics, StatisticsError, series_of
from strideload.load.zones import day_bounds, local_time
from support.ports import free_port
from support.waiting import until

STEPS = f"strideload:{ADA.id}_steps"
UNKNOWN = dict.fromkeys(("running_s", "walking_s", "steps", "cadence_spm", "impact_sum_g"))


@pytest.fixture
def home() -> Iterator[FakeHomeAssistant]:
    with FakeHomeAssistant() as found:
        yield found


@pytest.fixture
def token(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text(TOKEN + "\n")
    return tmp_path / "token"


def days(count: int, **more: object) -> list[RunnerDay]:
    return [day(TODAY - timedelta(days=n), **more) for n in range(count, 0, -1)]


@pytest.mark.parametrize("version", ["2025.4.4", "2025.11.0", "2026.11.1"])
def test_days_are_sent_once_and_then_what_changed(version: str, token: Path) -> None:
    with FakeHomeAssistant(version) as home:
        statistics = Statistics(home.url, token)
        wanted = days(3)
        assert statistics.bring_up_to_date(series_of(ADA, wanted)) == 5 * 3
        assert statistics.bring_up_to_date(series_of(ADA, wanted)) == 0
        late = [wanted[0], day(wanted[1].date, steps=9999), wanted[2]]
        assert statistics.bring_up_to_date(series_of(ADA, late)) == 1
        assert [value for _, value in sorted(home.rows[STEPS].items())] == [5210, 9999, 5210]
        assert home.warnings == []
        assert home.metadata[f"strideload:{ADA.id}_running_time"]["unit_of_measurement"] == "min"
        [last] = home.sent("import_statistics")[-1]["stats"]
        assert last == {"start": "2026-11-24T12:00:00+00:00", "mean": 9999.0, "min": 9999.0, "max": 9999.0}


def test_an_unknown_day_has_no_row_and_a_day_of_rest_has_zero(home: FakeHomeAssistant, token: Path) -> None:
    wanted = [
        day(date(2026, 11, 1), known="unknown", **UNKNOWN),
        day(date(2026, 11, 2), **UNKNOWN | {"running_s": 0.0}),
    ]
    Statistics(home.url, token).bring_up_to_date(series_of(ADA, wanted))
    assert {id_: list(rows.values()) for id_, rows in home.rows.items()} == {
        f"strideload:{ADA.id}_running_time": [0.0]
    }


def test_a_day_that_is_not_known_any_more_goes(home: FakeHomeAssistant, token: Path) -> None:
    statistics = Statistics(home.url, token)
    wanted = days(3)
    statistics.bring_up_to_date(series_of(ADA, wanted))
    erased = [wanted[0], day(wanted[1].date, known="unknown", **UNKNOWN), wanted[2]]
    statistics.bring_up_to_date(series_of(ADA, erased))
    assert [start.day for start in sorted(home.rows[STEPS])] == [23, 25]
    assert statistics.bring_up_to_date(series_of(ADA, erased)) == 0


def test_years_are_sent_in_portions(home: FakeHomeAssistant, token: Path) -> None:
    Statistics(home.url, token).bring_up_to_date(series_of(ADA, days(ROWS_A_MESSAGE + 1))[:1])
    assert [len(one["stats"]) for one in home.sent("import_statistics")] == [ROWS_A_MESSAGE, 1]


@given(
    st.dates(date(2000, 1, 1), date(2037, 12, 30)),
    st.sampled_from(
        ["Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe", "UTC"]
    ),
)
def test_a_row_lies_on_the_runners_date_at_a_whole_hour(on: date, zone: str) -> None:
    """Summer time, and zones that are off by half an hour, change nothing."""
    start = local_time(day_bounds(on, lambda _: zone)[0], zone)
    [series] = series_of(ADA, [day(on, start=start)])[:1]
    [hour] = series.values
    assert hour.astimezone(ZoneInfo(zone)).date() == on
    assert (hour.tzinfo, hour.minute, hour.second) == (UTC, 0, 0)
    assert STATISTIC_ID.match(series.id)


def test_the_token_is_in_no_error_and_no_log(
    token: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    def fails(statistics: Statistics) -> str:
        with pytest.raises(StatisticsError) as caught:
            statistics.bring_up_to_date(series_of(ADA, days(1)))
        said.append(str(caught.value))
        return said[-1]

    with FakeHomeAssistant() as home:
        wrong = tmp_path / "wrong"
        wrong.write_text(TOKEN + "x")
        assert "does not take the token" in fails(Statistics(home.url, wrong))
        for content, says in ((b"", "is empty"), (b"\xff", "no token")):
            wrong.write_bytes(content)
            assert says in fails(Statistics(home.url, wrong))
        assert "No such file" in fails(Statistics(home.url, tmp_path / "none"))
    with FakeHomeAssistant(admin=False) as home:
        assert "administrator" in fails(Statistics(home.url, token))
    with FakeHomeAssistant("2025.9.0", greeting={"type": "auth_required"}) as home:
        assert "which version" in fails(Statistics(home.url, token))
    with FakeHomeAssistant(greeting={"type": "hello"}) as home:
        assert "no Home Assistant" in fails(Statistics(home.url, token))
    with FakeHomeAssistant(greeting=["x"]) as home:
        assert "no object" in fails(Statistics(home.url, token))
    assert "not reached" in fails(Statistics(f"ws://127.0.0.1:{free_port()}/api/websocket", token))
    assert TOKEN not in str(said)
    with FakeHomeAssistant() as home:
        Statistics(home.url, token).bring_up_to_date(series_of(ADA, days(1)))
    of_ours = [one.getMessage() for one in caplog.records if one.name != "websockets.server"]
    assert TOKEN not in str(of_ours)


@pytest.fixture
def history(home: FakeHomeAssistant, token: Path, tmp_path: Path) -> tuple[History, Door]:
    door = Door([ADA, BEN], history={one.date: one for one in days(3)})
    return History(door, Statistics(home.url, token), Ledger(tmp_path / "statistics.json")), door


def test_the_last_year_goes_in_and_today_does_not(
    home: FakeHomeAssistant, history: tuple[History, Door]
) -> None:
    found, door = history
    door.history[TODAY - timedelta(days=300)] = day(TODAY - timedelta(days=300), steps=7)
    door.history[TODAY] = door.today
    found.look()
    assert [start.date() for start in sorted(home.rows[STEPS])] == [
        TODAY - timedelta(days=n) for n in (300, 3, 2, 1)
    ]
    assert len(home.rows) == 10


def test_a_run_that_comes_late_goes_to_its_day_alone(
    home: FakeHomeAssistant, history: tuple[History, Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "LOOK_EVERY_S", 0.0)
    found, door = history
    found.look()
    sent = len(home.sent("import_statistics"))
    found.look()
    assert len(home.sent("import_statistics")) == sent
    assert len(home.sent("statistics_during_period")) == 10  # it is not even asked again
    late = TODAY - timedelta(days=20)
    door.history[late] = day(late, **UNKNOWN | {"steps": 4000})
    found.look()
    after = home.sent("import_statistics")[sent:]
    assert [(len(one["stats"]), one["stats"][0]["start"][:10]) for one in after] == [
        (1, late.isoformat())
    ] * 2


def test_an_opt_out_takes_the_statistics_away_even_after_a_restart(
    home: FakeHomeAssistant, history: tuple[History, Door], token: Path, tmp_path: Path
) -> None:
    found, door = history
    found.look()
    door.runners = [BEN]
    again = History(door, Statistics(home.url, token), Ledger(tmp_path / "statistics.json"))
    again.look()
    assert not [id_ for id_ in home.rows if ADA.id in id_]
    assert len(home.rows) == 5
    door.runners = []
    again.look()  # at once, whenever the next look was due
    assert home.rows == {}
    assert Ledger(tmp_path / "statistics.json").names == frozenset()


def test_a_home_assistant_that_is_away_is_asked_again_and_reported(
    token: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack: ExitStack
) -> None:
    monkeypatch.setattr(history_module, "RETRY_S", 0.0)
    monkeypatch.setattr(history_module, "TICK_S", 0.05)
    with FakeHomeAssistant() as home:
        statistics = Statistics(home.url, token)
        token.rename(tmp_path / "away")
        found = History(
            Door([ADA], history={one.date: one for one in days(1)}), statistics, Ledger(tmp_path / "l")
        )
        found.start()
        stack.callback(found.stop)
        until(lambda: found.trouble is not None)
        assert "cannot be read" in str(found.trouble)
        (tmp_path / "away").rename(token)
        until(lambda: found.trouble is None and found.rows_sent == 5)
        found.stop()


def test_trouble_stands_until_days_go_in_again(
    token: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack: ExitStack
) -> None:
    """And not only until it is looked next, when nothing is asked yet."""
    monkeypatch.setattr(history_module, "TICK_S", 0.01)
    looks: list[str | None] = []

    class Watched(Door):
        def runners_opted_in(self) -> Sequence[RunnerAtHome]:
            looks.append(found.trouble)
            return super().runners_opted_in()

    with FakeHomeAssistant() as home:
        token.write_text("another")
        found = History(Watched([ADA]), Statistics(home.url, token), Ledger(tmp_path / "l"))
        found.start()
        stack.callback(found.stop)
        until(lambda: len(looks) >= 4)
        assert looks[0] is None
        assert all("does not take the token" in str(trouble) for trouble in looks[1:])
