"""A simulated runner: what a pod on one shoe would feel, and the truth about every contact of that foot.

Written from the literature (`gait.py`, `motion.py`), held against recordings in docs/validation.md; no result on it
may be shown without the word "simulated".
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .axes import MOUNTINGS, ON_THE_LACES, mounting
from .errors import Errors, draw_errors, measured
from .free import Handling
from .gait import (
    ACTIVITIES,
    CONTACT,
    LEVEL,
    STRIDE,
    Activity,
    Free,
    Part,
    Strike,
    Traits,
    Way,
    contacts_of,
    draw_strides,
    draw_traits,
)
from .loose import Loose
from .motion import Motion

Plan = Sequence[Part]
"""(activity, seconds, km/h) and, if it is not level and straight, the way; one after the other. The speed is looked
at for "run" and "walk" alone."""


class Run:
    """One session: `source` for a simulated chip, and the truth.

    `contacts`: gait.CONTACT, one row a contact of this foot. `ic_s` and `to_s`: initial contact and toe-off
    in seconds from the start; `to_s` is NaN where the foot stays on the ground.
    """

    def __init__(
        self,
        strides: NDArray[np.void],
        duration_s: float,
        motion: Motion,
        handling: Handling,
        loose: Loose,
        mountings: Sequence[tuple[float, NDArray[np.float64]]],
    ) -> None:
        self.duration_s = duration_s
        self.contacts = contacts_of(strides)
        self.ic_s: NDArray[np.float64] = self.contacts["ic_s"]
        self.to_s: NDArray[np.float64] = self.ic_s + self.contacts["contact_s"]
        self.peak_g: NDArray[np.float64] = self.contacts["peak_g"]
        self.kind: NDArray[np.uint8] = self.contacts["kind"]
        self._motion = motion
        self._handling = handling
        self._loose = loose
        self._mountings = mountings

    def source(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Acceleration in g and rotation in deg/s in the sensor's axes at these times, shape (n, 6).

        Before the start and after the end the runner stands.
        """
        t_s = np.asarray(t_s, float)
        values = self._loose.add(t_s, self._handling.over(t_s, self._motion.at(t_s)))
        out = np.empty_like(values)
        for from_s, sensor_from_foot in self._mountings:
            now = t_s >= from_s
            out[now] = (values[now].reshape(-1, 2, 3) @ sensor_from_foot.T).reshape(-1, 6)
        return out


class Runner:
    """One person with one shoe. The same seed is the same person, whatever the plan.

    `sensor_from_foot`: rotation of the mounting, shape (3, 3); the foot's axes are forward, left, up.
    `fatigue_per_hour`: share by which peaks rise and contacts lengthen. `loose`: 0 tight, 1 rattling with every
    landing. `knocks_per_hour`: blows that are no steps. `remount`: (seconds, rotation), from then on mounted
    otherwise.
    """

    def __init__(
        self,
        seed: int,
        *,
        sensor_from_foot: NDArray[np.float64] = ON_THE_LACES,
        fatigue_per_hour: float = 0.04,
        strike: Strike = "rearfoot",
        foot: str = "left",
        loose: float = 0.0,
        knocks_per_hour: float = 0.0,
        remount: tuple[float, NDArray[np.float64]] | None = None,
    ) -> None:
        if foot not in ("left", "right"):
            raise ValueError(f"a foot is left or right, not {foot}")
        self.seed = seed
        self.traits: Traits = draw_traits(np.random.default_rng(seed))
        self.fatigue_per_hour = fatigue_per_hour
        self.strike: Strike = strike
        self.foot = foot
        self._loose, self._knocks_per_hour = loose, knocks_per_hour
        self._mountings = [(-np.inf, sensor_from_foot), *([remount] if remount else [])]

    def session(self, plan: Plan, seed: int = 0) -> Run:
        """A session by plan; another `seed`, another day. ValueError: unknown activity, impossible speed or
        time."""
        duration_s = float(sum(part[1] for part in plan))
        strides = self._strides(plan, seed)
        motion = Motion(strides, self.traits, mirrored=self.foot == "right")
        handling = Handling(plan, np.random.default_rng((self.seed, seed, 1)))
        loose = Loose(
            strides,
            duration_s,
            self._loose,
            self._knocks_per_hour,
            np.random.default_rng((self.seed, seed, 2)),
        )
        return Run(strides, duration_s, motion, handling, loose, self._mountings)

    def contacts(self, plan: Plan, seed: int = 0) -> NDArray[np.void]:
        """The contacts of `session(plan, seed)` without its signal, as gait.CONTACT: for weeks of history."""
        return contacts_of(self._strides(plan, seed))

    def _strides(self, plan: Plan, seed: int) -> NDArray[np.void]:
        rng = np.random.default_rng((self.seed, seed))
        return draw_strides(plan, self.traits, self.strike, self.fatigue_per_hour, rng)


__all__ = [
    "ACTIVITIES",
    "CONTACT",
    "LEVEL",
    "MOUNTINGS",
    "ON_THE_LACES",
    "STRIDE",
    "Activity",
    "Errors",
    "Free",
    "Part",
    "Plan",
    "Run",
    "Runner",
    "Strike",
    "Way",
    "draw_errors",
    "measured",
    "mounting",
]
