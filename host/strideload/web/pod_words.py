"""What a pod says of its own state, in words: why it does not record, its battery, and what its counters mean."""

from collections.abc import Iterator
from dataclasses import dataclass

from strideload.web.doors import LivePod
from strideload.words.numbers import THIN_SPACE, number
from strideload.words.pods import not_taken, pod_name
from strideload.words.quality import FAULTS

# A LiPo cell under load is all but empty here: its voltage falls steeply from 3.5 V on.
BATTERY_LOW_MV = 3500

# By the names of strideload_pod.sync's counters. What a page counts has its words in quality.FAULTS.
CONNECTION = {
    "sync_broken": "The connection was lost or could not be made; so it is whenever the pod leaves.",
    "sync_repeats": "No answer came for a while, and the pod sent again; nothing is lost by that.",
    "acks_refused": "An answer to the pod made no sense and was not obeyed.",
    "acks_foreign": "Another host answered, or this one of another log; the pod obeys only the one it is paired with.",
    "pages_unreadable": "Pages in the pod's memory could not be read and are lost. If it recurs, replace the board.",
    "gone_not_written": "The pod had no room to write down which pages are lost. Let it sync more often.",
    "raw_gave_way": "Raw pages were given up for steps, for the pod's memory was full. Let it sync more often.",
}
# What the pod counts beside its pages and its connection.
POD = {
    "int1_stuck": "INT1 stays high without samples; the pod goes by time and cannot sleep. Check its wire.",
    "line_gaps": "The pod did not look at its sensor while it connected. It does so outside a session only.",
}
NO_WORDS = "This version has no words for it."

# By a pod's own word for why it does not record; the empty one is of a pod that says no word.
LOG_FULL = "log full"
ASLEEP = "asleep"
WHY_NOT = {
    "": "its sensor cannot be read, or its memory cannot be written. "
    "Switch it off and on; if that does not help, look at its wires.",
    "chip": "its sensor cannot be read. Switch it off and on; if that does not help, look at its wires.",
    "flash": "its memory cannot be written. Switch it off and on; if that does not help, replace the board.",
    "off": "it was switched off, by its button or by its settings.",
}


@dataclass(frozen=True)
class Fault:
    name: str
    count: str
    words: str


def not_recording(pod: LivePod) -> str | None:
    """Why it records nothing, and what to do; None: it records, or does not say."""
    if pod["recording"] is not False:
        return None
    name, why = pod_name(pod["pod"], pod["foot"]), pod["why_not"]
    if why == ASLEEP:
        return f"The {name} is asleep and wakes by itself when the shoe moves."
    if why == LOG_FULL or (why is None and pod["free_pages"] == 0):
        there = "Leave it in reach until its pages have come."
        away = "Bring it into reach and let it sync."
        return f"The {name} does not record, for its memory is full. {there if pod['online'] else away}"
    return f"The {name} does not record: {WHY_NOT.get(why or '', f'{why}.')}"


def raw_full(pod: LivePod) -> str | None:
    """None: it keeps no raw samples, or has room for them and lost none."""
    dropped = pod["raw_dropped"] or 0
    if not (pod["raw"] and pod["raw_free_pages"] == 0) and not dropped:
        return None
    name = pod_name(pod["pod"], pod["foot"])
    lost = f"; {number(dropped)} pages of them were not kept" if dropped else ""
    return f"The {name} has too little room for raw samples{lost}. Its steps go on."


def not_at_rest(pod: LivePod) -> str | None:
    """None: its sensor showed 1 g at rest, or it does not say."""
    if pod["rest_mg"] is None:
        return None
    return (
        f"The sensor of the {pod_name(pod['pod'], pod['foot'])} shows {number(pod['rest_mg'] / 1000, 2)}"
        f"{THIN_SPACE}g at rest and not 1{THIN_SPACE}g, so its peaks are wrong. Set it for the part that is there."
    )


def settings_not_taken(pod: LivePod) -> str | None:
    """None: it has what was set here, or nothing was."""
    now = pod["settings"]
    return None if now is None else not_taken(pod_name(pod["pod"], pod["foot"]), now)


def low_battery(pod: LivePod) -> str | None:
    """None: it has enough, or does not say."""
    battery_mv = pod["battery_mv"]
    if battery_mv is None or battery_mv >= BATTERY_LOW_MV:
        return None
    volts = f"{number(battery_mv / 1000, 2)}{THIN_SPACE}V"
    return f"The battery of the {pod_name(pod['pod'], pod['foot'])} is low, {volts}. Charge it before the next run."


def faults(pod: LivePod) -> list[Fault]:
    """The counters above zero."""
    return [Fault(name, number(count), meaning(name)) for name, count in pod["faults"].items() if count]


def states(pod: LivePod) -> Iterator[str]:
    """A sentence for each thing that asks for something."""
    looks = (not_recording, low_battery, not_at_rest, raw_full, settings_not_taken)
    yield from (words for look in looks if (words := look(pod)) is not None)


def meaning(name: str) -> str:
    """What a counter says."""
    return CONNECTION.get(name) or POD.get(name) or " ".join(FAULTS.get(name, (NO_WORDS,))).strip()
