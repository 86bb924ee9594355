"""What Home Assistant makes entities of: one retained message a device, for each runner and each pod.

[Home Assistant, MQTT, device discovery: 2024.11 and newer; tests have its rules as tables of 2025.4.4]
An entity's name does not repeat the device's; `object_id` is left out, which 2026.4 no longer knows.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from strideload import __version__
from strideload.home.facts import ANSWERS, KNOWN, STATUSES, PainChoices, PodNow, RunnerAtHome
from strideload.home.messages import OFFLINE, ONLINE
from strideload.load.symptoms import PAIN_MOST
from strideload.protocol import topics
from strideload.protocol.topics import PAIN_SEND_PAYLOAD

Config = dict[str, Any]

BIRTH: Final = b"online"  # what Home Assistant says on its own topic when it has started
MANUFACTURER: Final = "Strideload"


@dataclass(frozen=True)
class Entity:
    """One component of a device. `value`: its field in the payload of `leaf`, where no template says more."""

    key: str
    platform: str
    name: str
    leaf: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    value: str | None = None


def _field(name: str) -> str:
    return f"{{{{ value_json.{name} }}}}"


def _minutes(name: str) -> str:
    return f"{{{{ None if value_json.{name} is none else (value_json.{name} / 60) | round(1) }}}}"


def _attributes(*names: str) -> str:
    said = ", ".join(f"'{name}': value_json.{name}" for name in names)
    return f"{{{{ {{{said}}} | tojson }}}}"


# A day's total begins anew at the runner's midnight, which the summary names: a correction downwards is no new day.
TOTAL: Final = {"state_class": "total", "last_reset_value_template": _field("start")}
MEASUREMENT: Final = {"state_class": "measurement"}
DIAGNOSTIC: Final = {"entity_category": "diagnostic"}
MINUTES: Final = {"device_class": "duration", "unit_of_measurement": "min"}

DAY: Final = (
    Entity(
        "known",
        "sensor",
        "Day's record",
        "summary",
        {"device_class": "enum", "options": list(KNOWN), "json_attributes": ("origin", "date")},
        "known",
    ),
    Entity("day", "sensor", "Day", "summary", {"device_class": "date", **DIAGNOSTIC}, "date"),
    Entity(
        "running_time",
        "sensor",
        "Running time",
        "summary",
        {**MINUTES, **TOTAL, "value_template": _minutes("running_s"), "icon": "mdi:run"},
    ),
    Entity(
        "walking_time",
        "sensor",
        "Walking time",
        "summary",
        {**MINUTES, **TOTAL, "value_template": _minutes("walking_s"), "icon": "mdi:walk"},
    ),
    Entity(
        "steps",
        "sensor",
        "Steps",
        "summary",
        {"unit_of_measurement": "steps", **TOTAL, "icon": "mdi:shoe-print"},
        "steps",
    ),
    Entity(
        "steps_estimated",
        "sensor",
        "Steps estimated",
        "summary",
        {"unit_of_measurement": "steps", **TOTAL, **DIAGNOSTIC},
        "steps_estimated",
    ),
    Entity(
        "cadence",
        "sensor",
        "Cadence",
        "summary",
        {"unit_of_measurement": "steps/min", **MEASUREMENT, "icon": "mdi:metronome"},
        "cadence_spm",
    ),
    Entity(
        "impact",
        "sensor",
        "Cumulative impact",
        "summary",
        {"unit_of_measurement": "g", **TOTAL, "icon": "mdi:arrow-collapse-down"},
        "impact_sum_g",
    ),
    Entity(
        "spike_ratio",
        "sensor",
        "Longest run against 30 days",
        "summary",
        {**MEASUREMENT, "suggested_display_precision": 2, "icon": "mdi:chart-line"},
        "spike_ratio",
    ),
    Entity(
        "next_run",
        "sensor",
        "Next run budget",
        "summary",
        {**MINUTES, **MEASUREMENT, "icon": "mdi:calendar-clock"},
        "next_run_min",
    ),
)

SYMPTOMS: Final = (
    Entity(
        "symptom_status",
        "sensor",
        "Symptom status",
        "symptoms",
        {"device_class": "enum", "options": list(STATUSES), "json_attributes": ("reason",)},
        "status",
    ),
    Entity(
        "last_pain",
        "sensor",
        "Last pain",
        "symptoms",
        {
            "value_template": "{{ value_json.entries[0].level if value_json.entries else None }}",
            "json_attributes": ("entries",),
            "icon": "mdi:bandage",
        },
    ),
    Entity(
        "last_pain_time",
        "sensor",
        "Last pain entered",
        "symptoms",
        {
            "device_class": "timestamp",
            "value_template": "{{ value_json.entries[0].entered if value_json.entries else None }}",
        },
    ),
)

PAIN: Final = (
    Entity(
        "pain_level",
        "number",
        "Pain level",
        "pain",
        {"min": 0, "max": PAIN_MOST, "step": 1, "mode": "slider", "icon": "mdi:bandage"},
        "level",
    ),
    Entity("pain_site", "select", "Pain site", "pain", {}, "site"),
    Entity("pain_moment", "select", "Pain moment", "pain", {}, "moment"),
    Entity(
        "pain_send",
        "button",
        "Store pain entry",
        "pain",
        {"payload_press": PAIN_SEND_PAYLOAD, "icon": "mdi:content-save"},
    ),
    Entity(
        "pain_answer",
        "sensor",
        "Pain entry",
        "pain",
        {"device_class": "enum", "options": list(ANSWERS), "json_attributes": ("reason", "answered")},
        "answer",
    ),
)

POD: Final = (
    Entity(
        "online",
        "binary_sensor",
        "Connection",
        "status",
        {
            "device_class": "connectivity",
            "value_template": "{{ None if value_json.online is none else "
            "('ON' if value_json.online else 'OFF') }}",
            **DIAGNOSTIC,
        },
    ),
    Entity(
        "battery",
        "sensor",
        "Battery voltage",
        "status",
        {"device_class": "voltage", "unit_of_measurement": "mV", **MEASUREMENT, **DIAGNOSTIC},
        "battery_mv",
    ),
    Entity(
        "last_sync", "sensor", "Last sync", "status", {"device_class": "timestamp", **DIAGNOSTIC}, "last_sync"
    ),
    Entity(
        "waiting",
        "sensor",
        "Waiting pages",
        "status",
        {"unit_of_measurement": "pages", **MEASUREMENT, **DIAGNOSTIC, "icon": "mdi:tray-full"},
        "waiting_pages",
    ),
    Entity(
        "faults",
        "sensor",
        "Faults",
        "status",
        {
            "unit_of_measurement": "faults",
            "state_class": "total_increasing",  # a pod counts from its boot on
            "json_attributes": ("faults",),
            **DIAGNOSTIC,
            "icon": "mdi:alert-circle-outline",
        },
        "faults_total",
    ),
)


def config_topic(prefix: str, device: str) -> str:
    return f"{prefix}/device/{device}/config"


def status_topic(prefix: str) -> str:
    """Where Home Assistant says that it has come or gone."""
    return f"{prefix}/status"


def runner_device(runner: str) -> str:
    return f"strideload_runner_{runner}"


def pod_device(pod: str) -> str:
    return f"strideload_pod_{pod}"


def runner_config(runner: RunnerAtHome, choices: PainChoices | None, store: str) -> bytes:
    """A runner's device. What there was no opt-in for, or no diary, is named to be removed."""
    topic_of = {leaf: topics.of_runner(runner.id, leaf) for leaf in topics.RUNNER_LEAVES}
    device = runner_device(runner.id)
    shown = list(DAY)
    gone: list[Entity] = []
    (shown if runner.symptoms else gone).extend(SYMPTOMS)
    (shown if runner.symptoms and choices else gone).extend(PAIN)
    components = {entity.key: _component(device, entity, topic_of[entity.leaf]) for entity in shown}
    if runner.symptoms and choices:
        components["pain_site"]["options"] = list(choices.sites)
        components["pain_moment"]["options"] = list(choices.moments)
        for part in topics.PAIN_PARTS:
            components[f"pain_{part}"]["command_topic"] = topics.pain_set(runner.id, part)
        components["pain_send"]["command_topic"] = topics.pain_send(runner.id)
    components |= {entity.key: {"platform": entity.platform} for entity in gone}
    about = {"name": f"{MANUFACTURER} {runner.name}", "model": "Runner"}
    return _device(device, about, components, store)


def pod_config(pod: PodNow, store: str) -> bytes:
    """A pod's device."""
    device = pod_device(pod.pod)
    topic = topics.of_pod(pod.pod, "status")
    about = {"name": f"{MANUFACTURER} pod {pod.pod[-4:]}", "model": "Pod"}
    about |= {"sw_version": pod.firmware} if pod.firmware else {}
    about |= {"hw_version": pod.chip} if pod.chip else {}
    return _device(device, about, {entity.key: _component(device, entity, topic) for entity in POD}, store)


def _device(device: str, about: Config, components: Config, store: str) -> bytes:
    message = {
        "device": {"identifiers": [device], "manufacturer": MANUFACTURER, **about},
        "origin": {"name": MANUFACTURER, "sw_version": __version__},
        "availability": [
            {
                "topic": topics.of_host(store, "online"),
                "payload_available": ONLINE.decode(),
                "payload_not_available": OFFLINE.decode(),
            }
        ],
        "qos": 1,
        "components": components,
    }
    return json.dumps(message, separators=(",", ":")).encode()


def _component(device: str, entity: Entity, topic: str) -> Config:
    found: Config = {"platform": entity.platform, "unique_id": f"{device}_{entity.key}", "name": entity.name}
    if entity.platform != "button":
        found["state_topic"] = topic
    if entity.value is not None:
        found["value_template"] = _field(entity.value)
    return found | dict(_options(entity, topic))


def _options(entity: Entity, topic: str) -> Iterable[tuple[str, Any]]:
    for name, value in entity.options.items():
        if name == "json_attributes":
            yield "json_attributes_topic", topic
            yield "json_attributes_template", _attributes(*value)
        else:
            yield name, value
