"""Days tile the line of time."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.zones import (
    DateOutOfRange,
    ZoneUnknown,
    date_at,
    day_bounds,
    known_zone,
    local_time,
    midnight_utc_us,
)

HOUR_US = 3_600_000_000
ZONES = sorted(zone for zone in available_timezones() if zone not in ("Factory", "localtime"))
dates = st.dates(date(1971, 1, 1), date(2100, 1, 1))


def utc_us(text):
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


@pytest.mark.parametrize(
    ("day", "zone", "begins", "hours"),
    [
        ("2026-11-22", "Europe/Berlin", "2026-11-21T23:00", 24),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00", 23),  # clocks go on at 2:00
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00", 25),  # clocks go back at 3:00
        ("2026-03-08", "America/New_York", "2026-03-08T05:00", 23),
        ("2026-11-01", "America/New_York", "2026-11-01T04:00", 25),
        ("2026-04-05", "Australia/Lord_Howe", "2026-04-04T13:00", 24.5),
        (
            "2018-11-04",
            "America/Sao_Paulo",
            "2018-11-04T03:00",
            23,
        ),  # there is no midnight: it begins at 1:00
        ("2018-02-17", "America/Sao_Paulo", "2018-02-17T02:00", 25),  # 23:00 to 24:00 comes twice
        (
            "2026-11-01",
            "America/Havana",
            "2026-11-01T04:00",
            25,
        ),  # 0:00 to 1:00 comes twice: the first begins it
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00", 0),  # a date that Samoa left out
        ("2026-11-22", "Asia/Kathmandu", "2026-11-21T18:15", 24),
    ],
)
def test_a_day_begins_at_local_midnight(day, zone, begins, hours):
    start, end = day_bounds(date.fromisoformat(day), lambda _: zone)
    assert start == utc_us(begins)
    assert (end - start) / HOUR_US == hours


def test_a_midnight_within_a_jump_is_the_jump():
    """Toronto, 31 March 1919: at 23:30 of the 30th clocks went on to 0:30."""
    assert midnight_utc_us(date(1919, 3, 31), "America/Toronto") == utc_us("1919-03-31T04:30")


@pytest.mark.parametrize(
    ("zones", "hours"),
    [
        (("Europe/London", "Asia/Tokyo"), 15),
        (("Asia/Tokyo", "Europe/London"), 33),
        (("Asia/Tokyo", "Pacific/Honolulu"), 43),  # back over the date line
        (("Pacific/Honolulu", "Asia/Tokyo"), 5),
        (
            ("Pacific/Pago_Pago", "Pacific/Kiritimati"),
            0,
        ),  # 25 hours on: the day is empty, and none is there twice
    ],
)
def test_a_journey_makes_a_day_shorter_or_longer(zones, hours):
    travels = date(2026, 1, 10)
    start, end = day_bounds(travels, lambda day: zones[day > travels])
    assert (end - start) / HOUR_US == hours


@settings(deadline=None)
@given(st.lists(st.sampled_from(ZONES), min_size=7, max_size=7), dates)
def test_days_follow_on_each_other_wherever_the_runner_goes(zones, first):
    bounds = [day_bounds(first + timedelta(n), lambda d: zones[(d - first).days + 1]) for n in range(5)]
    assert all(start <= end for start, end in bounds)
    assert all(a[1] == b[0] for a, b in pairwise(bounds))


@settings(deadline=None)
@given(st.sampled_from(ZONES), dates)
def test_a_day_holds_its_own_date(zone, day):
    start, end = day_bounds(day, lambda _: zone)
    if start < end:
        assert date_at(start, zone) == day
        assert date_at(end - 1, zone) == day
        assert date_at(start - 1, zone) < day or _clock_went_back_over_midnight(start, zone)


def _clock_went_back_over_midnight(start, zone):
    return date_at(start - HOUR_US - 1, zone) < date_at(start, zone)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe", "Europe/Berlin\0"])
def test_a_zone_that_is_none_is_refused(zone):
    with pytest.raises(ZoneUnknown, match="no time zone"):
        midnight_utc_us(date(2026, 1, 1), zone)


@pytest.mark.parametrize("day", [date.min, date(1970, 1, 2), date(2199, 12, 31), date.max])
def test_a_date_before_or_beyond_is_refused(day):
    with pytest.raises(DateOutOfRange):
        day_bounds(day, lambda _: "UTC")


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Honolulu"])
@pytest.mark.parametrize(("utc_us", "year"), [(2**63 - 1, 9999), (-(2**63), 1), (10**18, 9999), (0, None)])
def test_any_stored_time_has_a_local_time(utc_us, year, zone):
    """What no calendar has becomes its first or last day, and the day is still shown."""
    moment = local_time(utc_us, zone)
    assert moment.year == (year or moment.year)
    assert moment.astimezone(UTC).isoformat()
    assert date_at(utc_us, zone) == moment.date()


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Etc/GMT+5", "US/Eastern"])
def test_a_zone_of_the_database_is_known(name):
    assert known_zone(name)


@pytest.mark.parametrize(
    "name",
    ["localtime", "posixrules", "Factory", "leapseconds", "tzdata.zi", "posix/UTC", "right/UTC", "Europe", "",
     "../UTC", "/etc/localtime", "Mars/Olympus", "a\0b", "x" * 5000],
)  # fmt: skip
def test_what_lies_beside_the_zones_is_none(name):
    assert not known_zone(name)
