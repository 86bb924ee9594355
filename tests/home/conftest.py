"""A home's door that a test fills by hand, and a publisher at a managed broker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from collect.talker import Talker
from strideload.collect.address import Address
from strideload.collect.credentials import DASHBOARD_USER, Users
from strideload.collect.mosquitto import Mosquitto
from strideload.home import publisher as publisher_module
from strideload.home.facts import (
    AnotherRun,
    Asked,
    PainChoices,
    PainRefused,
    PodNow,
    RunnerAtHome,
    RunnerDay,
    Symptoms,
)
from strideload.home.publisher import HomePublisher
from strideload.home.statistics import Statistics
from support import tools
from support.ports import free_port
from support.waiting import until

STORE = "5" * 32
POD = "00000000000000aa"
ADA = RunnerAtHome("a" * 16, "ada", "Ada", symptoms=True)
BEN = RunnerAtHome("b" * 16, "ben", "Ben", symptoms=False)
CHOICES = PainChoices(("left knee", "right knee"), ("before", "during", "after 60 minutes", "next morning"))
TODAY = date(2026, 11, 26)
MIDNIGHT = datetime(2026, 11, 26, tzinfo=UTC)


def day(on: date = TODAY, **more: object) -> RunnerDay:
    found: dict[str, object] = {
        "date": on,
        "start": datetime(on.year, on.month, on.day, tzinfo=UTC),
        "known": "recorded",
        "origin": "sensor",
        "running_s": 1830.0,
        "walking_s": 300.5,
        "steps": 5210,
        "steps_estimated": 5210,
        "cadence_spm": 171.4,
        "impact_sum_g": 41230.7,
        "longest_run_s": 1800.0,
    }
    return RunnerDay(**(found | more))  # type: ignore[arg-type]


@dataclass
class Door:
    """`home.facts.HomeDoor`, whatever a test puts in."""

    runners: list[RunnerAtHome] = field(default_factory=list)
    today: RunnerDay = field(default_factory=day)
    history: dict[date, RunnerDay] = field(default_factory=dict)
    symptoms: Symptoms = field(default_factory=Symptoms)
    choices: PainChoices | None = CHOICES
    listed: list[PodNow] = field(default_factory=list)
    entered: list[tuple[str, str, str, int]] = field(default_factory=list)
    last_run: str | None = None
    refuses: Exception | None = None
    fails: Exception | None = None

    def runners_opted_in(self) -> Sequence[RunnerAtHome]:
        if self.fails is not None:
            raise self.fails
        return list(self.runners)

    def day_of(self, runner: str) -> RunnerDay:
        return self.today

    def days_of(self, runner: str, first: date, last: date) -> Sequence[RunnerDay]:
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        unknown = {"running_s", "walking_s", "steps", "steps_estimated", "cadence_spm", "impact_sum_g"}
        return [self.history.get(on, day(on, known="unknown", **dict.fromkeys(unknown, None))) for on in days]

    def symptoms_of(self, runner: str) -> Symptoms:
        return self.symptoms

    def pain_choices(self, runner: str) -> PainChoices | None:
        return self.choices

    def asked(self, runner: str) -> Asked:
        return Asked(datetime(2026, 11, 26, 7, tzinfo=UTC), self.last_run)

    def enter_pain(self, runner: str, site: str, moment: str, level: int, asked: Asked) -> None:
        if asked.last_run != self.last_run:
            raise AnotherRun
        if self.refuses is not None:
            raise self.refuses
        if level == 10:
            raise PainRefused("see a doctor first")
        self.entered.append((runner, site, moment, level))

    def pods(self) -> Sequence[PodNow]:
        return list(self.listed)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(publisher_module, "LISTEN_S", 0.02)


@pytest.fixture
def broker(tmp_path: Path, stack: ExitStack) -> Mosquitto:
    tools.program("mosquitto")
    return stack.enter_context(Mosquitto(tmp_path / "broker", free_port(), home="homeassistant").start())


@pytest.fixture
def dashboard(broker: Mosquitto) -> Address:
    """Home Assistant's way in, or any other dashboard's."""
    password = Users(broker.folder).password_of(DASHBOARD_USER)
    return Address(broker.address.host, broker.address.port, DASHBOARD_USER, password)


@pytest.fixture
def publish(broker: Mosquitto, stack: ExitStack, tmp_path: Path) -> Callable[..., HomePublisher]:
    """publish(door) -> a publisher that is connected, stopped with the test."""

    def start(
        door: Door, *, prefix: str = "homeassistant", statistics: Statistics | None = None
    ) -> HomePublisher:
        folder = tmp_path / "home"
        publisher = HomePublisher(
            door, broker.home_address, STORE, folder, prefix=prefix, statistics=statistics
        )
        publisher.start()
        stack.callback(publisher.stop)
        until(publisher.connected)
        return publisher

    return start


def last(talker: Talker, topic: str) -> bytes | None:
    """What was last heard on a topic."""
    return next((payload for on, payload in reversed(list(talker.heard)) if on == topic), None)
