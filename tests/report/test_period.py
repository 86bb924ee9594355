"""Which days a report may be on."""

from datetime import date, timedelta

import pytest

from strideload.report.period import MOST_DAYS, PeriodRefused, period

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, (date(2026, 10, 12), TODAY)),
        (None, date(2026, 3, 1), (date(2026, 1, 19), date(2026, 3, 1))),
        (date(2026, 11, 1), None, (date(2026, 11, 1), TODAY)),
        (TODAY, TODAY, (TODAY, TODAY)),
        (TODAY - timedelta(MOST_DAYS - 1), TODAY, (TODAY - timedelta(MOST_DAYS - 1), TODAY)),
    ],
)
def test_six_weeks_up_to_today_unless_told_otherwise(first, last, expected):
    assert period(first, last, TODAY) == expected


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (TODAY, TODAY - timedelta(1), "has its end before its beginning"),
        (TODAY, TODAY + timedelta(1), "today is 2026-11-22"),
        (TODAY - timedelta(MOST_DAYS), TODAY, "366 days at most, and 2025-11-21 to 2026-11-22 are 367"),
    ],
)
def test_other_periods_are_refused_with_the_reason(first, last, why):
    with pytest.raises(PeriodRefused, match=why):
        period(first, last, TODAY)
