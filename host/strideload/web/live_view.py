"""What happens now, in words: which pods run, which are away, and what to do when there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from strideload.store import Store
from strideload.web import pod_words
from strideload.web.doors import Live, LivePod
from strideload.words import phrases
from strideload.words.numbers import THIN_SPACE, duration, number
from strideload.words.pods import pod_name, spm

# A pod speaks once a second; after this long without a word it is not shown as running.
LIVE_LIMIT_S = 5.0

NO_POD_YET = "No pod has reported yet. Its cadence appears here while it runs."
NONE_RUNNING = (
    "No pod is running. Clip it to the shoe and run; it wakes by itself, and its cadence appears here."
)


GAITS = {"run": "running", "walk": "walking"}


@dataclass(frozen=True)
class RunningPod:
    pod: str
    name: str
    how: list[str]  # what it does, and where its samples come from unless from its own sensor
    cadence: str
    also: str


@dataclass(frozen=True)
class Counted:
    """What a pod counted of faults."""

    pod: str
    name: str
    faults: list[pod_words.Fault]


@dataclass(frozen=True)
class LiveView:
    trouble: str | None
    running: list[RunningPod]
    notes: list[str]  # a sentence for each other pod, and for what has not come yet
    quiet: str  # what to say while none runs
    counted: list[Counted]


def own_pods(live: Live, store: Store, runner: str, now_utc_us: int) -> list[LivePod]:
    """The pods that the runner wears: another's run is not theirs to see."""
    return [pod for pod in live.pods() if store.wearing(pod["pod"], now_utc_us).runner == runner]


def view(pods: Sequence[LivePod], trouble: str | None) -> LiveView:
    """`pods`: those that the runner wears; `trouble`: what holds up collecting."""
    return LiveView(
        trouble=trouble,
        running=[_running(pod) for pod in pods if is_running(pod)],
        notes=[note for pod in pods for note in _notes(pod)] + _waiting(pods),
        quiet=NONE_RUNNING if pods else NO_POD_YET,
        counted=[
            Counted(pod["pod"], pod_name(pod["pod"], pod["foot"]), faults)
            for pod in pods
            if (faults := pod_words.faults(pod))
        ],
    )


def is_running(pod: LivePod) -> bool:
    """Whether it spoke just now. A negative age is of a clock that was set back, and says nothing."""
    return pod["online"] and pod["age_s"] is not None and 0 <= pod["age_s"] <= LIVE_LIMIT_S


def _notes(pod: LivePod) -> list[str]:
    """Where a pod that does not run is, then what any pod asks for."""
    waits = pod["online"] and pod["recording"] is False  # in reach, but for no run
    where = [] if is_running(pod) or waits else [_away(pod)]
    return [*where, *pod_words.states(pod)]


def _running(pod: LivePod) -> RunningPod:
    also = [f"{number(pod['steps'])} steps (estimated)"] if pod["steps"] is not None else []
    if pod["peak_g"] is not None:
        also.append(f"last impact {number(pod['peak_g'], 1)}{THIN_SPACE}g")
    if pod["cue"] is not None:
        also.append(f"cue at {spm(pod['cue']['target_cspm'])}")
    return RunningPod(
        pod=pod["pod"],
        name=pod_name(pod["pod"], pod["foot"]),
        how=[
            word for word in (GAITS.get(pod["kind"] or ""), phrases.ORIGINS.get(pod["origin"] or "")) if word
        ],
        cadence=number(pod["cadence_spm"]),
        also=" · ".join(also),
    )


def _waiting(pods: Sequence[LivePod]) -> list[str]:
    pages = sum(pod["waiting"] or 0 for pod in pods)
    if not pages:
        return []
    return [f"{number(pages)} {'page is' if pages == 1 else 'pages are'} still to come from the pods."]


def _away(pod: LivePod) -> str:
    name = pod_name(pod["pod"], pod["foot"])
    if pod["online"]:
        return f"The {name} is in reach and waits for a run."
    if pod["age_s"] is None or pod["age_s"] < 0:
        return f"The {name} is out of reach."
    return f"The {name} is out of reach; last heard {duration(pod['age_s'])} ago."
