"""A simulated runner: what a pod on one shoe would feel, and the truth about every contact of that foot.

Plausible rather than measured: stride, contact, rotation and acceleration lie where the literature has them
(`gait.py` gives the figures), and no result on it may be shown without the word "simulated".
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .gait import CONTACT, Activity, Traits, contacts_of, draw_strides, draw_traits
from .motion import Motion, mounting

Plan = Sequence[tuple[Activity, float, float]]
"""(activity, seconds, km/h), one after the other; the speed of "stand" is not looked at."""

ON_THE_LACES = mounting(roll_deg=4.0, pitch_deg=28.0, yaw_deg=9.0)


class Run:
    """One session: `source` for a simulated chip, and the truth.

    `contacts`: gait.CONTACT, one row a contact of this foot. `ic_s` and `to_s`: initial contact and toe-off
    in seconds from the start; `to_s` is NaN where the foot stays on the ground.
    """

    def __init__(
        self, strides: NDArray[np.void], duration_s: float, sensor_from_foot: NDArray[np.float64]
    ) -> None:
        self.duration_s = duration_s
        self.contacts = contacts_of(strides)
        self.ic_s: NDArray[np.float64] = self.contacts["ic_s"]
        self.to_s: NDArray[np.float64] = self.ic_s + self.contacts["contact_s"]
        self.peak_g: NDArray[np.float64] = self.contacts["peak_g"]
        self.kind: NDArray[np.uint8] = self.contacts["kind"]
        self._motion = Motion(strides, sensor_from_foot)

    def source(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Acceleration in g and rotation in deg/s in the sensor's axes at these times, shape (n, 6).

        Before the start and after the end the runner stands.
        """
        return self._motion.at(t_s)


class Runner:
    """One person with one shoe. The same seed is the same person, whatever the plan.

    `sensor_from_foot`: rotation of the mounting, shape (3, 3); the foot's axes are forward, left, up.
    `fatigue_per_hour`: share by which peaks rise and contacts lengthen.
    """

    def __init__(
        self,
        seed: int,
        *,
        sensor_from_foot: NDArray[np.float64] = ON_THE_LACES,
        fatigue_per_hour: float = 0.04,
    ) -> None:
        self.seed = seed
        self.traits: Traits = draw_traits(np.random.default_rng(seed))
        self.fatigue_per_hour = fatigue_per_hour
        self._sensor_from_foot = sensor_from_foot

    def session(self, plan: Plan, seed: int = 0) -> Run:
        """A session by plan; another `seed`, another day. ValueError: unknown activity, impossible speed or
        time."""
        duration_s = float(sum(seconds for _, seconds, _ in plan))
        return Run(self._strides(plan, seed), duration_s, self._sensor_from_foot)

    def contacts(self, plan: Plan, seed: int = 0) -> NDArray[np.void]:
        """The contacts of `session(plan, seed)` without its signal, as gait.CONTACT: for weeks of history."""
        return contacts_of(self._strides(plan, seed))

    def _strides(self, plan: Plan, seed: int) -> NDArray[np.void]:
        return draw_strides(
            plan, self.traits, self.fatigue_per_hour, np.random.default_rng((self.seed, seed))
        )


__all__ = ["CONTACT", "ON_THE_LACES", "Activity", "Plan", "Run", "Runner", "mounting"]
