"""The simulated runner is plausible, physical, and true to its own account of every contact."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.simulate.runner import (
    ACTIVITIES,
    MOUNTINGS,
    ON_THE_LACES,
    Runner,
    Way,
    draw_errors,
    measured,
    mounting,
)
from strideload_pod.page import STEP_KIND_RUN, STEP_KIND_WALK

STEP_FREE = [activity for activity in ACTIVITIES if activity not in ("run", "walk", "stand")]
MIXED = [
    ("stand", 5.0, 0.0),
    ("walk", 30.0, 5.0),
    ("run", 60.0, 11.0),
    ("stand", 10.0, 0.0),
    ("run", 20.0, 14.0),
]


def lengths(values):
    return np.linalg.norm(values, axis=1)


def around(contact_s, before_s, after_s, hz=5000):
    return contact_s + np.arange(-before_s, after_s, 1 / hz)


def test_the_same_seed_is_the_same_run():
    t_s = np.arange(0, 125, 0.01)
    one, two = Runner(3).session(MIXED, seed=8), Runner(3).session(MIXED, seed=8)
    assert (one.contacts == two.contacts).sum() == len(one.contacts) - np.isnan(one.to_s).sum()
    assert (one.source(t_s) == two.source(t_s)).all()
    assert (
        len(one.ic_s) != len(Runner(4).session(MIXED, seed=8).ic_s)
        or (one.ic_s != Runner(4).session(MIXED, seed=8).ic_s).any()
    )


def test_contacts_without_a_signal_are_those_of_the_session():
    run = Runner(3).session(MIXED, seed=8)
    contacts = Runner(3).contacts(MIXED, seed=8)
    assert contacts.tobytes() == run.contacts.tobytes()


def test_the_plan_is_kept():
    """Contacts of each kind lie where the plan has it; while standing there is none."""
    run = Runner(1).session(MIXED)
    walks, runs = (run.ic_s[run.kind == kind] for kind in (STEP_KIND_WALK, STEP_KIND_RUN))
    assert (walks > 5).all()
    assert (walks < 35).all()
    assert ((runs > 35) & (runs < 95) | (runs > 105) & (runs < 125)).all()
    assert run.duration_s == 125
    assert np.isnan(run.to_s).sum() == 2  # the last contact of each bout stays on the ground
    assert (np.diff(run.ic_s) > 0.5).all()
    assert (run.to_s[:-1] < run.ic_s[1:])[~np.isnan(run.to_s[:-1])].all()


RANGES = {  # stride, contact, peak: least and most of the medians over runners
    ("run", 8.0): ((0.69, 0.85), (0.24, 0.33), (4.5, 13.0)),
    ("run", 12.0): ((0.64, 0.77), (0.19, 0.28), (7.0, 18.0)),
    ("run", 16.0): ((0.58, 0.72), (0.16, 0.23), (9.0, 24.0)),
    ("walk", 4.0): ((1.07, 1.32), (0.62, 0.87), (2.5, 8.0)),
    ("walk", 6.0): ((0.92, 1.13), (0.52, 0.72), (3.5, 10.0)),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("activity", "speed_kmh"), RANGES)
def test_medians_lie_where_the_literature_has_them(activity, speed_kmh, seed):
    contacts = Runner(seed).contacts([(activity, 120.0, speed_kmh)])
    for name, (least, most) in zip(
        ("stride_s", "contact_s", "peak_g"), RANGES[activity, speed_kmh], strict=True
    ):
        assert least <= np.nanmedian(contacts[name]) <= most, name


@pytest.mark.parametrize("seed", range(3))
def test_no_two_strides_are_alike(seed):
    contacts = Runner(seed).contacts([("run", 600.0, 10.0)])
    stride_s = contacts["stride_s"][:-1]
    assert 0.01 < stride_s.std() / stride_s.mean() < 0.03
    assert 0.08 < contacts["peak_g"].std() / contacts["peak_g"].mean() < 0.16


@pytest.mark.parametrize("speed_kmh", [8.0, 12.0, 16.0])
def test_the_signal_reaches_the_peak_that_is_told(speed_kmh):
    run = Runner(2).session([("run", 60.0, speed_kmh)])
    for ic_s, peak_g in zip(run.ic_s, run.peak_g, strict=True):
        t_s = around(ic_s, 0.005, 0.08)
        length = lengths(run.source(t_s)[:, :3])
        assert length.max() == pytest.approx(peak_g, rel=0.004)
        assert 0.012 <= t_s[length.argmax()] - ic_s <= 0.0351


def test_the_rise_that_is_told_is_the_signals():
    """But for what the rest of the motion adds to the shock."""
    run = Runner(2).session([("run", 30.0, 10.0)])
    for contact in run.contacts:
        t_s = around(contact["ic_s"], 0, 0.05, hz=20_000)
        length = lengths(run.source(t_s)[:, :3])
        rise = np.diff(length[: length.argmax() + 1]).max() * 20_000
        assert contact["rise_g_s"] == pytest.approx(rise, rel=0.15)


def test_the_shock_rings():
    """After the peak the length swings below its later value, with a period of 1/15 to 1/60 s."""
    run = Runner(2).session([("run", 30.0, 10.0)])
    for ic_s in run.ic_s:
        t_s = around(ic_s, 0, 0.08)
        along = run.source(t_s)[:, :3] @ (ON_THE_LACES @ [0, 0, 1.0])
        trough = along.argmin()
        assert along[trough] < 0.9
        assert 1 / 120 < t_s[trough] - t_s[along.argmax()] < 1 / 30


def test_one_stride_of_running():
    """Rotation of swing against that of push-off, braking before contact, a quieter stance."""
    run = Runner(2).session([("run", 60.0, 11.0)])
    for ic_s, to_s, next_s in zip(run.ic_s[:-1], run.to_s[:-1], run.ic_s[1:], strict=True):
        t_s = np.arange(ic_s, next_s, 0.001)
        values = run.source(t_s)
        length, pitch = (
            lengths(values[:, :3]),
            (values @ np.concatenate([np.zeros(3), ON_THE_LACES @ [0, 1.0, 0]])),
        )
        swing_dps, push_dps = -pitch.min(), pitch[t_s > ic_s + 0.1].max()
        assert 250 < swing_dps < 1300
        assert 250 < push_dps < 1500
        assert t_s[t_s > ic_s + 0.1][pitch[t_s > ic_s + 0.1].argmax()] == pytest.approx(to_s, abs=0.09)
        braking = length[(t_s > next_s - 0.1) & (t_s < next_s - 0.02)].max()
        assert 3.5 < braking < 9
        push = length[(t_s > to_s - 0.06) & (t_s < to_s + 0.04)].max()
        assert 2.5 < push < 6.5
        middle = length[(t_s > ic_s + 0.09) & (t_s < ic_s + 0.4 * (to_s - ic_s))]
        assert middle.max(initial=0) < min(3, push)


def test_standing_is_gravity_alone():
    run = Runner(1).session([("stand", 10.0, 0.0), ("run", 20.0, 10.0), ("stand", 10.0, 0.0)])
    for t_s in (np.arange(-5, 9.5, 0.01), np.arange(31, 60, 0.01)):
        values = run.source(t_s)
        assert lengths(values[:, :3]) == pytest.approx(1.0, abs=1e-9)
        assert (values[:, 3:] == 0).all()
        assert values[:, :3] == pytest.approx(np.tile(ON_THE_LACES @ [0, 0, 1], (len(t_s), 1)), abs=1e-9)


def whole_motion(run, seconds, hz=2000):
    """Orientation by the gyroscope alone (n, 3, 3), and acceleration without gravity in the world's axes (n, 3), g."""
    values = run.source(np.arange(-1, seconds, 1 / hz))
    turn = np.eye(3)
    turns = np.empty((len(values), 3, 3))
    for i, rate in enumerate(np.radians(values[:, 3:]) / hz):
        angle = np.linalg.norm(rate)
        if angle > 0:
            x, y, z = rate / angle
            cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
            turn = turn @ (np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
        turns[i] = turn
    return turns, np.einsum("nij,nj->ni", turns, values[:, :3]) - [0, 0, 1]


@pytest.mark.parametrize("activity", [("run", 12.0), ("walk", 5.0)], ids=["run", "walk"])
def test_gyroscope_and_accelerometer_tell_of_one_motion(activity):
    """Turned back by what the gyroscope felt, gravity points up again at the end, and what is left adds up to no
    speed."""
    name, speed_kmh = activity
    run = Runner(1, sensor_from_foot=np.eye(3)).session([(name, 15.0, speed_kmh)])
    turns, acceleration = whole_motion(run, 18)
    assert turns[-1, 2, 2] > np.cos(np.radians(4))
    speed_m_s = np.cumsum(acceleration, axis=0) / 2000 * 9.81
    assert np.abs(speed_m_s[-1]).max() / len(run.ic_s) < 0.08
    assert 1.5 < np.abs(speed_m_s[:, 0]).max() < 14


@settings(max_examples=25, deadline=None)
@given(angles=st.tuples(*[st.floats(-180, 180)] * 3))
def test_a_mounting_changes_directions_only(angles):
    rotation = mounting(*angles)
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-12)
    t_s = np.arange(0, 8, 0.01)
    one = Runner(1).session([("run", 8.0, 10.0)]).source(t_s)
    two = Runner(1, sensor_from_foot=rotation).session([("run", 8.0, 10.0)]).source(t_s)
    assert lengths(two[:, :3]) == pytest.approx(lengths(one[:, :3]))
    assert lengths(two[:, 3:]) == pytest.approx(lengths(one[:, 3:]), abs=1e-6)


def test_fatigue_shows_over_an_hour():
    plan = [("run", 1800.0, 10.0)] * 3
    fresh, tired = (Runner(1, fatigue_per_hour=share).contacts(plan) for share in (0.0, 0.1))
    assert np.median(tired["peak_g"][-2000:]) / np.median(fresh["peak_g"][-2000:]) == pytest.approx(
        1.1, abs=0.01
    )


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.floats(0, 40), max_size=6))
def test_the_signal_does_not_depend_on_how_it_is_asked_for(cuts):
    run = Runner(1).session([("stand", 5.0, 0.0), ("run", 30.0, 10.0)])
    t_s = np.arange(0, 40, 0.01)
    pieces = np.split(t_s, np.searchsorted(t_s, sorted(cuts)))
    assert (np.concatenate([run.source(piece) for piece in pieces]) == run.source(t_s)).all()


@pytest.mark.parametrize(
    "plan",
    [[], [("stand", 10.0, 0.0)], [("run", 0.1, 10.0)]],
    ids=["empty", "standing", "too short for a step"],
)
def test_a_plan_without_a_step(plan):
    run = Runner(1).session(plan)
    assert len(run.contacts) == 0
    assert lengths(run.source(np.arange(0, 3, 0.01))[:, :3]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (("run", 10.0, 40.0), "40.0 km/h"),
        (("walk", 10.0, 0.5), "0.5 km/h"),
        (("run", 0.0, 10.0), "no part"),
        (("run", float("nan"), 10.0), "no part"),
        (("swim", 10.0, 3.0), "swim"),
    ],
)
def test_a_plan_that_cannot_be(part, reason):
    with pytest.raises(ValueError, match=reason):
        Runner(1).session([part])


HALF_TURN = [("walk", 16.0, 4.5, Way(turn_every_m=10)), ("stand", 2.0, 0.0)]


def pitch_of(run, t_s):
    """Rotation about the foot's left, toes down positive."""
    return run.source(t_s)[:, 3:] @ ON_THE_LACES @ [0, 1.0, 0]


def test_the_heel_or_the_toe_lands_first():
    """After contact the sole comes down: toes down on the rearfoot, toes up on the forefoot, hardly at all between."""
    turned_deg = {}
    for strike in ("rearfoot", "midfoot", "forefoot"):
        run = Runner(3, strike=strike).session([("run", 20.0, 12.0)])
        parts = [pitch_of(run, around(ic_s, 0.02, 0.06)).sum() / 5000 for ic_s in run.ic_s[3:-1]]
        turned_deg[strike] = np.median(parts)
    assert 8 < turned_deg["rearfoot"] < 25
    assert turned_deg["forefoot"] < -4
    assert turned_deg["forefoot"] < turned_deg["midfoot"] < turned_deg["rearfoot"]


def test_a_forefoot_lands_softer_and_slower():
    rear, fore = (
        Runner(3, strike=strike).contacts([("run", 300.0, 12.0)]) for strike in ("rearfoot", "forefoot")
    )
    assert np.median(fore["peak_g"]) == pytest.approx(0.7 * np.median(rear["peak_g"]), rel=0.05)
    assert np.median(fore["rise_g_s"]) < 0.65 * np.median(rear["rise_g_s"])


def test_downhill_lands_harder():
    """By half at 9 deg down; uphill by less (Gottschall and Kram 2005)."""
    down, level, up = (
        np.median(Runner(3).contacts([("run", 300.0, 11.0, Way(slope=slope))])["peak_g"])
        for slope in (-0.158, 0.0, 0.158)
    )
    assert down / level == pytest.approx(1.53, abs=0.08)
    assert up < 0.75 * level


def test_turns_are_long_soft_and_turned():
    """Out and back over 10 m: the strides of a turn are longer and softer, and by the gyroscope one is half a turn."""
    run = Runner(3, sensor_from_foot=np.eye(3)).session([("walk", 60.0, 4.5, Way(turn_every_m=10))])
    stride_s = run.contacts["stride_s"][:-1]
    assert (stride_s > 1.2 * np.median(stride_s)).sum() >= 4
    assert run.peak_g[1:-1].min() < 0.7 * np.median(run.peak_g)
    turns, _ = whole_motion(Runner(3, sensor_from_foot=np.eye(3)).session(HALF_TURN), 18, hz=500)
    assert np.degrees(np.arccos(turns[-1, 0, 0])) == pytest.approx(180, abs=15)


def test_the_right_foot_mirrors_the_left():
    t_s = np.arange(0, 10, 0.01)
    left, right = (
        Runner(3, sensor_from_foot=np.eye(3), foot=foot).session([("run", 10.0, 10.0)]).source(t_s)
        for foot in ("left", "right")
    )
    assert right == pytest.approx(left * [1, -1, 1, -1, 1, -1])
    with pytest.raises(ValueError, match="third"):
        Runner(3, foot="third")


def test_mountings_are_rotations():
    for rotation in MOUNTINGS.values():
        assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-12)
        assert np.linalg.det(rotation) == pytest.approx(1)


def test_a_shoe_mounted_otherwise_in_mid_run():
    t_s = np.arange(0, 10, 0.01)
    other = mounting(90, 0, 0)
    before = Runner(3).session([("run", 10.0, 10.0)]).source(t_s)
    after = Runner(3, sensor_from_foot=other).session([("run", 10.0, 10.0)]).source(t_s)
    both = Runner(3, remount=(5.0, other)).session([("run", 10.0, 10.0)]).source(t_s)
    assert (both[t_s < 5] == before[t_s < 5]).all()
    assert both[t_s >= 5] == pytest.approx(after[t_s >= 5])


def test_a_loose_pod_rattles_and_the_truth_stays():
    tight, loose = (Runner(3, loose=share).session([("run", 20.0, 10.0)]) for share in (0.0, 1.0))
    assert loose.contacts.tobytes() == tight.contacts.tobytes()
    t_s = np.arange(0, 20, 0.002)
    more = lengths((loose.source(t_s) - tight.source(t_s))[:, :3])
    assert 1 < more.max() < 8
    assert np.median(more) < 0.1


def test_knocks_come_while_standing_too():
    run = Runner(3, knocks_per_hour=600.0).session([("stand", 120.0, 0.0)])
    length = lengths(run.source(np.arange(0, 120, 0.002))[:, :3])
    knocked = np.diff(np.flatnonzero(np.abs(length - 1) > 0.5)) > 50
    assert 8 < knocked.sum() < 40
    assert len(run.contacts) == 0


@pytest.mark.parametrize("activity", STEP_FREE)
def test_what_is_no_step_moves_the_shoe_and_has_no_contact(activity):
    """In bounds, with rest around it, and gravity where it was at the end."""
    run = Runner(3, sensor_from_foot=np.eye(3)).session(
        [("stand", 3.0, 0.0), (activity, 60.0, 0.0), ("stand", 3.0, 0.0)]
    )
    assert len(run.contacts) == 0
    t_s = np.arange(0, 66, 0.002)
    values = run.source(t_s)
    rest = (t_s < 3) | (t_s >= 63)
    assert values[rest][:, 2] == pytest.approx(1.0)
    length = lengths(values[~rest][:, :3])
    assert 0.002 < np.mean(np.abs(length - 1)) < 1.5
    assert length.max() < 25
    assert np.abs(values[:, 3:5].sum(axis=0) * 0.002).max() < 3


def test_soles_banged_together_have_the_size_and_rhythm_of_steps():
    run = Runner(3).session([("bang", 60.0, 0.0)])
    length = lengths(run.source(np.arange(0, 60, 0.002))[:, :3])
    shocks = np.flatnonzero((length[1:-1] > 4) & (length[1:-1] > length[:-2]) & (length[1:-1] >= length[2:]))
    beats_s = np.diff(shocks[np.append(True, np.diff(shocks) > 150)]) * 0.002
    assert 0.5 < np.median(beats_s) < 1.2
    assert beats_s.std() < 0.15 * beats_s.mean()


def test_errors_of_a_chip_are_those_of_the_data_sheet():
    """Standing an hour: bias and scale within five deviations, a drift, noise, and a clock that is off."""
    run = Runner(3, sensor_from_foot=np.eye(3)).session([("stand", 3600.0, 0.0)])
    errors = draw_errors(np.random.default_rng(4))
    values = measured(run.source, 3600.0, 10.0, errors, seed=1)
    assert len(values) == int(36000 * errors.rate)
    assert np.abs(values[:100, :3].mean(axis=0) - [0, 0, 1]).max() < 0.15
    assert np.abs(values[:100, 3:].mean(axis=0)).max() < 5
    assert 0.002 < values[:600, 0].std() < 0.004
    drift_g = values[-600:, 0].mean() - values[:600, 0].mean()
    assert drift_g == pytest.approx(errors.bias_per_k[0] * errors.warming_k, abs=0.0005)
