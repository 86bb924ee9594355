"""Names of the topics. A pod's stand in the firmware; here they are only read and put together."""

import re
from typing import Final

from strideload_pod.sync import PREFIX

LEAVES: Final = frozenset({"pages", "online", "state", "live", "ack", "settings", "status"})

RUNNER_PREFIX: Final = "strideload/runner/"
RUNNER_LEAVES: Final = ("summary", "symptoms", "pain")
PAIN_PARTS: Final = ("level", "site", "moment")
PAIN_SEND: Final = "send"
PAIN_SEND_PAYLOAD: Final = "send"
HOST_PREFIX: Final = "strideload/host/"

_TOPIC = re.compile(re.escape(PREFIX) + r"([0-9a-f]{16})/([a-z]+)")
_PAIN = re.compile(re.escape(RUNNER_PREFIX) + r"([0-9a-f]{16})/pain/(?:(level|site|moment)/set|(send))")


def parse(topic: str) -> tuple[str, str] | None:
    """(pod, leaf) of a pod's topic; None if it is not one, letter by letter."""
    match = _TOPIC.fullmatch(topic)
    if match is None or match[2] not in LEAVES:
        return None
    return match[1], match[2]


def of_pod(pod: str, leaf: str) -> str:
    """The topic of one pod's leaf; `+` as pod subscribes to all of them."""
    return f"{PREFIX}{pod}/{leaf}"


def of_runner(runner: str, leaf: str) -> str:
    """The topic of a runner, by the opaque id that the runner has at home."""
    return f"{RUNNER_PREFIX}{runner}/{leaf}"


def of_host(store: str, leaf: str) -> str:
    """The topic of a host, by the first half of its store's id."""
    return f"{HOST_PREFIX}{store[:16]}/{leaf}"


def pain_set(runner: str, part: str) -> str:
    """Where a part of a pain entry is set; `+` for all."""
    return of_runner(runner, f"pain/{part}/set")


def pain_send(runner: str) -> str:
    """Where a pain entry is sent off."""
    return of_runner(runner, f"pain/{PAIN_SEND}")


def parse_pain(topic: str) -> tuple[str, str] | None:
    """(runner, part or PAIN_SEND) of a command; None if it is not one, letter by letter."""
    match = _PAIN.fullmatch(topic)
    return None if match is None else (match[1], match[2] or match[3])
