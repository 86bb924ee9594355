"""What a watch recorded of an outing: how far, when. It tells the distance of a run that a pod recorded meanwhile."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

# As a track is kept: integers, so that the bytes are the same on every machine.
STORED: Final = np.dtype([("utc_us", "<i8"), ("distance_mm", "<i8")])

# A watch that was started late, or stopped early, still tells most of a run; less than this, and it is another outing.
LEAST_SHARE: Final = 0.5

Track = npt.NDArray[np.void]  # (n,) of STORED: times rise, distances do not fall


@dataclass(frozen=True)
class Found:
    """How far a run went by a watch. `share`: of the run's time, that the watch recorded."""

    distance_m: float
    share: float


def track(utc_us: Sequence[int], distance_m: Sequence[float]) -> Track:
    """A track of points in any order; of points at one moment the farthest counts. ValueError: lengths differ."""
    points = np.empty(len(utc_us), STORED)
    points["utc_us"] = utc_us
    points["distance_mm"] = np.rint(np.asarray(distance_m, np.float64) * 1000)
    points = points[np.lexsort((points["distance_mm"], points["utc_us"]))]
    last = np.append(np.diff(points["utc_us"]) > 0, True)[: len(points)]
    points = points[last]
    points["distance_mm"] = np.maximum.accumulate(points["distance_mm"])
    return points


def pack(points: Track) -> bytes:
    """A track as it is kept: differences, compressed."""
    steps = np.empty(len(points), STORED)
    for name in STORED.names or ():
        steps[name] = np.diff(points[name], prepend=0)
    return zlib.compress(steps.tobytes(), 6)


def unpack(data: bytes) -> Track:
    """What `pack` made. ValueError: it is not."""
    try:
        steps = np.frombuffer(zlib.decompress(data), STORED)
    except (zlib.error, ValueError) as error:
        raise ValueError("no track") from error
    points = np.empty(len(steps), STORED)
    for name in STORED.names or ():
        points[name] = np.cumsum(steps[name])
    return points


def within(points: Track, start_utc_us: int, end_utc_us: int) -> Found | None:
    """How far the track goes within a run; None: it covers less than LEAST_SHARE of its time, or is no line."""
    if len(points) < 2 or end_utc_us <= start_utc_us:
        return None
    utc_us = points["utc_us"]
    low, high = max(start_utc_us, int(utc_us[0])), min(end_utc_us, int(utc_us[-1]))
    share = (high - low) / (end_utc_us - start_utc_us)
    if share < LEAST_SHARE:
        return None
    # Relative to the first point, so that no microsecond is lost in a float.
    x = (utc_us - utc_us[0]).astype(np.float64)
    at = np.interp([low - int(utc_us[0]), high - int(utc_us[0])], x, points["distance_mm"] / 1000)
    return Found(float(at[1] - at[0]), min(1.0, share))
