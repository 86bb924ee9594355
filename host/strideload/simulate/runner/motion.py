"""A foot's motion as a sensor on it feels it.

The foot moves in the plane of running and pitches about its left-right axis. Everything is a sum of
raised-cosine bumps in time, so that rotation and its angle are exact to each other. In each swing the
rotation adds up to no angle, and the accelerations to no change of speed: the foot comes to rest flat on the
ground.
"""

import numpy as np
from numpy.typing import NDArray

from .gait import SHOCK_BACK, SHOCK_SIDE, SHOCK_UP, shock_g

Array = NDArray[np.float64]

# Bumps: centre and half width, in seconds or as a share of the swing. Directions: forward and up.
_SWING_CENTRE, _SWING_HALF = 0.57, 0.36  # share of the swing
_SLAP_CENTRE_S, _SLAP_HALF_S = 0.025, 0.035  # after contact: the sole comes down
_SLAP_SHARE = 0.65  # of the swing's rotation
_HEEL_RISE = 0.9  # of the lead before toe-off, and as long after it
_PUSH_CENTRE_S, _PUSH_HALF_S = -0.02, 0.06  # about toe-off
_PUSH_FORWARD, _PUSH_UP = 0.5, 0.87
_DRIVE_CENTRE, _DRIVE_HALF = 0.34, 0.28  # share of the swing: the leg pulls the foot along
_STANCE_CENTRE, _STANCE_HALF = 0.31, 0.14  # share of the contact
_BRAKE_CENTRE_S, _BRAKE_HALF_S = -0.07, 0.08  # about contact
_BRAKE_FORWARD, _BRAKE_UP = -0.8, 0.6
_OUT_OF_PLANE = (0.10, 0.08)  # rotation about the forward and the upright axis, share of pitch


def mounting(roll_deg: float, pitch_deg: float, yaw_deg: float) -> Array:
    """Rotation from the foot's axes (forward, left, up) to the sensor's, shape (3, 3)."""
    r, p, y = np.radians([roll_deg, pitch_deg, yaw_deg])
    about_x = np.array([[1, 0, 0], [0, np.cos(r), -np.sin(r)], [0, np.sin(r), np.cos(r)]])
    about_y = np.array([[np.cos(p), 0, np.sin(p)], [0, 1, 0], [-np.sin(p), 0, np.cos(p)]])
    about_z = np.array([[np.cos(y), -np.sin(y), 0], [np.sin(y), np.cos(y), 0], [0, 0, 1]])
    return about_x @ about_y @ about_z


def _bump(x: Array) -> Array:
    """1 at 0, falling to 0 at -1 and 1."""
    return 0.5 * (1 + np.cos(np.pi * np.clip(x, -1, 1)))


def _bump_area(x: Array) -> Array:
    """Integral of `_bump` up to x: 0 at -1, 1 at 1."""
    x = np.clip(x, -1, 1)
    return 0.5 * (x + 1 + np.sin(np.pi * x) / np.pi)


class Motion:
    """The motion of one session; `strides` as gait.STRIDE, in order of time."""

    def __init__(self, strides: NDArray[np.void], sensor_from_foot: Array) -> None:
        self._begin_s = strides["leave_s"] - strides["lead_s"]
        self._ic_s = strides["ic_s"]
        self._leave_s = strides["leave_s"]
        self._swing_s = swing_s = strides["ic_s"] - strides["leave_s"]
        self._rise_s = strides["rise_s"]
        self._ring = 2 * np.pi * strides["ring_hz"]
        self._decay_s = strides["decay_s"]
        self._brake_g = brake_g = strides["brake_g"]
        self._push_g = push_g = strides["push_g"]
        self._stance_g = strides["stance_g"]
        self._contact_s = strides["contact_s"]
        self._shock_g = shock = shock_g(strides["peak_g"])
        self._swing_dps = strides["swing_dps"]
        self._heel_s = _HEEL_RISE * strides["lead_s"]
        turned_back = self._swing_dps * (_SWING_HALF * swing_s - _SLAP_SHARE * _SLAP_HALF_S)
        self._heel_dps = turned_back / self._heel_s
        rate = 1 / self._decay_s
        shock_speed = shock * (0.5 * self._rise_s + rate / (rate**2 + self._ring**2))
        drive_s = _DRIVE_HALF * swing_s
        push_speed, brake_speed = push_g * _PUSH_HALF_S, brake_g * _BRAKE_HALF_S
        forward = SHOCK_BACK * shock_speed - _PUSH_FORWARD * push_speed - _BRAKE_FORWARD * brake_speed
        stance_speed = self._stance_g * _STANCE_HALF * self._contact_s
        up = -SHOCK_UP * shock_speed - _PUSH_UP * push_speed - _BRAKE_UP * brake_speed - stance_speed
        self._drive_forward_g = forward / drive_s
        self._drive_up_g = up / drive_s
        self._sensor_from_foot = sensor_from_foot

    def at(self, t_s: Array) -> Array:
        """Acceleration in g and rotation in deg/s in the sensor's axes, shape (n, 6)."""
        foot = np.zeros((len(t_s), 2, 3))
        foot[:, 0, 2] = 1.0
        k = np.searchsorted(self._begin_s, t_s, side="right") - 1
        moving = k >= 0
        if moving.any():
            foot[moving] = self._foot(np.asarray(t_s)[moving], k[moving])
        return (foot @ self._sensor_from_foot.T).reshape(-1, 6)

    def _foot(self, t_s: Array, k: NDArray[np.intp]) -> Array:
        """In the foot's axes at times within swing and landing `k`, shape (n, 2, 3)."""
        rotation_dps, pitch_deg = self._pitch(t_s, k)
        forward, left, up = self._acceleration(t_s, k)
        sin, cos = np.sin(np.radians(pitch_deg)), np.cos(np.radians(pitch_deg))
        up = up + 1.0
        foot = np.empty((len(t_s), 2, 3))
        foot[:, 0, 0] = cos * forward - sin * up
        foot[:, 0, 1] = left
        foot[:, 0, 2] = sin * forward + cos * up
        foot[:, 1, 0] = _OUT_OF_PLANE[0] * rotation_dps
        foot[:, 1, 1] = rotation_dps
        foot[:, 1, 2] = _OUT_OF_PLANE[1] * rotation_dps
        return foot

    def _pitch(self, t_s: Array, k: NDArray[np.intp]) -> tuple[Array, Array]:
        """Rotation in deg/s and its angle in deg, toes down positive: heel rises, leg swings, sole comes
        down."""
        off = t_s - self._leave_s[k]
        heel_s, swing_s = self._heel_s[k], self._swing_s[k]
        swing_half_s = _SWING_HALF * swing_s
        slap_dps = _SLAP_SHARE * self._swing_dps[k]
        parts = (
            (self._heel_dps[k], heel_s, off / heel_s),
            (-self._swing_dps[k], swing_half_s, (off - _SWING_CENTRE * swing_s) / swing_half_s),
            (slap_dps, _SLAP_HALF_S, (t_s - self._ic_s[k] - _SLAP_CENTRE_S) / _SLAP_HALF_S),
        )
        rotation = sum(peak * _bump(x) for peak, _, x in parts)
        angle = sum(peak * half * _bump_area(x) for peak, half, x in parts)
        return np.asarray(rotation), np.asarray(angle)

    def _acceleration(self, t_s: Array, k: NDArray[np.intp]) -> tuple[Array, Array, Array]:
        """Forward, left and up in the world's axes, in g, without gravity."""
        off = t_s - self._leave_s[k]
        since = t_s - self._ic_s[k]
        swing_s = self._swing_s[k]
        push = self._push_g[k] * _bump((off - _PUSH_CENTRE_S) / _PUSH_HALF_S)
        drive = _bump((off - _DRIVE_CENTRE * swing_s) / (_DRIVE_HALF * swing_s))
        brake = self._brake_g[k] * _bump((since - _BRAKE_CENTRE_S) / _BRAKE_HALF_S)
        shock = self._shock(since, k)
        contact_s = self._contact_s[k]
        stance = self._stance_g[k] * _bump((since - _STANCE_CENTRE * contact_s) / (_STANCE_HALF * contact_s))
        drive_forward, drive_up = self._drive_forward_g[k] * drive, self._drive_up_g[k] * drive
        forward = _PUSH_FORWARD * push + drive_forward + _BRAKE_FORWARD * brake - SHOCK_BACK * shock
        up = _PUSH_UP * push + drive_up + _BRAKE_UP * brake + SHOCK_UP * shock + stance
        return forward, SHOCK_SIDE * shock, up

    def _shock(self, since: Array, k: NDArray[np.intp]) -> Array:
        """Half a cosine up to the peak, then a ringing that dies away."""
        rise_s = self._rise_s[k]
        after = np.maximum(since - rise_s, 0)
        growing = 0.5 * (1 - np.cos(np.pi * np.clip(since / rise_s, 0, 1)))
        ringing = np.cos(self._ring[k] * after) * np.exp(-after / self._decay_s[k])
        return self._shock_g[k] * growing * ringing
