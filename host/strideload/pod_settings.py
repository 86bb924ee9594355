"""What pods are set to: changed here, taken by the pod when it next hears of it, and how far that has come."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from strideload.errors import StrideloadError
from strideload.protocol.errors import MessageError
from strideload.protocol.pod_settings import OWN_NAMES, ranges_of
from strideload.store import PodRow, Store, Wanted
from strideload.web.doors import SettingsNow
from strideload.words import pods

# A pod in reach says its state once a minute.
IN_REACH_S: Final = 150
OWN: Final = f"Nothing was set here: {pods.OWN_SETTINGS} holds."


@dataclass(frozen=True)
class KnownPod:
    """A pod that was added or has reported. `settings` None: none were ever set here."""

    pod: str
    foot: str
    runner: str | None
    last_heard_s: float | None  # ago; None: never
    battery_mv: int | None
    recording: bool | None
    why_not: str | None
    settings: SettingsNow | None


def change(store: Store, pod: str, own: Sequence[str] = (), **changes: Any) -> KnownPod:
    """Change what a pod is to have; what `own` names is the pod's own again. StrideloadError: nothing was named, or one
    twice, no such pod, or no pod has that."""
    given = {name: value for name, value in changes.items() if value is not None}
    for name in (word.replace("-", "_") for word in own):
        if name not in OWN_NAMES:
            raise StrideloadError(f"--own is one of {', '.join(map(option, OWN_NAMES))}, not {name!r}.")
        if name in given:
            raise StrideloadError(f"--{option(name)} and --own {option(name)} say two things.")
        given[name] = None
    if not given:
        raise StrideloadError("Nothing to set was named; strideload pod set --help lists what there is.")
    known_pod(store, pod)
    range_g, chip = given.get("range_g"), _state(store, pod).get("chip")
    if range_g is not None and range_g not in ranges_of(chip):
        known = ", ".join(map(str, sorted(ranges_of(chip))))
        raise StrideloadError(f"The {chip or 'sensor'} of this pod has {known} g, not {range_g}.")
    try:
        store.change_settings(pod, **given)
    except MessageError as error:
        raise StrideloadError(f"--{option(error.field)}: {error.reason}.") from error
    return known_pod(store, pod)


def option(name: str) -> str:
    """A setting as the command says it."""
    return name.replace("_", "-")


def mark(store: Store, pod: str, code: int) -> KnownPod:
    """Have a pod mark this moment. StrideloadError: it is out of reach, as a mark that comes late marks another."""
    found = known_pod(store, pod)
    if found.last_heard_s is None or found.last_heard_s > IN_REACH_S:
        raise StrideloadError(
            f"The {pods.pod_name(pod, found.foot)} is out of reach ({pods.last_heard(found.last_heard_s)}), "
            "and a mark is worth only its moment."
        )
    store.ask_for_mark(pod, code)
    return known_pod(store, pod)


def known_pods(store: Store, now_utc_us: int | None = None) -> list[KnownPod]:
    """All pods that were added or have reported, in order of their ids; by default as they are now."""
    now_utc_us = now_utc_us or time.time_ns() // 1000
    rows = {row.pod: row for row in store.pods()}
    wanted = {one.pod: one for one in store.wanted_settings()}
    every = sorted({*rows, *wanted, *store.assigned_pods()})
    return [_known_pod(store, pod, rows.get(pod), wanted.get(pod), now_utc_us) for pod in every]


def known_pod(store: Store, pod: str) -> KnownPod:
    """One of them. StrideloadError: there is no such pod."""
    every = {one.pod: one for one in known_pods(store)}
    if pod not in every:
        there = f"there are {', '.join(every)}" if every else "no pod was added or has reported yet"
        raise StrideloadError(f"There is no pod {pod!r}; {there}.")
    return every[pod]


def settings_now(wanted: Wanted, state: Mapping[str, Any]) -> SettingsNow:
    """What a pod is to have, and whether its last `state` says that it does."""
    confirmed, refused = state.get("settings"), state.get("settings_refused")
    if confirmed == wanted.version:
        status, refused = "confirmed", None
    else:
        status = "pending" if refused is None else "refused"
    return SettingsNow(
        version=wanted.version,
        set_utc_us=wanted.set_utc_us,
        wanted=wanted.settings.as_dict(),
        confirmed=confirmed,
        status=status,
        refused=refused,
    )


def _known_pod(
    store: Store, pod: str, row: PodRow | None, wanted: Wanted | None, now_utc_us: int
) -> KnownPod:
    state = (row.state if row else None) or {}
    wearing = store.wearing(pod, now_utc_us)
    seen_utc_us = row.last_seen_utc_us if row else None
    return KnownPod(
        pod=pod,
        foot=wearing.foot,
        runner=wearing.runner,
        last_heard_s=None if seen_utc_us is None else max(0.0, (now_utc_us - seen_utc_us) / 1e6),
        battery_mv=state.get("battery_mv"),
        recording=state.get("recording"),
        why_not=state.get("why_not"),
        settings=settings_now(wanted, state) if wanted else None,
    )


def _state(store: Store, pod: str) -> Mapping[str, Any]:
    return next((row.state for row in store.pods() if row.pod == pod and row.state), {})


def to_json(found: KnownPod | list[KnownPod]) -> str:
    return json.dumps([vars(pod) for pod in found] if isinstance(found, list) else vars(found))


def in_words(found: KnownPod) -> str:
    """A pod in a few sentences."""
    name = pods.pod_name(found.pod, found.foot)
    heard = f"{found.pod}: {name}, {pods.last_heard(found.last_heard_s)}."
    return f"{heard} {pods.standing(name, found.settings)}" if found.settings else f"{heard} {OWN}"
