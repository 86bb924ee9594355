"""One runner's day: what was recorded, by which foot, and how far it can be trusted.

Every figure of `to_json` is defined in `load/metrics.py` and docs/metrics.md. None is "not known"; zero is
said only of a day that is known.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from strideload.load import formulas
from strideload.load.contacts import Contacts, contacts_of
from strideload.load.coverage import cover, in_rank
from strideload.load.gait import DEFAULTS, Load, Parameters, load_of
from strideload.load.intervals import clip, intersection, total_s, touches, union
from strideload.load.plain import plain
from strideload.load.runs import Run, runs_of
from strideload.load.steps import Alive, Foot, Mark, Origin, Session
from strideload_pod import page

MINOR_SHARE = 0.01
WATCHING: tuple[Origin, ...] = ("sensor", "simulated")  # whose alive records make a day known
FEWEST_TO_COMPARE = 20  # strides a foot, below which left and right are not set side by side

Known = Literal["recorded", "alive", "rest", "ran_without", "unknown"]
Note = Literal["rest", "ran_without"]
StepsBasis = Literal["counted", "estimated", "partly estimated"]

REASONS: dict[str, str] = {
    "recorded": "a pod recorded it",
    "alive": "a pod was on watch and recorded no session",
    "rest": "the runner noted a rest day",
    "ran_without": "the runner noted a run without a pod",
    "unknown": "no pod reported and nothing was noted",
}
NOT_WATCHING = "a pod reported, but its sensor could not be read"
RAN_WITHOUT_AS_WELL = "a pod recorded it, and the runner noted a run without a pod: all sums are lower bounds"


@dataclass(frozen=True)
class Compared:
    """One figure of the right foot beside the left one's, from strides in which both were measured."""

    left: float
    right: float
    asymmetry_percent: float | None
    balance: float | None


@dataclass(frozen=True)
class SessionPart:
    """One pod's session, as far as it lies within the day; faults and lost pages are of the whole session."""

    session_id: str  # 16 hex digits
    pod: str
    foot: Foot
    start_utc_us: int  # of the whole session
    end_utc_us: int
    recorded_s: float
    strides: int
    chip: str
    odr_hz: int
    acc_range_g: int | None
    origin: str
    resampled: bool
    open: bool
    gaps: int
    gap_s: float
    pages_lost: int
    faults: dict[str, int]


@dataclass(frozen=True)
class Day:
    """One day of one runner."""

    date: date
    zone: str
    start_utc_us: int
    end_utc_us: int
    known: Known
    reason: str
    note: Note | None
    origins: tuple[Origin, ...]  # of all sessions, or of the watch; only the first counts in the sums
    recorded_s: float
    running_s: float | None
    walking_s: float | None
    steps: int | None
    steps_counted: int | None
    steps_estimated: int | None
    steps_basis: StepsBasis | None
    longest_run_s: float | None
    together: Load | None
    left: Load | None
    right: Load | None
    unknown: Load | None  # the foot is not known
    asymmetry: dict[str, Compared] | None
    runs: tuple[Run, ...]
    sessions: tuple[SessionPart, ...]
    marks: tuple[Mark, ...] = ()
    faults: dict[str, int] = field(default_factory=dict[str, int])
    gaps: int = 0
    gap_s: float = 0.0
    pages_lost: int = 0
    strides_set_aside: int = 0
    parameters: Parameters = DEFAULTS


def summarise(
    day: date,
    zone: str,
    start_utc_us: int,
    end_utc_us: int,
    sessions: Sequence[Session],
    alive: Iterable[Alive] = (),
    note: Note | None = None,
    parameters: Parameters = DEFAULTS,
    marks: Iterable[Mark] = (),
) -> Day:
    """The day [start, end) of one runner from the sessions that touch it; their order changes nothing.

    A contact belongs to the day in which it fell; a session's faults and lost pages to the day in which it
    began. `alive`: when pods said that they live. `note`: what the runner said of the day. `marks`: what pods marked.
    All sums are of the first-ranking origin of the day's sessions; what is of another is listed and set aside.
    """
    window = (start_utc_us, end_utc_us)
    within = {s.session_id: _rows_within(s, *window) for s in sessions}
    listed = [s for s in sessions if _is_part(s, within, *window)]
    origins = in_rank({s.origin for s in listed})
    of_first = [s for s in sessions if s.origin in origins[:1]]
    # One that ends as the day begins is no part of it, but shares that very moment with those that are.
    coverage = cover([s for s in of_first if s.end_utc_us == start_utc_us or _is_part(s, within, *window)])
    counted = [s for s in coverage.sessions if _is_part(s, within, *window)]
    contacts = contacts_of(coverage, within)
    alive_today = [one for one in alive if start_utc_us <= one.utc_us < end_utc_us]
    watch = _watch(alive_today)
    known = _known(bool(listed), watch is not None, note)
    recorded = known == "recorded"
    measured = recorded or known == "alive"
    feet = {foot: _load_of_foot(counted, contacts, foot, parameters) for foot in ("left", "right", "unknown")}
    together = load_of(contacts, contacts.share, contacts.steps, parameters) if measured else None
    runs = runs_of(coverage, contacts, within, *window)
    parts = tuple(_part(s, within[s.session_id], *window) for s in sorted(listed, key=_by_time))
    of_sums = [part for part in parts if part.origin in origins[:1]]
    began_here = [s for s in counted if start_utc_us <= s.start_utc_us < end_utc_us]
    estimated = contacts.steps_estimated
    steps = int(np.sum(contacts.steps))
    return Day(
        date=day,
        zone=zone,
        start_utc_us=start_utc_us,
        end_utc_us=end_utc_us,
        known=known,
        reason=_reason(known, note, alive_today),
        note=note,
        origins=(watch,) if known == "alive" and watch else origins,
        recorded_s=total_s(clip(coverage.recorded, *window)),
        running_s=together.running.time_s if together else (0.0 if known == "rest" else None),
        walking_s=together.walking.time_s if together else None,
        steps=steps if measured else None,
        steps_counted=steps - estimated if measured else None,
        steps_estimated=estimated if measured else None,
        steps_basis=_basis(steps, estimated),
        longest_run_s=max(
            (run.running_s for run in runs), default=0.0 if measured or known == "rest" else None
        ),
        together=together,
        left=feet["left"],
        right=feet["right"],
        unknown=feet["unknown"],
        asymmetry=_asymmetry(contacts),
        runs=runs,
        sessions=parts,
        marks=tuple(mark for mark in marks if start_utc_us <= mark.at_utc_us < end_utc_us),
        faults=dict(sorted(_sum_of_faults(began_here).items())),
        gaps=sum(part.gaps for part in of_sums),
        gap_s=sum(part.gap_s for part in of_sums),
        pages_lost=sum(s.pages_lost for s in began_here),
        strides_set_aside=sum(map(len, within.values())) - len(contacts.rows),
        parameters=parameters,
    )


def to_json(day: Day) -> dict[str, Any]:
    """The day as plain JSON, see `plain`."""
    return plain(day, day.zone)


def _basis(steps: int, estimated: int) -> StepsBasis | None:
    """In one word; what is left over where two pods began and ended a moment apart does not change it."""
    if not steps:
        return None
    part = estimated / steps
    return (
        "counted" if part <= MINOR_SHARE else "estimated" if part >= 1 - MINOR_SHARE else "partly estimated"
    )


def _rows_within(session: Session, start: int, end: int) -> NDArray[np.void]:
    ic = session.steps["ic_utc_us"]
    return session.steps[(ic >= start) & (ic < end)]


def _is_part(session: Session, within: dict[int, NDArray[np.void]], start: int, end: int) -> bool:
    return (
        touches(session.start_utc_us, session.end_utc_us, start, end) or len(within[session.session_id]) > 0
    )


def _by_time(session: Session) -> tuple[int, str, int]:
    return session.start_utc_us, session.pod, session.session_id


def _watch(alive: Sequence[Alive]) -> Origin | None:
    """The origin of the watch over a day, from its alive records; None: nobody watched.

    A pod that could not read its chip at one of them missed part of the day. A recording that was played back says
    nothing of the day that it was placed on; of an origin that is not known no more.
    """
    blind = {one.pod for one in alive if not one.watching}
    origins = in_rank({one.origin for one in alive if one.pod not in blind})
    return next((origin for origin in origins if origin in WATCHING), None)


def _reason(known: Known, note: Note | None, alive: Sequence[Alive]) -> str:
    if known == "recorded" and note == "ran_without":
        return RAN_WITHOUT_AS_WELL
    if known == "unknown" and any(one.origin in WATCHING and not one.watching for one in alive):
        return NOT_WATCHING
    return REASONS[known]


def _known(recorded: bool, alive: bool, note: Note | None) -> Known:
    if recorded:
        return "recorded"
    if note == "ran_without":  # a pod on watch says nothing of a run without it
        return "ran_without"
    if alive:
        return "alive"
    return note or "unknown"


def _load_of_foot(
    present: Sequence[Session], contacts: Contacts, foot: Foot, parameters: Parameters
) -> Load | None:
    if not any(s.foot == foot for s in present):
        return None
    own = contacts.where(contacts.foot == foot)
    one = np.ones(len(own.rows))
    return load_of(own, one, one, parameters)


def _asymmetry(contacts: Contacts) -> dict[str, Compared] | None:
    """Running strides while both feet were measured; None: too few, or a foot is not known."""
    both = contacts.where(contacts.steps == 1).of_kind(page.STEP_KIND_RUN)
    left, right = (both.rows[both.foot == foot] for foot in ("left", "right"))
    if min(len(left), len(right)) < FEWEST_TO_COMPARE:
        return None
    compared: dict[str, Compared] = {}
    for name in ("contact_s", "peak_g", "rise_g_s"):
        l, r = formulas.median(left[name]), formulas.median(right[name])  # noqa: E741 left and right
        if l is not None and r is not None:
            compared[name] = Compared(l, r, formulas.asymmetry_percent(l, r), formulas.balance(l, r))
    return compared


def _part(session: Session, rows: NDArray[np.void], start: int, end: int) -> SessionPart:
    own = clip([(session.start_utc_us, session.end_utc_us)], start, end)
    missing = intersection(own, union((at, at + lost) for at, lost in session.gaps))
    return SessionPart(
        session_id=f"{session.session_id:016x}",
        pod=session.pod,
        foot=session.foot,
        start_utc_us=session.start_utc_us,
        end_utc_us=session.end_utc_us,
        recorded_s=total_s(own),
        strides=len(rows),
        chip=session.chip,
        odr_hz=session.odr_hz,
        acc_range_g=session.acc_range_g or None,
        origin=session.origin,
        resampled=session.resampled,
        open=session.open,
        gaps=sum(start <= at < end for at, _ in session.gaps),
        gap_s=total_s(missing),
        pages_lost=session.pages_lost,
        faults=dict(sorted(session.faults.items())),
    )


def _sum_of_faults(sessions: Iterable[Session]) -> Counter[str]:
    total: Counter[str] = Counter()
    for session in sessions:
        total.update(session.faults)
    return +total
