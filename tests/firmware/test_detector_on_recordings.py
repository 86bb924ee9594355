"""The detector on real recordings: figures a little below what it reaches (docs/detector.md has those)."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from accuracy import peers
from strideload_pod import detector, page
from support.detection import Case, Steps, detect, differences_s, quantized, times_s

# The second half of subject 16's truth does not lie where that sensor has its landings.
WALKS_LEFT_OUT = ("walk_subject16",)
WINDOW_S = 10


def even(t_s: NDArray[np.float64], acc_g: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Uneven rows at an even rate."""
    t = np.arange(t_s[0], t_s[-1], 1 / rate_hz)
    return np.stack([np.interp(t, t_s, acc_g[:, axis]) for axis in range(3)], axis=1)


@pytest.fixture(scope="module")
def outdoor(recordings: Path) -> Steps:
    acc_g = np.load(recordings / "run_outdoor_shoe_100hz.npz")["acc_g"]
    return detect(quantized(acc_g, 244), Case(100_000, 244))


def test_the_cadence_of_the_outdoor_run_is_the_hips(recordings: Path, outdoor: Steps) -> None:
    """Every ten seconds of it, against the mean of the strides that the hip's bounce shows: within 1 % in nine windows
    of ten, and no window without steps."""
    hip = peers.strides_at_the_hip(np.load(recordings / "run_outdoor_hip_100hz.npz")["acc_g"], 100.0)
    at_s = times_s(outdoor, 100)
    stride_s = outdoor[:, detector.STRIDE] / 25_600
    errors: list[float] = []
    for start in range(0, 1500 - WINDOW_S, WINDOW_S):
        expected = hip.stride_s[(hip.ic_s >= start) & (hip.ic_s < start + WINDOW_S)]
        if len(expected) < 20 or np.ptp(expected) > 0.15:
            continue  # no steady run
        own = stride_s[(at_s >= start) & (at_s < start + WINDOW_S) & (stride_s > 0)]
        errors.append(float(np.mean(own) / np.mean(expected)) - 1 if len(own) >= 6 else np.inf)
    off = np.abs(errors)
    assert len(off) > 60
    assert np.median(off) < 0.002
    assert np.mean(off < 0.01) > 0.9
    assert not np.isinf(off).any()


def test_the_outdoor_run_is_a_sensible_run(outdoor: Steps) -> None:
    """25 minutes with stops and walks: 1427 strides of running, 102 of walking; no stride is missed within a bout."""
    running = outdoor[:, detector.KIND] == page.STEP_KIND_RUN
    stride_s = outdoor[running, detector.STRIDE] / 25_600
    assert 1400 < running.sum() < 1450
    assert 0.75 < np.median(stride_s) < 0.78
    assert np.mean(stride_s > 1.1) < 0.01
    assert 0.2 < np.median(outdoor[running, detector.CONTACT]) / 25_600 < 0.35


def test_the_lsm6ds3_run_has_its_strides(recordings: Path) -> None:
    """85 strides a minute by its truth, all through the 102 s."""
    run = np.load(recordings / "run_lsm6ds3_shoe_89hz.npz")
    steps = detect(quantized(even(run["t_s"], run["acc_g"], 104), 488), Case(104_000, 488))
    stride_s = steps[:, detector.STRIDE] / 256 / 104
    assert 60 / np.median(stride_s) == pytest.approx(85, abs=1.5)
    assert 138 <= len(steps) <= 144
    assert np.all(stride_s < 0.9)


def walk_f1(recordings: Path, within_s: float, axes: int) -> tuple[float, NDArray[np.float64]]:
    """(F1, found minus true) over all walks, with or without their rotation."""
    off: list[NDArray[np.float64]] = []
    counted = 0
    for file in sorted(recordings.glob("walk_*.npz")):
        if file.name.startswith(WALKS_LEFT_OUT):
            continue
        walk = np.load(file)
        rate_hz = 1 / float(np.median(np.diff(walk["t_s"])))
        rotation = np.clip(np.round(walk["gyro_dps"] / 0.07), -32768, 32767).astype(np.int16)
        both = np.hstack([quantized(walk["acc_g"]), rotation])
        steps = detect(both[:, :axes], Case(round(rate_hz * 1000), gyro_udps_lsb=70_000 if axes == 6 else 0))
        truth = walk["ic_s"] - walk["t_s"][0]
        off.append(differences_s(times_s(steps, rate_hz), truth, within_s))
        counted += len(steps) + len(truth)
    found = np.concatenate(off)
    return 2 * len(found) / counted, found


@pytest.mark.parametrize(
    ("axes", "within_s", "floor"),
    [(3, 0.025, 0.83), (3, 0.05, 0.89), (3, 0.25, 0.94), (6, 0.025, 0.86), (6, 0.05, 0.91), (6, 0.25, 0.97)],
)
def test_walking_with_a_turn_is_found(recordings: Path, axes: int, within_s: float, floor: float) -> None:
    f1, off = walk_f1(recordings, within_s, axes)
    assert f1 > floor
    assert abs(np.median(off)) < 0.005


def test_walks_are_walks(recordings: Path) -> None:
    kinds = np.zeros(3, int)
    for file in recordings.glob("walk_subject*.npz"):
        steps = detect(quantized(np.load(file)["acc_g"]), Case(100_000))
        kinds += np.bincount(steps[:, detector.KIND], minlength=3)
    assert kinds[page.STEP_KIND_RUN] == 0
    assert kinds[page.STEP_KIND_WALK] > 0.99 * kinds.sum()


def test_the_left_and_the_right_foot_walk_alike(recordings: Path) -> None:
    """Counts of the two feet of one walk differ by two at most, for all but subject 16."""
    files = sorted(f for f in recordings.glob("walk_subject*.npz") if not f.name.startswith(WALKS_LEFT_OUT))
    counts = [len(detect(quantized(np.load(file)["acc_g"]), Case(100_000))) for file in files]
    for left, right in list(pairwise(counts))[::2]:
        assert abs(left - right) <= 2
