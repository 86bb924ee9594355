"""What the detector promises, on the simulated runner and on signals that are no steps."""

from array import array
from pathlib import Path
from types import ModuleType
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from strideload.simulate.runner import ON_THE_LACES, Activity, Free, Plan, Run, Runner, Way, mounting
from strideload.simulate.runner.gait import Strike
from strideload_pod import detector, page
from support.detection import Case, Samples, Steps, detect, detect_blocks, differences_s, quantized, times_s

RATE_HZ = 208
CASE = Case(RATE_HZ * 1000)
UDPS_LSB = 70_000
SIX = Case(RATE_HZ * 1000, gyro_udps_lsb=UDPS_LSB)
DAY: Plan = [
    ("stand", 4, 0),
    ("walk", 20, 5),
    ("run", 30, 10),
    ("stand", 6, 0),
    ("run", 20, 14),
    ("stand", 4, 0),
]


def samples_of(run: Run, rate_hz: int = RATE_HZ, acc_ug_lsb: int = 976) -> Samples:
    """With noise as a chip has it, 3 mg."""
    motion = run.source(np.arange(int(run.duration_s * rate_hz)) / rate_hz)[:, :3]
    return quantized(motion + np.random.default_rng(0).normal(0, 0.003, motion.shape), acc_ug_lsb)


def six_axes_of(run: Run, rate_hz: int = RATE_HZ) -> Samples:
    """With rotation, and its noise of 0.1 deg/s."""
    rotation = run.source(np.arange(int(run.duration_s * rate_hz)) / rate_hz)[:, 3:]
    rotation = rotation + np.random.default_rng(1).normal(0, 0.1, rotation.shape)
    turned = np.clip(np.round(rotation * 1e6 / UDPS_LSB), -32768, 32767).astype(np.int16)
    return np.hstack([samples_of(run, rate_hz), turned])


@pytest.fixture(scope="module")
def day() -> Run:
    return Runner(1).session(DAY)


@pytest.fixture(scope="module")
def day_samples(day: Run) -> Samples:
    return samples_of(day)


@pytest.fixture(scope="module")
def day_steps(day_samples: Samples) -> Steps:
    return detect(day_samples, CASE)


def test_flags_and_kinds_are_those_of_pages() -> None:
    names = [name for name in vars(page) if name.startswith("STEP_")]
    assert {name: getattr(detector, name) for name in names} == {name: getattr(page, name) for name in names}


@pytest.mark.parametrize(
    ("values", "figure"),
    [
        ((99_999, 976, 0), "99999"),
        ((1_700_001, 976, 0), "1700001"),
        ((416_000, 0, 0), "got 0"),
        ((416_000, 1101, 0), "1101"),
        ((416_000, 976, -1), "-1"),
    ],
)
def test_set_up_refuses_what_it_cannot_scale(values: tuple[int, int, int], figure: str) -> None:
    with pytest.raises(ValueError, match=figure):
        detector.setup(array("i", bytes(4 * 10_000)), *values)


@pytest.mark.parametrize("udps_lsb", [0, UDPS_LSB])
def test_set_up_refuses_a_state_that_is_too_short(udps_lsb: int) -> None:
    size = detector.state_size(416_000, udps_lsb)
    with pytest.raises(ValueError, match=f"{size} numbers, got {size - 1}"):
        detector.setup(array("i", bytes(4 * (size - 1))), 416_000, 976, udps_lsb)


@pytest.mark.parametrize(("rate_hz", "kilobytes"), [(104, 18), (208, 23), (416, 23), (833, 23), (1667, 22)])
def test_a_state_is_no_longer_than_its_rate_needs(rate_hz: int, kilobytes: int) -> None:
    """Of chips up to 5 % off their nominal rate as well; without gyroscope it is 4 KB less."""
    for percent in (95, 100, 105):
        size = detector.state_size(rate_hz * percent * 10, 1)
        assert 4 * size <= kilobytes * 1000
        assert detector.state_size(rate_hz * percent * 10, 0) == size - 1024


@pytest.mark.parametrize("rate_hz", [104, 179, 208])
@pytest.mark.parametrize("udps_lsb", [0, UDPS_LSB])
def test_nothing_looks_back_further_than_the_ring_of_the_last_seconds(rate_hz: int, udps_lsb: int) -> None:
    """With a ring of twice the length all steps are the same, also of slow walking and of a foot that turns."""
    longer = with_longer_ring()
    plan: Plan = [("stand", 3, 0), ("walk", 20, 2), ("stand", 3, 0), ("run", 15, 12), ("walk", 15, 3.5)]
    samples = six_axes_of(Runner(4).session(plan), rate_hz).astype(np.int64)
    t = np.arange(len(samples)) / rate_hz
    samples[:, 3] += np.round(90 * np.sin(2 * np.pi * 0.23 * t) * 1e6 / UDPS_LSB).astype(np.int64)
    clipped = np.clip(samples, -32768, 32767).astype(np.int16)[:, : 6 if udps_lsb else 3]
    case = Case(rate_hz * 1000, gyro_udps_lsb=udps_lsb)
    steps = detect(clipped, case)
    assert len(steps) > 40
    assert detect(clipped, case, longer).tolist() == steps.tolist()


def with_longer_ring() -> ModuleType:
    """A copy of the detector whose ring holds 5.8 s in place of 2.9."""
    source = Path(detector.__file__).read_text()
    assert source.count("_ROUND_20_HZ = const(232)") == 1
    made = ModuleType("longer")
    exec(source.replace("_ROUND_20_HZ = const(232)", "_ROUND_20_HZ = const(464)"), vars(made))
    return made


def test_a_block_is_not_longer_than_the_steps_can_hold() -> None:
    with pytest.raises(ValueError, match="512"):
        detect_blocks(np.zeros((513, 3), np.int16), CASE, [(0, 513, 0)])


@pytest.mark.parametrize("rate_hz", [100, 208, 416, 833, 1667])
@pytest.mark.parametrize("axes", [3, 6])
def test_simulated_walking_and_running_is_found(rate_hz: int, axes: int) -> None:
    """All but two contacts of a minute and a half, none that is not there; spread at most 6 ms (simulated)."""
    run = Runner(2).session(DAY)
    udps_lsb = UDPS_LSB if axes == 6 else 0
    steps = detect(six_axes_of(run, rate_hz)[:, :axes], Case(rate_hz * 1000, gyro_udps_lsb=udps_lsb))
    off = differences_s(times_s(steps, rate_hz), run.ic_s, 0.05)
    assert len(off) >= len(run.ic_s) - 2
    assert len(steps) - len(off) <= 1
    assert abs(np.median(off)) < 0.012
    assert np.std(off) < 0.006


@pytest.mark.parametrize("rate_hz", [416, 833, 1667])
def test_simulated_peaks_are_the_truth(day: Run, rate_hz: int) -> None:
    """Within 3 % on the median of running at 32 g (simulated)."""
    steps = detect(samples_of(day, rate_hz), Case(rate_hz * 1000))
    off = np.abs(times_s(steps, rate_hz)[:, None] - day.ic_s).argmin(axis=1)
    running = (steps[:, detector.KIND] == page.STEP_KIND_RUN) & (day.kind[off] == page.STEP_KIND_RUN)
    error = steps[running, detector.PEAK_MG] / 1000 / day.peak_g[off[running]] - 1
    assert running.sum() > 50
    assert abs(np.median(error)) < 0.03


def contact_errors_s(run: Run, steps: Steps) -> NDArray[np.float64]:
    """Found less true contact time of running, where both are known."""
    off = np.abs(times_s(steps, RATE_HZ)[:, None] - run.ic_s).argmin(axis=1)
    true = run.contacts["contact_s"][off]
    known = (
        (steps[:, detector.KIND] == page.STEP_KIND_RUN) & (steps[:, detector.CONTACT] > 0) & ~np.isnan(true)
    )
    return steps[known, detector.CONTACT] / 256 / RATE_HZ - true[known]


def test_simulated_contact_times_follow_the_truth(day: Run, day_steps: Steps) -> None:
    """From acceleration: 10 ms on the median, nine in ten within 15 ms, and marked as estimated."""
    error = contact_errors_s(day, day_steps)
    assert abs(np.median(error)) < 0.01
    assert np.mean(np.abs(error) < 0.015) > 0.9
    known = day_steps[:, detector.CONTACT] > 0
    assert (day_steps[known, detector.FLAGS] & page.STEP_TOE_OFF_ESTIMATED).all()


@pytest.mark.parametrize("strike", ["rearfoot", "midfoot", "forefoot"])
def test_rotation_shows_toe_off(strike: Strike) -> None:
    """Contact time of running within 15 ms on the median, steady within 6 ms, not marked as estimated (simulated)."""
    run = Runner(1, strike=strike).session([("stand", 3, 0), ("run", 30, 11), ("stand", 3, 0)])
    steps = detect(six_axes_of(run), SIX)
    error = contact_errors_s(run, steps)
    assert len(error) >= len(run.ic_s) - 3
    assert abs(np.median(error)) < 0.015
    assert np.std(error) < 0.006
    assert (steps[:-1, detector.FLAGS] & page.STEP_TOE_OFF_ESTIMATED == 0).all()


@pytest.mark.parametrize("axes", [3, 6])
@pytest.mark.parametrize("activity", ["walk", "run"])
def test_contact_is_steady_at_100_hz(activity: Activity, axes: int) -> None:
    """Where the landmark's 10 ms are a single sample: a spread below 4 ms about each one's own median (simulated)."""
    case = Case(100_000, gyro_udps_lsb=UDPS_LSB if axes == 6 else 0)
    parts: Plan = [(activity, 30, kmh) for kmh in ((4, 5.5) if activity == "walk" else (9, 14))]
    off_s: list[NDArray[np.float64]] = []
    for seed, strike in ((101, "forefoot"), (104, "rearfoot"), (110, "midfoot")):
        run = Runner(seed, strike=strike).session([("stand", 3, 0), *parts, ("stand", 3, 0)])
        found = times_s(detect(six_axes_of(run, 100)[:, :axes], case), 100)
        off = found[np.abs(found[:, None] - run.ic_s).argmin(axis=0)] - run.ic_s
        near = np.abs(off) < 0.05
        assert np.sum(~near) <= 2  # soft first contacts, without gyroscope
        off_s.append(off[near] - np.median(off[near]))
    assert np.std(np.concatenate(off_s)) < 0.004


@pytest.mark.parametrize("seed", [101, 102, 108])
def test_rotation_shows_toe_off_where_a_walker_begins_to_run(seed: int) -> None:
    """Though the leg bends faster after it than the foot pushed off: within 25 ms (simulated; before, 40 to 100)."""
    run = Runner(seed).session([("stand", 3, 0), ("walk", 12, 5.5), ("run", 12, 10), ("stand", 3, 0)])
    steps = detect(six_axes_of(run), SIX)
    last = int(np.flatnonzero(run.kind == page.STEP_KIND_WALK)[-1])
    step = steps[np.abs(times_s(steps, RATE_HZ) - run.ic_s[last]).argmin()]
    assert not step[detector.FLAGS] & page.STEP_TOE_OFF_ESTIMATED
    assert abs(step[detector.CONTACT] / 256 / RATE_HZ - run.contacts["contact_s"][last]) < 0.025


def test_a_toe_off_that_leaves_no_time_to_swing_is_not_taken() -> None:
    """Steps of all kinds: what is seen ends a quarter of a second and more before the next contact."""
    plan: Plan = [("stand", 3, 0), ("walk", 40, 5, Way(turn_every_m=6)), ("run", 30, 20), ("stand", 3, 0)]
    steps = detect(six_axes_of(Runner(9).session(plan)), SIX)
    seen = steps[
        (steps[:, detector.STRIDE] > 0) & (steps[:, detector.FLAGS] & page.STEP_TOE_OFF_ESTIMATED == 0)
    ]
    assert len(seen) > 60
    assert (seen[:, detector.STRIDE] - seen[:, detector.CONTACT] >= 0.25 * RATE_HZ * 256 - 256).all()


def test_kinds_are_the_gait(day: Run, day_steps: Steps) -> None:
    """But for the strides at which the gait changes."""
    off = np.abs(times_s(day_steps, RATE_HZ)[:, None] - day.ic_s).argmin(axis=1)
    assert np.mean(day_steps[:, detector.KIND] == day.kind[off]) > 0.95


def test_strides_lead_to_the_next_contact(day_steps: Steps) -> None:
    f = day_steps[:, detector.IC_SAMPLE] * 256 + day_steps[:, detector.IC_FRAC]
    stride = day_steps[:-1, detector.STRIDE]
    known = stride >= 0
    assert (np.diff(f)[known] == stride[known]).all()
    assert (np.diff(f) > 0).all()
    assert day_steps[-1, detector.STRIDE] == -1
    contact = day_steps[:-1, detector.CONTACT][known]
    assert ((contact > 0) & (contact < stride[known])).all()


def test_first_and_last_steps_of_a_bout_are_credited() -> None:
    """Six strides between standing and standing: each is there, with its own time (simulated)."""
    run = Runner(1).session([("stand", 3, 0), ("run", 5, 10), ("stand", 3, 0)])
    found = times_s(detect(samples_of(run), CASE), RATE_HZ)
    assert len(found) == len(run.ic_s)
    assert np.abs(found - run.ic_s).max() < 0.05


def test_a_recording_that_breaks_off_loses_no_contact(day: Run, day_samples: Samples) -> None:
    """Cut 150 ms after a contact: it is the last step, its stride unknown."""
    last = day.ic_s[day.ic_s > 35][0]
    steps = detect(day_samples[: int((last + 0.15) * RATE_HZ)], CASE)
    assert abs(times_s(steps, RATE_HZ)[-1] - last) < 0.05
    assert steps[-1, detector.STRIDE] == -1


def test_nothing_gives_nothing() -> None:
    assert len(detect(np.empty((0, 3), np.int16), CASE)) == 0


@pytest.mark.parametrize("turn", [(0, 0, 0), (90, 0, 0), (180, 0, 90), (0, -75, 40), (123, 45, -67)])
def test_no_mounting_changes_the_steps(turn: tuple[float, float, float], day_steps: Steps) -> None:
    run = Runner(1, sensor_from_foot=mounting(*turn) @ ON_THE_LACES).session(DAY)
    steps = detect(samples_of(run), CASE)
    assert len(steps) == len(day_steps)
    assert np.abs(times_s(steps, RATE_HZ) - times_s(day_steps, RATE_HZ)).max() < 0.01
    assert (steps[:, detector.KIND] == day_steps[:, detector.KIND]).mean() > 0.98


@pytest.mark.parametrize("turn", [(90, 0, 0), (180, 0, 90), (0, -75, 40), (123, 45, -67)])
def test_no_mounting_changes_the_axis_found(turn: tuple[float, float, float], day: Run) -> None:
    turned = Runner(1, sensor_from_foot=mounting(*turn) @ ON_THE_LACES).session(DAY)
    expected, steps = detect(six_axes_of(day), SIX), detect(six_axes_of(turned), SIX)
    assert len(steps) == len(expected)
    assert np.abs(times_s(steps, RATE_HZ) - times_s(expected, RATE_HZ)).max() < 0.015


def test_a_sensor_that_is_mounted_anew_is_followed(day: Run) -> None:
    """Turned by 90 degrees in mid-run: no contact is lost, though the axis has to be found anew."""
    samples = six_axes_of(day)
    at = 35 * RATE_HZ
    samples[at:] = samples[at:][:, [1, 2, 0, 4, 5, 3]]
    found = times_s(detect(samples, SIX), RATE_HZ)
    after = day.ic_s[day.ic_s > 35]
    assert len(differences_s(found, after, 0.05)) == len(after)


@pytest.mark.parametrize("axes", [3, 6])
@pytest.mark.parametrize("seed", [400, 419, 434])
def test_a_slow_soft_runner_runs(seed: int, axes: int) -> None:
    """At 7 km/h the shock is small; whether the foot stands or pushes off in mid-stance tells (simulated)."""
    run = Runner(seed, strike="forefoot").session([("stand", 4, 0), ("run", 30, 7), ("stand", 3, 0)])
    steps = detect(
        six_axes_of(run)[:, :axes], Case(RATE_HZ * 1000, gyro_udps_lsb=UDPS_LSB if axes == 6 else 0)
    )
    assert abs(len(steps) - len(run.ic_s)) <= 1
    assert (steps[:, detector.KIND] == page.STEP_KIND_RUN).mean() > 0.97


def test_a_walker_who_turns_loses_no_step() -> None:
    """With gyroscope, half a turn each ten metres (simulated)."""
    run = Runner(7).session([("stand", 3, 0), ("walk", 60, 4.5, Way(turn_every_m=10)), ("stand", 3, 0)])
    found = times_s(detect(six_axes_of(run), SIX), RATE_HZ)
    assert len(found) == len(run.ic_s)
    assert np.abs(found - run.ic_s).max() < 0.05


@pytest.fixture(scope="module", params=[CASE, SIX], ids=["3 axes", "6 axes"])
def whole(request: pytest.FixtureRequest, day: Run) -> tuple[Samples, Case, Steps]:
    """The day, and what is found when it comes in the longest blocks."""
    case: Case = request.param
    samples = six_axes_of(day)[:, : 6 if case.gyro_udps_lsb else 3]
    return samples, case, detect(samples, case)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 512), min_size=1, max_size=40), st.booleans())
def test_no_way_of_cutting_changes_the_steps(
    whole: tuple[Samples, Case, Steps], sizes: list[int], ones: bool
) -> None:
    day_samples, case, expected = whole
    cuts: list[tuple[int, int, int]] = []
    at = 0
    while at < len(day_samples):
        n = 1 if ones and at < 3000 else sizes[len(cuts) % len(sizes)]
        cuts.append((at, min(n, len(day_samples) - at), 0))
        at += n
    assert detect_blocks(day_samples, case, cuts).tolist() == expected.tolist()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([100_000, 179_999, 180_000, 359_999, 1_700_000]),
    st.integers(1, 60),
    st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 2**29)), max_size=4),
    st.sampled_from([3, 6]),
)
def test_any_signal_gives_steps_in_order_and_in_bounds(
    seed: int, rate_mhz: int, hold: int, gaps: list[tuple[int, int]], axes: int
) -> None:
    """Full-scale noise, held for some samples, with gaps: times rise modulo 2**29, a call holds its steps."""
    rng = np.random.default_rng(seed)
    samples = np.repeat(rng.integers(-32768, 32768, (5100 // hold + 1, axes), dtype=np.int16), hold, axis=0)
    udps_lsb = UDPS_LSB if axes == 6 else 0
    steps = detect(samples, Case(rate_mhz, 1100, udps_lsb, block=512, gaps=tuple(dict(gaps).items())))
    apart = np.diff(steps[:, detector.IC_SAMPLE]) % detector.SAMPLE_WRAP
    later = (apart > 0) & (apart < detector.SAMPLE_WRAP // 2)
    later |= (apart == 0) & (np.diff(steps[:, detector.IC_FRAC]) > 0)
    assert later.all() or gaps
    assert ((steps[:, detector.IC_SAMPLE] >= 0) & (steps[:, detector.IC_SAMPLE] < detector.SAMPLE_WRAP)).all()
    assert ((steps[:, detector.IC_FRAC] >= 0) & (steps[:, detector.IC_FRAC] < 256)).all()
    assert (steps[:, detector.PEAK_MG] < page.UNKNOWN_U16).all()


def test_a_call_holds_the_most_that_it_can_release() -> None:
    """A long, weak chain that is confirmed late, and what follows in the same block: 40 steps and more at once."""
    t = np.arange(31 * 100)
    values = np.zeros((len(t), 6))
    values[:, 2] = np.where(t < 200, 1.0, 2.2)
    for landing in np.round((3 + np.arange(60) * 0.46) * 100).astype(int)[:60]:
        values[landing - 20 : landing, 3] = 400 * np.sin(np.linspace(0, np.pi, 20))
        values[landing - 1, 2] += 0.55
    samples = np.round(values * 1e6 / np.array([976] * 3 + [UDPS_LSB] * 3)).astype(np.int16)
    case = Case(100_000, gyro_udps_lsb=UDPS_LSB)
    most = 0
    for shift in range(0, 512, 8):
        state = array("i", bytes(4 * detector.state_size(case.rate_mhz, UDPS_LSB)))
        steps = array("i", bytes(4 * detector.STEP_SIZE * detector.STEPS_LIMIT))
        detector.setup(state, case.rate_mhz, 976, UDPS_LSB)
        for at in range(shift, len(samples), 512):
            block = samples[at : at + 512]
            most = max(most, detector.process(state, array("h", block.tobytes()), len(block), steps))
    assert 32 < most <= detector.STEPS_LIMIT


@pytest.mark.parametrize("lost_ms", [40, 170])
def test_a_short_gap_is_bridged_and_marked(day: Run, day_samples: Samples, lost_ms: int) -> None:
    """Within two strides all is as before; the stride of the gap is marked, no other."""
    lost = RATE_HZ * lost_ms // 1000
    at = 35 * RATE_HZ
    kept = np.delete(day_samples, slice(at, at + lost), axis=0)
    steps = detect(kept, Case(CASE.rate_mhz, gaps=((at, lost),)))
    found = times_s(steps, RATE_HZ)
    after = day.ic_s[day.ic_s > 36.5]
    assert len(differences_s(found, after, 0.05)) == len(after)
    marked = np.flatnonzero(steps[:, detector.FLAGS] & page.STEP_AFTER_GAP)
    assert len(marked) == 1
    assert found[marked[0]] < 35 + lost_ms / 1000 < found[marked[0] + 1] + 0.2


def test_a_long_gap_ends_the_bout_and_keeps_the_numbers_true(day: Run, day_samples: Samples) -> None:
    lost = 3 * RATE_HZ
    at = 30 * RATE_HZ
    kept = np.delete(day_samples, slice(at, at + lost), axis=0)
    steps = detect(kept, Case(CASE.rate_mhz, gaps=((at, lost),)))
    found = times_s(steps, RATE_HZ)
    before = steps[found < 30][-1]
    assert before[detector.STRIDE] == -1
    assert before[detector.FLAGS] & page.STEP_AFTER_GAP
    after = day.ic_s[day.ic_s > 34]
    assert len(differences_s(found, after, 0.05)) == len(after)


@pytest.mark.parametrize("start", [2**29 - 5000, 2**29 - 1, 2**28])
def test_sample_numbers_wrap(day_samples: Samples, day_steps: Steps, start: int) -> None:
    steps = detect(day_samples, Case(CASE.rate_mhz, gaps=((0, start),)))
    expected = day_steps.copy()
    expected[:, detector.IC_SAMPLE] = (expected[:, detector.IC_SAMPLE] + start) % detector.SAMPLE_WRAP
    assert steps.tolist() == expected.tolist()


def test_gap_refuses_less_than_nothing() -> None:
    state = array("i", bytes(4 * detector.state_size(416_000, 0)))
    detector.setup(state, 416_000, 976, 0)
    with pytest.raises(ValueError, match="-1"):
        detector.gap(state, -1)


def test_a_clipped_landing_says_so() -> None:
    """At +-4 g every running landing of this runner is beyond full scale; at +-32 g none is (simulated)."""
    run = Runner(1).session([("stand", 3, 0), ("run", 15, 14), ("stand", 3, 0)])
    for acc_ug_lsb, clipped in ((122, 1.0), (976, 0.0)):
        steps = detect(samples_of(run, 416, acc_ug_lsb), Case(416_000, acc_ug_lsb))
        assert len(steps) >= len(run.ic_s) - 2
        assert ((steps[:, detector.FLAGS] & page.STEP_CLIPPED) > 0).mean() == pytest.approx(clipped, abs=0.1)


@pytest.mark.parametrize(
    ("rate_hz", "acc_ug_lsb", "unreliable"),
    [(416, 976, True), (833, 976, False), (833, 488, True), (208, 488, True)],
)
def test_peaks_of_low_rate_or_range_are_marked(rate_hz: int, acc_ug_lsb: int, unreliable: bool) -> None:
    run = Runner(1).session([("stand", 2, 0), ("run", 6, 10), ("stand", 2, 0)])
    steps = detect(samples_of(run, rate_hz, acc_ug_lsb), Case(rate_hz * 1000, acc_ug_lsb))
    assert len(steps) > 4
    assert set(steps[:, detector.FLAGS] & page.STEP_PEAK_UNRELIABLE) == {4 if unreliable else 0}


def shocks(at_s: NDArray[np.float64], size_g: float, seconds: int) -> NDArray[np.float64]:
    """Standing, and struck at these times: ringing at 40 Hz that decays within 20 ms."""
    t = np.arange(seconds * RATE_HZ) / RATE_HZ
    acc = np.tile([0.0, 0.0, 1.0], (len(t), 1))
    for at in at_s:
        since = np.clip(t - at, 0, None)
        acc[:, 0] += np.where(t >= at, size_g * np.exp(-since / 0.02) * np.cos(80 * np.pi * since), 0)
    return acc


def turning(hz: float, size_g: float, seconds: int) -> NDArray[np.float64]:
    """As on a pedal: an acceleration that goes round."""
    t = np.arange(seconds * RATE_HZ) / RATE_HZ
    around = 2 * np.pi * hz * t
    return np.stack([size_g * np.cos(around), size_g * np.sin(around), np.ones_like(t)], axis=1)


STEP_FREE = {
    "lying": shocks(np.array([]), 0, 60),
    "tapped in rhythm": shocks(np.arange(1, 119, 0.77), 8, 120),
    "knocked": shocks(np.cumsum(np.random.default_rng(1).exponential(0.9, 120)), 6, 120),
    "cycling": turning(1.4, 0.9, 120),
    "shaken": turning(3.3, 2.0, 60),
    "in a bag": turning(0.9, 0.2, 120) + turning(1.8, 0.3, 120) * [0, 0, 0.4],
    "vibration": np.random.default_rng(2).normal([0, 0, 1], 0.4, (120 * RATE_HZ, 3)),
}


@pytest.mark.parametrize("activity", get_args(Free))
@pytest.mark.parametrize("axes", [3, 6])
def test_what_is_done_without_a_step_gives_none(activity: Activity, axes: int) -> None:
    """Three minutes of each by two people (simulated)."""
    for seed in (2, 3):
        run = Runner(seed).session([("stand", 3, 0), (activity, 180, 0), ("stand", 3, 0)])
        udps_lsb = UDPS_LSB if axes == 6 else 0
        assert len(detect(six_axes_of(run, 104)[:, :axes], Case(104_000, gyro_udps_lsb=udps_lsb))) == 0


@pytest.mark.parametrize("name", STEP_FREE)
def test_what_is_no_gait_gives_no_steps(name: str) -> None:
    noise = np.random.default_rng(3).normal(0, 0.01, STEP_FREE[name].shape)
    assert len(detect(quantized(STEP_FREE[name] + noise), CASE)) == 0


def waits_of(samples: Samples, case: Case) -> NDArray[np.float64]:
    """Strides from a running contact to its report, and seconds of the contact, shape (n, 2)."""
    state = array("i", bytes(4 * detector.state_size(case.rate_mhz, case.gyro_udps_lsb)))
    steps = array("i", bytes(4 * detector.STEP_SIZE * detector.STEPS_LIMIT))
    detector.setup(state, case.rate_mhz, case.acc_ug_lsb, case.gyro_udps_lsb)
    waits: list[tuple[float, float]] = []
    for at in range(0, len(samples), 10):
        block = samples[at : at + 10]
        count = detector.process(state, array("h", block.tobytes()), len(block), steps)
        if count == 1 and steps[detector.KIND] == page.STEP_KIND_RUN and steps[detector.STRIDE] > 0:
            waits.append(((at + 10 - steps[0]) * 256 / steps[detector.STRIDE], steps[0] / RATE_HZ))
    return np.array(waits)


@pytest.mark.parametrize("axes", [3, 6])
def test_a_stride_is_reported_soon(day: Run, axes: int) -> None:
    """A running contact comes out within 1.5 strides, nine times in ten."""
    waits = waits_of(six_axes_of(day)[:, :axes], SIX if axes == 6 else CASE)[:, 0]
    assert len(waits) > 40
    assert np.median(waits) < 1.45
    assert np.quantile(waits, 0.9) < 1.5


def test_a_stride_is_reported_soon_after_the_sensor_is_mounted_anew(day: Run) -> None:
    """Though no swing leads to its landing at first: 1.55 strides with a block of 50 ms (before, 1.7)."""
    samples = six_axes_of(day)
    at = 35 * RATE_HZ
    samples[at:] = samples[at:][:, [1, 2, 0, 4, 5, 3]]
    waits = waits_of(samples, SIX)
    around = waits[(waits[:, 1] > 34) & (waits[:, 1] < 45), 0]
    assert len(around) > 10
    assert around.max() < 1.6
