"""A managed broker of each kind."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from strideload.collect.amqtt_broker import Amqtt
from strideload.collect.broker import Broker
from strideload.collect.mosquitto import Mosquitto
from support import tools
from support.ports import free_port


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def mosquitto(tmp_path: Path, stack: ExitStack) -> Mosquitto:
    tools.program("mosquitto")
    return stack.enter_context(Mosquitto(tmp_path / "broker", free_port()).start())


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path, stack: ExitStack) -> Broker:
    """Each kind of managed broker in turn."""
    if request.param == "mosquitto":
        return request.getfixturevalue("mosquitto")
    return stack.enter_context(Amqtt(tmp_path / "broker", free_port()).start())
