"""What the cadence cue rests on: the runner's own easy cadence, and a target that is no jump."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.load import cue
from strideload.load.cue import Baseline, CueRefused, RunCadence, baseline, runs_without_cue, target_cspm
from strideload.load.steps import Cue
from strideload_pod import page
from support.sessions import SECOND_US, session

DAY_US = 86_400 * SECOND_US
START = 1_800_000_000 * SECOND_US
END = START + 30 * DAY_US


def run(day: float, minutes: float = 20, *, spm: float = 160, contact_s: float = 0.27, **fields):
    stride_s = 120 / spm
    return session(
        START + round(day * DAY_US),
        round(minutes * 60 / stride_s),
        stride_s=stride_s,
        contact_s=contact_s,
        **fields,
    )


def found(*sessions, cued=()):
    return runs_without_cue(sessions, list(cued), START, END)


def test_a_run_has_a_cadence_for_each_minute_of_it():
    (one,) = found(run(1, 12, spm=160))
    assert len(one.minutes_spm) == 12
    assert one.minutes_spm == pytest.approx([160] * 12)
    assert one.duty_factor == pytest.approx(0.27 / 0.75)


def test_the_minutes_are_of_the_runner_however_many_pods_are_worn():
    both = found(run(1, 12, foot="left"), run(1, 12, foot="right", pod="bb" * 8))
    assert [len(one.minutes_spm) for one in both] == [12]


@pytest.mark.parametrize(("seconds", "minutes"), [(28, 10), (32, 11)])
def test_a_minute_with_less_than_half_of_it_run_has_no_cadence(seconds, minutes):
    assert [len(one.minutes_spm) for one in found(run(1, 10 + seconds / 60))] == [minutes]


NOT_COUNTED = [
    ("too short", {"minutes": 9}, ()),
    ("walked", {"kind": page.STEP_KIND_WALK}, ()),
    ("no contact time", {"contact_s": float("nan")}, ()),
    ("a cue in it", {"cues": (Cue(START + DAY_US + SECOND_US, 17_000, 16_000, "given", 1, 100),)}, ()),
    ("a cue was to be in force", {}, [(START, START + DAY_US + SECOND_US)]),
    ("another origin", {"origin": "simulated", "pod": "dd" * 8}, ()),
]


@pytest.mark.parametrize(("fields", "cued"), [c[1:] for c in NOT_COUNTED], ids=[c[0] for c in NOT_COUNTED])
def test_a_run_that_says_nothing_of_the_runners_own_cadence_is_left_out(fields, cued):
    kept = run(9)
    assert [one.start_utc_us for one in found(run(1, **fields), kept, cued=cued)] == [kept.start_utc_us]


def test_runs_before_the_thirty_days_are_left_out():
    assert found(run(-1)) == []


def cadence(spm: float, duty_factor: float, minutes: int = 10) -> RunCadence:
    return RunCadence(0, (spm,) * minutes, duty_factor)


def test_the_baseline_is_the_median_minute_of_the_easy_half():
    own = baseline([cadence(160, 0.38, 30), cadence(164, 0.37, 20), cadence(178, 0.30, 60)])
    assert own == Baseline(cadence_spm=160, runs=3, easy_runs=2, minutes=50)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_runs_are_no_baseline(count):
    with pytest.raises(CueRefused, match=rf"3 runs .* needed within 30 days, and {count} are known"):
        baseline([cadence(160, 0.36)] * count)


@given(
    st.lists(
        st.tuples(st.floats(120, 220), st.floats(0.2, 0.5), st.integers(10, 90)), min_size=3, max_size=20
    ),
    st.randoms(),
)
def test_any_three_runs_have_a_baseline_of_at_least_two(runs, order):
    made = [cadence(*one) for one in runs]
    own = baseline(made)
    order.shuffle(made)
    assert baseline(made) == own
    assert own.easy_runs >= 2
    assert own.minutes >= 20
    assert min(spm for spm, _, _ in runs) <= own.cadence_spm <= max(spm for spm, _, _ in runs)


OWN_SPM = 160.0


@pytest.mark.parametrize(("percent", "target"), [(0, 16_000), (7, 17_120), (10, 17_600), (2.5, 16_400)])
def test_the_target_lies_so_many_percent_above(percent, target):
    assert target_cspm(OWN_SPM, percent, None) == target


def test_seven_percent_is_what_switching_on_means():
    assert (cue.PERCENT, cue.PERCENT_MOST) == (7.0, 10.0)


@pytest.mark.parametrize("percent", [-0.1, 10.1, 25, -50, float("nan"), float("inf")])
def test_a_jump_over_the_own_cadence_is_refused_with_the_reason(percent):
    with pytest.raises(CueRefused, match=r"0 to 10 % over your own cadence of 160\.0"):
        target_cspm(OWN_SPM, percent, None)


def test_a_jump_over_the_present_target_is_refused_with_the_reason():
    assert target_cspm(OWN_SPM, 10, 16_000) == 17_600
    with pytest.raises(
        CueRefused, match=r"176.0 steps/min is refused: .* 10 % over the present one of 159.9"
    ):
        target_cspm(OWN_SPM, 10, 15_990)
    assert target_cspm(OWN_SPM, 0, 20_000) == 16_000  # lower than it is no jump


@pytest.mark.parametrize(("own_spm", "says"), [(100.0, "107.0"), (230.0, "246.1")])
def test_a_target_that_no_pod_takes_is_refused(own_spm, says):
    with pytest.raises(CueRefused, match=f"{says} steps/min is refused: a pod cues from 120 to 240"):
        target_cspm(own_spm, 7, None)


@given(st.floats(125, 215), st.floats(0, 10), st.none() | st.integers(12_000, 24_000))
def test_no_target_is_ever_a_jump(own_spm, percent, present):
    try:
        target = target_cspm(own_spm, percent, present)
    except CueRefused:
        return
    assert own_spm * 100 - 1 <= target <= own_spm * 110 + 1
    assert present is None or target <= present * 1.1 + 1
