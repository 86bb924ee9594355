"""What is done with a shoe, or in it, without a step.

Each activity is drawn as slow swings (sums of sines), movements there and back (bumps) and shocks. Sizes are plausible
rather than measured: pedalling 70-95 a minute on a crank of 17 cm, a lift at 1.2 m/s2 (ISO 18738), a car's floor at
0.05-0.15 g (ISO 2631 rides), hand and foot movements of 1-2.5 Hz.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .axes import felt
from .bumps import CHANNELS, FORWARD, LEFT, PITCH, ROLL, UP, YAW, bump, bump_area
from .gait import Part

Array = NDArray[np.float64]

_FADE_S = 0.4
_CRANK_M, _G = 0.17, 9.81
_OVER = 10.0  # so many decay times after a shock nothing is left


@dataclass
class Scene:
    """One part of a plan in the making. Channels as in `bumps`; sines of rotations are of the angle, in deg."""

    seconds: float
    sines: list[tuple[int, float, float, float]] = field(default_factory=list)  # channel, size, Hz, phase
    moves: list[tuple[int, float, float, float]] = field(
        default_factory=list
    )  # channel, centre, half, height
    shocks: list[tuple[float, Array, float, float]] = field(default_factory=list)  # s, g (3,), Hz, decay s

    def sway(self, channel: int, size: float, hz: float, phase: float) -> None:
        self.sines.append((channel, size, hz, phase))

    def there_and_back(
        self, channel: int, at_s: float, each_s: float, height: float, rest_s: float = 0.0
    ) -> None:
        """A movement of `each_s` one way, and after a rest the same back."""
        self.moves.append((channel, at_s - each_s / 2, each_s / 2, height))
        self.moves.append((channel, at_s + rest_s + each_s / 2, each_s / 2, -height))

    def shock(
        self, at_s: float, size_g: float, along: Sequence[float] | Array, hz: float, decay_s: float
    ) -> None:
        way = np.asarray(along, float)
        self.shocks.append((at_s, size_g * way / np.linalg.norm(way), hz, decay_s))

    def at(self, t_s: Array) -> Array:
        """g and deg/s along the foot's axes at these seconds of the part, rising, shape (n, 6)."""
        values, angles = np.zeros((len(t_s), CHANNELS)), np.zeros((len(t_s), 3))
        near = 1 - np.clip(np.minimum(t_s, self.seconds - t_s) / _FADE_S, 0, 1)
        fade = bump(near)
        slope = np.where(2 * t_s < self.seconds, 1, -1) * 0.5 * np.pi / _FADE_S * np.sin(np.pi * near)
        for channel, size, hz, phase in self.sines:
            turn = 2 * np.pi * hz
            if channel < FORWARD:
                angle = size * np.sin(turn * t_s + phase)
                angles[:, channel] += fade * angle
                values[:, channel] += fade * size * turn * np.cos(turn * t_s + phase) + slope * angle
            else:
                values[:, channel] += fade * size * np.sin(turn * t_s + phase)
        for channel, centre, half, height in self.moves:
            low = int(np.searchsorted(t_s, centre - half))
            high = int(np.searchsorted(t_s, centre + half))
            values[low:high, channel] += height * bump((t_s[low:high] - centre) / half)
            if channel < FORWARD:
                angles[low:, channel] += height * half * bump_area((t_s[low:] - centre) / half)
        for at_s, size_g, hz, decay_s in self.shocks:
            low, high = np.searchsorted(t_s, [at_s, at_s + _OVER * decay_s])
            since = t_s[low:high] - at_s
            rung = np.sin(2 * np.pi * hz * since) * np.exp(-since / decay_s)
            values[low:high, FORWARD:] += rung[:, None] * size_g
        return felt(values[:, :3], angles, values[:, FORWARD:])


def _beats(seconds: float, hz: float, jitter: float, rng: np.random.Generator) -> Array:
    """Times of a rhythm with jitter from beat to beat, from 1 s after the start to 1 s before the end."""
    steps = (1 + jitter * rng.standard_normal(max(int(seconds * hz * 1.3), 1))) / hz
    at_s = 1.0 + np.cumsum(np.maximum(steps, 0.3 / hz))
    return at_s[at_s < seconds - 1.0]


def _now_and_then(seconds: float, per_s: float, rng: np.random.Generator) -> Array:
    return np.sort(rng.uniform(1.0, max(seconds - 1.0, 1.01), rng.poisson(per_s * max(seconds - 2, 0))))


def _shaken(scene: Scene, rng: np.random.Generator, size_g: float, low_hz: float, high_hz: float) -> None:
    """Broad vibration: two dozen sines a direction, `size_g` RMS in all of one."""
    each_g = size_g * (2 / 24) ** 0.5
    for channel in (FORWARD, LEFT, UP):
        for hz in np.exp(rng.uniform(np.log(low_hz), np.log(high_hz), 24)):
            scene.sway(channel, each_g, float(hz), float(rng.uniform(0, 2 * np.pi)))


def _tap(scene: Scene, rng: np.random.Generator) -> None:
    """Toes to the music, the heel on the floor."""
    hz = rng.uniform(1.2, 2.5)
    lift_deg, each_s = rng.uniform(8, 20), 0.3 / hz
    for at_s in _beats(scene.seconds, hz, 0.04, rng):
        height = lift_deg * rng.uniform(0.8, 1.2) / (each_s / 2)
        scene.there_and_back(PITCH, at_s - each_s, each_s, -height)
        scene.shock(
            at_s, rng.uniform(1.5, 5), (0.2, 0.1 * rng.standard_normal(), 1), rng.uniform(25, 45), 0.015
        )


def _lace(scene: Scene, rng: np.random.Generator) -> None:
    """Turned about, pulled and tugged at, in no rhythm."""
    for channel, size_deg in ((PITCH, 12), (ROLL, 8), (YAW, 6)):
        for _ in range(3):
            scene.sway(channel, size_deg / 3, rng.uniform(0.1, 0.8), rng.uniform(0, 6.28))
    for at_s in _now_and_then(scene.seconds, 1.5, rng):
        channel = int(rng.choice([FORWARD, LEFT, UP]))
        scene.there_and_back(
            channel, at_s, rng.uniform(0.08, 0.25), rng.uniform(0.2, 1.2) * rng.choice([-1, 1])
        )
    for at_s in _now_and_then(scene.seconds, 0.3, rng):
        scene.shock(at_s, rng.uniform(0.5, 3), rng.standard_normal(3), rng.uniform(25, 50), 0.012)


def _blow(
    scene: Scene,
    rng: np.random.Generator,
    at_s: float,
    each_s: float,
    swing_dps: float,
    hit_g: float,
    rest_s: float = 0.0,
) -> None:
    """Swung towards something, and stopped by it; after a rest there, back."""
    turn = swing_dps * rng.uniform(0.85, 1.15)
    scene.there_and_back(PITCH, at_s, each_s, turn, rest_s)
    scene.there_and_back(FORWARD, at_s - each_s / 2, each_s / 2, turn / 250 * rng.uniform(0.8, 1.2))
    scene.there_and_back(FORWARD, at_s + rest_s + each_s / 2, each_s / 2, -turn / 350 * rng.uniform(0.8, 1.2))
    scene.shock(at_s, hit_g * rng.uniform(0.75, 1.3), (0.7, 0.2, 0.6), rng.uniform(30, 55), 0.013)


def _knock(scene: Scene, rng: np.random.Generator) -> None:
    """A few blows against a step to shed the mud, now and then."""
    for start in _now_and_then(scene.seconds, 1 / 15, rng):
        hz = rng.uniform(1.5, 3)
        for number in range(int(rng.integers(2, 8))):
            at_s = start + number / hz * (1 + 0.05 * rng.standard_normal())
            if at_s < scene.seconds - 1:
                _blow(scene, rng, at_s, 0.35 / hz, rng.uniform(80, 200), rng.uniform(6, 18))


def _bang(scene: Scene, rng: np.random.Generator) -> None:
    """Soles banged together in rhythm, each out of a swing; in half of the scenes they rest on each other a while."""
    hz = rng.uniform(0.9, 1.7)
    swing_dps, hit_g = rng.uniform(120, 350), rng.uniform(4, 14)
    rest_s = max(rng.uniform(-0.3, 0.3), 0.0) / hz
    for at_s in _beats(scene.seconds, hz, 0.04, rng):
        _blow(scene, rng, at_s, min((1 / hz - rest_s) * 0.45, 0.35), swing_dps, hit_g, rest_s)


def _drive(scene: Scene, rng: np.random.Generator) -> None:
    """A car: floor and engine, bends and brakes, and the foot on its pedals."""
    _shaken(scene, rng, rng.uniform(0.03, 0.1), 1, 25)
    scene.sway(UP, 0.03, rng.uniform(25, 40), 0.0)
    for channel in (FORWARD, LEFT):
        scene.sway(channel, 0.15, rng.uniform(0.02, 0.08), rng.uniform(0, 6.28))
    for at_s in _now_and_then(scene.seconds, 0.2, rng):
        scene.there_and_back(PITCH, at_s, rng.uniform(0.3, 0.8), rng.uniform(20, 90) * rng.choice([-1, 1]))
    for at_s in _now_and_then(scene.seconds, 0.1, rng):
        scene.shock(at_s, rng.uniform(0.2, 1.2), (0.2, 0.2, 1), rng.uniform(10, 20), 0.04)


def _cycle(scene: Scene, rng: np.random.Generator) -> None:
    """Round and round on a pedal, with the road."""
    hz = rng.uniform(1.15, 1.6)
    pull_g = _CRANK_M * (2 * np.pi * hz) ** 2 / _G
    phase = rng.uniform(0, 6.28)
    scene.sway(FORWARD, pull_g, hz, phase)
    scene.sway(UP, pull_g, hz, phase + np.pi / 2)
    scene.sway(PITCH, rng.uniform(10, 22), hz, phase + 0.6)
    scene.sway(ROLL, rng.uniform(1, 3), 2 * hz, 0.0)
    _shaken(scene, rng, rng.uniform(0.1, 0.3), 8, 40)
    for at_s in _now_and_then(scene.seconds, 0.15, rng):
        scene.shock(at_s, rng.uniform(1, 4), (0.3, 0.1, 1), rng.uniform(20, 40), 0.02)


def _lift(scene: Scene, rng: np.random.Generator) -> None:
    """Up and down with stops in between; the doors knock."""
    at_s = 2.0
    while at_s < scene.seconds - 14:
        way, speeding_s, travel_s = rng.choice([-1, 1]), rng.uniform(1, 2), rng.uniform(4, 9)
        scene.moves.append((UP, at_s, speeding_s, way * 0.12))
        scene.moves.append((UP, at_s + travel_s, speeding_s, -way * 0.12))
        scene.shock(at_s + travel_s + 2, rng.uniform(0.05, 0.4), (0, 0.3, 1), 20.0, 0.03)
        at_s += travel_s + rng.uniform(4, 9)


def _bag(scene: Scene, rng: np.random.Generator) -> None:
    """Carried by someone who walks: two gentle jolts a stride, a sway, and the shoe that shifts."""
    stride_hz = rng.uniform(0.85, 1.0)
    scene.sway(UP, rng.uniform(0.15, 0.35), 2 * stride_hz, rng.uniform(0, 6.28))
    scene.sway(UP, rng.uniform(0.03, 0.1), stride_hz, rng.uniform(0, 6.28))
    scene.sway(LEFT, rng.uniform(0.05, 0.2), stride_hz, rng.uniform(0, 6.28))
    scene.sway(PITCH, rng.uniform(3, 9), stride_hz, rng.uniform(0, 6.28))
    scene.sway(ROLL, rng.uniform(2, 5), stride_hz, rng.uniform(0, 6.28))
    for number, at_s in enumerate(_beats(scene.seconds, 2 * stride_hz, 0.03, rng)):
        size_g = rng.uniform(0.2, 0.6) * (1.4 if number % 2 else 1.0)
        scene.shock(at_s, size_g, (0.2 * rng.standard_normal(), 0.3, 1), rng.uniform(10, 20), 0.03)


_DRAWN: dict[str, Callable[[Scene, np.random.Generator], None]] = {
    "tap": _tap,
    "lace": _lace,
    "knock": _knock,
    "bang": _bang,
    "drive": _drive,
    "cycle": _cycle,
    "lift": _lift,
    "bag": _bag,
}


class Handling:
    """The step-free parts of a plan."""

    def __init__(self, plan: Sequence[Part], rng: np.random.Generator) -> None:
        self._scenes: list[tuple[float, Scene]] = []
        start_s = 0.0
        for part in plan:
            activity, seconds = part[0], part[1]
            if activity in _DRAWN:
                scene = Scene(seconds)
                _DRAWN[activity](scene, rng)
                self._scenes.append((start_s, scene))
            start_s += seconds

    def over(self, t_s: Array, values: Array) -> Array:
        """`values` (n, 6), replaced where the plan has such a part."""
        for start_s, scene in self._scenes:
            now = (t_s >= start_s) & (t_s < start_s + scene.seconds)
            if now.any():
                order = np.flatnonzero(now)[np.argsort(t_s[now])]
                values[order] = scene.at(t_s[order] - start_s)
        return values
