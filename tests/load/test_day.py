"""A day's load: worked cases, and what holds for any day."""

import json
import math
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.coverage import ORIGINS
from strideload.load.day import NOT_WATCHING, Day, summarise, to_json
from strideload.load.gait import Parameters
from strideload.load.steps import Alive
from strideload.load.zones import day_bounds
from strideload_pod import page
from support.sessions import SECOND_US, session, steps

BERLIN = "Europe/Berlin"
SUNDAY = date(2026, 11, 22)
MIDNIGHT, NEXT_MIDNIGHT = day_bounds(SUNDAY, lambda _: BERLIN)
MORNING = MIDNIGHT + 8 * 3600 * SECOND_US
MINUTE_US = 60 * SECOND_US


def day(*sessions, alive=(), note=None, **fields):
    return summarise(SUNDAY, BERLIN, MIDNIGHT, NEXT_MIDNIGHT, sessions, alive, note, **fields)


def test_one_pod_is_counted_twice_and_said_to_be():
    summary = day(session(MORNING, 1000, stride_s=0.72, foot="left"))
    assert (summary.steps, summary.steps_counted, summary.steps_estimated) == (2000, 0, 2000)
    assert summary.steps_basis == "estimated"
    assert summary.running_s == pytest.approx(720)
    assert summary.recorded_s == pytest.approx(720)
    assert summary.left is not None
    assert summary.together is not None
    assert summary.left.strides == summary.together.strides == 1000
    assert summary.left.impact_sum_g == pytest.approx(9000)
    assert summary.together.impact_sum_g == pytest.approx(18_000)
    assert summary.right is summary.unknown is summary.asymmetry is None


def test_two_pods_are_counted_and_compared():
    summary = day(
        session(MORNING, 1000, foot="left", peak_g=9.0, contact_s=0.24),
        session(MORNING, 1000, foot="right", peak_g=11.0, contact_s=0.25),
    )
    assert (summary.steps, summary.steps_counted, summary.steps_basis) == (2000, 2000, "counted")
    assert summary.running_s == pytest.approx(720)  # of the runner, not of the feet
    assert summary.together is not None
    assert summary.together.impact_sum_g == pytest.approx(20_000)
    assert summary.asymmetry is not None
    assert summary.asymmetry["peak_g"].asymmetry_percent == pytest.approx(20)
    assert summary.asymmetry["peak_g"].balance == pytest.approx(0.45)
    assert summary.asymmetry["contact_s"].asymmetry_percent == pytest.approx(4.0816, abs=1e-4)


def test_a_pod_that_joins_late_is_counted_from_then_on():
    summary = day(
        session(MORNING, 1000, stride_s=0.75, foot="left"),
        session(MORNING + 375 * SECOND_US, 500, stride_s=0.75, foot="right"),
    )
    assert (summary.steps, summary.steps_counted, summary.steps_estimated) == (2000, 1000, 1000)
    assert summary.steps_basis == "partly estimated"
    assert summary.running_s == pytest.approx(750)


def test_the_figures_of_running():
    summary = day(session(MORNING, 200, stride_s=0.7, contact_s=0.25, peak_g=[8.0] * 180 + [16.0] * 20))
    assert summary.together is not None
    running = summary.together.running
    assert running.cadence_spm == pytest.approx(171.43, abs=0.01)
    assert running.cadence_iqr_spm == pytest.approx(0)
    assert running.contact_s == pytest.approx(0.25)
    assert running.flight_s == pytest.approx(0.1)
    assert running.duty_factor == pytest.approx(0.357, abs=1e-3)
    assert (running.peak_g, running.peak_p95_g, running.rise_g_s) == (8.0, 16.0, 500.0)
    assert [(b.from_g, b.to_g, b.impacts) for b in summary.together.bins] == [
        (0, 6, 0),
        (6, 21, 400),
        (21, None, 0),
    ]


def test_walking_is_kept_apart_and_has_no_flight():
    kinds = [page.STEP_KIND_WALK] * 50 + [page.STEP_KIND_RUN] * 60 + [page.STEP_KIND_UNCERTAIN] * 10
    summary = day(session(MORNING, 120, stride_s=1.0, kind=kinds))
    assert (summary.walking_s, summary.running_s) == (pytest.approx(50), pytest.approx(60))
    assert summary.together is not None
    assert summary.together.uncertain.time_s == pytest.approx(10)
    assert summary.together.walking.flight_s is None
    assert summary.together.walking.strides == 50


def test_clipped_and_unreliable_peaks_are_shared_out():
    flags = [page.STEP_CLIPPED] * 10 + [page.STEP_PEAK_UNRELIABLE | page.STEP_CLIPPED] * 10 + [0] * 80
    summary = day(session(MORNING, 100, flags=flags))
    assert summary.together is not None
    assert (summary.together.clipped_share, summary.together.unreliable_share) == (0.2, 0.1)


def test_parameters_of_the_sums_can_be_set_and_are_said():
    summary = day(session(MORNING, 10, peak_g=10.0), parameters=Parameters(5.0, 2.0, (0.0, 10.0)))
    assert summary.together is not None
    assert summary.together.impact_weighted == pytest.approx(2 * 10 * 4)
    assert [b.impacts for b in summary.together.bins] == [0, 20]
    assert to_json(summary)["parameters"] == {"reference_g": 5.0, "exponent": 2.0, "bin_edges_g": [0.0, 10.0]}


# name, what is there, known, steps, running_s, longest_run_s
DAYS = [
    ("nothing at all", {}, "unknown", None, None, None),
    ("a pod on watch", {"alive": [Alive(MORNING)]}, "alive", 0, 0, 0),
    (
        "a pod on watch on another day",
        {"alive": [Alive(NEXT_MIDNIGHT), Alive(MIDNIGHT - 1)]},
        "unknown",
        None,
        None,
        None,
    ),
    ("the runner rests", {"note": "rest"}, "rest", None, 0, 0),
    ("the runner ran without", {"note": "ran_without"}, "ran_without", None, None, None),
    (
        "on watch, but ran without",
        {"alive": [Alive(MORNING)], "note": "ran_without"},
        "ran_without",
        None,
        None,
        None,
    ),
    ("on watch, and a rest", {"alive": [Alive(MORNING)], "note": "rest"}, "alive", 0, 0, 0),
]


@pytest.mark.parametrize(
    ("there", "known", "steps", "running_s", "longest"),
    [case[1:] for case in DAYS],
    ids=[case[0] for case in DAYS],
)
def test_unknown_is_never_zero(there, known, steps, running_s, longest):
    summary = day(**there)
    assert (summary.known, summary.steps, summary.running_s) == (known, steps, running_s)
    assert summary.longest_run_s == longest
    assert (summary.together is None) == (known != "alive")
    assert summary.runs == summary.sessions == ()


def test_a_recording_without_a_step_is_a_known_zero():
    summary = day(session(MORNING, 0, length_us=5 * MINUTE_US))
    assert (summary.known, summary.steps, summary.running_s, summary.recorded_s) == ("recorded", 0, 0, 300)
    assert summary.together is not None
    assert summary.together.impact_sum_g == 0
    assert summary.together.running.peak_g is None


def test_peaks_that_are_not_known_sum_to_nothing_rather_than_zero():
    summary = day(session(MORNING, 10, peak_g=math.nan, rise_g_s=math.nan))
    assert summary.together is not None
    assert summary.together.impact_sum_g is None
    assert summary.together.bone_stimulus_sqrt_g is None
    assert summary.steps == 20


def test_a_run_without_the_pod_makes_a_recorded_day_a_lower_bound():
    summary = day(session(MORNING, 10), note="ran_without")
    assert summary.known == "recorded"
    assert "lower bounds" in summary.reason


def test_sessions_less_than_a_quarter_of_an_hour_apart_are_one_run():
    first = session(MORNING, 600, stride_s=1.0)
    near = session(first.end_utc_us + 15 * MINUTE_US - 1, 60, stride_s=1.0)
    far = session(near.end_utc_us + 15 * MINUTE_US, 120, stride_s=1.0)
    summary = day(far, first, near)
    assert [run.running_s for run in summary.runs] == [pytest.approx(660), pytest.approx(120)]
    assert summary.runs[0].duration_s == pytest.approx(600 + 900 + 60, abs=1e-3)
    assert summary.runs[0].recorded_s == pytest.approx(660)
    assert summary.runs[0].longest_bout_s == pytest.approx(600)
    assert summary.runs[0].steps == summary.runs[0].steps_estimated == 1320
    assert summary.longest_run_s == pytest.approx(660)


def test_faults_gaps_and_lost_pages_are_shown():
    summary = day(
        session(
            MORNING,
            100,
            foot="left",
            faults={"fifo_overruns": 2, "bus_errors": 0},
            gaps=((MORNING + SECOND_US, 3 * SECOND_US), (MORNING + 70 * SECOND_US, 4 * SECOND_US)),
            pages_lost=2,
        ),
        session(MORNING, 100, foot="right", faults={"fifo_overruns": 1}, pages_lost=1, open=True),
    )
    assert summary.faults == {"fifo_overruns": 3}
    assert (summary.gaps, summary.gap_s, summary.pages_lost) == (2, 5.0, 3)
    assert [part.open for part in summary.sessions] == [False, True]


@pytest.mark.parametrize("later_s", [0, 3600], ids=["at the same time", "an hour later"])
@pytest.mark.parametrize(("first", "other"), list(combinations(ORIGINS, 2)))
def test_the_sums_of_a_day_are_of_one_origin(first, other, later_s):
    summary = day(
        session(MORNING + later_s * SECOND_US, 100, origin=other, pod="01", session_id=5, pages_lost=1),
        session(MORNING, 200, origin=first, foot="left"),
    )
    alone = day(session(MORNING, 200, origin=first, foot="left"))
    assert summary.origins == (first, other)
    assert (summary.steps, summary.strides_set_aside) == (400, 100)
    assert (summary.together, summary.runs, summary.recorded_s) == (
        alone.together,
        alone.runs,
        alone.recorded_s,
    )
    assert (summary.unknown, summary.pages_lost) == (None, 0)
    assert {part.origin for part in summary.sessions} == {first, other}


def pod(origin="sensor", *, at=MORNING, pod="01", watching=True):
    return Alive(at, pod, origin, watching)


# name, alive records, known, origins, a word of the reason
WATCHES = [
    ("a sensor", [pod()], "alive", ("sensor",), "on watch"),
    ("a simulated pod, and says so", [pod("simulated")], "alive", ("simulated",), "on watch"),
    ("a sensor before a simulated pod", [pod("simulated"), pod(pod="02")], "alive", ("sensor",), "on watch"),
    ("a recording played back", [pod("recording")], "unknown", (), "no pod reported"),
    ("of an origin not known", [pod("unknown")], "unknown", (), "no pod reported"),
    ("a sensor that could not be read", [pod(watching=False)], "unknown", (), NOT_WATCHING),
    ("not read at one time", [pod(), pod(at=MORNING + 1, watching=False)], "unknown", (), NOT_WATCHING),
    ("one pod of two", [pod(), pod(pod="02", watching=False)], "alive", ("sensor",), "on watch"),
]


@pytest.mark.parametrize(
    ("alive", "known", "origins", "reason"), [case[1:] for case in WATCHES], ids=[case[0] for case in WATCHES]
)
def test_a_day_is_known_zero_only_if_somebody_watched(alive, known, origins, reason):
    summary = day(alive=alive)
    assert (summary.known, summary.origins) == (known, origins)
    assert summary.steps == (0 if known == "alive" else None)
    assert reason in summary.reason


def test_a_session_that_ended_at_midnight_says_nothing_of_the_day():
    assert day(session(MIDNIGHT - 60 * SECOND_US, 0, length_us=60 * SECOND_US)).known == "unknown"


def test_a_run_over_midnight_is_cut_there_and_says_so():
    night = session(NEXT_MIDNIGHT - 600 * SECOND_US, 1000, stride_s=0.75, faults={"bus_errors": 1})
    evening = day(night)
    morning = summarise(
        SUNDAY + timedelta(1), BERLIN, NEXT_MIDNIGHT, NEXT_MIDNIGHT + 86400 * SECOND_US, [night]
    )
    assert (evening.steps, morning.steps) == (1600, 400)
    assert (evening.running_s, morning.running_s) == (pytest.approx(600), pytest.approx(150))
    assert [(run.began_before, run.goes_on) for run in evening.runs + morning.runs] == [
        (False, True),
        (True, False),
    ]
    assert (evening.faults, morning.faults) == ({"bus_errors": 1}, {})


@pytest.mark.parametrize(
    ("changes", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)], ids=["spring", "autumn"]
)
def test_summer_time_neither_loses_nor_doubles_an_hour(changes, hours):
    """A foot that never stops for three days, one stride a second."""
    days = [changes + timedelta(n) for n in (-1, 0, 1)]
    bounds = [day_bounds(d, lambda _: BERLIN) for d in days]
    contacts = (bounds[-1][1] - bounds[0][0]) // SECOND_US
    walk = session(bounds[0][0], contacts, stride_s=1.0, kind=page.STEP_KIND_WALK)
    three = [summarise(d, BERLIN, *b, [walk]) for d, b in zip(days, bounds, strict=True)]
    assert [d.together.strides for d in three if d.together] == [86_400, hours * 3600, 86_400]
    assert [d.recorded_s for d in three] == [86_400, hours * 3600, 86_400]


def test_a_journey_counts_every_step_once():
    zones = {date(2026, 1, 9): "Europe/London", date(2026, 1, 10): "Europe/London"}
    days = [date(2026, 1, n) for n in (9, 10, 11)]
    bounds = [day_bounds(d, lambda d: zones.get(d, "Asia/Tokyo")) for d in days]
    walk = session(bounds[0][0], 63 * 3600, stride_s=1.0, kind=page.STEP_KIND_WALK)
    strides = [summarise(d, "UTC", *b, [walk]).together for d, b in zip(days, bounds, strict=True)]
    assert [load.strides for load in strides if load] == [24 * 3600, 15 * 3600, 24 * 3600]


number = st.floats(0.05, 60) | st.just(math.nan)
figures = st.tuples(number, number, number, number, st.sampled_from([0, 1, 2]), st.integers(0, 15))


@st.composite
def any_session(draw):
    start = draw(st.integers(0, 3) | st.integers(0, 3600)) * SECOND_US
    length_s = draw(st.integers(0, 3) | st.integers(0, 1800))
    ms = st.integers(0, length_s).map(lambda s: s * 1000) | st.integers(0, length_s * 1000)
    rows = sorted(draw(st.lists(st.tuples(ms, figures), max_size=12)))
    made = steps([start + at * 1000 for at, _ in rows])
    for column, name in enumerate(("stride_s", "contact_s", "peak_g", "rise_g_s", "kind", "flags")):
        made[name] = [row[column] for _, row in rows]
    gaps_at = draw(st.lists(st.integers(0, length_s - 1), max_size=2)) if length_s else []
    return session(
        start,
        0,
        length_us=length_s * SECOND_US,
        session_id=draw(st.integers(1, 2**63 - 1)),
        pod=draw(st.sampled_from(["01", "02", "03"])),
        foot=draw(st.sampled_from(["left", "right", "unknown"])),
        origin=draw(st.sampled_from(["sensor", "recording", "simulated", "unknown"])),
        gaps=tuple((start + at * SECOND_US, 7 * SECOND_US) for at in gaps_at),
        faults={"bus_errors": draw(st.integers(0, 3))},
        pages_lost=draw(st.integers(0, 3)),
        steps=made,
    )


some_sessions = st.lists(any_session(), max_size=4, unique_by=lambda s: s.session_id)
some_of_one_origin = st.tuples(some_sessions, st.sampled_from(ORIGINS)).map(
    lambda made: [replace(s, origin=made[1]) for s in made[0]]
)
END = 5400 * SECOND_US
some_alive = st.builds(
    Alive, st.integers(0, END), st.sampled_from(["01", "02"]), st.sampled_from(ORIGINS), st.booleans()
)


def sums(summary: Day):
    """Everything that adds up, with None as a zero."""
    loads = [summary.together, summary.left, summary.right, summary.unknown]
    each = [
        (
            load.strides,
            *(gait.strides for gait in (load.running, load.walking, load.uncertain)),
            *(gait.time_s for gait in (load.running, load.walking, load.uncertain)),
            load.impact_sum_g or 0,
            load.impact_weighted or 0,
            (load.bone_stimulus_sqrt_g or 0) ** 8,
            *(b.impacts for b in load.bins),
        )
        if load
        else (0,) * 13
        for load in loads
    ]
    whole = (
        *(summary.steps or 0, summary.steps_counted or 0, summary.steps_estimated or 0),
        *(summary.recorded_s, summary.gaps, summary.gap_s, summary.pages_lost, summary.strides_set_aside),
        summary.faults.get("bus_errors", 0),
    )
    return np.array([*np.ravel(each), *whole], float)


@given(some_of_one_origin, st.integers(0, 4) | st.integers(0, 5400))
@settings(max_examples=200, deadline=None)
def test_a_cut_at_midnight_loses_and_doubles_nothing(sessions, cut_s):
    cut = cut_s * SECOND_US
    whole, before, after = (
        summarise(SUNDAY, "UTC", start, end, sessions) for start, end in ((0, END), (0, cut), (cut, END))
    )
    assert sums(before) + sums(after) == pytest.approx(sums(whole), rel=1e-6, abs=1e-6)


@settings(deadline=None)
@given(some_sessions.flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
def test_the_order_of_sessions_changes_nothing(both):
    one, other = (to_json(summarise(SUNDAY, "UTC", 0, END, sessions)) for sessions in both)
    assert one == other


@given(some_sessions, st.lists(some_alive, max_size=3), st.sampled_from([None, "rest", "ran_without"]))
def test_the_json_is_plain_and_finite(sessions, alive, note):
    text = json.dumps(to_json(summarise(SUNDAY, BERLIN, 0, END, sessions, alive, note)), allow_nan=False)
    assert json.loads(text)["date"] == "2026-11-22"


@settings(deadline=None)
@given(some_sessions)
def test_every_contact_counts_or_is_set_aside(sessions):
    summary = summarise(SUNDAY, "UTC", 0, END, sessions)
    contacts = sum(int(((s.steps["ic_utc_us"] >= 0) & (s.steps["ic_utc_us"] < END)).sum()) for s in sessions)
    assert contacts == summary.strides_set_aside + (summary.together.strides if summary.together else 0)
    if summary.together:
        assert summary.steps_counted + summary.steps_estimated == summary.steps
        assert summary.together.strides <= summary.steps <= 2 * summary.together.strides
    assert all(a.end_utc_us < b.start_utc_us for a, b in pairwise(summary.runs))


def test_instants_in_json_are_given_in_utc_and_on_the_runners_clock():
    run = to_json(day(session(MORNING, 100)))["runs"][0]
    assert run["start_utc"] == "2026-11-22T07:00:00.000+00:00"
    assert run["start_local"] == "2026-11-22T08:00:00.000+01:00"
