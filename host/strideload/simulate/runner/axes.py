"""Directions: the foot's axes are forward, left and up, the sensor's whatever its mounting makes them."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mounting(roll_deg: float, pitch_deg: float, yaw_deg: float) -> Array:
    """Rotation from the foot's axes (forward, left, up) to the sensor's, shape (3, 3)."""
    r, p, y = np.radians([roll_deg, pitch_deg, yaw_deg])
    about_x = np.array([[1, 0, 0], [0, np.cos(r), -np.sin(r)], [0, np.sin(r), np.cos(r)]])
    about_y = np.array([[np.cos(p), 0, np.sin(p)], [0, 1, 0], [-np.sin(p), 0, np.cos(p)]])
    about_z = np.array([[np.cos(y), -np.sin(y), 0], [np.sin(y), np.cos(y), 0], [0, 0, 1]])
    return about_x @ about_y @ about_z


ON_THE_LACES = mounting(roll_deg=4.0, pitch_deg=28.0, yaw_deg=9.0)

MOUNTINGS = {
    "laces": ON_THE_LACES,
    "laces, upside down": mounting(184.0, -28.0, 9.0),
    "laces, crosswise": mounting(4.0, 28.0, 97.0),
    "toe box": mounting(-6.0, 12.0, 3.0),
    "heel": mounting(3.0, 84.0, -4.0),
    "outer side": mounting(86.0, 5.0, 14.0),
}


def felt(rates_dps: Array, angles_deg: Array, acc_g: Array) -> Array:
    """What a sensor along the foot's axes feels: acceleration in g, gravity included, and rotation in deg/s, (n, 6).

    `rates_dps`, `angles_deg`: of pitch (toes down positive), roll and yaw against the way of the foot, shape (n, 3);
    `acc_g`: along that way, to its left and up, without gravity, shape (n, 3).
    """
    pitch, roll, yaw = np.radians(angles_deg).T
    sin_p, cos_p, sin_r, cos_r = np.sin(pitch), np.cos(pitch), np.sin(roll), np.cos(roll)
    sin_y, cos_y = np.sin(yaw), np.cos(yaw)
    forward = cos_y * acc_g[:, 0] + sin_y * acc_g[:, 1]
    left = cos_y * acc_g[:, 1] - sin_y * acc_g[:, 0]
    up = acc_g[:, 2] + 1.0
    raised = sin_p * forward + cos_p * up  # after pitch, before roll
    out = np.empty((len(acc_g), 6))
    out[:, 0] = cos_p * forward - sin_p * up
    out[:, 1] = cos_r * left + sin_r * raised
    out[:, 2] = cos_r * raised - sin_r * left
    out[:, 3] = rates_dps[:, 1] - sin_p * rates_dps[:, 2]
    out[:, 4] = cos_r * rates_dps[:, 0] + sin_r * cos_p * rates_dps[:, 2]
    out[:, 5] = -sin_r * rates_dps[:, 0] + cos_r * cos_p * rates_dps[:, 2]
    return out
