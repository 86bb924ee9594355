"""What a shoe has been through, with what of it is not known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.longest import Conditions, DayKnown
from strideload.load.shoes import ShoeAssigned, mileage, shoe_of, shoe_on
from support.runs import on, ran

ASSIGNED = [ShoeAssigned(on(0), "blue"), ShoeAssigned(on(10), "red"), ShoeAssigned(on(20), None)]


@pytest.mark.parametrize(
    ("day", "shoe"), [(-1, None), (0, "blue"), (9, "blue"), (10, "red"), (19, "red"), (20, None)]
)
def test_a_shoe_is_worn_until_the_next_is_assigned(day, shoe):
    assert shoe_on(on(day), ASSIGNED) == shoe
    assert shoe_on(on(day), list(reversed(ASSIGNED))) == shoe


def test_of_two_assignments_of_a_date_the_last_one_holds():
    assert shoe_on(on(0), [ShoeAssigned(on(0), "blue"), ShoeAssigned(on(0), "red")]) == "red"


def test_the_runs_own_shoe_comes_first():
    assert shoe_of(ran(5, 30), ASSIGNED) == "blue"
    assert shoe_of(ran(5, 30, conditions=Conditions(shoe="trail")), ASSIGNED) == "trail"


def test_mileage_by_hand():
    runs = [
        ran(0, 30, distance_m=5000.0, steps_estimated=5100),
        ran(4, 20, impact_sum_g=None),
        ran(12, 40, distance_m=7000.0),
        ran(13, 10, conditions=Conditions(shoe="blue")),
        ran(25, 10),
    ]
    days = [DayKnown(on(2), "ran_without"), DayKnown(on(3), "unknown"), DayKnown(on(15), "rest")]
    blue, red, none = mileage(runs, ASSIGNED, days)
    assert (blue.shoe, blue.runs, blue.first_date, blue.last_date) == ("blue", 3, on(0), on(13))
    assert (blue.running_s, blue.steps, blue.steps_estimated) == (3600, 10_200, 5100)
    assert (blue.impact_sum_g, blue.runs_without_impact) == (60_000, 1)
    assert (blue.distance_m, blue.runs_without_distance) == (5000, 2)
    assert (blue.ran_without_days, blue.unknown_days) == (1, 1)
    assert (red.shoe, red.runs, red.distance_m, red.ran_without_days) == ("red", 1, 7000, 0)
    assert (none.shoe, none.runs, none.distance_m) == (None, 1, None)


def test_a_shoe_that_was_never_run_in_has_no_impact_rather_than_none_of_it():
    (new,) = mileage([], [ShoeAssigned(on(0), "new")])
    assert (new.runs, new.steps, new.impact_sum_g, new.distance_m) == (0, 0, None, None)
    assert (new.first_date, new.last_date) == (None, None)


def test_without_assignments_all_runs_are_of_no_known_shoe():
    (one,) = mileage([ran(0, 30), ran(1, 30)], [])
    assert (one.shoe, one.runs) == (None, 2)
    assert mileage([], []) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 30), st.integers(1, 90), st.sampled_from([None, "blue", "trail"]))))
def test_every_run_belongs_to_one_line(given):
    runs = [ran(day, minutes, conditions=Conditions(shoe=shoe)) for day, minutes, shoe in given]
    found = mileage(runs, ASSIGNED)
    assert sum(one.runs for one in found) == len(runs)
    assert sum(one.steps for one in found) == sum(run.steps for run in runs)
