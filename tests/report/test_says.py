"""What the report says of its content: words and figures, before they are laid out."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.load.strength import monday_of
from strideload.report.content import Change, Plan, Quality, Sensor, StrengthEntry
from strideload.report.says import Limits, says
from strideload.report.spans import month_of, spans
from strideload.words.numbers import NOT_KNOWN
from support.reports import SUNDAY, beside, entry, no_run, report, run, season, unknown

LIMITS = Limits(6, 3, 2)
MONDAY = SUNDAY - timedelta(6)
WEEK = [MONDAY + timedelta(n) for n in range(7)]


def section(of, name, units="km"):
    """Its blocks by kind; of several of a kind, the words joined and the tables in order."""
    (found,) = [one for one in says(of, units, LIMITS)["sections"] if one["name"] == name]
    return found["blocks"]


def words(of, name, units="km"):
    parts = [
        part
        for block in section(of, name, units)
        for part in (block.get("text", ""), *block.get("items", ()))
    ]
    return " ".join(" ".join(parts).split())


def tables(of, name, units="km"):
    """Each as rows of dicts, spaces plain."""
    return [
        [
            {column["name"]: plain(cell) for column, cell in zip(block["columns"], row, strict=True)}
            for row in block["rows"]
        ]
        for block in section(of, name, units)
        if block["kind"] == "table"
    ]


def plain(cell):
    return cell.replace("\u202f", " ").replace("\xa0", " ") if isinstance(cell, str) else cell["status"]


def names(of):
    return [one["name"] for one in says(of, "km", LIMITS)["sections"]]


def test_a_monday_of_known_days_is_summed():
    week = report((run(MONDAY, 30), *map(no_run, WEEK[1:6]), run(SUNDAY, 45)))
    ((row,),) = tables(week, "Load")
    assert row == {
        "Week": f"16 {NOT_KNOWN} 22 Nov",
        "Days known": "7 of 7",
        "With a run": "2",
        "Running": "1 h 15 min",
        "Longest run": "45 min",
        "Steps": "12 450",
        "Impact load, g": "112 050",
    }


@pytest.mark.parametrize("known", ["unknown", "ran_without"])
def test_a_day_that_is_not_known_makes_sums_lower_bounds_and_never_zero(known):
    week = report((run(MONDAY, 30), unknown(WEEK[1], known), *map(no_run, WEEK[2:])))
    ((row,),) = tables(week, "Load")
    assert (row["Days known"], row["Running"], row["Steps"]) == ("6 of 7", "≥ 30 min", "≥ 4 980")
    alone = report((*(unknown(day, known) for day in WEEK), run(SUNDAY + timedelta(1))))
    ((row, _),) = tables(alone, "Load")
    assert (row["Days known"], row["Running"], row["Longest run"], row["Steps"]) == (
        "0 of 7",
        NOT_KNOWN,
        NOT_KNOWN,
        NOT_KNOWN,
    )


@pytest.mark.parametrize(
    ("units", "column", "distance"), [("km", "Distance, km", "16.1"), ("miles", "Distance, mi", "10.0")]
)
def test_distances_are_in_the_unit_that_was_asked_for(units, column, distance):
    ((row,),) = tables(report((run(SUNDAY, distance_m=16_093.44),)), "Load", units)
    assert row[column] == distance


def test_a_run_without_a_distance_makes_it_a_lower_bound():
    ((row,),) = tables(report((run(WEEK[5], distance_m=5000.0), run(SUNDAY))), "Load")
    assert row["Distance, km"] == "≥ 5.0"


def test_days_are_drawn_known_empty_and_not_known():
    days = (
        run(MONDAY, 40),
        no_run(WEEK[1]),
        no_run(WEEK[2], "rest"),
        unknown(WEEK[3]),
        unknown(WEEK[4], "ran_without"),
    )
    drawn = next(b for b in section(report((*days, *map(no_run, WEEK[5:]))), "Load") if b["kind"] == "strip")
    assert [(bar["height"], bar["hollow"], bar["unknown"], bar["crossed"]) for bar in drawn["bars"]][:5] == [
        (1, False, 0, False), (0, True, 0, False), (0, True, 0, False), (0, False, 1, False), (0, False, 1, True),
    ]  # fmt: skip


def test_a_long_period_is_drawn_by_weeks_and_tabled_by_months():
    year = season(366)
    drawn = next(b for b in section(year, "Load") if b["kind"] == "strip")
    assert len(drawn["bars"]) == 53
    assert [row["Month"] for row in tables(year, "Load")[0]][:2] == ["Nov 2025", "Dec 2025"]
    assert len(tables(year, "Load")[0]) == 13


known_or_not = st.sampled_from([run, no_run, unknown])


@given(st.lists(known_or_not, min_size=1, max_size=200), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_weeks_and_months_have_each_day_once(kinds, first):
    days = tuple(kind(first + timedelta(n)) for n, kind in enumerate(kinds))
    for begin in (monday_of, month_of):
        parts = spans(days, begin)
        assert tuple(day for part in parts for day in part.days) == days
        assert sum(part.total("steps") or 0 for part in parts) == sum(day.steps or 0 for day in days)
        assert all(len(part.days) <= (7 if begin is monday_of else 31) for part in parts)
        assert all((part.total("running_s") is None) == (part.unknown == len(part.days)) for part in parts)


@pytest.mark.parametrize(
    ("minutes", "before", "band", "difference"),
    [
        (33, 30, "1 up to 1.10 times", "10 % longer"),
        (33.01, 30, "1 above that up to 1.30", "just over 10 % longer"),
        (39, 30, "1 above that up to 1.30", "30 % longer"),
        (39.1, 30, "1 up to twice", "just over 30 % longer"),
        (60, 30, "1 up to twice", "100 % longer"),
        (61, 30, "1 above that.", "103 % longer"),
        (30, 30, "1 up to 1.10 times", "as long"),
        (24, 30, "1 up to 1.10 times", "20 % shorter"),
    ],
)
def test_a_run_beside_the_longest_of_30_days_at_the_edges(minutes, before, band, difference):
    one = report((run(SUNDAY, minutes),), comparisons=(beside(SUNDAY, minutes, before, MONDAY, 4),))
    name = "Runs beside the longest of 30 days"
    assert band in words(one, name)
    ((row,),) = tables(one, name)
    assert (row["Difference"], row["Of these 30 not known"]) == (difference, "4 days")
    assert "not causal" in words(one, name)
    assert "the longest known of the 30 days before (30 min)" in words(one, "In short")
    assert difference in words(one, "In short")


def test_without_a_run_in_30_days_there_is_no_baseline():
    one = report((run(SUNDAY),), comparisons=(beside(SUNDAY, 40, None),))
    name = "Runs beside the longest of 30 days"
    ((row,),) = tables(one, name)
    assert (row["Longest of 30 days before"], row["Times it"], row["Difference"]) == (
        "no baseline",
        NOT_KNOWN,
        NOT_KNOWN,
    )
    assert "1 run without a baseline" in words(one, name)
    assert "no run known in the 30 days before" in words(one, "In short")


def test_of_many_longer_runs_the_latest_and_the_last_run_are_listed():
    ones = tuple(beside(day, 40, 33, day - timedelta(7)) for day in WEEK)
    made = report(tuple(map(run, WEEK)), comparisons=ones)
    name = "Runs beside the longest of 30 days"
    assert [row["Run of"] for row in tables(made, name)[0]] == ["20 Nov", "21 Nov", "22 Nov"]
    assert "4 earlier ones are left out" in words(made, name)


def test_each_entry_has_its_course_status_and_reason():
    one = entry(
        SUNDAY, "left knee", status="open", reason="The next morning is missing.", before=0, during=3,
        after_60_min=1, next_morning=None, felt="dull", signs=("swelling",),
    )  # fmt: skip
    ((row,),) = tables(report((run(SUNDAY),), symptoms=(one,)), "Symptoms over 24 hours")
    assert row == {
        "Run of": "22 Nov, 40 min",
        "Site": "left knee",
        "Before": "0",
        "During": "3",
        "60 min": "1",
        "Morning": NOT_KNOWN,
        "Status": "open",
        "Why": "The next morning is missing. Felt: “dull”. Signs: swelling.",
    }


def test_a_green_row_leaves_out_its_reason_and_pain_at_other_times_is_listed():
    at = datetime(SUNDAY.year, SUNDAY.month, SUNDAY.day, 21, 30)
    others = ((at, 4), (at + timedelta(hours=10), 2))
    ones = (
        entry(SUNDAY),
        entry(SUNDAY, status="amber", reason="Pain 4.", others=others),
        entry(SUNDAY, run_s=None),
    )
    made = report((run(SUNDAY),), symptoms=ones)
    (rows,) = tables(made, "Symptoms over 24 hours")
    assert [row["Why"] for row in rows][:2] == [
        "",
        "Pain 4. At another time: pain 4 at 21:30; 2 on 23 Nov at 07:30.",
    ]
    assert "Left knee: 2 runs with answers (1 green, 1 amber) and 1 entry of no run. " in words(
        made, "In short"
    )
    assert "next morning 1, at another time 4." in words(made, "In short")


def test_of_many_answers_at_other_times_the_highest_are_listed():
    begin = datetime(SUNDAY.year, SUNDAY.month, SUNDAY.day, 8)
    others = tuple((begin + timedelta(hours=n), pain) for n, pain in enumerate((1, 5, 2, 2, 7, 0, 3)))
    made = report((run(SUNDAY),), symptoms=(entry(SUNDAY, others=others),))
    ((row,),) = tables(made, "Symptoms over 24 hours")
    assert row["Why"] == (
        "At another time: pain 5 at 09:00; 2 at 10:00; 7 at 12:00; 3 at 14:00; 3 more, none higher."
    )


def test_of_many_entries_the_latest_are_listed_and_all_are_counted():
    entries = tuple(
        entry(MONDAY + timedelta(n), status="green" if n else "red", during=n, next_morning=None)
        for n in range(7)
    )
    made = report(tuple(map(run, WEEK)), symptoms=(*entries, entry(SUNDAY, "right shin")))
    (rows,) = tables(made, "Symptoms over 24 hours")
    assert len(rows) == LIMITS.symptoms
    assert "The latest 6 of 8 are listed" in words(made, "Symptoms over 24 hours")
    assert (
        f"Left knee: 7 runs with answers (6 green, 1 red). Highest pain during a run 6, next morning {NOT_KNOWN}. "
        "Right shin: 1 run with answers (1 green). Highest pain during a run 2, next morning 1."
        in words(made, "In short")
    )


@pytest.mark.parametrize(
    ("kept", "name", "said"),
    [
        ({"symptoms": None}, "Symptoms over 24 hours", "Not known: no diary of symptoms was at hand"),
        ({"symptoms": ()}, "Symptoms over 24 hours", "No entry in this period."),
        ({"strength": None}, "Strength", "Not known: no strength log was at hand"),
        ({"strength": ()}, "Strength", "No session in this period."),
    ],
)
def test_what_was_not_at_hand_is_not_called_empty(kept, name, said):
    assert said in words(report((run(SUNDAY),), **kept), name)


def test_strength_is_counted_by_group_and_week():
    entries = (
        StrengthEntry(MONDAY, "calves", 3, 12, 7),
        StrengthEntry(MONDAY, "calves", 2, 12, 8),
        StrengthEntry(SUNDAY, "calves"),
        StrengthEntry(SUNDAY, "gluteals", 3),
    )
    made = report(tuple(map(no_run, WEEK)), strength=entries)
    assert tables(made, "Strength") == [
        [
            {
                "Week": f"16 {NOT_KNOWN} 22 Nov",
                "Quadriceps": NOT_KNOWN,
                "Gluteals": "1 (3)",
                "Hamstrings": NOT_KNOWN,
                "Calves": "2 (5)",
            }
        ]
    ]
    assert f"{NOT_KNOWN}: not logged, which is not the same as not done." in words(made, "Strength")
    assert "Repetitions a set: 12. Effort: 7 to 8 of 10." in words(made, "Strength")


def test_left_and_right_have_both_definitions_and_only_with_two_pods():
    ((row,),) = tables(season(7), "Cadence, contact, left and right")
    assert (row["Contact: asymmetry, %"], row["Contact: balance"]) == ("2.9", "0.493")
    assert (row["Peak: asymmetry, %"], row["Peak: balance"]) == ("9.5", "0.476")
    one_pod = report((run(SUNDAY),))
    assert "Left and right: not known. It takes a pod on each foot." in words(
        one_pod, "Cadence, contact, left and right"
    )


def test_a_week_in_which_the_shoe_changed_is_marked():
    days = tuple(run(SUNDAY - timedelta(n)) for n in range(13, -1, -1))
    made = report(days, changes=(Change(MONDAY, "shoe", "old", "new"),))
    for name in ("Load", "Cadence, contact, left and right"):
        (rows,) = tables(made, name)
        assert [row["Week"].endswith(" *") for row in rows] == [False, True]
        assert "changed in it" in words(made, name)
    assert "changed in it" not in words(report(days), "Load")


def test_a_plan_is_an_opinion_and_whose():
    made = report((run(SUNDAY),), plan=Plan(("Up to 38 min.",), "the physiotherapist"))
    assert words(made, "Plan") == "Opinion, set by the physiotherapist. Up to 38 min."
    assert "Plan" not in names(report((run(SUNDAY),)))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"quality": Quality(gaps=2, gap_s=3.2)}, "2 gaps, 3 s in all"),
        ({"quality": Quality(pages_lost=1)}, "1 page lost"),
        ({"quality": Quality(clipped_share=0.0041)}, "0.4 % of impacts reached the sensor's limit"),
        ({"quality": Quality(unreliable_share=1.0)}, "100 % of the peaks read low"),
        ({"quality": Quality(strides_set_aside=9)}, "9 strides of one more pod"),
        ({"quality": Quality(resampled=True)}, "brought to the sensor's rate"),
        ({"quality": Quality(days_left_out=2)}, "2 days with figures of another origin"),
        ({"quality": Quality(days_with_more=1)}, "1 day with a pod and also a run without one"),
        ({"quality": Quality(faults={"bus_errors": 3})}, "did not answer at times. (bus_errors: 3)"),
        ({"quality": Quality(faults={"of_tomorrow": 3})}, "no words for a fault. (of_tomorrow: 3)"),
        ({"changes": (Change(SUNDAY, "shoe", "", "New"),)}, "22 Nov: other shoe: New, before it not known."),
        (
            {"changes": tuple(Change(day, "mount", "laces", "heel", "left") for day in WEEK)},
            "5 earlier changes of pod, sensor, mount, shoe or surface not listed.",
        ),
        ({}, "All steps are estimated"),
        (
            {"sensors": (Sensor("ab" * 8, "left", "LSM6DSO32", 833, 32, MONDAY, SUNDAY, 5),)},
            "Pod abab, left foot: LSM6DSO32, 833 Hz, ±32 g; 5 sessions, 16 to 22 Nov. All steps are estimated: one pod "
            "sees one foot, and its steps and impacts count twice. Nothing was lost or clipped, and no pod counted a "
            "fault.",
        ),
    ],
)
def test_each_fault_of_the_data_is_told(facts, said):
    assert said in words(report((run(SUNDAY),), **facts), "How far the data can be trusted")


def test_days_that_are_not_known_are_named():
    days = (unknown(MONDAY), unknown(WEEK[1]), run(WEEK[2]), unknown(WEEK[3], "ran_without"))
    told = words(report(days), "How far the data can be trusted")
    assert "Not known: 16 to 17 Nov." in told
    assert "Ran without a pod, and how much is not known: 19 Nov." in told
    assert (
        "4 days: 1 with a run, 0 known without one, 3 not known (1 of them with a run without a pod)."
        in words(report(days), "In short")
    )


@pytest.mark.parametrize("origin", ["simulated", "recording", "unknown"])
def test_figures_that_are_not_of_a_sensor_say_so_first(origin):
    assert (
        "All measured figures" in words(report((run(SUNDAY),), origin=origin), "In short")
        or origin == "unknown"
    )
    assert "measured figures" in words(report((run(SUNDAY),), origin=origin), "In short")


def test_an_empty_period_has_no_figures():
    empty = report(tuple(map(unknown, WEEK)), origin=None)
    assert names(empty) == [
        "In short", "Symptoms over 24 hours", "Strength", "How far the data can be trusted", "Method and limits",
    ]  # fmt: skip
    assert "Nothing is known of these days" in words(empty, "In short")


def test_a_diary_without_pods_is_shown():
    empty = report(tuple(map(unknown, WEEK)), origin=None, symptoms=(replace(entry(SUNDAY), run_s=None),))
    ((row,),) = tables(empty, "Symptoms over 24 hours")
    assert row["Run of"] == "22 Nov, no run"
