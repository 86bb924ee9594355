"""What a pod says of its own state, in words: why it does not record, its battery, and what its counters mean."""

from collections.abc import Iterator
from dataclasses import dataclass

from strideload.web.doors import LivePod
from strideload.words.numbers import THIN_SPACE, number
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
NO_WORDS = "This version has no words for it."


@dataclass(frozen=True)
class Fault:
    name: str
    count: str
    words: str


def pod_name(pod: str, foot: str) -> str:
    """ "left pod", or the pod's last four digits while its foot is not known."""
    return f"{foot} pod" if foot in ("left", "right") else f"pod {pod[-4:]}"


def not_recording(pod: LivePod) -> str | None:
    """Why it records nothing, and what to do; None: it records, or does not say."""
    if pod["recording"] is not False:
        return None
    name = pod_name(pod["pod"], pod["foot"])
    if pod["free_pages"] == 0 and pod["online"]:
        return f"The {name} does not record, for its memory is full. Leave it in reach until its pages have come."
    if pod["free_pages"] == 0:
        return f"The {name} does not record, for its memory is full. Bring it into reach and let it sync."
    return (
        f"The {name} does not record: its sensor cannot be read, or its memory cannot be written. "
        "Switch it off and on; if that does not help, look at its wires."
    )


def low_battery(pod: LivePod) -> str | None:
    """None: it has enough, or does not say."""
    battery_mv = pod["battery_mv"]
    if battery_mv is None or battery_mv >= BATTERY_LOW_MV:
        return None
    volts = f"{number(battery_mv / 1000, 2)}{THIN_SPACE}V"
    return f"The battery of the {pod_name(pod['pod'], pod['foot'])} is low, {volts}. Charge it before the next run."


def faults(pod: LivePod) -> list[Fault]:
    """The counters above zero."""
    return [Fault(name, number(count), _meaning(name)) for name, count in pod["faults"].items() if count]


def states(pod: LivePod) -> Iterator[str]:
    """A sentence for each thing that asks for something."""
    yield from (words for words in (not_recording(pod), low_battery(pod)) if words is not None)


def _meaning(name: str) -> str:
    return CONNECTION.get(name) or " ".join(FAULTS.get(name, (NO_WORDS,))).strip()
