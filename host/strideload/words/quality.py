"""What is to be said of a day's data: where they come from, and what each fault did to them and asks for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from strideload.load import day as day_load
from strideload.web.doors import DayJson
from strideload.words.numbers import THIN_SPACE, duration, number

NOTABLE_SHARE = 0.001  # one impact in a thousand

FEET = {"left": "left foot", "right": "right foot", "unknown": "foot not known"}

# By the names of page.COUNTERS: what it did to the data, and what to do.
FAULTS = {
    "fifo_overruns": (
        "The pod read its sensor too late; samples are missing there.",
        "If it comes again, lower the pod's rate.",
    ),
    "bus_errors": ("The sensor did not answer at times.", "Look at the wires between board and sensor."),
    "clipped_samples": (
        "Samples reached the sensor's limit, so peaks there are lower bounds.",
        "Choose a wider range, ±32 g if the sensor has it.",
    ),
    "fifo_stalls": (
        "The sensor stopped and was started anew; samples are missing there.",
        "Look at its supply.",
    ),
    "register_errors": (
        "The sensor lost its settings and was set anew; samples are missing there.",
        "Look at its supply and wires.",
    ),
    "pages_dropped": ("The pod's memory was full, and pages were dropped.", "Let it sync more often."),
    "log_errors": (
        "The pod's memory failed to take a page at the first try.",
        "If it comes again, replace the board.",
    ),
    "samples_lost": ("Samples are missing; strides across them are marked and not measured.", ""),
    "steps_dropped": (
        "The pod was too busy to keep every step, so sums are lower bounds.",
        "Lower its rate.",
    ),
    "rest_errors": (
        "The sensor did not show 1 g at rest when a session began: its peaks may be half or double.",
        "Look whether the sensor is the one that the pod is set up for.",
    ),
    "bus_frees": (
        "The bus to the sensor was stuck and was set free.",
        "Look at the wires between board and sensor.",
    ),
}


@dataclass(frozen=True)
class Remark:
    """`word` says what kind of remark it is, so that none needs a colour."""

    word: str
    text: str
    metric: str = ""  # whose definition stands on /metrics


def remarks(day: DayJson, rejections: Mapping[str, int]) -> list[Remark]:
    """Origin first, then what is estimated, then faults; a recorded day without faults says so."""
    faults = [*_losses(day), *_peaks(day), *_faults(day["faults"]), *_rejections(rejections)]
    if day["sessions"] and not faults:
        faults = [Remark("No faults", "Nothing was lost, clipped or refused.")]
    return [*_origins(day), *_watch(day), *_estimates(day), *faults]


ORIGINS = {
    "sensor": ("Recorded", "By the pod's own sensor"),
    "recording": ("From a recording", "Played through a simulated sensor"),
    "simulated": ("Simulated", "Steps of a simulated runner, not of a person"),
    "unknown": ("Origin not known", "The pod does not say where its samples come from"),
}
WATCHES = {"simulated": "The pod on watch was a simulated one."}
NOT_ADDED = "All sums are of what is marked “{}”; what is marked “{}” is listed and not added."
NOT_WATCHING = "A pod reported, but its sensor could not be read: whether there was a run is not known."
RESAMPLED = "The recording was brought to the sensor's rate: times hold, peaks are rounded off."
OPEN = "A session has no end yet: it is still running, or was cut off."
ESTIMATED = "One pod sees one foot: where only one recorded, its steps and impacts count twice."


def _origins(day: DayJson) -> Iterator[Remark]:
    sessions = day["sessions"]
    for origin in day["origins"]:
        word, text = ORIGINS[origin]
        sensors = dict.fromkeys(_sensor(session) for session in sessions if session["origin"] == origin)
        if sensors:
            yield Remark(word, f"{text}: {', '.join(sensors)}.")
        elif origin != "sensor":  # of a watch; a pod's own sensor goes without saying
            yield Remark(word, WATCHES[origin])
    if len(day["origins"]) > 1:
        first, *others = (ORIGINS[origin][0] for origin in day["origins"])
        yield Remark("Not added", NOT_ADDED.format(first, " and ".join(others)), "strides_set_aside")
    if any(session["resampled"] for session in sessions):
        yield Remark("Resampled", RESAMPLED)
    if any(session["open"] for session in sessions):
        yield Remark("Open", OPEN)


def _sensor(session: Mapping[str, Any]) -> str:
    range_g = session["acc_range_g"]
    parts = [session["chip"], f"{number(session['odr_hz'])}{THIN_SPACE}Hz"]
    parts += [f"±{range_g}{THIN_SPACE}g"] if range_g is not None else []
    return f"{' '.join(parts)} ({FEET[session['foot']]})"


def _watch(day: DayJson) -> Iterator[Remark]:
    if day["reason"] == day_load.NOT_WATCHING:
        yield Remark("Not watched", NOT_WATCHING, "known")


def _estimates(day: DayJson) -> Iterator[Remark]:
    if day["steps_estimated"]:
        yield Remark("Estimated", ESTIMATED, "steps_estimated")


def _losses(day: DayJson) -> Iterator[Remark]:
    if gaps := day["gaps"]:
        lasted = f"{_count(gaps, 'gap')}, {_seconds(day['gap_s'])} in all"
        yield Remark("Missing", f"{lasted}; what fell into them is not counted.", "gaps")
    if pages := day["pages_lost"]:
        text = f"{_count(pages, 'page')} did not outlast the way from the pod, so sums are lower bounds."
        yield Remark("Lost", text, "pages_lost")
    if strides := day["strides_set_aside"]:
        text = (
            f"{_count(strides, 'stride')} of one more pod at the same time, or of another origin, not added."
        )
        yield Remark("Set aside", text, "strides_set_aside")


def _peaks(day: DayJson) -> Iterator[Remark]:
    load = day["together"] or {}
    if (clipped := load.get("clipped_share") or 0) >= NOTABLE_SHARE:
        text = f"{_percent(clipped)} of the impacts reached the sensor's limit: their peaks are lower bounds."
        yield Remark("Clipped", text, "clipped_share")
    if (marked := load.get("unreliable_share") or 0) >= NOTABLE_SHARE:
        text = f"{_percent(marked)} of the peaks read low, for the sensor's rate or range was too small. "
        yield Remark("Peaks marked", text + "Compare them only with days recorded alike.", "unreliable_share")


def _faults(faults: Mapping[str, int]) -> Iterator[Remark]:
    for name, count in faults.items():
        what, to_do = FAULTS.get(name, ("This version has no words for it.", ""))
        yield Remark("Fault", f"{what} {to_do}".strip() + f" ({name}: {number(count)})", "faults")


def _rejections(rejections: Mapping[str, int]) -> Iterator[Remark]:
    if count := sum(rejections.values()):
        reasons = ", ".join(f"{reason} ({number(n)})" for reason, n in rejections.items() if n)
        text = f"{_count(count, 'message')} could not be taken: {reasons}. strideload doctor says more."
        yield Remark("Kept aside", text)


def _count(count: int, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{number(100 * share, 1 if share < 0.1 else 0)}{THIN_SPACE}%"


def _seconds(seconds: float) -> str:
    return f"{number(seconds, 1)}{THIN_SPACE}s" if seconds < 10 else duration(seconds)
