"""What the season's runner's watch recorded: how far each run of the last weeks went, and how much up."""

from collections.abc import Callable
from datetime import date
from hashlib import blake2b
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from strideload import days
from strideload.load.activity import Track, track
from strideload.simulate.runner import Plan
from strideload.simulate.season import RUNS_AT, PastDay, days_before, utc_ms
from strideload.store import Store
from strideload.store.activities import Activity

WATCH_WEEKS: Final = 6  # before these the runner had none: how far a run went is not known
POINT_EVERY_S: Final = 5
DISTANCE_ERROR: Final = 0.01  # standard deviation, as a share
ROAD_ASCENT_M, TRAIL_ASCENT_M = 20.0, 110.0
SUNDAY: Final = 6


def keep_activities(store: Store, runner: str, today: date) -> None:
    """Keep an activity for each run of the last weeks of the season that ended before `today`, if there is none yet."""
    if store.activities.all(runner):
        return
    zone_of = days.zoning(store, runner)
    for past in days_before(today):
        if past.plan and (today - past.day).days <= 7 * WATCH_WEEKS:
            store.activities.add(runner, *_recorded(past, past.plan, zone_of))


def _recorded(past: PastDay, plan: Plan, zone_of: Callable[[date], str]) -> tuple[Activity, Track]:
    start_us = 1000 * utc_ms(past.day, RUNS_AT, ZoneInfo(zone_of(past.day)))
    points = _points(past.day, plan, start_us)
    climbed_m = TRAIL_ASCENT_M if past.day.weekday() == SUNDAY else ROAD_ASCENT_M
    activity = Activity(
        content=blake2b(points.tobytes(), digest_size=16).hexdigest(),
        name="Evening run, simulated",
        start_utc_us=start_us,
        end_utc_us=int(points["utc_us"][-1]),
        distance_m=float(points["distance_mm"][-1]) / 1000,
        ascent_m=climbed_m,
        descent_m=climbed_m,
    )
    return activity, points


def _points(day: date, plan: Plan, start_us: int) -> Track:
    """The plan's speeds with the watch's error, which is the same all day."""
    ends_s = np.cumsum([0.0, *(part[1] for part in plan)])
    ends_m = np.cumsum([0.0, *(part[1] * part[2] / 3.6 for part in plan)])
    at_s = np.append(np.arange(0.0, ends_s[-1], POINT_EVERY_S), ends_s[-1])
    error = np.random.default_rng(day.toordinal()).normal(1.0, DISTANCE_ERROR)
    utc_us = [start_us + round(1e6 * float(s)) for s in at_s]
    return track(utc_us, [float(m) for m in error * np.interp(at_s, ends_s, ends_m)])
