"""When and how hard a runner's foot lands: strides drawn from distributions, by activity, speed, foot strike and way.

Figures and where they come from (docs/validation.md holds them against recordings):
- stride and contact by speed: Cavanagh and Kram 1989; Brughelli et al. 2011; walking: Hirokawa 1989
- foot strikes, and how their shocks differ: Hasegawa et al. 2007; Lieberman et al. 2010; Giandolini et al. 2014
- sizes of the shock at the shoe, 15-60 Hz: Shorten and Winslow 1992; Gruber et al. 2014
- slopes: Gottschall and Kram 2005 (a shock half as high again at 9 deg down, hardly any at 9 deg up)
- variation from stride to stride and its memory: Jordan et al. 2006
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from strideload_pod.page import STEP_KIND_RUN, STEP_KIND_WALK

Free = Literal["tap", "lace", "knock", "bang", "drive", "cycle", "lift", "bag"]
"""What is done with a shoe without a step; `free.py` has each."""

Activity = Literal["run", "walk", "stand"] | Free
Strike = Literal["rearfoot", "midfoot", "forefoot"]


class Way(NamedTuple):
    """Where a part of a plan leads: rise over run, and after how many metres the runner turns back (0: never)."""

    slope: float = 0.0
    turn_every_m: float = 0.0


LEVEL = Way()

Part = tuple[Activity, float, float] | tuple[Activity, float, float, Way]
"""(activity, seconds, km/h) and the way, if it is not level and straight."""

CONTACT = np.dtype(
    [
        ("ic_s", "<f8"),  # initial contact, seconds from the session's start
        ("contact_s", "<f8"),  # to toe-off; NaN: the foot stays on the ground
        ("stride_s", "<f8"),  # to the next contact of this foot; NaN: there is none in this bout
        ("peak_g", "<f8"),  # greatest resultant acceleration of the landing
        ("rise_g_s", "<f8"),  # greatest rise of the resultant into that peak, by the shock alone
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
        ("tilt_deg", "<f8"),  # toes above the heel at contact; negative: below
        ("turn_deg", "<f8"),  # change of heading in this swing
        ("shape", "<f8", (8,)),  # what else differs from stride to stride, standard normal
        ("kind", "u1"),
    ]
)

MOVING: dict[Activity, tuple[float, float]] = {"run": (6.0, 22.0), "walk": (2.0, 8.0)}
"""What needs a speed, and from where to where in km/h."""

ACTIVITIES: tuple[Activity, ...] = ("run", "walk", "stand", *get_args(Free))

_LEAD_MOST_S = 0.3
_FIRST_LEAD_S = 0.3  # the heel's rise out of standing
_MEMORY = 0.6  # a stride's correlation with the one before
_WEAK = ((0.55, 0.95), (0.8, 1.0))  # a bout's first two landings, from and to, as a share of the usual
_WEAK_LAST = (0.35, 0.75)
# The strides of half a turn: longer by, and landing softer by, from and to; walking, and a third of it in running.
_TURN_LONGER = ((0.0, 0.12), (0.1, 0.55), (0.05, 0.3))
_TURN_SOFTER = ((0.5, 0.9), (0.25, 0.7), (0.6, 1.0))
_SHOCK_BY_SLOPE = 2.7


@dataclass(frozen=True)
class Traits:
    """What makes one runner differ from the next: factors on stride, contact, peak, rotation and the forces of the
    swing, the shock's form, how much it shakes the pod, and how far the foot leaves the plane of running."""

    stride: float
    contact: float
    peak: float
    swing: float
    rise_s: float
    ring_hz: float
    force: float
    shake: float
    roll: float
    yaw: float
    side: float


@dataclass(frozen=True)
class Landing:
    """How a foot strike differs: toes above the heel at contact (running), and factors on the shock."""

    tilt_deg: float
    rise: float
    peak: float
    ring: float
    contact: float


LANDINGS: dict[Strike, Landing] = {
    "rearfoot": Landing(tilt_deg=16.0, rise=1.0, peak=1.0, ring=1.0, contact=1.0),
    "midfoot": Landing(tilt_deg=3.0, rise=1.15, peak=0.85, ring=0.95, contact=0.97),
    "forefoot": Landing(tilt_deg=-9.0, rise=1.35, peak=0.7, ring=0.85, contact=0.94),
}


def draw_traits(rng: np.random.Generator) -> Traits:
    return Traits(
        stride=1 + 0.045 * _bounded(rng),
        contact=1 + 0.04 * _bounded(rng),
        peak=float(np.exp(0.25 * _bounded(rng))),
        swing=1 + 0.18 * _bounded(rng),
        rise_s=rng.uniform(0.015, 0.026),
        ring_hz=rng.uniform(22, 45),
        force=float(np.exp(0.15 * _bounded(rng))),
        shake=float(np.exp(0.6 * _bounded(rng))),
        roll=float(np.exp(0.3 * _bounded(rng))),
        yaw=float(np.exp(0.3 * _bounded(rng))),
        side=_bounded(rng),
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
    tilt_deg: float
    stride_spread: float
    peak_spread: float
    rise: float
    ring: float
    decay_s: float
    kind: int


def _norm(activity: Activity, speed_kmh: float, strike: Strike, slope: float) -> _Norm:
    """Uphill the shock all but goes, contact lengthens, and the foot lands flatter; downhill the reverse."""
    level = _level_norm(activity, speed_kmh, LANDINGS[strike])
    values = dict(vars(level))
    values["peak_g"] *= float(np.exp(-_SHOCK_BY_SLOPE * slope))
    values["contact_share"] *= 1 + 0.3 * slope
    values["push_g"] *= 1 + 1.2 * slope
    values["tilt_deg"] -= 40 * slope
    values["swing_dps"] *= 1 - 0.3 * slope
    return _Norm(**values)


def _level_norm(activity: Activity, speed_kmh: float, landing: Landing) -> _Norm:
    if activity == "run":
        faster = speed_kmh - 10
        stride_s = 0.735 - 0.0125 * faster
        return _Norm(
            stride_s=stride_s,
            contact_share=(0.26 - 0.0125 * faster + 0.0004 * faster**2) / stride_s * landing.contact,
            peak_g=(9.5 + 0.85 * faster) * landing.peak,
            brake_g=6.6 + 0.25 * faster,
            push_g=3.6 + 0.15 * faster,
            stance_g=0.7,
            swing_dps=620 + 30 * faster,
            tilt_deg=landing.tilt_deg,
            stride_spread=0.015,
            peak_spread=0.14,
            rise=landing.rise,
            ring=landing.ring,
            decay_s=0.014,
            kind=STEP_KIND_RUN,
        )
    faster = speed_kmh - 5
    return _Norm(
        stride_s=1.1 - 0.08 * faster,
        contact_share=0.615 - 0.01 * faster,
        peak_g=5.6 + 0.8 * faster,
        brake_g=2.6 + 0.3 * faster,
        push_g=2.6 + 0.3 * faster,
        stance_g=0.05,
        swing_dps=390 + 25 * faster,
        tilt_deg=17.0,
        stride_spread=0.03,
        peak_spread=0.22,
        rise=1.0,
        ring=1.0,
        decay_s=0.026,
        kind=STEP_KIND_WALK,
    )


def draw_strides(
    plan: Sequence[Part],
    traits: Traits,
    strike: Strike,
    fatigue_per_hour: float,
    rng: np.random.Generator,
) -> NDArray[np.void]:
    """All landings of a plan, as STRIDE. A bout lasts as long as walking and running follow each other."""
    bouts: list[NDArray[np.void]] = []
    bout: list[NDArray[np.void]] = []
    start_s = 0.0
    landing_s: float | None = None  # the next one, while a bout goes on
    for part in plan:
        activity, seconds, speed_kmh = part[:3]
        way = part[3] if len(part) > 3 else LEVEL
        _check(activity, seconds, speed_kmh)
        end_s = start_s + seconds
        if activity in MOVING:
            norm = _norm(activity, speed_kmh, strike, way.slope)
            first_s = start_s + 0.7 * norm.stride_s if landing_s is None else landing_s
            tired = 1 + fatigue_per_hour * start_s / 3600
            strides, landing_s = _draw_part(first_s, end_s, norm, traits, tired, rng)
            if way.turn_every_m:
                landing_s = _turn(strides, landing_s, way.turn_every_m / (speed_kmh / 3.6), rng)
                late = strides["ic_s"] >= end_s
                landing_s = float(np.min(strides["ic_s"][late], initial=landing_s))
                strides = strides[~late]
            bout.append(strides)
        else:
            bouts += _closed(bout, rng)
            bout, landing_s = [], None
        start_s = end_s
    bouts += _closed(bout, rng)
    return np.concatenate(bouts) if bouts else np.empty(0, STRIDE)


def _check(activity: Activity, seconds: float, speed_kmh: float) -> None:
    if not seconds > 0:
        raise ValueError(f"{activity} for {seconds} s is no part of a plan")
    if activity in MOVING:
        slowest, fastest = MOVING[activity]
        if not slowest <= speed_kmh <= fastest:
            raise ValueError(f"{activity} at {speed_kmh} km/h; {slowest} to {fastest} are simulated")
    elif activity not in ACTIVITIES:
        raise ValueError(f"no such activity: {activity}")


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
    strides["rise_s"] = np.clip(traits.rise_s * norm.rise * (1 + 0.12 * _wander(n, rng)), 0.012, 0.035)
    strides["ring_hz"] = np.clip(traits.ring_hz * norm.ring * (1 + 0.08 * _wander(n, rng)), 15, 60)
    strides["decay_s"] = norm.decay_s * (1 + 0.1 * _wander(n, rng))
    strides["brake_g"] = norm.brake_g * traits.force * (1 + 0.1 * _wander(n, rng))
    strides["push_g"] = norm.push_g * traits.force * (1 + 0.1 * _wander(n, rng))
    strides["stance_g"] = norm.stance_g
    strides["swing_dps"] = norm.swing_dps * traits.swing * (1 + 0.06 * _wander(n, rng))
    strides["tilt_deg"] = norm.tilt_deg + 1.5 * _wander(n, rng)
    strides["shape"] = np.clip(rng.standard_normal((n, 8)), -2.5, 2.5)
    strides["kind"] = norm.kind
    # Only the first landing of a bout keeps these: it is swung out of standing.
    strides["leave_s"] = strides["ic_s"] - 0.42 * mean_s
    strides["lead_s"] = _FIRST_LEAD_S
    return strides, float(ic_s[n])


def _turn(strides: NDArray[np.void], next_s: float, every_s: float, rng: np.random.Generator) -> float:
    """Half a turn each `every_s`: long, soft strides that differ; all that follows is later. -> next landing."""
    due_s = (strides["ic_s"][0] if len(strides) else 0.0) + every_s
    side = 1.0
    k = 1
    while k + len(_TURN_LONGER) < len(strides):
        if strides["ic_s"][k] < due_s:
            k += 1
            continue
        much = 1.0 if strides["kind"][k] == STEP_KIND_WALK else 1 / 3
        for j, longer, softer in zip(range(k, len(strides)), _TURN_LONGER, _TURN_SOFTER, strict=False):
            change = much * float(rng.uniform(*longer))
            later_s = change * (strides["ic_s"][j] - strides["ic_s"][j - 1])
            strides["ic_s"][j:] += later_s
            next_s += later_s
            strides["contact_s"][j - 1] *= 1 + change
            share = 1 - much * (1 - float(rng.uniform(*softer)))
            strides["peak_g"][j] *= share
            for name in ("brake_g", "push_g", "swing_dps"):
                strides[name][j] *= share**0.5
            strides["turn_deg"][j] = side * 180 / len(_TURN_LONGER)
        side = -side
        k += len(_TURN_LONGER)
        due_s = strides["ic_s"][k - 1] + every_s
    return next_s


def _wander(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Deviations from stride to stride, mean 0, standard deviation 1, within +-2.5, each like the one before
    it."""
    fresh = (1 - _MEMORY**2) ** 0.5 * rng.standard_normal(n)
    return np.clip(
        np.fromiter(accumulate(fresh, lambda last, new: _MEMORY * last + new), float, n), -2.5, 2.5
    )


def _closed(parts: list[NDArray[np.void]], rng: np.random.Generator) -> list[NDArray[np.void]]:
    """One bout: each landing's swing begins at the toe-off of the contact before, and the last foot stays."""
    bout = np.concatenate(parts) if parts else np.empty(0, STRIDE)
    if not len(bout):
        return []
    bout["leave_s"][1:] = bout["ic_s"][:-1] + bout["contact_s"][:-1]
    bout["lead_s"][1:] = np.minimum(0.62 * bout["contact_s"][:-1], _LEAD_MOST_S)
    bout["last"][-1] = True
    weak = np.ones(len(bout))
    for at, share in enumerate(_WEAK[: len(bout)]):
        weak[at] = rng.uniform(*share)
    weak[-1] *= rng.uniform(*_WEAK_LAST)
    bout["peak_g"] *= weak
    for name in ("brake_g", "push_g", "swing_dps"):
        bout[name] *= weak**0.5
    return [bout]


# The landing shock points up, somewhat backward and a little to the side.
SHOCK_BACK = 0.35
SHOCK_SIDE = 0.15
SHOCK_UP = (1 - SHOCK_BACK**2 - SHOCK_SIDE**2) ** 0.5


def shock_g(peak_g: NDArray[np.float64]) -> NDArray[np.float64]:
    """Size of the shock without gravity, such that the resultant with gravity alone reaches `peak_g`."""
    return np.sqrt(SHOCK_UP**2 - 1 + np.maximum(peak_g, 1.5) ** 2) - SHOCK_UP


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
