"""Every device is what Home Assistant asks for, whoever it is of; and its templates read what is published."""

import json
from datetime import UTC, datetime
from itertools import product
from typing import Any

import jinja2
import pytest

from home.conftest import ADA, BEN, CHOICES, POD, STORE, day
from home.ha_rules import complaints
from strideload.home import discovery, messages
from strideload.home.discovery import DAY, PAIN, SYMPTOMS
from strideload.home.discovery import POD as POD_ENTITIES
from strideload.home.facts import PainChoices, PainEntry, PodNow, RunnerAtHome, Symptoms
from strideload.home.pain import Draft

NOW = datetime(2026, 11, 26, 7, 30, tzinfo=UTC)
FULL_POD = PodNow(POD, "left", True, 3900, NOW, 2, {"fifo": 1}, "0.1.0", "LSM6DSO32")
KNEE = PainEntry("right knee", "during", 3, NOW)


def runner(who: RunnerAtHome, choices: PainChoices | None = CHOICES) -> dict[str, Any]:
    return json.loads(discovery.runner_config(who, choices, STORE))


def pod(found: PodNow = FULL_POD) -> dict[str, Any]:
    return json.loads(discovery.pod_config(found, STORE))


@pytest.mark.parametrize("prefix", ["homeassistant", "ha/discovery"])
def test_home_assistant_refuses_nothing(prefix: str) -> None:
    odd = RunnerAtHome("c" * 16, "c", 'A "quoted" name/with + and #', symptoms=True)
    for who, choices in product((ADA, BEN, odd), (CHOICES, None)):
        topic = discovery.config_topic(prefix, discovery.runner_device(who.id))
        assert list(complaints(prefix, topic, runner(who, choices))) == []
    for found in (FULL_POD, PodNow(POD, "unknown")):
        topic = discovery.config_topic(prefix, discovery.pod_device(found.pod))
        assert list(complaints(prefix, topic, pod(found))) == []


SPOILT: list[tuple[str, dict[str, Any], str]] = [
    ("steps", {"object_id": "x"}, "does not have"),
    ("steps", {"stat_t": "x"}, "abbreviated"),
    ("steps", {"state_class": "measurement"}, "a last reset without a total"),
    ("steps", {"name": "Strideload Ada steps"}, "begins with the device's"),
    ("running_time", {"unit_of_measurement": "minutes"}, "no unit of duration"),
    ("running_time", {"device_class": "time"}, "no device class"),
    ("known", {"options": []}, "options belong"),
    ("known", {"state_class": "measurement"}, "no state class of enum"),
    ("day", {"entity_category": "config"}, "a category"),
    ("pain_site", {"options": ["a", "a"]}, "not different"),
    ("pain_level", {"command_topic": "a/+/b"}, "is no topic"),
    ("pain_level", {"mode": "wheel"}, "step or mode"),
    ("pain_send", {"unique_id": None, "platform": "knob"}, "no platform"),
]


@pytest.mark.parametrize(("key", "change", "says"), SPOILT)
def test_the_tables_do_refuse(key: str, change: dict[str, Any], says: str) -> None:
    config = runner(ADA)
    config["components"][key] |= change
    topic = discovery.config_topic("homeassistant", discovery.runner_device(ADA.id))
    assert any(says in found for found in complaints("homeassistant", topic, config))


def test_a_second_opt_in_is_needed_for_symptoms() -> None:
    """And what there is no opt-in for is named by its platform alone, which takes it away."""
    with_them, without = runner(ADA)["components"], runner(BEN)["components"]
    private = {entity.key: {"platform": entity.platform} for entity in (*SYMPTOMS, *PAIN)}
    assert {key: without[key] for key in private} == private
    assert with_them.keys() == without.keys()
    assert all("unique_id" in with_them[key] for key in private)
    assert not [one for one in map(json.dumps, without.values()) if "symptoms" in one or "/pain" in one]


def rendered(template: str, payload: bytes) -> str:
    """As Home Assistant does: Jinja over the payload's JSON."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters["tojson"] = json.dumps
    return environment.from_string(template).render(value_json=json.loads(payload))


PAYLOADS = {
    "summary": [
        messages.summary(day(spike_ratio=1.2, next_run_min=33.0)),
        messages.summary(day(steps=None, running_s=None, cadence_spm=None)),
    ],
    "symptoms": [messages.symptoms(Symptoms("amber", "why", [KNEE])), messages.symptoms(Symptoms())],
    "pain": [messages.pain(Draft(3, "left knee", "during", "stored", None, NOW)), messages.pain(Draft())],
    "status": [messages.status(FULL_POD), messages.status(PodNow(POD, "unknown"))],
}


@pytest.mark.parametrize("entity", [*DAY, *SYMPTOMS, *PAIN, *POD_ENTITIES], ids=lambda entity: entity.key)
def test_every_template_reads_what_is_published(entity: discovery.Entity) -> None:
    """A value that is known is shown; one that is not is "None", which Home Assistant shows as unknown."""
    components = runner(ADA)["components"] | pod()["components"]
    config = components[entity.key]
    templates = {name: value for name, value in config.items() if name.endswith("_template")}
    for payload in PAYLOADS[entity.leaf]:
        for template in templates.values():
            assert rendered(template, payload) != ""
    if "value_template" in config:
        assert rendered(config["value_template"], PAYLOADS[entity.leaf][0]) != "None"
    if config.get("options"):
        choices = [json.loads(payload)[entity.value] for payload in PAYLOADS[entity.leaf]]
        assert {choice for choice in choices if choice} <= set(config["options"])


def test_minutes_are_minutes_and_unknown_is_none() -> None:
    template = runner(ADA)["components"]["running_time"]["value_template"]
    assert rendered(template, messages.summary(day(running_s=1830.0))) == "30.5"
    assert rendered(template, messages.summary(day(running_s=0.0))) == "0.0"
    assert rendered(template, messages.summary(day(running_s=None))) == "None"
    online = pod()["components"]["online"]["value_template"]
    assert [
        rendered(online, messages.status(PodNow(POD, "left", online=now))) for now in (True, False, None)
    ] == [
        "ON",
        "OFF",
        "None",
    ]


def test_what_is_no_number_in_json_is_not_known() -> None:
    payload = messages.summary(
        day(cadence_spm=float("nan"), spike_ratio=float("inf"), impact_sum_g=0.1 + 0.2)
    )
    found = json.loads(payload)
    assert (found["cadence_spm"], found["spike_ratio"], found["impact_sum_g"]) == (None, None, 0.3)


def test_a_diary_of_years_is_not_published_whole() -> None:
    found = json.loads(messages.symptoms(Symptoms("green", None, [KNEE] * 1000)))
    assert len(found["entries"]) == 10
