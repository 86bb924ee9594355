"""The wake-up threshold among others: how often a shoe wakes that should not, how late one wakes that should.

By ST's slope filter on the simulated runner and, where STRIDELOAD_RECORDINGS names them, on recordings of walkers.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from strideload.simulate.runner import Runner

SEEDS = range(16)
FROM_S, HALF_MINUTE_S, SECONDS = 6.0, 30.0, 120.0
QUIET = ("drive", "bag", "lift", "cycle")
STEPS = (("walk", 2.5), ("walk", 3.5), ("walk", 5.0), ("run", 8.0))
NOISE_G = 0.0032  # LSM6DSO32 data sheet, low-power mode at 4 g


def events_s(t_s, acc_g, threshold_mg):
    """Times at which half the difference of two samples exceeds the threshold on an axis."""
    slopes_mg = np.abs(np.diff(acc_g, axis=0)).max(axis=1) * 500
    return t_s[1:][slopes_mg > threshold_mg]


def simulated(activity, kmh, seed, rate_hz):
    run = Runner(seed).session([("stand", 5.0, 0.0), (activity, SECONDS, kmh)], seed)
    t_s = np.arange(0, run.duration_s, 1 / rate_hz)
    acc_g = run.source(t_s)[:, :3]
    return t_s, acc_g + NOISE_G * np.random.default_rng(seed).standard_normal(acc_g.shape), run.ic_s


def walkers(rate_hz):
    folder = os.environ.get("STRIDELOAD_RECORDINGS")
    for file in sorted(Path(folder).glob("walk_subject*.npz")) if folder else ():
        walk = np.load(file)
        t_s = np.arange(walk["t_s"][0], walk["t_s"][-1], 1 / rate_hz)
        acc = [np.interp(t_s, walk["t_s"], walk["acc_g"][:, axis]) for axis in range(3)]
        yield t_s, np.stack(acc, axis=1), walk["ic_s"]


@pytest.mark.parametrize("divider", [256, 128])
def test_wakings_by_threshold(divider):
    rate_hz = 6667 / divider
    quiet = {a: [simulated(a, 0.0, seed, rate_hz) for seed in SEEDS] for a in QUIET}
    steps = {a: [simulated(*a, seed, rate_hz) for seed in SEEDS] for a in STEPS} | {
        "real": list(walkers(rate_hz))
    }
    print(
        f"\n{rate_hz:.0f} Hz: share of half minutes with a waking; median and worst s after the first contact"
    )
    for threshold_mg in range(150, 501, 50):
        words = [f"{threshold_mg} mg"]
        for activity, takes in quiet.items():
            starts = np.arange(FROM_S, SECONDS - HALF_MINUTE_S + 1, HALF_MINUTE_S)
            woken = [
                bool(((at >= a) & (at < a + HALF_MINUTE_S)).any())
                for at in (events_s(t, acc, threshold_mg) for t, acc, _ in takes)
                for a in starts
            ]
            words.append(f"{activity} {np.mean(woken):.2f}")
        for activity, takes in steps.items():
            late_s = [np.append(events_s(t, acc, threshold_mg), np.inf)[0] - ic[0] for t, acc, ic in takes]
            if late_s:
                words.append(f"{activity} {np.median(late_s):.2f}/{max(late_s):.2f}")
        print(" | ".join(words))
