"""The payloads that the host publishes for homes: JSON with the names of `facts`, and "v" in front."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any, Final

from strideload.home.facts import PAIN_ENTRIES_SHOWN, PodNow, RunnerDay, Symptoms
from strideload.home.pain import Draft

VERSION: Final = 1
DECIMALS: Final = 3
ONLINE, OFFLINE = b"1", b"0"


def summary(day: RunnerDay) -> bytes:
    """`summary`: a runner's day."""
    return _json(asdict(day))


def symptoms(found: Symptoms) -> bytes:
    """`symptoms`: where they stand, and the last entries."""
    shown = found.entries[:PAIN_ENTRIES_SHOWN]
    return _json(
        {"status": found.status, "reason": found.reason, "entries": [asdict(entry) for entry in shown]}
    )


def pain(draft: Draft) -> bytes:
    """`pain`: the entry that is being made, and what became of the last."""
    return _json(asdict(draft))


def status(pod: PodNow) -> bytes:
    """`status`: a pod as the host has it."""
    said = asdict(pod)
    del said["pod"]  # it stands in the topic
    return _json({**said, "faults_total": sum(pod.faults.values())})


def _json(message: Mapping[str, Any]) -> bytes:
    plain = {"v": VERSION, **{name: _plain(value) for name, value in message.items()}}
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode()


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return _instant(value)
        case date():
            return value.isoformat()
        case float():
            return round(value, DECIMALS) if isfinite(value) else None
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _instant(moment: datetime) -> str:
    """ISO 8601 to the second, with the offset that it has; without one it is UTC's."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(timespec="seconds")
