"""What the page needs from the rest of the house: the store, and plain data of days and of what is live."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, Protocol, TypedDict

from strideload.store import Store

DayJson = Mapping[str, Any]  # as `load.day.to_json` gives it


class SettingsNow(TypedDict):
    """What a pod is to have by this host, and how far that has come."""

    version: int
    set_utc_us: int
    wanted: Mapping[str, Any]  # as `PodSettings.as_dict` gives it
    confirmed: int | None  # the version that the pod has
    status: Literal["confirmed", "pending", "refused"]
    refused: str | None  # the pod's reason


class CueNow(TypedDict):
    """The cadence cue as the pod has it."""

    target_cspm: int  # 1/100 step a minute
    run: int  # of the programme, from 1


class LivePod(TypedDict):
    """A pod that the host has heard of, and what it said last. None: it does not say."""

    pod: str  # 16 hex digits
    foot: str  # left, right or unknown
    online: bool
    age_s: float | None  # since its last live message; None: none yet
    cadence_spm: float | None
    peak_g: float | None
    steps: int | None  # since its session began
    kind: str | None  # run, walk or uncertain
    origin: str | None  # sensor, recording or simulated
    recording: bool | None  # a step made now is kept
    why_not: str | None  # it does not record, in the pod's word
    free_pages: int | None  # room in its log
    raw: bool | None  # raw samples are kept as well
    raw_free_pages: int | None  # room for these
    raw_dropped: int | None  # pages of these that were not kept, since its boot
    rest_mg: int | None  # acceleration at rest, where that is not 1 g
    cue: CueNow | None
    settings: SettingsNow | None  # None: none were set here
    battery_mv: int | None
    waiting: int | None  # pages that it still holds; None: not known
    faults: Mapping[str, int]  # since its boot, by the counters' names


class Health(TypedDict):
    """How collecting goes."""

    trouble: str | None  # a sentence for the user, None while all is well
    rejections: Mapping[str, int]  # what was kept aside, by reason
    pages_waiting: int | None  # pages that pods still hold; None: not known
    counters: Mapping[str, int]  # what became of messages and pages since collecting began


class PodFigures(TypedDict):
    """A pod as a watcher is told of it: nothing of who wears it, nor of what was run. None: not known."""

    pod: str
    online: bool
    battery_mv: int | None
    last_seen_age_s: float | None
    faults: Mapping[str, int]  # since its boot


class HostFigures(TypedDict):
    """How a host is doing. None: not known, or there is no such thing."""

    well: bool
    threads: Mapping[str, bool]  # name -> lives
    broker_connected: bool
    connection_thread_deaths: int  # since the start, as all counts are that end in one
    deliveries_failed: int
    broker_restarts: int
    pages: Mapping[str, int]  # what became of them: stored, repeated, conflicting, lost
    refused: Mapping[str, int]  # what was kept aside or let go of, by reason; since the store began
    pages_waiting: int | None
    sessions_due: int  # not derived yet
    last_page_age_s: float | None
    store_bytes: int
    disk_free_bytes: int
    disk_used_bytes: int
    pods: Sequence[PodFigures]


class Days(Protocol):
    """The days of one runner."""

    def today(self) -> date:
        """Today in the runner's time zone."""
        ...

    def days(self, first: date, last: date) -> Sequence[DayJson]:
        """Each day from `first` to `last`, both included, in order."""
        ...


class Live(Protocol):
    """What happens now."""

    def pods(self) -> Sequence[LivePod]: ...

    def health(self) -> Health: ...


class Watch(Protocol):
    """How the host is doing, for a program that watches it."""

    def figures(self) -> HostFigures: ...


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Doors:
    """All of them. `runner`: whose page it is where nobody has to log in."""

    store: Store
    live: Live
    days: Callable[[str], Days]  # of a runner, by id
    runner: str
    now: Callable[[], datetime] = _now  # with a zone
    watch: Watch | None = None  # how the host is doing
    demo: bool = False  # all of it is simulated, and every page says so
