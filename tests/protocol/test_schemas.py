"""The schemas say what the readers do: what they allow is read, what lies past a bound is refused."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from strideload.protocol.errors import MessageError
from strideload.protocol.messages import Live, PodState, ack_message, read_live, read_state, settings_message
from strideload.protocol.pod_settings import CueTarget, PodSettings, pod_settings
from strideload.protocol.schemas import ACK, LIVE, SETTINGS, STATE, Schema

LEAST = {"v": 1, "log": "00c0ffee"}


def types_of(schema: Schema) -> list[str]:
    found = schema["type"]
    return [found] if isinstance(found, str) else found


def good(schema: Schema) -> Iterator[Any]:
    """Values at the bounds of a schema, and null where it may be."""
    if "null" in types_of(schema):
        yield None
    match types_of(schema)[0]:
        case "integer" | "number":
            yield from (schema["minimum"], schema["maximum"])
        case "boolean":
            yield from (True, False)
        case "string":
            yield from ("00c0ffee",) if "pattern" in schema else ("", "x" * schema["maxLength"])
        case "object" if "additionalProperties" in schema:
            inner = next(good(schema["additionalProperties"]))
            yield from ({}, {"0": inner})
        case "object":
            properties = schema["properties"]
            yield {name: next(iter(good(properties[name]))) for name in schema["required"]}
            yield {name: list(good(one))[-1] for name, one in properties.items()}


def bad(schema: Schema) -> Iterator[Any]:
    """Values just past the bounds, and of other types."""
    match types_of(schema)[0]:
        case "integer":
            yield from (schema["minimum"] - 1, schema["maximum"] + 1, 1.5, "1", True)
        case "number":
            yield from (schema["minimum"] - 1, schema["maximum"] + 1, "1", True)
        case "boolean":
            yield from (1, "true")
        case "string":
            yield from (
                ("00C0FFEE", "c0ffee", 1) if "pattern" in schema else ("x" * (schema["maxLength"] + 1), 1)
            )
        case "object" if "additionalProperties" in schema:
            yield from ([], 1, *({"0": one} for one in bad(schema["additionalProperties"])))
            if "maxProperties" in schema:
                inner = next(good(schema["additionalProperties"]))
                yield {str(n): inner for n in range(schema["maxProperties"] + 1)}
        case "object":
            yield from ([], 1)
            whole = {name: list(good(one))[-1] for name, one in schema["properties"].items()}
            for name, one in schema["properties"].items():
                yield from (whole | {name: value} for value in bad(one))
            yield from ({key: whole[key] for key in whole if key != name} for name in schema["required"])


CASES = [
    pytest.param(read, schema["properties"][name], name, id=f"{read.__name__}-{name}")
    for read, schema in ((read_state, STATE), (read_live, LIVE))
    for name in schema["properties"]
]


@pytest.mark.parametrize(("read", "schema", "name"), CASES)
def test_a_field_is_read_within_its_bounds_and_refused_beyond(read: Any, schema: Schema, name: str) -> None:
    for value in good(schema):
        read(json.dumps(LEAST | {name: value}).encode())
    for value in bad(schema):
        with pytest.raises(MessageError):
            read(json.dumps(LEAST | {name: value}).encode())


@pytest.mark.parametrize(("read", "schema"), [(read_state, STATE), (read_live, LIVE)])
def test_what_is_required_is_missed(read: Any, schema: Schema) -> None:
    message = {name: LEAST[name] for name in schema["required"]}
    read(json.dumps(message).encode())
    for name in message:
        with pytest.raises(MessageError):
            read(json.dumps({key: value for key, value in message.items() if key != name}).encode())


def test_no_field_is_forgotten() -> None:
    def names(kind: Any) -> set[str]:
        return {"v" if field.name == "version" else field.name for field in fields(kind)}

    assert STATE["properties"].keys() == names(PodState)
    assert LIVE["properties"].keys() == names(Live)
    beside = {"v", "store", "version", "mark"}
    assert SETTINGS["properties"].keys() - beside == {field.name for field in fields(PodSettings)}


def test_what_the_host_writes_has_the_schemas_names() -> None:
    ack = json.loads(ack_message("0" * 32, 1, 0, 2, 3))
    assert ack.keys() == ACK["properties"].keys()
    assert ACK["properties"].keys() - {"utc_ms"} == set(ACK["required"])
    whole = PodSettings(833, 32, 2000, True, True, "auto", CueTarget(17_000))
    assert json.loads(settings_message("0" * 32, 1, whole, (1, 2))).keys() == SETTINGS["properties"].keys()
    assert json.loads(settings_message("0" * 32, 1, PodSettings())).keys() == set(SETTINGS["required"])


@pytest.mark.parametrize("name", ["odr_hz", "range_g", "gyro_dps", "recording"])
def test_a_pod_may_be_set_to_what_the_schema_lists_and_nothing_else(name: str) -> None:
    listed = SETTINGS["properties"][name]["enum"]
    assert [getattr(pod_settings({name: value}), name) for value in listed] == listed
    beyond = listed[-1] + "x" if isinstance(listed[-1], str) else listed[-1] + 1
    with pytest.raises(MessageError):
        pod_settings({name: beyond})
