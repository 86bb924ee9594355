"""The day over three years of steps, warm: under 100 ms."""

from datetime import timedelta

from strideload import days
from strideload.load.day import Day, to_json
from strideload.remembered import forget_everything
from strideload.store import Store
from three_years import LAST, RUNNER, RUNS_A_WEEK, STRIDES

BUDGET_S = 0.1


def test_a_day_warm(benchmark, years: Store) -> None:
    """One day anew each time, as after a sync; nothing is remembered but what SQLite keeps in memory."""

    def one_day() -> Day:
        forget_everything()
        return days.day_of(years, RUNNER, LAST)

    summary = benchmark(one_day)
    assert summary.steps == 2 * STRIDES
    assert benchmark.stats.stats.median < BUDGET_S


def test_six_weeks_for_the_page(benchmark, years: Store) -> None:
    """The last 42 days as JSON, with the finished ones remembered."""
    weeks = benchmark(
        lambda: [to_json(day) for day in days.days_of(years, RUNNER, LAST - timedelta(days=41), LAST)]
    )
    assert sum(day["steps"] or 0 for day in weeks) == 6 * RUNS_A_WEEK * 2 * STRIDES


def test_six_weeks_anew(benchmark, years: Store) -> None:
    """The same with nothing remembered."""

    def six_weeks() -> list[Day]:
        forget_everything()
        return days.days_of(years, RUNNER, LAST - timedelta(days=41), LAST)

    assert len(benchmark.pedantic(six_weeks, rounds=5)) == 42
