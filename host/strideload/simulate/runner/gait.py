"""When and how hard a runner's foot lands: strides drawn from distributions, by activity and speed.

Ranges (running 8-16 km/h): stride 0.60-0.85 s, contact 0.18-0.30 s, swing rotation 500-1300 deg/s, braking
before contact 4-8 g, push-off 3-5 g, shock peak 12-35 ms after contact, ringing at 15-60 Hz. Walking: stride
0.9-1.5 s, contact about 0.6 of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from strideload_pod.page import STEP_KIND_RUN, STEP_KIND_WALK

Activity = Literal["run", "walk", "stand"]

CONTACT = np.dtype(
    [
        ("ic_s", "<f8"),  # initial contact, seconds from the session's start
        ("contact_s", "<f8"),  # to toe-off; NaN: the foot stays on the ground
        ("stride_s", "<f8"),  # to the next contact of this foot; NaN: there is none in this bout
        ("peak_g", "<f8"),  # greatest resultant acceleration of the landing
        ("rise_g_s", "<f8"),  # greatest rise of the resultant into that peak
        ("kind", "u1"),  # page.STEP_KIND_*
    ]
)

# One landing, with the swing that leads to it. Accelerations without gravity.
STRIDE = np.dtype(
    [
        ("leave_s", "<f8"),  # toe-off before this landing
        ("lead_s", "<f8"),  # how long before toe-off the heel begins to rise
        ("ic_s", "<f8"),
        ("contact_s", "<f8"),  # as it would be if the foot went on
        ("last", "?"),  # the foot stays on the ground
        ("peak_g", "<f8"),  # resultant, gravity included
        ("rise_s", "<f8"),  # contact to peak
        ("ring_hz", "<f8"),
        ("decay_s", "<f8"),
        ("brake_g", "<f8"),
        ("push_g", "<f8"),
        ("stance_g", "<f8"),  # while the body's weight comes over the foot
        ("swing_dps", "<f8"),
        ("kind", "u1"),
    ]
)

# The landing shock points up, somewhat backward and a little to the side.
SHOCK_BACK = 0.35
SHOCK_SIDE = 0.15
SHOCK_UP = (1 - SHOCK_BACK**2 - SHOCK_SIDE**2) ** 0.5

_SPEED_KMH = {"run": (6.0, 22.0), "walk": (2.0, 8.0)}
_LEAD_MOST_S = 0.3
_FIRST_LEAD_S = 0.1  # the heel's rise out of standing
_MEMORY = 0.6  # a stride's correlation with the one before


@dataclass(frozen=True)
class Traits:
    """What makes one runner differ from the next: factors on stride, contact and peak, and the shock's
    form."""

    stride: float
    contact: float
    peak: float
    swing: float
    rise_s: float
    ring_hz: float


def draw_traits(rng: np.random.Generator) -> Traits:
    return Traits(
        stride=1 + 0.03 * _bounded(rng),
        contact=1 + 0.04 * _bounded(rng),
        peak=float(np.exp(0.15 * _bounded(rng))),
        swing=1 + 0.1 * _bounded(rng),
        rise_s=rng.uniform(0.017, 0.028),
        ring_hz=rng.uniform(22, 45),
    )


def _bounded(rng: np.random.Generator) -> float:
    return float(np.clip(rng.standard_normal(), -1.5, 1.5))


@dataclass(frozen=True)
class _Norm:
    """Means at one speed, and the standard deviations of one stride as a share of them."""

    stride_s: float
    contact_share: float
    peak_g: float
    brake_g: float
    push_g: float
    stance_g: float
    swing_dps: float
    stride_spread: float
    peak_spread: float
    kind: int


def _norm(activity: Activity, speed_kmh: float) -> _Norm:
    if activity == "run":
        faster = speed_kmh - 10
        stride_s = 0.735 - 0.0125 * faster
        return _Norm(
            stride_s=stride_s,
            contact_share=(0.26 - 0.0125 * faster) / stride_s,
            peak_g=9 + 0.8 * faster,
            brake_g=6.2 + 0.2 * faster,
            push_g=4.2 + 0.1 * faster,
            stance_g=1.5,
            swing_dps=720 + 40 * faster,
            stride_spread=0.015,
            peak_spread=0.12,
            kind=STEP_KIND_RUN,
        )
    faster = speed_kmh - 5
    return _Norm(
        stride_s=1.1 - 0.08 * faster,
        contact_share=0.61 - 0.01 * faster,
        peak_g=5 + 0.7 * faster,
        brake_g=2.8 + 0.3 * faster,
        push_g=2.6 + 0.3 * faster,
        stance_g=0.1,
        swing_dps=430 + 40 * faster,
        stride_spread=0.025,
        peak_spread=0.15,
        kind=STEP_KIND_WALK,
    )


def draw_strides(
    plan: Sequence[tuple[Activity, float, float]],
    traits: Traits,
    fatigue_per_hour: float,
    rng: np.random.Generator,
) -> NDArray[np.void]:
    """All landings of a plan, as STRIDE. A bout lasts from one "stand" to the next, whatever its speeds."""
    bouts: list[NDArray[np.void]] = []
    bout: list[NDArray[np.void]] = []
    start_s = 0.0
    landing_s: float | None = None  # the next one, while a bout goes on
    for activity, seconds, speed_kmh in plan:
        _check(activity, seconds, speed_kmh)
        end_s = start_s + seconds
        if activity == "stand":
            bouts += _closed(bout)
            bout, landing_s = [], None
        else:
            norm = _norm(activity, speed_kmh)
            first_s = start_s + 0.7 * norm.stride_s if landing_s is None else landing_s
            tired = 1 + fatigue_per_hour * start_s / 3600
            part, landing_s = _draw_part(first_s, end_s, norm, traits, tired, rng)
            bout.append(part)
        start_s = end_s
    bouts += _closed(bout)
    return np.concatenate(bouts) if bouts else np.empty(0, STRIDE)


def _check(activity: Activity, seconds: float, speed_kmh: float) -> None:
    if not seconds > 0:
        raise ValueError(f"{activity} for {seconds} s is no part of a plan")
    if activity == "stand":
        return
    if activity not in _SPEED_KMH:
        raise ValueError(f"no such activity: {activity}")
    slowest, fastest = _SPEED_KMH[activity]
    if not slowest <= speed_kmh <= fastest:
        raise ValueError(f"{activity} at {speed_kmh} km/h; {slowest} to {fastest} are simulated")


def _draw_part(
    first_s: float, end_s: float, norm: _Norm, traits: Traits, tired: float, rng: np.random.Generator
) -> tuple[NDArray[np.void], float]:
    """Landings at one speed from `first_s` to before `end_s` -> (STRIDE, time of the landing after them)."""
    mean_s = norm.stride_s * traits.stride
    room = max(int((end_s - first_s) / mean_s * 1.1) + 10, 0)
    stride_s = mean_s * (1 + norm.stride_spread * _wander(room, rng))
    ic_s = first_s + np.concatenate([[0.0], np.cumsum(stride_s)])
    n = int(np.searchsorted(ic_s, end_s))
    strides = np.zeros(n, STRIDE)
    strides["ic_s"] = ic_s[:n]
    contact = norm.contact_share * traits.contact * tired
    strides["contact_s"] = stride_s[:n] * contact * (1 + 0.03 * _wander(n, rng))
    strides["peak_g"] = norm.peak_g * traits.peak * tired * np.exp(norm.peak_spread * _wander(n, rng))
    strides["rise_s"] = np.clip(traits.rise_s * (1 + 0.12 * _wander(n, rng)), 0.012, 0.035)
    strides["ring_hz"] = np.clip(traits.ring_hz * (1 + 0.08 * _wander(n, rng)), 15, 60)
    strides["decay_s"] = 0.014 * (1 + 0.1 * _wander(n, rng))
    strides["brake_g"] = norm.brake_g * (1 + 0.08 * _wander(n, rng))
    strides["push_g"] = norm.push_g * (1 + 0.06 * _wander(n, rng))
    strides["stance_g"] = norm.stance_g
    strides["swing_dps"] = norm.swing_dps * traits.swing * (1 + 0.04 * _wander(n, rng))
    strides["kind"] = norm.kind
    # Only the first landing of a bout keeps these: it is swung out of standing.
    strides["leave_s"] = strides["ic_s"] - 0.6 * mean_s
    strides["lead_s"] = _FIRST_LEAD_S
    return strides, float(ic_s[n])


def _wander(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Deviations from stride to stride, mean 0, standard deviation 1, within +-2.5, each like the one before
    it."""
    fresh = (1 - _MEMORY**2) ** 0.5 * rng.standard_normal(n)
    return np.clip(
        np.fromiter(accumulate(fresh, lambda last, new: _MEMORY * last + new), float, n), -2.5, 2.5
    )


def _closed(parts: list[NDArray[np.void]]) -> list[NDArray[np.void]]:
    """One bout: each landing's swing begins at the toe-off of the contact before, and the last foot stays."""
    bout = np.concatenate(parts) if parts else np.empty(0, STRIDE)
    if not len(bout):
        return []
    bout["leave_s"][1:] = bout["ic_s"][:-1] + bout["contact_s"][:-1]
    bout["lead_s"][1:] = np.minimum(0.55 * bout["contact_s"][:-1], _LEAD_MOST_S)
    bout["last"][-1] = True
    return [bout]


def shock_g(peak_g: NDArray[np.float64]) -> NDArray[np.float64]:
    """Size of the shock without gravity, such that the resultant with gravity reaches `peak_g`."""
    return np.sqrt(SHOCK_UP**2 - 1 + peak_g**2) - SHOCK_UP


def contacts_of(strides: NDArray[np.void]) -> NDArray[np.void]:
    """STRIDE -> CONTACT."""
    contacts = np.empty(len(strides), CONTACT)
    for name in ("ic_s", "peak_g", "kind"):
        contacts[name] = strides[name]
    contacts["contact_s"] = np.where(strides["last"], np.nan, strides["contact_s"])
    contacts["stride_s"] = np.nan
    if len(strides) > 1:
        contacts["stride_s"][:-1] = np.diff(strides["ic_s"])
    contacts["stride_s"][strides["last"]] = np.nan
    contacts["rise_g_s"] = _rise_g_s(strides)
    return contacts


def _rise_g_s(strides: NDArray[np.void]) -> NDArray[np.float64]:
    """Greatest slope of |shock + gravity| while the shock grows as half a cosine."""
    x = np.linspace(0, 1, 65)
    grown = shock_g(strides["peak_g"])[:, None] * 0.5 * (1 - np.cos(np.pi * x))
    resultant = np.sqrt(grown**2 + 2 * SHOCK_UP * grown + 1)
    return np.diff(resultant, axis=1).max(axis=1, initial=0) * 64 / strides["rise_s"]
