"""The recipes of docs/dashboards.md can be read, and their topics and fields are there."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from strideload.asyncapi import CHANNELS
from strideload.home.schemas import STATUS, SUMMARY
from strideload.settings import HomeSection, load_settings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "dashboards.md").read_text(encoding="utf-8")
FLOW, PANEL = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENT, re.S))
TOMLS = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", DOCUMENT, re.S)]
TELEGRAF = TOMLS[-1]
PROPERTIES = {"strideload_day": SUMMARY["properties"], "strideload_pod": STATUS["properties"]}


def is_told(topic: str) -> bool:
    """True if a topic, with + for a parameter, is one of the document's."""
    patterns = [re.sub(r"\{\w+\}", r"[^/]+", one.address) for one in CHANNELS]
    return any(re.fullmatch(pattern, topic) for pattern in patterns)


def test_the_flow_is_whole() -> None:
    nodes = {node["id"]: node for node in FLOW}
    assert len(nodes) == len(FLOW)
    for node in FLOW:
        wired = [target for output in node.get("wires", []) for target in output]
        assert set(wired) <= nodes.keys(), node["id"]
        assert len(node.get("wires", [])) == node.get("outputs", len(node.get("wires", [])))
        if node["type"].startswith("mqtt ") and node["topic"]:
            assert is_told(node["topic"]), node["topic"]
        if node["type"].startswith("mqtt "):
            assert nodes[node["broker"]]["type"] == "mqtt-broker"


def test_the_flows_functions_use_what_is_told() -> None:
    functions = {node["id"]: node["func"] for node in FLOW if node["type"] == "function"}
    assert set(re.findall(r"day\.(\w+)", functions["pick"])) <= SUMMARY["properties"].keys()
    [base] = re.findall(r"base = '([^']+)'", functions["entry"])
    leaves = re.findall(r"base \+ '([^']+)'", functions["entry"])
    assert leaves == ["level/set", "site/set", "moment/set", "send"]
    assert all(is_told(base + leaf) for leaf in leaves)


@pytest.mark.parametrize("consumer", TELEGRAF["inputs"]["mqtt_consumer"], ids=lambda one: one["topics"][0])
def test_telegraf_reads_fields_that_are_told(consumer: dict[str, Any]) -> None:
    """What can be null is optional, or Telegraf would drop the whole message."""
    assert all(map(is_told, consumer["topics"]))
    [parsing], [parser] = consumer["topic_parsing"], consumer["json_v2"]
    assert [parsing["topic"]] == consumer["topics"]
    assert parsing["tags"].count("/") == parsing["topic"].count("/")
    known = PROPERTIES[parser["measurement_name"]]
    for one in [*parser["field"], *parser.get("tag", [])]:
        nullable = "null" in known[one["path"]]["type"]
        assert one.get("optional", False) == nullable, one["path"]


def test_the_panel_asks_for_what_telegraf_writes() -> None:
    [query] = [target["query"] for target in PANEL["targets"]]
    measurement, name = re.findall(r'r\._\w+ == "(\w+)"', query)
    [consumer] = [
        one["json_v2"][0]
        for one in TELEGRAF["inputs"]["mqtt_consumer"]
        if one["json_v2"][0]["measurement_name"] == measurement
    ]
    assert name in [one["path"] for one in consumer["field"]]


@pytest.mark.parametrize("example", TOMLS[:-1])
def test_the_settings_are_settings(example: dict[str, Any], tmp_path: Path) -> None:
    lines = [f"{key} = {json.dumps(value)}" for key, value in example["home"].items()]
    (tmp_path / "strideload.toml").write_text("\n".join(["[home]", *lines]))
    assert load_settings(tmp_path).home != HomeSection()
