"""The AsyncAPI 3 document of every topic, made of what reads and writes them. docs/asyncapi.json is its copy."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from strideload import __version__
from strideload.home import discovery, messages
from strideload.home import schemas as home
from strideload.home.facts import PainChoices, PainEntry, PodNow, RunnerAtHome, RunnerDay, Symptoms
from strideload.home.pain import COMMAND_BYTES, Draft
from strideload.load.symptoms import PAIN_MOST
from strideload.protocol import schemas as pods
from strideload.protocol import topics
from strideload.protocol.messages import MAX_PAYLOAD, ack_message, settings_message
from strideload.protocol.pod_settings import CueTarget, PodSettings
from strideload.protocol.topics import PAIN_SEND_PAYLOAD
from strideload_pod.page import PAGE_SIZE
from strideload_pod.sync import MESSAGE_PAGES

Json = dict[str, Any]

JSON_TYPE: Final = "application/json"
TEXT: Final = "text/plain"
BYTES: Final = "application/octet-stream"
BINDING: Final = "0.2.0"  # of AsyncAPI's bindings for MQTT

PARAMETERS: Final = {
    "pod": "the pod's id, 16 hex digits in lower case",
    "runner": "the runner's opaque id at home, 16 hex digits; no runner's name stands in a topic",
    "store": "the first 16 hex digits of the host's store id",
    "part": "what of an entry is set",
    "prefix": "home.discovery_prefix of the settings",
    "device": "strideload_runner_ and the runner's id, or strideload_pod_ and the pod's",
}
CHOICES: Final = {"part": list(topics.PAIN_PARTS)}
DEFAULTS: Final = {"prefix": "homeassistant"}


@dataclass(frozen=True)
class Channel:
    """A topic as the host sees it, and the one message that goes there."""

    name: str
    address: str
    action: Literal["send", "receive"]
    title: str
    payload: Json
    content_type: str = JSON_TYPE
    retain: bool = False
    qos: int = 1
    examples: tuple[Any, ...] = field(default=())


def _said(payload: bytes) -> Any:
    return json.loads(payload)


_STORE: Final = "0123456789abcdef" * 2
_NOON: Final = datetime(2026, 11, 26, 12, tzinfo=UTC)
_DAY: Final = RunnerDay(
    date=date(2026, 11, 26),
    start=datetime(2026, 11, 26, tzinfo=UTC),
    known="recorded",
    origin="sensor",
    running_s=1830.0,
    walking_s=312.5,
    steps=5210,
    steps_estimated=5210,
    cadence_spm=171.4,
    impact_sum_g=41230.7,
    longest_run_s=1830.0,
    spike_ratio=1.2,
    next_run_min=33.0,
)
_UNKNOWN_DAY: Final = RunnerDay(date=_DAY.date, start=_DAY.start, known="unknown")
_PAIN: Final = PainEntry("right knee", "during", 3, _NOON)
_POD: Final = PodNow(
    "e6614103e7452d2f", "left", True, 3900, _NOON, 2, {"fifo_overrun": 1}, "0.1.0", "LSM6DSO32"
)
_RUNNER: Final = RunnerAtHome("0" * 16, "me", "Ada", symptoms=True)
_CHOICES: Final = PainChoices(("left knee", "right knee"), ("before", "during"))

_DEVICE_SCHEMA: Final[Json] = {
    "type": "object",
    "required": ["device", "origin", "components"],
    "properties": {name: {"type": "object"} for name in ("device", "origin", "components")},
    "description": "Home Assistant's own form of a device's discovery; empty takes the device away.",
}
_ONLINE: Final[Json] = {
    "type": "string",
    "enum": [messages.ONLINE.decode(), messages.OFFLINE.decode()],
    "description": "1: connected; 0: gone, also as last will",
}

CHANNELS: Final = (
    Channel(
        "podPages",
        topics.of_pod("{pod}", "pages"),
        "receive",
        f"1 to {MESSAGE_PAGES} whole pages of {PAGE_SIZE} bytes, back to back (docs/page-format.md)",
        {"type": "string", "description": f"bytes, at most {MAX_PAYLOAD}"},
        BYTES,
    ),
    Channel(
        "podOnline",
        topics.of_pod("{pod}", "online"),
        "receive",
        "A pod is connected",
        _ONLINE,
        TEXT,
        retain=True,
        examples=("1",),
    ),
    Channel(
        "podState",
        topics.of_pod("{pod}", "state"),
        "receive",
        "What a pod says of itself",
        pods.STATE,
        retain=True,
        examples=(
            {
                "v": 1,
                "log": "00c0ffee",
                "boot": 1,
                "firmware": "0.1.0",
                "battery_mv": None,
                "streams": {"0": {"oldest": 0, "next": 40, "wanted": 38}},
                "faults": {},
                "clock": {"source": "ntp", "utc_ms": 1764158400000, "tick_ms": 61000},
                "cue": None,
            },
        ),
    ),
    Channel(
        "podLive",
        topics.of_pod("{pod}", "live"),
        "receive",
        "What a pod measures now, once a second",
        pods.LIVE,
        qos=0,
        examples=(
            {"v": 1, "cadence_spm": 168.2, "peak_g": 9.1, "steps": 1234, "kind": "run", "tick_ms": 61000},
        ),
    ),
    Channel(
        "podAck",
        topics.of_pod("{pod}", "ack"),
        "send",
        "What the host has stored of a pod's pages",
        pods.ACK,
        examples=(_said(ack_message(_STORE, 0xC0FFEE, 0, 38, 1764158400000)),),
    ),
    Channel(
        "podSettings",
        topics.of_pod("{pod}", "settings"),
        "send",
        "What a pod is to have",
        pods.SETTINGS,
        retain=True,
        examples=(
            _said(
                settings_message(
                    _STORE, 3, PodSettings(odr_hz=833, range_g=32, cue=CueTarget(17_250)), mark=(3, 1)
                )
            ),
            _said(settings_message(_STORE, 4, PodSettings())),
        ),
    ),
    Channel(
        "podStatus",
        topics.of_pod("{pod}", "status"),
        "send",
        "A pod as the host has it, for dashboards",
        home.STATUS,
        retain=True,
        examples=(_said(messages.status(_POD)), _said(messages.status(PodNow(_POD.pod, "unknown")))),
    ),
    Channel(
        "hostOnline",
        topics.of_host("{store}", "online"),
        "send",
        "The host publishes",
        _ONLINE,
        TEXT,
        retain=True,
        examples=("1",),
    ),
    Channel(
        "runnerSummary",
        topics.of_runner("{runner}", "summary"),
        "send",
        "A runner's day, by the runner's opt-in",
        home.SUMMARY,
        retain=True,
        examples=(_said(messages.summary(_DAY)), _said(messages.summary(_UNKNOWN_DAY))),
    ),
    Channel(
        "runnerSymptoms",
        topics.of_runner("{runner}", "symptoms"),
        "send",
        "A runner's symptoms, by a second opt-in",
        home.SYMPTOMS,
        retain=True,
        examples=(
            _said(messages.symptoms(Symptoms("amber", "3 of 10 during the run", [_PAIN]))),
            _said(messages.symptoms(Symptoms())),
        ),
    ),
    Channel(
        "runnerPain",
        topics.of_runner("{runner}", "pain"),
        "send",
        "A pain entry in the making, and what became of the last; by the second opt-in",
        home.PAIN,
        retain=True,
        examples=(
            _said(messages.pain(Draft(3, "right knee", "during"))),
            _said(messages.pain(Draft(site="right knee", answer="stored", answered=_NOON))),
        ),
    ),
    Channel(
        "painSet",
        topics.pain_set("{runner}", "{part}"),
        "receive",
        "Sets a part of a pain entry; a retained one is refused",
        {
            "type": "string",
            "maxLength": COMMAND_BYTES,
            "description": f"level: a whole number from 0 to {PAIN_MOST}; site, moment: one of the choices that the "
            "runner's device in Home Assistant's discovery lists",
        },
        TEXT,
        examples=("3", "right knee"),
    ),
    Channel(
        "painSend",
        topics.pain_send("{runner}"),
        "receive",
        "Stores the entry; a retained one is refused",
        {"type": "string", "const": PAIN_SEND_PAYLOAD},
        TEXT,
        examples=(PAIN_SEND_PAYLOAD,),
    ),
    Channel(
        "homeAssistantDevice",
        discovery.config_topic("{prefix}", "{device}"),
        "send",
        "A runner or a pod, for Home Assistant's discovery",
        _DEVICE_SCHEMA,
        retain=True,
        examples=(_said(discovery.runner_config(_RUNNER, _CHOICES, _STORE)),),
    ),
    Channel(
        "homeAssistantStatus",
        discovery.status_topic("{prefix}"),
        "receive",
        "Home Assistant came or went; when it came, all is said again",
        {"type": "string", "description": f"{discovery.BIRTH.decode()}, or anything else"},
        TEXT,
        examples=(discovery.BIRTH.decode(),),
    ),
)


def document() -> Json:
    """The document, as plain data."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Strideload",
            "version": __version__,
            "description": "All topics of Strideload over MQTT, as the host sees them: it receives what pods and "
            "dashboards send. Null is not known, never zero. Names carry their units.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": JSON_TYPE,
        "servers": {
            "broker": {
                "host": "{host}:{port}",
                "protocol": "mqtt",
                "description": "The managed broker, or your own; on the network by TLS only (docs/settings.md)",
                "variables": {
                    "host": {"default": "localhost", "description": "of the broker"},
                    "port": {"default": "1883", "description": "of the broker"},
                },
            }
        },
        "channels": {one.name: _channel(one) for one in CHANNELS},
        "operations": {_operation_name(one): _operation(one) for one in CHANNELS},
        "components": {"messages": {one.name: _message(one) for one in CHANNELS}},
    }


def as_json() -> str:
    """The document as docs/asyncapi.json has it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _channel(channel: Channel) -> Json:
    names = [name for name in PARAMETERS if f"{{{name}}}" in channel.address]
    return {
        "address": channel.address,
        "title": channel.title,
        "parameters": {name: _parameter(name) for name in names},
        "messages": {channel.name: {"$ref": f"#/components/messages/{channel.name}"}},
    }


def _parameter(name: str) -> Json:
    found: Json = {"description": PARAMETERS[name]}
    found |= {"enum": CHOICES[name]} if name in CHOICES else {}
    return found | ({"default": DEFAULTS[name]} if name in DEFAULTS else {})


def _operation_name(channel: Channel) -> str:
    return f"{channel.action}{channel.name[0].upper()}{channel.name[1:]}"


def _operation(channel: Channel) -> Json:
    return {
        "action": channel.action,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": channel.title,
        "messages": [{"$ref": f"#/channels/{channel.name}/messages/{channel.name}"}],
        "bindings": {"mqtt": {"qos": channel.qos, "retain": channel.retain, "bindingVersion": BINDING}},
    }


def _message(channel: Channel) -> Json:
    return {
        "name": channel.name,
        "title": channel.title,
        "contentType": channel.content_type,
        "payload": channel.payload,
        "examples": [{"payload": example} for example in channel.examples],
    }
