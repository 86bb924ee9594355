"""Simple ways to find steps, judged beside the detector. Offline, in floating point, with the whole recording in
hand."""

import importlib.util
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from .detection import Steps

Floats = NDArray[np.float64]

_CLOSEST_S = 0.55  # between peaks: the fastest strides last about that long
_SMOOTH_HZ = 20.0
_LEAST_G = 1.0  # prominence
_BOUNCE_HZ, _BOUNCE_G = (1.2, 4.0), 0.05  # of the hip: one to four steps a second
_LONGEST_S = 1.9
_ANY_DAY_S = 1.6e9  # its time is that of the day


def peak_picking(acc_g: Floats, rate_hz: float) -> Steps:
    """scipy's peaks of the smoothed length, a minimum distance apart. No toe-off, no kind; contact is the peak
    itself."""
    smooth = signal.sosfiltfilt(
        signal.butter(2, _SMOOTH_HZ, fs=rate_hz, output="sos"), np.linalg.norm(acc_g, axis=1)
    )
    at, _ = signal.find_peaks(smooth, prominence=_LEAST_G, distance=max(1, round(_CLOSEST_S * rate_hz)))
    return _of_contacts(at / rate_hz, acc_g, rate_hz)


def strides_at_the_hip(acc_g: Floats, rate_hz: float) -> Steps:
    """From the hip's bounce, one peak a step of either foot: a stride is two of them."""
    bounce = signal.sosfiltfilt(
        signal.butter(2, _BOUNCE_HZ, "bandpass", fs=rate_hz, output="sos"), np.linalg.norm(acc_g, axis=1)
    )
    at, _ = signal.find_peaks(bounce, height=_BOUNCE_G, distance=round(_CLOSEST_S / 2 * rate_hz))
    before, here, after = bounce[at - 1], bounce[at], bounce[at + 1]
    peak_s = (at + 0.5 * (before - after) / (before - 2 * here + after)) / rate_hz
    found = _of_contacts(peak_s[:-2], acc_g, rate_hz)
    return found._replace(stride_s=peak_s[2:] - peak_s[:-2])


def digital_health(acc_g: Floats, rate_hz: float) -> Steps:
    """scikit-digital-health's gait pipeline, which is made for the lumbar spine. ImportError where it is not
    installed."""
    from skdh.gait import GaitLumbar

    t_s = _ANY_DAY_S + np.arange(len(acc_g)) / rate_hz
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gait = GaitLumbar(min_bout_time=3.0).predict(
            time=t_s, accel=acc_g, fs=rate_hz, gait_bouts=None, gait_pred=True, height=1.75
        )
    ic_s = np.unique(np.asarray(gait.get("IC Timestamp", []), float)) - _ANY_DAY_S
    return _of_contacts(ic_s[~np.isnan(ic_s)], acc_g, rate_hz)


def has_digital_health() -> bool:
    return importlib.util.find_spec("skdh") is not None


def _of_contacts(ic_s: Floats, acc_g: Floats, rate_hz: float) -> Steps:
    """Strides from contacts; no toe-off, no kind; peak: the length at the contact."""
    unknown = np.full(len(ic_s), np.nan)
    stride_s = np.append(np.diff(ic_s), np.nan)[: len(ic_s)]
    stride_s[stride_s > _LONGEST_S] = np.nan
    at = np.clip(np.round(ic_s * rate_hz).astype(int), 0, len(acc_g) - 1)
    return Steps(ic_s, unknown, stride_s, np.linalg.norm(acc_g[at], axis=1), np.zeros(len(ic_s), np.int64))


def calibrated(found: Steps, true_s: Floats) -> Steps:
    """In the peer's favour: moved by its own median distance from the truth of this very recording."""
    if not len(found.ic_s) or not len(true_s):
        return found
    off = found.ic_s[:, None] - true_s[None, :]
    nearest = off[np.arange(len(off)), np.abs(off).argmin(axis=1)]
    return found._replace(
        ic_s=found.ic_s - np.median(nearest[np.abs(nearest) < 0.15] if len(nearest) else 0.0)
    )


def stride_by_autocorrelation_s(
    acc_g: Floats, rate_hz: float, least_s: float, most_s: float, least_sd_g: float = 0.1, clear: float = 0.0
) -> float:
    """Stride time of one window from the likeness of its length to itself, refined over up to six strides.

    NaN where the length moves less than `least_sd_g` or the likeness at one stride stays below `clear`.
    """
    length = np.linalg.norm(acc_g, axis=1)
    if length.std() < least_sd_g:
        return np.nan
    size = 1 << (2 * len(length) - 1).bit_length()
    spectrum = np.fft.rfft((length - length.mean()) * np.hanning(len(length)), size)
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: len(length)]
    likeness /= likeness[0] * np.maximum(1 - np.arange(len(likeness)) / len(length), 0.1)
    first = round(least_s * rate_hz)
    lag = first + float(np.argmax(likeness[first : round(most_s * rate_hz)]))
    if likeness[round(lag)] < clear:
        return np.nan
    for strides in (1, 2, 4, 6):
        middle = round(lag * strides)
        if middle + 5 >= len(likeness):
            break
        near = range(middle - 3, middle + 4)
        top = max(near, key=lambda i: likeness[i])
        left, here, right = likeness[top - 1 : top + 2]
        bend = left - 2 * here + right
        lag = (top + (0.5 * (left - right) / bend if bend else 0.0)) / strides
    return lag / rate_hz


PEERS: dict[str, Callable[[Floats, float], Steps]] = {"scipy peak picking": peak_picking}
if has_digital_health():
    PEERS["scikit-digital-health"] = digital_health
MOVED = ", moved onto the truth"
