"""docs/asyncapi.json is what the code says, and AsyncAPI's own parser has nothing against it."""

import json
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from strideload.asyncapi import CHANNELS, as_json, document
from strideload.collect.credentials import (
    DASHBOARD_USER,
    HOME_USER,
    POD_READS,
    POD_WRITES,
    allows,
    home_rights,
    pod_may,
)
from strideload.protocol import topics
from support import tools

ROOT = Path(__file__).parents[1]
CHECKER = ROOT / "tests" / "asyncapi"
WARNING = 1  # the parser's severities: 0 error, 1 warning, 2 information
POD = "e6614103e7452d2f"
VALUES = {
    "pod": POD,
    "runner": "0" * 16,
    "store": "1" * 16,
    "part": "level",
    "prefix": "homeassistant",
    "device": "x",
}
TOPICS = {one.name: one.address.format(**VALUES) for one in CHANNELS}


def spoilt() -> dict[str, Any]:
    """A document with an example that does not fit, and an action that is none."""
    found = deepcopy(document())
    state = found["components"]["messages"]["podState"]
    state["payload"]["properties"]["boot"]["minimum"] = 2  # the example has 1
    found["operations"]["sendPodAck"]["action"] = "shout"
    return found


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    """Of the parser to the document, and to one that is wrong; both at once, as its start takes seconds."""
    node = tools.program("node")
    if not (CHECKER / "node_modules" / "installed.lock").exists():
        tools.missing("npm has not installed tests/asyncapi")
    texts = [as_json(), json.dumps(spoilt())]
    done = subprocess.run(
        [node, CHECKER / "check.mjs"],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_checked_in_document_is_what_the_code_says() -> None:
    """`./run asyncapi > docs/asyncapi.json` writes it anew."""
    assert (ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8") == as_json()


def test_the_parser_accepts_it(answers: list[dict[str, Any]]) -> None:
    assert [one for one in answers[0]["found"] if one["severity"] <= WARNING] == []
    assert answers[0]["channels"] == [one.address for one in CHANNELS]


def test_what_the_code_writes_fits_its_schema(answers: list[dict[str, Any]]) -> None:
    """The examples, which are made by the code that writes."""
    assert answers[0]["examples"] == []


def test_what_is_wrong_is_refused(answers: list[dict[str, Any]]) -> None:
    assert answers[1]["examples"] == ["podState"]
    assert ["operations", "sendPodAck", "action"] in [one["path"] for one in answers[1]["found"]]


def test_no_topic_is_forgotten() -> None:
    told = set(TOPICS.values())
    assert {topics.of_pod(POD, leaf) for leaf in topics.LEAVES} <= told
    assert {topics.of_runner(VALUES["runner"], leaf) for leaf in topics.RUNNER_LEAVES} <= told
    assert {topics.pain_set(VALUES["runner"], "level"), topics.pain_send(VALUES["runner"])} <= told


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_who_may_say_and_hear_it(channel: Any) -> None:
    """What is for homes, the home's user and dashboards; a pod its own topics and nothing of a runner."""
    topic = TOPICS[channel.name]
    home, dashboard = (home_rights("homeassistant")[user] for user in (HOME_USER, DASHBOARD_USER))
    for_homes = not channel.name.startswith("pod") or channel.name == "podStatus"
    says, hears = (home.writes, home.reads) if channel.action == "send" else (home.reads, home.writes)
    assert allows(says, topic) is for_homes
    assert not allows(hears, topic)
    if for_homes:
        assert allows(dashboard.reads if channel.action == "send" else dashboard.writes, topic)
    leaf = topic.removeprefix(f"strideload/pod/{POD}/")
    assert pod_may(POD, True, topic) is (leaf in POD_WRITES)
    assert pod_may(POD, False, topic) is (leaf in POD_READS)


def test_examples_of_homes_have_every_field() -> None:
    for channel in CHANNELS:
        if channel.payload.get("additionalProperties") is False:
            for example in channel.examples:
                assert list(example) == list(channel.payload["properties"])
