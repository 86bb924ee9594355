"""The cadence cue of a pod: switched on at a target from the runner's own runs, shown, and switched off."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from strideload.load import cue as programme
from strideload.load.cadence import OwnCadence
from strideload.load.intervals import Interval, Intervals, intersection, union
from strideload.load.zones import EPOCH
from strideload.pod_settings import KnownPod, known_pod
from strideload.protocol.pod_settings import CueTarget
from strideload.runner.diary import utc_us
from strideload.runner.own_cadence import own_cadence
from strideload.store import Store
from strideload.words import cues, training
from strideload.words.numbers import THIN_SPACE, number
from strideload.words.pods import not_taken, pod_name, spm, standing
from strideload_pod.cue import share_percent


@dataclass(frozen=True)
class Cueing:
    """The cue of one pod. `baseline` None: there is none, `no_baseline` says why."""

    pod: KnownPod
    baseline: OwnCadence | None
    no_baseline: str | None
    target_cspm: int | None  # that the pod is to have; None: no cue
    run: int | None  # of the programme, as the pod says

    @property
    def over_percent(self) -> float | None:
        """How far the target lies over the baseline; None: one of them is not known."""
        if self.baseline is None or self.target_cspm is None:
            return None
        return self.target_cspm / self.baseline.cadence_spm - 100


def switch_on(store: Store, pod: str, percent: float = programme.PERCENT) -> Cueing:
    """Begin the programme anew at `percent` over the runner's own cadence. CueRefused, StrideloadError."""
    found = known_pod(store, pod)
    target = programme.target_cspm(_own(store, found).cadence_spm, percent, present_target_cspm(found))
    store.change_settings(pod, cue=CueTarget(target))
    return show(store, pod)


def switch_off(store: Store, pod: str) -> Cueing:
    """End the programme. StrideloadError: no such pod."""
    known_pod(store, pod)
    store.change_settings(pod, cue=None)
    return show(store, pod)


def show(store: Store, pod: str) -> Cueing:
    """How things stand. StrideloadError: no such pod."""
    found = known_pod(store, pod)
    own, reason = None, None
    try:
        own = _own(store, found)
    except programme.CueRefused as error:
        reason = str(error)
    return Cueing(found, own, reason, present_target_cspm(found), present_run(store, found))


def to_json(cueing: Cueing) -> str:
    """Plain JSON; null is "not known" or "none"."""
    said = asdict(cueing) | {
        "over_percent": cueing.over_percent,
        "share_percent": None if cueing.run is None else share_percent(cueing.run),
        "basis": cues.basis(cueing.baseline),
        "evidence": cues.EVIDENCE,
        "fading": cues.FADING,
        "caveat": cues.CAVEAT,
    }
    return json.dumps(said, allow_nan=False)


def in_words(cueing: Cueing) -> str:
    """A sentence a line: what holds, what it rests on, what is known of such cues, and what to beware of."""
    return "\n".join(_lines(cueing))


def _lines(cueing: Cueing) -> Iterator[str]:
    name = pod_name(cueing.pod.pod, cueing.pod.foot)
    if cueing.target_cspm is None:
        yield f"The {name} has no cadence cue."
        pending = None if cueing.pod.settings is None else not_taken(name, cueing.pod.settings)
        if pending:
            yield pending
    else:
        yield f"The {name} cues towards {spm(cueing.target_cspm)}{_above(cueing.over_percent)}."
        if cueing.pod.settings is not None:
            yield standing(name, cueing.pod.settings)
        if cueing.run is not None:
            yield cues.stage(cueing.run)
    if cueing.baseline is None:
        yield cueing.no_baseline or ""
    else:
        yield f"Your own cadence: {training.own_cadence(cueing.baseline)}"
    yield cues.basis(cueing.baseline)
    if cueing.target_cspm is not None:
        yield cues.FADING
    yield cues.EVIDENCE
    yield cues.CAVEAT


def _above(over_percent: float | None) -> str:
    if over_percent is None:
        return ""
    if number(over_percent, 1) == "0.0":
        return ", your own cadence: that is no raise"
    return f", {number(over_percent, 1)}{THIN_SPACE}% over your own cadence"


def _own(store: Store, pod: KnownPod) -> OwnCadence:
    if pod.runner is None:
        raise programme.CueRefused("No runner wears this pod, so there is no cadence of anybody's own.")
    now = EPOCH + timedelta(microseconds=time.time_ns() // 1000)
    return own_cadence(store, pod.runner, union(times_of_cues(store, pod.runner, utc_us(now))), now)


def times_of_cues(store: Store, runner: str, now_utc_us: int) -> Intervals:
    """When pods were to have a cue while this runner wore them, whoever's it was."""
    found: list[Interval] = []
    for pod in (newest.pod for newest in store.wanted_settings()):
        history = store.settings_history(pod)
        ends = [one.set_utc_us for one in history[1:]] + [now_utc_us]
        cued = [(one.set_utc_us, end) for one, end in zip(history, ends, strict=True) if one.settings.cue]
        if cued:
            found += intersection(cued, _times_worn(store, pod, runner, cued[0][0], now_utc_us))
    return found


def _times_worn(store: Store, pod: str, runner: str, start_utc_us: int, end_utc_us: int) -> Intervals:
    """When a runner wore a pod within [start, end]."""
    later = [one for one in store.assignments(pod) if start_utc_us < one.from_utc_us < end_utc_us]
    since = [start_utc_us, *(one.from_utc_us for one in later)]
    who = [store.wearing(pod, start_utc_us).runner, *(one.runner for one in later)]
    times = zip(who, since, [*since[1:], end_utc_us], strict=True)
    return [(first, end) for wearer, first, end in times if wearer == runner]


def present_target_cspm(pod: KnownPod) -> int | None:
    """That the pod is to have, 1/100 step a minute; None: no cue."""
    cue: dict[str, Any] | None = pod.settings["wanted"]["cue"] if pod.settings else None
    return cue["target_cspm"] if cue else None


def present_run(store: Store, pod: KnownPod) -> int | None:
    """The present run of the programme, of a pod that has the target which it is to have."""
    state = next((row.state for row in store.pods() if row.pod == pod.pod), None) or {}
    cue = state.get("cue")
    return cue["run"] if cue and cue["target_cspm"] == present_target_cspm(pod) else None
