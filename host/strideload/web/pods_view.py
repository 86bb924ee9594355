"""Pods as their page shows them: how each is, what it is set to, what it cues, who wears it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from strideload import cueing
from strideload.load import cue as programme
from strideload.pod_settings import KnownPod, known_pods
from strideload.protocol.pod_settings import ranges_of
from strideload.store import Store
from strideload.store.reading import Undated
from strideload.web import pod_words
from strideload.web.doors import LivePod, SettingsNow
from strideload.web.local_times import field_value, write_local
from strideload.web.visitor import Visitor
from strideload.words.numbers import NOT_KNOWN, THIN_SPACE, duration, number
from strideload.words.pods import pod_name, standing
from strideload.words.sentences import capital
from strideload_pod.imu import GYRO_CODES, RATE_CODES
from strideload_pod.settings import RECORDINGS

YES_NO = {"yes": True, "no": False}
OWN = "own"  # of a setting that is taken back


@dataclass(frozen=True)
class Choice:
    """A setting that the page offers: its name, what it is called, and (value, words) of what it may be."""

    name: str
    label: str
    options: list[tuple[str, str]]


@dataclass(frozen=True)
class Worn:
    """One assignment. `from_utc_us` None: whoever has the pods that no one was given."""

    from_utc_us: int | None
    since: str
    who: str
    foot: str


@dataclass(frozen=True)
class PodView:
    pod: str
    name: str
    sentence: str
    notes: list[str]  # what asks for something
    facts: list[tuple[str, str, str]]  # name, value, whose definition stands on /metrics; "": a name
    faults: list[pod_words.Fault]
    standing: str
    choices: list[Choice]
    cue: list[str]  # []: it is another's
    cued: bool
    worn: list[Worn]
    foot: str
    runner: str | None


@dataclass(frozen=True)
class PodsView:
    pods: list[PodView]
    runners: list[tuple[str, str]]  # whom a pod may be given to: (id, name)
    now: str  # for a field of a form
    undated: int
    percent: int
    percent_most: int
    own: str  # the value of a setting that is to be the pod's own again


def view(store: Store, live: Mapping[str, LivePod], visitor: Visitor, now_utc_us: int) -> PodsView:
    """The pods that the visitor wears, or all of them for the keeper, who is told no other's cue; `live`: by pod."""
    names = store.runner_names()
    states = {row.pod: row.state or {} for row in store.pods()}
    seen = [as_told(visitor, pod) for pod in known_pods(store, now_utc_us) if is_theirs(visitor, pod)]
    return PodsView(
        pods=[
            _pod(store, pod, states.get(pod.pod, {}), live.get(pod.pod), visitor, names, now_utc_us)
            for pod in seen
        ],
        runners=[(runner, names[runner]) for runner in _may_wear(visitor, names)],
        now=field_value(store, visitor.runner, now_utc_us),
        undated=sum(may_place(store, visitor, one) for one in store.undated()),
        percent=int(programme.PERCENT),
        percent_most=int(programme.PERCENT_MOST),
        own=OWN,
    )


def is_theirs(visitor: Visitor, pod: KnownPod) -> bool:
    return visitor.may("keep") or pod.runner == visitor.runner


def wears(visitor: Visitor, pod: KnownPod) -> bool:
    return pod.runner == visitor.runner


def as_told(visitor: Visitor, pod: KnownPod) -> KnownPod:
    """A cue's target is made of its runner's own cadence: whoever keeps the house is told of nobody else's."""
    if wears(visitor, pod) or pod.settings is None:
        return pod
    return replace(pod, settings=_without_cue(pod.settings))


def _without_cue(now: SettingsNow) -> SettingsNow:
    return {**now, "wanted": {name: value for name, value in now["wanted"].items() if name != "cue"}}


def may_place(store: Store, visitor: Visitor, session: Undated) -> bool:
    """Whether an undated session is the visitor's: they wore the pod when it came, or keep the house."""
    if visitor.may("keep"):
        return True
    came_utc_us = session.received_utc_us
    return came_utc_us is not None and store.wearing(session.pod, came_utc_us).runner == visitor.runner


def _may_wear(visitor: Visitor, names: Mapping[str, str]) -> list[str]:
    return list(names) if visitor.may("keep") else [visitor.runner]


def _pod(
    store: Store,
    pod: KnownPod,
    state: Mapping[str, Any],
    live: LivePod | None,
    visitor: Visitor,
    names: Mapping[str, str],
    now_utc_us: int,
) -> PodView:
    name = pod_name(pod.pod, pod.foot)
    cue = cueing.show(store, pod.pod) if wears(visitor, pod) else None
    if live is not None:
        live = {**live, "settings": pod.settings}
    return PodView(
        pod=pod.pod,
        name=capital(name),
        sentence=_sentence(pod, live),
        notes=list(pod_words.states(live)) if live else [],
        facts=list(_facts(store, pod, state, live, visitor)),
        faults=pod_words.faults(live) if live else [],
        standing=standing(name, pod.settings) if pod.settings else "What its own settings.toml says holds.",
        choices=_choices(state.get("chip")),
        cue=cueing.in_words(cue).splitlines() if cue else [],
        cued=cue is not None and cue.target_cspm is not None,
        worn=_worn(store, pod.pod, visitor, names, now_utc_us),
        foot=pod.foot,
        runner=pod.runner,
    )


def _sentence(pod: KnownPod, live: LivePod | None) -> str:
    if live is not None and live["online"]:
        return "It runs and records." if live["recording"] else "It is in reach, and records when you run."
    if pod.last_heard_s is None:
        return "It was never heard. It reports by itself once it has power, and the broker's address and password."
    return f"It is out of reach; last heard {duration(pod.last_heard_s)} ago."


def _facts(
    store: Store, pod: KnownPod, state: Mapping[str, Any], live: LivePod | None, visitor: Visitor
) -> Iterator[tuple[str, str, str]]:
    battery = "not known" if pod.battery_mv is None else f"{number(pod.battery_mv / 1000, 2)}{THIN_SPACE}V"
    last = store.last_page_utc_us(pod.pod)
    yield "Battery", battery, "battery_v"
    yield "Last page", "none yet" if last is None else write_local(store, visitor.runner, last), "last_page"
    yield "Pages still to come", number(live["waiting"] if live else None), "pages_to_come"
    yield "Room in its log", _pages(state.get("free_pages")), "free_pages"
    yield "Sensor", str(state.get("chip") or NOT_KNOWN), ""
    yield "Firmware", str(state.get("firmware") or NOT_KNOWN), ""
    yield "Id", pod.pod, ""


def _pages(count: int | None) -> str:
    return NOT_KNOWN if count is None else f"{number(count)} pages"


def _choices(chip: str | None) -> list[Choice]:
    unit = THIN_SPACE
    return [
        Choice("odr_hz", "Rate", [(str(hz), f"{hz}{unit}Hz") for hz in sorted(RATE_CODES)]),
        Choice("range_g", "Range", [(str(g), f"±{g}{unit}g") for g in sorted(ranges_of(chip))]),
        Choice(
            "gyro_dps",
            "Rotation",
            [("0", "not measured"), *((str(dps), f"±{dps}{unit}°/s") for dps in sorted(GYRO_CODES))],
        ),
        Choice("recording", "Recording", [(word, _RECORDING.get(word, word)) for word in RECORDINGS]),
        Choice("raw", "Raw samples", [("yes", "kept on its card"), ("no", "not kept")]),
    ]


_RECORDING = {"auto": "by motion", "on": "always", "off": "never"}


def _worn(store: Store, pod: str, visitor: Visitor, names: Mapping[str, str], now_utc_us: int) -> list[Worn]:
    """Whoever wears it now, then who did, the newest first, then who will. Of others only the keeper learns more than
    that they did.
    """
    said = store.assignments(pod)
    begun = [one for one in said if one.from_utc_us <= now_utc_us]
    worn = [
        Worn(
            one.from_utc_us,
            _since(store, visitor, one.from_utc_us, now_utc_us),
            _who(one.runner, names),
            one.foot,
        )
        for one in [*reversed(begun), *said[len(begun) :]]
        if visitor.may("keep") or one.runner == visitor.runner
    ]
    nobodys = store.wearing(pod, now_utc_us).runner
    if not begun and nobodys is not None:
        worn.insert(0, Worn(None, "until then" if said else "always", _who(nobodys, names), "unknown"))
    return worn


def _since(store: Store, visitor: Visitor, from_utc_us: int, now_utc_us: int) -> str:
    if from_utc_us == 0:
        return "always"
    when = write_local(store, visitor.runner, from_utc_us)
    return f"since {when}" if from_utc_us <= now_utc_us else f"from {when} on"


def _who(runner: str, names: Mapping[str, str]) -> str:
    return names.get(runner, "somebody whose data was erased")
