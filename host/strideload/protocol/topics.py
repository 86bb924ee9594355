"""Names of the topics. They stand in the firmware; here they are only read and put together."""

import re
from typing import Final

from strideload_pod.sync import PREFIX

LEAVES: Final = frozenset({"pages", "online", "state", "live", "ack", "settings"})

_TOPIC = re.compile(re.escape(PREFIX) + r"([0-9a-f]{16})/([a-z]+)")


def parse(topic: str) -> tuple[str, str] | None:
    """(pod, leaf) of a pod's topic; None if it is not one, letter by letter."""
    match = _TOPIC.fullmatch(topic)
    if match is None or match[2] not in LEAVES:
        return None
    return match[1], match[2]


def of_pod(pod: str, leaf: str) -> str:
    """The topic of one pod's leaf; `+` as pod subscribes to all of them."""
    return f"{PREFIX}{pod}/{leaf}"
