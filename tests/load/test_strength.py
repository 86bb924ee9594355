"""The strength log by calendar week and muscle group."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.strength import (
    GROUPS,
    Exercise,
    GroupWork,
    StrengthInvalid,
    StrengthSession,
    coverage,
)
from support.runs import on


def test_a_week_by_hand():
    found = coverage(
        [
            StrengthSession(on(0), (Exercise("quadriceps", 3, 12, 7), Exercise("calves", 2, 15))),
            StrengthSession(on(3), (Exercise("quadriceps", 2, 8), Exercise("quadriceps", 1))),
            StrengthSession(on(3), (Exercise("other", 1, 10),)),
        ],
        on(0),
        on(6),
    )
    (week,) = found
    assert (week.monday, week.sessions) == (on(0), 3)
    assert week.groups["quadriceps"] == GroupWork(sessions=2, sets=6, repetitions=52, sets_uncounted=1)
    assert week.groups["calves"] == GroupWork(1, 2, 30, 0)
    assert week.groups["gluteals"] == GroupWork()
    assert week.not_logged == ("gluteals", "hamstrings")


def test_weeks_are_whole_and_of_the_calendar():
    """The first week of 2026 begins in 2025."""
    at_new_year = StrengthSession(date(2025, 12, 29), (Exercise("calves", 1),))
    found = coverage([at_new_year], date(2026, 1, 1), date(2026, 1, 5))
    assert [week.monday for week in found] == [date(2025, 12, 29), date(2026, 1, 5)]
    assert [week.sessions for week in found] == [1, 0]
    assert found[1].not_logged == ("quadriceps", "gluteals", "hamstrings", "calves")
    assert coverage([at_new_year], on(1), on(0)) == []


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("group", {"group": "biceps"}),
        ("sets", {"sets": 0}),
        ("sets", {"sets": 21}),
        ("sets", {"sets": True}),
        ("repetitions", {"repetitions": 0}),
        ("repetitions", {"repetitions": 201}),
        ("effort", {"effort": -1}),
        ("effort", {"effort": 11}),
        ("effort", {"effort": 7.5}),
    ],
)
def test_what_cannot_be_an_entry_is_refused(name, fields):
    with pytest.raises(StrengthInvalid) as refused:
        Exercise(**{"group": "calves", "sets": 3, **fields})
    assert (refused.value.name, refused.value.value) == (name, fields[name])


exercises = st.builds(Exercise, st.sampled_from(GROUPS), st.integers(1, 20), st.none() | st.integers(1, 200))
trained = st.builds(
    lambda day, done: StrengthSession(on(day), tuple(done)),
    st.integers(0, 27),
    st.lists(exercises, max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(trained, max_size=10))
def test_nothing_is_lost_between_weeks(sessions):
    weeks = coverage(sessions, on(0), on(27))
    assert len(weeks) == 4
    assert sum(week.sessions for week in weeks) == sum(bool(session.exercises) for session in sessions)
    for group in GROUPS:
        own = [one for session in sessions for one in session.exercises if one.group == group]
        assert sum(week.groups[group].sets for week in weeks) == sum(one.sets for one in own)
        counted = sum(one.sets * one.repetitions for one in own if one.repetitions is not None)
        assert sum(week.groups[group].repetitions for week in weeks) == counted
