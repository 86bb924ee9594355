"""A foot's motion in walking and running as a sensor on it feels it.

The foot moves along its heading, pitches, rolls and turns. All but the shock is a sum of bumps; in each swing the
rotations add up to no angle (but for the turn), and the accelerations to no change of speed: the foot comes to rest
flat on the ground. Where bumps lie, and how large they are, follows Reenalda et al. 2016, Falbriard et al. 2018,
Mariani et al. 2012 (courses of rotation and acceleration at the foot) and Stacoff et al. 2000 (roll);
docs/validation.md shows what came of it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strideload_pod.page import STEP_KIND_RUN

from .axes import felt
from .bumps import CHANNELS, FORWARD, LEFT, PITCH, ROLL, TURN, UP, YAW, Array, Bumps, Collected
from .gait import SHOCK_BACK, SHOCK_SIDE, SHOCK_UP, Traits, shock_g

_RING_SHARE = 0.2  # of the shock: a second, faster mode across it
_RING_FASTER = 1.7
_OVER = 12.0  # so many decay times after contact nothing of the shock is left
_SHAKE_DPS_G = 40.0
_SMOOTH_POINTS, _PEAK_FINER = 12, 3  # of a landing, for the bumps and for the shock


_STRIDES_AT_ONCE = 256
_SHAKEN = np.array([0.8, 0.5, 0.33])  # pitch, roll, yaw


class _Course(NamedTuple):
    """Where the bumps of a stride lie. `_s`: seconds; the others are shares of the lead, the swing or the contact."""

    heel: tuple[float, float]  # centre and half width, lead, about toe-off
    follow: tuple[
        float, float, float
    ]  # swing; share of the heel's angle: in running after toe-off, in walking before
    swing: tuple[float, float, float]  # swing: two centres and the half width of each
    slap_s: tuple[float, float]  # about contact: the sole comes down
    push_s: tuple[float, float]  # about toe-off
    push: tuple[float, float]  # forward, up
    drive: tuple[float, float, float]  # swing, as `swing`: the leg pulls the foot along
    sink: tuple[float, float]  # swing: the rise of the foot is stopped
    brake_s: tuple[float, float]  # about contact
    brake: tuple[float, float]  # forward, up
    glide: tuple[float, float, float, float]  # swing; forward and up: the leg slows the foot before it brakes
    flat: tuple[float, float, float]  # about contact, s; share of the shock: the whole sole meets the ground
    stance_dps: float  # the shoe gives way
    roll_dps: float  # the foot rolls inward after contact
    out_of_plane: tuple[float, float]  # roll and turn in swing, share of the pitch
    side: float  # share of the braking that goes sideways, there and back, in swing


_RUN = _Course(
    heel=(-0.38, 0.62),
    follow=(0.17, 0.19, 0.45),
    swing=(0.55, 0.76, 0.21),
    slap_s=(0.018, 0.036),
    push_s=(-0.02, 0.055),
    push=(0.5, 0.87),
    drive=(0.14, 0.32, 0.20),
    sink=(0.24, 0.24),
    brake_s=(-0.05, 0.065),
    brake=(-0.93, 0.2),
    glide=(0.68, 0.24, -0.2, 0.13),
    flat=(0.06, 0.025, 0.1),
    stance_dps=50.0,
    roll_dps=380.0,
    out_of_plane=(0.42, 0.5),
    side=0.16,
)
_WALK = _Course(
    heel=(-0.13, 0.36),
    follow=(-0.29, 0.33, 0.32),
    swing=(0.31, 0.64, 0.32),
    slap_s=(0.045, 0.055),
    push_s=(-0.01, 0.1),
    push=(0.95, 0.15),
    drive=(0.14, 0.34, 0.22),
    sink=(0.16, 0.22),
    brake_s=(-0.05, 0.085),
    brake=(-0.95, 0.12),
    glide=(0.70, 0.3, -0.55, 0.06),
    flat=(0.08, 0.035, 0.3),
    stance_dps=15.0,
    roll_dps=260.0,
    out_of_plane=(0.65, 0.65),
    side=0.25,
)


class Motion:
    """The motion of one session in the foot's axes; `strides` as gait.STRIDE, in order of time.

    `mirrored`: of the right foot. Strides are worked out some hundred at a time when they are first asked for: a long
    session begins at once.
    """

    def __init__(
        self,
        strides: NDArray[np.void],
        traits: Traits,
        *,
        mirrored: bool = False,
    ) -> None:
        self._strides = strides
        self._begin_s = strides["leave_s"] - strides["lead_s"]
        self._traits = traits
        self._mirror = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0]) if mirrored else np.ones(6)
        self._some: dict[int, _Swings] = {}

    def at(self, t_s: Array) -> Array:
        """Acceleration in g and rotation in deg/s along the foot's axes, shape (n, 6)."""
        values = np.zeros((len(t_s), 6))
        values[:, 2] = 1.0
        k = np.searchsorted(self._begin_s, t_s, side="right") - 1
        for some in np.unique(k[k >= 0] // _STRIDES_AT_ONCE).tolist():
            now = np.flatnonzero((k >= 0) & (k // _STRIDES_AT_ONCE == some))
            if some not in self._some:
                first = some * _STRIDES_AT_ONCE
                # The one before as well: what its landing leaves behind goes on.
                self._some[some] = _Swings(
                    self._strides[max(first - 1, 0) : first + _STRIDES_AT_ONCE], self._traits
                )
            values[now] = self._some[some].at(t_s[now])
        return values * self._mirror


class _Swings:
    """Some strides in a row, sized."""

    def __init__(self, strides: NDArray[np.void], traits: Traits) -> None:
        self._strides = strides
        self._begin_s = strides["leave_s"] - strides["lead_s"]
        self._traits = traits
        self._shock_g = shock_g(strides["peak_g"])
        self._bumps = self._courses()
        self._meet_peaks()

    def at(self, t_s: Array) -> Array:
        """As `Motion.at`, before the mirror."""
        k = np.searchsorted(self._begin_s, t_s, side="right") - 1
        values, angles = np.zeros((len(t_s), CHANNELS)), np.zeros((len(t_s), 3))
        for before in (0, 1):  # what a landing leaves behind goes on while the next swing begins
            now = np.flatnonzero(k >= before)
            more, turned = self._of(t_s[now], k[now] - before)
            values[now] += more
            angles[now] += turned
        values[:, YAW] += values[:, TURN]
        return felt(values[:, :3], angles, values[:, FORWARD:])

    def _of(self, t_s: Array, k: NDArray[np.intp]) -> tuple[Array, Array]:
        if not len(t_s):
            return np.zeros((0, CHANNELS)), np.zeros((0, 3))
        values, angles = self._bumps.at(t_s, k)
        since = t_s - self._strides["ic_s"][k]
        shock, across = self._shock(since, k)
        rate, angle = self._shake(since, k)
        values[:, :3] += rate[:, None] * _SHAKEN
        angles += angle[:, None] * _SHAKEN
        values[:, FORWARD] -= SHOCK_BACK * shock
        values[:, LEFT] += SHOCK_SIDE * shock + across
        values[:, UP] += SHOCK_UP * shock
        return values, angles

    def _courses(self) -> Bumps:
        """Bumps of all strides: those of walking and of running are drawn for all, and the kind chooses."""
        both = [self._course(course) for course in (_WALK, _RUN)]
        running = (self._strides["kind"] == STEP_KIND_RUN)[:, None]
        return Bumps(
            both[0].channel,
            *(
                np.where(running, getattr(both[1], name), getattr(both[0], name))
                for name in ("centre_s", "half_s", "height")
            ),
        )

    def _course(self, course: _Course) -> Bumps:
        made = Collected(len(self._strides))
        self._rotations(made, course)
        self._accelerations(made, course)
        return made.made()

    def _rotations(self, made: Collected, course: _Course) -> None:
        s = self._strides
        roll, yaw = self._traits.roll, self._traits.yaw
        leave, lead, swing, ic = s["leave_s"], s["lead_s"], s["ic_s"] - s["leave_s"], s["ic_s"]
        first, second, half = course.swing
        for centre in (first, second):
            made.add(PITCH, leave + centre * swing, half * swing, -s["swing_dps"])
        made.add(PITCH, ic + course.slap_s[0], course.slap_s[1], s["tilt_deg"] / course.slap_s[1])
        heel_deg = -made.sums()[:, PITCH]
        centre, half, share = course.follow
        made.add(PITCH, leave + centre * swing, half * swing, share * heel_deg / (half * swing))
        centre, half = course.heel
        made.add(PITCH, leave + centre * lead, half * lead, (1 - share) * heel_deg / (half * lead))

        give = course.stance_dps * s["shape"][:, 7]
        made.add(PITCH, ic + 0.35 * s["contact_s"], 0.12 * s["contact_s"], give)
        made.add(PITCH, ic + 0.5 * s["contact_s"], 0.12 * s["contact_s"], -give)

        inward = course.roll_dps * roll * (1 + 0.15 * s["shape"][:, 0])
        made.add(ROLL, ic + 0.035, 0.05, -inward)
        made.add(ROLL, leave - 0.4 * lead, 0.55 * lead, 0.5 * inward * 0.05 / (0.55 * lead))
        out = course.out_of_plane[0] * s["swing_dps"] * roll * (1 + 0.2 * s["shape"][:, 1])
        made.add(ROLL, leave + 0.22 * swing, 0.2 * swing, out)
        made.add(ROLL, leave + 0.62 * swing, 0.2 * swing, -out)
        made.add(ROLL, leave + 0.85 * swing, 0.15 * swing, 0.5 * inward * 0.05 / (0.15 * swing))

        twist = course.out_of_plane[1] * s["swing_dps"] * yaw * (1 + 0.2 * s["shape"][:, 2])
        made.add(YAW, leave + 0.12 * swing, 0.2 * swing, twist)
        made.add(YAW, leave + 0.55 * swing, 0.2 * swing, -twist)
        made.add(TURN, leave + 0.5 * swing, 0.45 * swing, s["turn_deg"] / (0.45 * swing))

    def _accelerations(self, made: Collected, course: _Course) -> None:
        s = self._strides
        leave, swing, ic = s["leave_s"], s["ic_s"] - s["leave_s"], s["ic_s"]
        shape = s["shape"]
        centre, half = course.push_s
        for channel, share in zip((FORWARD, UP), course.push, strict=True):
            made.add(channel, leave + centre, half, share * s["push_g"])
        centre, half = course.brake_s
        for channel, share in zip((FORWARD, UP), course.brake, strict=True):
            made.add(channel, ic + centre, half, share * s["brake_g"])
        made.add(UP, ic + 0.35 * s["contact_s"], 0.3 * s["contact_s"], s["stance_g"])

        centre, half, forward, up = course.glide
        made.add(FORWARD, leave + centre * swing, half * swing, forward * s["brake_g"])
        made.add(UP, leave + centre * swing, half * swing, up * s["brake_g"])
        centre, half, share = course.flat
        made.add(UP, ic + centre, half, share * self._shock_g)

        across = course.side * s["brake_g"] * (1 + 0.3 * self._traits.side + 0.3 * shape[:, 3])
        made.add(LEFT, leave + 0.25 * swing, 0.25 * swing, across)
        made.add(LEFT, leave + 0.68 * swing, 0.25 * swing, -across)
        # No two swings are alike: there and back within the swing, so that no speed is left.
        for channel, number, middle in ((FORWARD, 4, 0.42), (UP, 5, 0.5), (LEFT, 6, 0.45)):
            extra = 0.1 * s["brake_g"] * shape[:, number]
            made.add(channel, leave + (middle - 0.12) * swing, 0.16 * swing, extra)
            made.add(channel, leave + (middle + 0.16) * swing, 0.16 * swing, -extra)

        gained = made.sums()
        along, aside = self._shock_impulse()
        gained[:, FORWARD] -= SHOCK_BACK * along
        gained[:, LEFT] += SHOCK_SIDE * along + aside
        gained[:, UP] += SHOCK_UP * along
        first, second, half = course.drive
        for centre in (first, second):
            made.add(
                FORWARD, leave + centre * swing, half * swing, -0.5 * gained[:, FORWARD] / (half * swing)
            )
        centre, half = course.sink
        for channel in (LEFT, UP):
            made.add(channel, leave + centre * swing, half * swing, -gained[:, channel] / (half * swing))

    def _shock(self, since: Array, k: NDArray[np.intp]) -> tuple[Array, Array]:
        """Half a cosine up to the peak, then a ringing that dies away; and a faster one across it."""
        s = self._strides
        rise_s, rate = s["rise_s"][k], 1 / s["decay_s"][k]
        ring = 2 * np.pi * s["ring_hz"][k]
        after = np.maximum(since - rise_s, 0)
        growing = 0.5 * (1 - np.cos(np.pi * np.clip(since / rise_s, 0, 1)))
        late = np.maximum(since, 0)
        strength = np.where(late * rate < _OVER, self._shock_g[k], 0.0)
        along = strength * growing * np.cos(ring * after) * np.exp(-after * rate)
        across = np.sin(_faster(ring) * late) * np.exp(-late * rate)
        return along, _RING_SHARE * strength * across

    def _shake(self, since: Array, k: NDArray[np.intp]) -> tuple[Array, Array]:
        """The shock shakes the pod about and leaves it as it was: deg/s, and deg."""
        late = np.maximum(since, 0)
        decay = 1 / self._strides["decay_s"][k]
        turn = 2 * np.pi * self._strides["ring_hz"][k]
        size_deg = np.where(
            late * decay < _OVER, _SHAKE_DPS_G * self._traits.shake * self._shock_g[k] / turn, 0.0
        ) * np.exp(-late * decay)
        out = 1 - np.cos(turn * late)
        return size_deg * (turn * np.sin(turn * late) - decay * out), size_deg * out

    def _shock_impulse(self) -> tuple[Array, Array]:
        """Speed in g s that the shock gives along its own direction, and its ringing across."""
        rate, ring = 1 / self._strides["decay_s"], 2 * np.pi * self._strides["ring_hz"]
        faster = _faster(ring)
        along = self._shock_g * (0.5 * self._strides["rise_s"] + rate / (rate**2 + ring**2))
        return along, _RING_SHARE * self._shock_g * faster / (rate**2 + faster**2)

    def _meet_peaks(self) -> None:
        """Size the shocks such that the resultant of everything reaches what is told as the landing's peak.

        Twice over, since what closes the swing's speed follows from the shock; lengths do not change with the foot's
        rotation.
        """
        s = self._strides
        share = np.linspace(0.4, 2.0, _SMOOTH_POINTS * _PEAK_FINER + 1)
        fine = (share * s["rise_s"][:, None]).ravel()
        coarse = (share[::_PEAK_FINER] * s["rise_s"][:, None]).ravel()
        k_fine, k_coarse = (np.repeat(np.arange(len(s)), n) for n in (len(share), _SMOOTH_POINTS + 1))
        for _ in range(3):
            smooth = self._bumps.at(s["ic_s"][k_coarse] + coarse, k_coarse)[0][:, FORWARD:] + [0.0, 0.0, 1.0]
            without = _finer(smooth.reshape(len(s), -1, 3), _PEAK_FINER).reshape(-1, 3)
            for _ in range(3):
                shock, across = self._shock(fine, k_fine)
                whole = without + np.stack(
                    [-SHOCK_BACK * shock, SHOCK_SIDE * shock + across, SHOCK_UP * shock], axis=1
                )
                length = np.linalg.norm(whole, axis=1).reshape(len(s), -1)
                self._shock_g = np.maximum(self._shock_g + s["peak_g"] - _top(length), 0.3)
            self._bumps = self._courses()


def _faster(ring: Array) -> Array:
    """The second mode of a ringing, both in rad/s; 60 Hz at most."""
    return np.minimum(_RING_FASTER * ring, 2 * np.pi * 60)


def _finer(curves: Array, times: int) -> Array:
    """Straight lines between points, shape (n, points, 3) -> (n, (points - 1) * times + 1, 3)."""
    at = np.arange((curves.shape[1] - 1) * times + 1) / times
    low = np.minimum(at.astype(int), curves.shape[1] - 2)
    part = (at - low)[:, None]
    return curves[:, low] * (1 - part) + curves[:, low + 1] * part


def _top(curves: Array) -> Array:
    """Greatest value of each row, between its points by a parabola, shape (n,)."""
    at = np.clip(curves.argmax(axis=1), 1, curves.shape[1] - 2)
    left, here, right = (curves[np.arange(len(curves)), at + i] for i in (-1, 0, 1))
    bend = np.minimum(left - 2 * here + right, -1e-9)
    return here - (right - left) ** 2 / (8 * bend)
