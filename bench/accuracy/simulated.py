"""The simulated runner: every figure from here is a simulated one."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from strideload.simulate.runner import (
    MOUNTINGS,
    Errors,
    Free,
    Plan,
    Run,
    Runner,
    Strike,
    Way,
    draw_errors,
    measured,
)

from . import peers
from .detection import Chip, Detect, Steps, detect_compiled
from .figures import Case, Row, Truth, false_steps, score
from .turned import random_rotation

Floats = NDArray[np.float64]

RATES_HZ = (100, 208, 416, 833, 1667)
ACC_UG_LSB = {16: 488, 32: 976}
GYRO_UDPS_LSB = 70_000
_PEERS_UP_TO_HZ = 208  # they filter at 20 Hz, and gain nothing from more
RUNNERS = tuple(range(101, 113))
STRIKES: tuple[Strike, ...] = get_args(Strike)

STEADY: Plan = [("stand", 5, 0), *(("run", 40, kmh) for kmh in (8, 10, 12, 14, 16, 18, 20)), ("stand", 5, 0)]
OUTDOORS: Plan = [
    ("stand", 5, 0),
    ("walk", 20, 5.5),
    ("run", 60, 10, Way(turn_every_m=60)),
    ("run", 30, 9, Way(slope=0.08)),
    ("run", 30, 12, Way(slope=-0.08)),
    ("stand", 8, 0),
    ("run", 12, 11),
    ("stand", 4, 0),
    ("run", 50, 13, Way(turn_every_m=80)),
    ("walk", 15, 5),
    ("stand", 5, 0),
]
WALKING: Plan = [("stand", 5, 0), *(("walk", 40, kmh) for kmh in (3, 4, 5, 6, 7)), ("stand", 5, 0)]
WALKING_ABOUT: Plan = [
    ("stand", 5, 0),
    ("walk", 60, 4.5, Way(turn_every_m=10)),
    ("stand", 5, 0),
    *(part for kmh in (3.5, 5, 4) for part in (("walk", 7, kmh), ("stand", 4, 0))),
    ("walk", 30, 5, Way(slope=0.08)),
    ("walk", 30, 5, Way(slope=-0.08)),
    ("stand", 5, 0),
]
SETS = {
    "running, 8 to 20 km/h": STEADY,
    "running with turns, slopes and stops": OUTDOORS,
    "walking, 3 to 7 km/h": WALKING,
    "walking with turns, slopes and stops": WALKING_ABOUT,
}


class Taken(NamedTuple):
    """One session as a chip would give it before its full scale: g and deg/s, shape (n, 6)."""

    values: Floats
    run: Run
    errors: Errors

    def case(self, chip: Chip, detect: Detect) -> Case:
        return self.judged(detect(self.values, chip))

    def judged(self, found: Steps) -> Case:
        """The chip's clock is off; what was found is put on the true one."""
        rate = self.errors.rate
        on_time = found._replace(
            ic_s=found.ic_s / rate, contact_s=found.contact_s / rate, stride_s=found.stride_s / rate
        )
        run = self.run
        return Case(on_time, Truth(run.ic_s, run.to_s, run.peak_g, run.kind), run.duration_s)


def take(plan: Plan, rate_hz: float, seed: int, **person: Any) -> Taken:
    """One person's session on one chip; both follow from the seed, and so does the mounting unless it is given."""
    rng = np.random.default_rng((seed, 7))
    person.setdefault("sensor_from_foot", random_rotation(rng))
    person.setdefault("strike", STRIKES[seed % 3])
    person.setdefault("foot", ("left", "right")[seed % 2])
    run = Runner(seed, **person).session(plan, seed)
    errors = draw_errors(rng)
    return Taken(measured(run.source, run.duration_s, rate_hz, errors, seed), run, errors)


def rows(rates_hz: Sequence[int] = RATES_HZ, runners: Sequence[int] = RUNNERS) -> Iterator[Row]:
    """Everything."""
    for rate_hz in rates_hz:
        for name, plan in SETS.items():
            yield from by_set(name, plan, rate_hz, runners)
    yield from by_strike(416, runners)
    yield from by_mounting(416, runners)
    yield from by_trouble(416, runners)
    for rate_hz in (104, 416):
        yield from without_steps(rate_hz, range(201, 205))


def scored(name: str, taken: Sequence[Taken], chip: Chip, detect: Detect = detect_compiled) -> Row:
    return {
        "set": f"simulated: {name}",
        "rate_hz": round(chip.rate_hz),
        "range_g": chip.range_g,
        "gyro": chip.gyro_udps_lsb > 0,
        **score([one.case(chip, detect) for one in taken]),
    }


def by_set(
    name: str, plan: Plan, rate_hz: int, runners: Sequence[int], detect: Detect = detect_compiled
) -> Iterator[Row]:
    """With and without gyroscope at +-32 g; running at +-16 g as well; and the peer."""
    taken = [take(plan, rate_hz, seed) for seed in runners]
    for range_g in (32, 16) if plan is STEADY else (32,):
        for gyro in (GYRO_UDPS_LSB, 0):
            yield scored(name, taken, Chip(rate_hz, ACC_UG_LSB[range_g], gyro), detect)
    for peer in peers.PEERS if rate_hz <= _PEERS_UP_TO_HZ else ():
        picked = [one.judged(_picked(peer, one, rate_hz)) for one in taken]
        yield {"set": f"simulated: {name}", "rate_hz": rate_hz, "peer": peer + peers.MOVED, **score(picked)}


def _picked(peer: str, one: Taken, rate_hz: int) -> Steps:
    found = peers.PEERS[peer](one.values[:, :3], rate_hz)
    return peers.calibrated(found, one.run.ic_s * one.errors.rate)


def by_strike(rate_hz: int, runners: Sequence[int]) -> Iterator[Row]:
    for strike in STRIKES:
        taken = [take(STEADY, rate_hz, seed, strike=strike) for seed in runners]
        for gyro in (GYRO_UDPS_LSB, 0):
            yield scored(f"running, {strike}", taken, Chip(rate_hz, 976, gyro))


def by_mounting(rate_hz: int, runners: Sequence[int]) -> Iterator[Row]:
    for name, mounting in MOUNTINGS.items():
        taken = [take(OUTDOORS, rate_hz, seed, sensor_from_foot=mounting) for seed in runners]
        for gyro in (GYRO_UDPS_LSB, 0):
            yield scored(f"outdoors, pod at: {name}", taken, Chip(rate_hz, 976, gyro))


def by_trouble(rate_hz: int, runners: Sequence[int]) -> Iterator[Row]:
    """A loose pod, knocks, and a pod that is mounted otherwise in mid-run."""
    troubles: dict[str, dict[str, Any]] = {
        "pod loose": {"loose": 1.0},
        "pod knocked 200 times an hour": {"knocks_per_hour": 200.0},
        "pod mounted otherwise in mid-run": {"remount": (100.0, random_rotation(np.random.default_rng(5)))},
    }
    for name, trouble in troubles.items():
        taken = [take(OUTDOORS, rate_hz, seed, **trouble) for seed in runners]
        for gyro in (GYRO_UDPS_LSB, 0):
            yield scored(f"outdoors, {name}", taken, Chip(rate_hz, 976, gyro))


def without_steps(
    rate_hz: int, seeds: Sequence[int], seconds: float = 600.0, detect: Detect = detect_compiled
) -> Iterator[Row]:
    """Each step-free activity for so long a seed: right is no step at all."""
    for activity in get_args(Free):
        plan: Plan = [("stand", 5, 0), (activity, seconds, 0), ("stand", 5, 0)]
        taken = [take(plan, rate_hz, seed) for seed in seeds]
        name = {"set": f"simulated: {activity}, without a step", "rate_hz": rate_hz}
        for gyro in (GYRO_UDPS_LSB, 0):
            chip = Chip(rate_hz, 976, gyro)
            found = [(detect(one.values, chip), one.run.duration_s) for one in taken]
            yield {**name, "range_g": 32, "gyro": gyro > 0, **false_steps(found)}
        for peer, find in peers.PEERS.items() if rate_hz <= _PEERS_UP_TO_HZ else ():
            picked = [(find(one.values[:, :3], rate_hz), one.run.duration_s) for one in taken]
            yield {**name, "peer": peer, **false_steps(picked)}
