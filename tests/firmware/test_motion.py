"""What wakes the pod and what does not, by its own threshold: real first steps, and the simulated runner."""

from pathlib import Path

import numpy as np
import pytest

from strideload.simulate.bus import SimulatedI2C
from strideload.simulate.chip import Chip
from strideload.simulate.runner import Runner
from strideload_pod.imu import Imu, open_driver

pytestmark = pytest.mark.usefixtures("no_waiting")

LEAD_IN_S = 2.0  # before a recording begins: the watch is set up and settled
SEEDS = range(6)


def wakings_s(source, until_s, part="LSM6DSO32"):
    """Seconds at which INT1 rose, to a tenth; after each the board has a look and sleeps again."""
    now_ms = 0

    def wait_ms(ms):
        nonlocal now_ms
        now_ms += ms

    chip = Chip(part, source, lambda: 1000 * now_ms, noise=True)
    imu = Imu(open_driver(part, SimulatedI2C({0x6A: chip})), wait_ms, part, 833, 16, 2000)
    imu.start()
    imu.watch_motion()
    assert now_ms < 1000 * LEAD_IN_S
    found = []
    while now_ms < 1000 * until_s:
        wait_ms(100)
        if chip.int1:
            found.append(now_ms / 1000)
            assert imu.has_moved()
    return np.array(found)


def simulated(activity, kmh, seed, seconds=60.0):
    return Runner(seed).session([("stand", 5.0, 0.0), (activity, seconds, kmh), ("stand", 5.0, 0.0)], seed)


@pytest.mark.parametrize("part", ["LSM6DSO32", "LSM6DSOX"])
@pytest.mark.parametrize("activity", ["stand", "lift", "bag"])
def test_what_does_not_wake(activity, part):
    for seed in SEEDS:
        run = simulated(activity, 0.0, seed)
        assert len(wakings_s(run.source, run.duration_s, part)) == 0


def test_a_driver_wakes_it_seldom():
    """Jolts and the foot on its pedals: less than once in three minutes on average."""
    minutes = wakings = 0
    for seed in range(12):
        run = simulated("drive", 0.0, seed)
        woken_s = wakings_s(run.source, run.duration_s)
        wakings += len(set((woken_s // 5).tolist()))
        minutes += 1
    assert wakings / minutes < 1 / 3


def test_a_cyclist_wakes_it():
    """Half a g turns round with the pedal: no threshold that steps exceed is above it."""
    run = simulated("cycle", 0.0, 1)
    assert len(wakings_s(run.source, run.duration_s)) > 5


@pytest.mark.parametrize(
    ("activity", "kmh", "within_s"),
    [("run", 8.0, 0.0), ("walk", 5.0, 0.5), ("walk", 3.5, 1.5), ("walk", 2.5, 2.5)],
)
def test_a_runner_and_a_walker_wake_it(activity, kmh, within_s):
    """A runner before the first contact, a slow walker within two strides after it."""
    for seed in SEEDS:
        run = simulated(activity, kmh, seed, 20.0)
        assert wakings_s(run.source, run.duration_s)[0] - run.ic_s[0] < within_s + 0.1


def test_real_walkers_wake_it_with_their_first_step(recordings: Path):
    """Eight people on both feet, from standing: at their first contact at the latest."""
    late_s = []
    for file in sorted(recordings.glob("walk_subject*.npz")):
        walk = np.load(file)
        t_s, acc_g = walk["t_s"] - walk["t_s"][0], walk["acc_g"]

        def source(at_s, t_s=t_s, acc_g=acc_g):
            acc = [np.interp(at_s - LEAD_IN_S, t_s, acc_g[:, axis]) for axis in range(3)]
            return np.stack([*acc, *np.zeros((3, len(at_s)))], axis=1)

        first_s = walk["ic_s"][0] - walk["t_s"][0] + LEAD_IN_S
        late_s.append(wakings_s(source, first_s + 3)[0] - first_s)
    assert len(late_s) == 16
    assert max(late_s) < 0.2
