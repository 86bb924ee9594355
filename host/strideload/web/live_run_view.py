"""The run that goes on, large enough to read from a treadmill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from strideload.load.cued import BAND_SHARE
from strideload.store import Store
from strideload.web import live_view
from strideload.web.doors import Live, LivePod
from strideload.words import phrases
from strideload.words.numbers import NOT_KNOWN, THIN_SPACE, duration, number
from strideload.words.pods import pod_name

# A session whose last page is older than this is not the one that goes on.
RECENT_US = 5 * 60 * 1_000_000


@dataclass(frozen=True)
class Band:
    """Within which a cue is silent. `where`: of the cadence, in words."""

    low: float
    high: float
    said: str
    where: str


@dataclass(frozen=True)
class RunningView:
    pod: str
    name: str
    how: list[str]
    cadence: str
    spm: float | None  # for static/live.js
    peak: str
    steps: str
    time: str
    band: Band | None


@dataclass(frozen=True)
class LiveRunView:
    trouble: str | None
    running: list[RunningView]  # the first is drawn
    quiet: str


def view(live: Live, store: Store, runner: str, now_utc_us: int) -> LiveRunView:
    """Of the pods that the runner wears."""
    own = live_view.own_pods(live, store, runner, now_utc_us)
    running = [pod for pod in own if live_view.is_running(pod)]
    began = _began(store, runner, now_utc_us) if running else {}
    return LiveRunView(
        trouble=live.health()["trouble"],
        running=[_running(pod, began, now_utc_us) for pod in _by_foot(running)],
        quiet=live_view.NONE_RUNNING if own else live_view.NO_POD_YET,
    )


def _by_foot(pods: Sequence[LivePod]) -> list[LivePod]:
    return sorted(pods, key=lambda pod: (pod["foot"] == "unknown", pod["foot"], pod["pod"]))


def _began(store: Store, runner: str, now_utc_us: int) -> Mapping[str, int]:
    """When the session of each pod began that goes on now, as far as its pages have come."""
    recent = store.sessions(runner, now_utc_us - RECENT_US, now_utc_us)
    return {session.pod: session.start_utc_us for session in recent if session.open}


def _running(pod: LivePod, began: Mapping[str, int], now_utc_us: int) -> RunningView:
    start = began.get(pod["pod"])
    kind = live_view.GAITS.get(pod["kind"] or "")
    peak = NOT_KNOWN if pod["peak_g"] is None else f"{number(pod['peak_g'], 1)}{THIN_SPACE}g"
    return RunningView(
        pod=pod["pod"],
        name=pod_name(pod["pod"], pod["foot"]),
        how=[word for word in (kind, phrases.ORIGINS.get(pod["origin"] or "")) if word],
        cadence=number(pod["cadence_spm"]),
        spm=pod["cadence_spm"],
        peak=peak,
        steps=NOT_KNOWN if pod["steps"] is None else f"{number(pod['steps'])} (estimated)",
        time="not known yet" if start is None else duration((now_utc_us - start) / 1e6),
        band=_band(pod),
    )


def _band(pod: LivePod) -> Band | None:
    """None: it does not cue."""
    if pod["cue"] is None:
        return None
    target = pod["cue"]["target_cspm"] / 100
    low, high = target * (1 - BAND_SHARE), target * (1 + BAND_SHARE)
    said = f"{number(low)} to {number(high)}{THIN_SPACE}steps/min"
    return Band(round(low, 2), round(high, 2), said, _where(pod["cadence_spm"], low, high))


def _where(spm: float | None, low: float, high: float) -> str:
    if spm is None:
        return "not known"
    return "below it" if spm < low else "above it" if spm > high else "within it"
