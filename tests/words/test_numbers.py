"""Numbers are written as a person reads them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.words.numbers import (
    NO_BREAK_SPACE,
    NOT_KNOWN,
    THIN_SPACE,
    duration,
    long_date,
    number,
    short_date,
)


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (None, 0, NOT_KNOWN),
        (0, 0, "0"),
        (999, 0, "999"),
        (6240, 0, "6_240"),
        (1234567.25, 1, "1_234_567.2"),
        (9.06, 1, "9.1"),
        (-3, 0, "\N{MINUS SIGN}3"),
        (-0.01, 1, "0.0"),
    ],
)
def test_number(value: float | None, digits: int, written: str) -> None:
    assert number(value, digits) == written.replace("_", THIN_SPACE)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, NOT_KNOWN),
        (0, "0 s"),
        (45.4, "45 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (89, "1 min"),
        (2460, "41 min"),
        (3599.9, "1 h"),
        (4320, "1 h 12 min"),
        (36000, "10 h"),
    ],
)
def test_duration(seconds: float | None, written: str) -> None:
    assert duration(seconds).replace(THIN_SPACE, " ").replace(NO_BREAK_SPACE, " ") == written


@given(st.floats(0, 1e6))
def test_a_duration_is_true_to_half_a_minute(seconds: float) -> None:
    """What is written, read again, is the time itself to within half of the last unit shown."""
    unit_s = {"h": 3600, "min": 60, "s": 1}
    parts = [part.split(THIN_SPACE) for part in duration(seconds).split(NO_BREAK_SPACE)]
    read = sum(int(value) * unit_s[unit] for value, unit in parts)
    assert abs(read - seconds) <= (0.5 if parts[-1][1] == "s" else 30.5)


def test_dates_are_named_in_english_whatever_the_computer_speaks() -> None:
    assert long_date(date(2026, 11, 22)) == "Sunday 22 November"
    assert short_date(date(2026, 3, 2)) == "Mon 2 Mar"
