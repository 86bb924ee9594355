"""What happens now, in words: which pods run, which are away, and what to do when there is none."""

from dataclasses import dataclass

from strideload.web.doors import Live, LivePod
from strideload.words import phrases
from strideload.words.numbers import THIN_SPACE, duration, number

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
class LiveView:
    trouble: str | None
    running: list[RunningPod]
    notes: list[str]  # a sentence for each other pod, and for what has not come yet
    quiet: str  # what to say while none runs


def view(live: Live) -> LiveView:
    pods = live.pods()
    health = live.health()
    return LiveView(
        trouble=health["trouble"],
        running=[_running(pod) for pod in pods if _runs(pod)],
        notes=[_away(pod) for pod in pods if not _runs(pod)] + _waiting(health["pages_waiting"]),
        quiet=NONE_RUNNING if pods else NO_POD_YET,
    )


def pod_name(pod: str, foot: str) -> str:
    """ "left pod", or the pod's last four digits while its foot is not known."""
    return f"{foot} pod" if foot in ("left", "right") else f"pod {pod[-4:]}"


def _runs(pod: LivePod) -> bool:
    return pod["online"] and pod["age_s"] is not None and pod["age_s"] <= LIVE_LIMIT_S


def _running(pod: LivePod) -> RunningPod:
    also = [f"{number(pod['steps'])} steps (estimated)"] if pod["steps"] is not None else []
    if pod["peak_g"] is not None:
        also.append(f"last impact {number(pod['peak_g'], 1)}{THIN_SPACE}g")
    return RunningPod(
        pod=pod["pod"],
        name=pod_name(pod["pod"], pod["foot"]),
        how=[
            word for word in (GAITS.get(pod["kind"] or ""), phrases.ORIGINS.get(pod["origin"] or "")) if word
        ],
        cadence=number(pod["cadence_spm"]),
        also=" · ".join(also),
    )


def _waiting(pages: int | None) -> list[str]:
    if not pages:
        return []
    return [f"{number(pages)} {'page is' if pages == 1 else 'pages are'} still to come from the pods."]


def _away(pod: LivePod) -> str:
    name = pod_name(pod["pod"], pod["foot"])
    if pod["online"]:
        return f"The {name} is in reach and waits for a run."
    if pod["age_s"] is None:
        return f"The {name} is out of reach."
    return f"The {name} is out of reach; last heard {duration(pod['age_s'])} ago."
