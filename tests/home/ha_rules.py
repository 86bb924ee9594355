"""What Home Assistant 2025.4.4 asks of a device's discovery, as tables, for machines on which it cannot run.

From homeassistant/components/mqtt (schemas.py, const.py, sensor.py, binary_sensor.py, number.py, select.py, button.py,
abbreviations.py) and sensor/const.py, as far as it touches what is used here: another
platform or device class is refused. `object_id` is refused although that version still has it, as 2026.4 does not.
"""

import re
from collections.abc import Iterator
from typing import Any

DEVICE_TOPIC = re.compile(r"device/(?:[a-zA-Z0-9_-]+/)?[a-zA-Z0-9_-]+/config")

REQUIRED = {"device", "origin", "components"}
TOP = REQUIRED | {"availability", "availability_mode", "state_topic", "command_topic", "qos", "encoding"}
DEVICE = {
    "identifiers",
    "connections",
    "manufacturer",
    "model",
    "model_id",
    "name",
    "hw_version",
    "serial_number",
    "sw_version",
    "via_device",
    "suggested_area",
    "configuration_url",
}
ORIGIN = {"name", "sw_version", "support_url"}
AVAILABILITY = {"topic", "payload_available", "payload_not_available", "value_template"}

OF_ENTITIES = {
    "platform",
    "unique_id",
    "name",
    "icon",
    "entity_category",
    "enabled_by_default",
    "json_attributes_topic",
    "json_attributes_template",
    "qos",
    "encoding",
    "entity_picture",
}
OF_PLATFORM: dict[str, tuple[set[str], set[str]]] = {  # required, allowed besides
    "sensor": (
        {"state_topic"},
        {
            "device_class",
            "state_class",
            "unit_of_measurement",
            "value_template",
            "options",
            "expire_after",
            "force_update",
            "last_reset_value_template",
            "suggested_display_precision",
        },
    ),
    "binary_sensor": (
        {"state_topic"},
        {"device_class", "value_template", "payload_on", "payload_off", "expire_after", "off_delay"},
    ),
    "number": (
        {"command_topic"},
        {
            "state_topic",
            "value_template",
            "command_template",
            "min",
            "max",
            "step",
            "mode",
            "device_class",
            "unit_of_measurement",
            "payload_reset",
            "retain",
            "optimistic",
        },
    ),
    "select": (
        {"command_topic", "options"},
        {"state_topic", "value_template", "command_template", "retain", "optimistic"},
    ),
    "button": ({"command_topic"}, {"payload_press", "command_template", "device_class", "retain"}),
}

ANY_CLASS = {"measurement", "total", "total_increasing"}
# device class: (units, state classes); a unit of None is none at all
SENSOR_CLASSES: dict[str, tuple[set[str | None], set[str]]] = {
    "date": ({None}, set()),
    "enum": ({None}, set()),
    "timestamp": ({None}, set()),
    "duration": ({"d", "h", "min", "s", "ms", "µs"}, ANY_CLASS),
    "voltage": ({"µV", "mV", "V", "kV", "MV"}, {"measurement"}),
    "battery": ({"%"}, {"measurement"}),
}
BINARY_CLASSES = {"connectivity", "battery", "problem", "running", "update"}
CATEGORIES = {"sensor": {"diagnostic"}, "binary_sensor": {"diagnostic"}}  # sensors take no "config"
ATTRIBUTES_BLOCKED = {
    "assumed_state",
    "available",
    "device_class",
    "entity_category",
    "entity_picture",
    "force_update",
    "friendly_name",
    "icon",
    "last_reset",
    "state",
    "state_class",
    "supported_features",
    "unique_id",
    "unit_of_measurement",
}
# A few of the 250: none of them is a word that is used in full here, so that their use would show.
ABBREVIATIONS = {
    "~",
    "avty",
    "cmd_t",
    "cmps",
    "dev",
    "dev_cla",
    "ic",
    "o",
    "p",
    "stat_t",
    "uniq_id",
    "unit_of_meas",
}
MODES = {"auto", "box", "slider"}
ICON = re.compile(r"mdi:[a-z0-9-]+")


def complaints(prefix: str, topic: str, config: dict[str, Any]) -> Iterator[str]:
    """What Home Assistant would refuse, warn of or pass over; nothing, if all is well."""
    if not topic.startswith(f"{prefix}/") or not DEVICE_TOPIC.fullmatch(topic.removeprefix(f"{prefix}/")):
        yield f"{topic} is no topic of a device"
    yield from _keys("the message", config, REQUIRED, TOP)
    device = config.get("device", {})
    yield from _keys("device", device, set(), DEVICE)
    if not device.get("identifiers") and not device.get("connections"):
        yield "the device has nothing to know it by"
    yield from _keys("origin", config.get("origin", {}), {"name"}, ORIGIN)
    for one in config.get("availability", []):
        yield from _keys("availability", one, {"topic"}, AVAILABILITY)
        yield from _topic(one["topic"], wildcards=True)
    names: set[str] = set()
    ids: set[str] = set()
    for key, component in config.get("components", {}).items():
        if component.keys() == {"platform"}:  # it is removed
            if component["platform"] not in OF_PLATFORM:
                yield f"{key}: no platform {component['platform']}"
            continue
        yield from (f"{key}: {found}" for found in _component(component, str(device.get("name"))))
        if component.get("name") in names or component.get("unique_id") in ids:
            yield f"{key}: its name or unique id is another's"
        names.add(component.get("name", ""))
        ids.add(component.get("unique_id", ""))


def _keys(where: str, found: dict[str, Any], required: set[str], allowed: set[str]) -> Iterator[str]:
    if missing := required - found.keys():
        yield f"{where}: without {sorted(missing)}"
    if unknown := found.keys() - required - allowed:
        yield f"{where}: does not have {sorted(unknown)}"
    if short := found.keys() & ABBREVIATIONS:
        yield f"{where}: abbreviated {sorted(short)}"


def _component(found: dict[str, Any], device_name: str) -> Iterator[str]:
    platform = found.get("platform", "")
    if platform not in OF_PLATFORM:
        yield f"no platform {platform!r}"
        return
    required, more = OF_PLATFORM[platform]
    yield from _keys(platform, found, required | {"platform", "unique_id"}, OF_ENTITIES | more)
    name = found.get("name", "")
    if not name or name.lower().startswith(device_name.lower()):
        yield "its name is none, or begins with the device's"
    for key in ("state_topic", "command_topic", "json_attributes_topic"):
        if key in found:
            yield from _topic(found[key], wildcards=key != "command_topic")
    if "icon" in found and not ICON.fullmatch(found["icon"]):
        yield "no icon"
    if found.get("entity_category") not in {None, *CATEGORIES.get(platform, {"config", "diagnostic"})}:
        yield "a category that its platform does not take"
    if "json_attributes_template" in found:
        said = set(re.findall(r"'(\w+)':", found["json_attributes_template"]))
        if blocked := said & ATTRIBUTES_BLOCKED:
            yield f"attributes that are blocked: {sorted(blocked)}"
    if platform == "sensor":
        yield from _sensor(found)
    if platform == "binary_sensor" and found.get("device_class") not in {None, *BINARY_CLASSES}:
        yield "a device class of no binary sensor"
    if platform == "number" and not (
        found.get("min", 1) <= found.get("max", 100)
        and found.get("step", 1) >= 1e-3
        and found["mode"] in MODES
    ):
        yield "its bounds, step or mode are none"
    if platform == "select" and not (
        found.get("options") and len(set(found["options"])) == len(found["options"])
    ):
        yield "its options are none, or not different"


def _sensor(found: dict[str, Any]) -> Iterator[str]:
    device_class, state_class = found.get("device_class"), found.get("state_class")
    unit = found.get("unit_of_measurement")
    if state_class not in {None, *ANY_CLASS}:
        yield f"no state class {state_class}"
    if device_class is not None:
        if device_class not in SENSOR_CLASSES:
            yield f"no device class {device_class}"
            return
        units, state_classes = SENSOR_CLASSES[device_class]
        if unit not in units:
            yield f"{unit} is no unit of {device_class}"
        if state_class not in {None, *state_classes}:
            yield f"{state_class} is no state class of {device_class}"
    if "last_reset_value_template" in found and state_class != "total":
        yield "a last reset without a total"
    if ("options" in found) != (device_class == "enum") or found.get("options") == []:
        yield "options belong to an enumeration, and it to them"


def _topic(topic: str, *, wildcards: bool) -> Iterator[str]:
    if not topic or "\0" in topic or topic.startswith("$") or (not wildcards and set(topic) & set("+#")):
        yield f"{topic!r} is no topic"
