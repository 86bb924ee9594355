"""The messages for homes as JSON schemas, made of the very classes that they are written from."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from strideload.home.facts import PAIN_ENTRIES_SHOWN, PodNow, RunnerDay, Symptoms
from strideload.home.messages import VERSION
from strideload.home.pain import Draft
from strideload.load.metrics import METRICS
from strideload.load.symptoms import PAIN_MOST

Schema = dict[str, Any]

# What is no figure of load/metrics.py.
DESCRIPTIONS: Final = {
    "date": "the day, where the runner is",
    "start": "the midnight that it begins with",
    "origin": "where the samples of the sums come from; sums of a recording or the simulator are no measurement",
    "spike_ratio": "the longest run over the longest of the 30 days before; null: no run, or no baseline",
    "next_run_min": "the plan's most for the next run, minutes; an opinion",
    "status": "how symptoms stand by the load rules; no diagnosis",
    "reason": "why, in words",
    "entries": f"the last {PAIN_ENTRIES_SHOWN} entries of pain at most, the newest first",
    "site": "where it hurts",
    "moment": "when, beside a run",
    "level": f"pain, 0 to {PAIN_MOST}",
    "entered": "when it was entered",
    "answer": "what became of the last command",
    "answered": "when that was",
    "foot": "left, right or unknown",
    "online": "it is connected; null: not heard since the host began",
    "battery_mv": "battery; null: not measured",
    "last_sync": "when it was heard last",
    "waiting_pages": "pages that it had when it was heard last, and the host has not",
    "faults": "how often since its boot, by the counters' names of docs/page-format.md",
    "faults_total": "sum of these",
    "firmware": "version of the firmware",
    "chip": "part number of the sensor",
}
_METRICS: Final = {metric.id: metric for metric in METRICS}
_PLAIN: Final[dict[Any, Schema]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


def _described(name: str) -> str:
    if name in DESCRIPTIONS:
        return DESCRIPTIONS[name]
    metric = _METRICS[name]
    return f"{metric.name}{f', {metric.unit}' if metric.unit else ''}: {metric.definition}"


def _schema(kind: Any) -> Schema:
    """Of a type as the classes of `facts` use them."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"type": "string", "enum": list(inner)}
    if origin in (Union, types.UnionType):
        [one] = [part for part in inner if part is not type(None)]
        found = _schema(one)
        nothing: Schema = {"enum": [*found["enum"], None]} if "enum" in found else {}
        return found | {"type": [found["type"], "null"]} | nothing
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(inner[1])}
    if origin is Sequence:
        return {"type": "array", "items": _object(inner[0])}
    raise TypeError(f"no schema for {kind}")


def _object(kind: Any, leave: typing.Collection[str] = ()) -> Schema:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind) if field.name not in leave]
    properties = {name: _schema(hints[name]) | {"description": _described(name)} for name in names}
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def _message(kind: Any, leave: typing.Collection[str] = ()) -> Schema:
    found = _object(kind, leave)
    found["properties"] = {"v": {"type": "integer", "const": VERSION}, **found["properties"]}
    found["required"] = ["v", *found["required"]]
    return found


SUMMARY: Final = _message(RunnerDay)
SYMPTOMS: Final = _message(Symptoms)
PAIN: Final = _message(Draft)
STATUS: Final = _message(PodNow, leave=("pod",))
STATUS["properties"]["faults_total"] = _PLAIN[int] | {"description": _described("faults_total")}
STATUS["required"].append("faults_total")
