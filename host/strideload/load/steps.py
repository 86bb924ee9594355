"""What the load functions work on: steps of one foot as a structured array, and the sessions they lie in."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

Foot = Literal["left", "right", "unknown"]
Origin = Literal["sensor", "recording", "simulated", "unknown"]
MarkSource = Literal["button", "host", "unknown"]
CueOutcome = Literal["given", "faded", "failed", "unknown"]

# One row a contact of this foot, in order of time. NaN: not known.
STEP = np.dtype(
    [
        ("ic_utc_us", "<i8"),  # initial contact, microseconds since 1970
        ("contact_s", "<f8"),  # initial contact to toe-off
        ("stride_s", "<f8"),  # to the next contact of this foot
        ("peak_g", "<f8"),  # greatest resultant acceleration around contact
        ("rise_g_s", "<f8"),  # greatest rise of acceleration into that peak
        ("kind", "u1"),  # page.STEP_KIND_*
        ("flags", "u1"),  # page.STEP_CLIPPED ...
    ]
)


class Cue(NamedTuple):
    """A cue that was due, as the pod wrote it down. None: not known."""

    utc_us: int
    target_cspm: int | None  # 1/100 step a minute
    cadence_cspm: int | None  # mean of the ten seconds before
    outcome: CueOutcome
    run: int | None  # of the programme, from 1
    share_percent: int | None  # of this run, in which cues are given


@dataclass(frozen=True)
class Session:
    """One dated session of one pod, with the steps of it that are asked for."""

    session_id: int
    pod: str
    foot: Foot
    start_utc_us: int
    end_utc_us: int
    odr_hz: int  # nominal
    acc_range_g: int  # 0: not known
    chip: str
    origin: Origin
    resampled: bool
    open: bool  # no end record yet: still running, or cut off
    faults: dict[str, int] = field(default_factory=dict[str, int])  # raised in it, by page.COUNTERS' names
    gaps: tuple[tuple[int, int], ...] = ()  # (start_utc_us, lost_us)
    pages_lost: int = 0  # pages of this session that the pod declared gone or that were corrupt
    cues: tuple[Cue, ...] = ()
    content: str | None = None  # digest of all that it says, with all its steps; None: it has to be looked at
    steps: np.ndarray = field(default_factory=lambda: np.empty(0, STEP))


class SessionPlace(NamedTuple):
    """Where a session lies in time and what tells it from any other, without its steps."""

    start_utc_us: int
    end_utc_us: int
    foot: Foot
    session_id: int
    content: str | None  # as `Session.content`


class Alive(NamedTuple):
    """A pod's word that it lived at a moment. `watching`: its chip was being read, so a step would have been seen."""

    utc_us: int
    pod: str = ""
    origin: Origin = "sensor"
    watching: bool = True


@dataclass(frozen=True)
class Mark:
    """Someone marked this moment. `code`: what it means to who made it."""

    at_utc_us: int
    pod: str
    source: MarkSource
    code: int
    origin: Origin = "sensor"
