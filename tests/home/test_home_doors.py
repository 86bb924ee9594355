"""What homes are handed: from a real store, its pods and the opt-ins of its folder."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from store.making import LOG, POD
from strideload.collect.address import Address
from strideload.collect.collector import Collector
from strideload.home.consents import Consent, Consents
from strideload.home.facts import PainChoices, PainRefused, PodNow, Symptoms
from strideload.home_doors import NoRecords, StoreHome, runner_day
from strideload.load.day import summarise
from strideload.store import Store, open_store
from support.sessions import session

SEEN_US = 1_764_158_400_000_000
MIDNIGHT_US = 1_764_111_600_000_000  # 2025-11-26 in Berlin
DAY_US = 86_400_000_000


class Records(NoRecords):
    """A diary and a plan that know one thing each."""

    def __init__(self) -> None:
        self.entered: list[tuple[str, str, str, int]] = []

    def spike_ratio(self, runner: str, day: date) -> float | None:
        return 1.2

    def next_run_min(self, runner: str, day: date) -> float | None:
        return 33.0

    def pain_choices(self, runner: str) -> PainChoices | None:
        return PainChoices(("knee",), ("during",))

    def enter_pain(self, runner: str, site: str, moment: str, level: int) -> None:
        self.entered.append((runner, site, moment, level))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.sqlite") as opened:
        opened.ensure_runner("ada", "Ada", "Europe/Berlin")
        opened.ensure_runner("ben", "Ben", "UTC")
        yield opened


@pytest.fixture
def collector(store: Store) -> Collector:
    """Not started: what it heard is put into it by hand."""
    return Collector(store, Address("127.0.0.1", 1))


@pytest.fixture
def consents(tmp_path: Path) -> Consents:
    return Consents(tmp_path / "home")


def test_only_who_opted_in_and_is_there_is_told_of(
    store: Store, collector: Collector, consents: Consents
) -> None:
    home = StoreHome(store, collector, consents)
    assert home.runners_opted_in() == []
    for runner, symptoms in (("ben", True), ("ada", False), ("erased", True)):
        consents.set(runner, Consent(day=True, symptoms=symptoms))
    assert [(one.runner, one.name, one.symptoms) for one in home.runners_opted_in()] == [
        ("ada", "Ada", False),
        ("ben", "Ben", True),
    ]


def test_a_day_begins_with_its_own_midnight_and_has_its_origin() -> None:
    run = session(MIDNIGHT_US + DAY_US // 2, 600, origin="simulated")
    found = runner_day(
        summarise(date(2025, 11, 26), "Europe/Berlin", MIDNIGHT_US, MIDNIGHT_US + DAY_US, [run]), 1.1
    )
    assert found.start.isoformat() == "2025-11-26T00:00:00+01:00"
    assert (found.known, found.origin, found.steps, found.steps_estimated) == (
        "recorded",
        "simulated",
        1200,
        1200,
    )
    assert (found.spike_ratio, found.next_run_min) == (1.1, None)
    assert found.cadence_spm == pytest.approx(120 / 0.72)
    assert found.impact_sum_g is not None


def test_a_day_that_is_not_known_has_no_figure(
    store: Store, collector: Collector, consents: Consents
) -> None:
    found = StoreHome(store, collector, consents).day_of("ada")
    assert found.known == "unknown"
    figures = {name: value for name, value in vars(found).items() if name not in ("date", "start", "known")}
    assert set(figures.values()) == {None}


def test_what_the_records_say_is_added(store: Store, collector: Collector, consents: Consents) -> None:
    records = Records()
    home = StoreHome(store, collector, consents, records)
    today = home.day_of("ada")
    assert (today.spike_ratio, today.next_run_min) == (1.2, 33.0)
    home.enter_pain("ada", "knee", "during", 2)
    assert records.entered == [("ada", "knee", "during", 2)]


def test_without_records_nothing_of_symptoms_is_known_or_taken(
    store: Store, collector: Collector, consents: Consents
) -> None:
    home = StoreHome(store, collector, consents)
    assert home.symptoms_of("ada") == Symptoms()
    assert home.pain_choices("ada") is None
    with pytest.raises(PainRefused):
        home.enter_pain("ada", "knee", "during", 2)


def test_a_pod_is_told_of_as_it_last_spoke(store: Store, collector: Collector, consents: Consents) -> None:
    home = StoreHome(store, collector, consents)
    store.save_state("00000000000000ee", {"v": 1, "log": "00000001", "origin": "recording"}, SEEN_US)
    state = {
        "v": 1,
        "log": f"{LOG:08x}",
        "origin": "sensor",
        "battery_mv": 3900,
        "firmware": "0.1.0",
        "chip": "LSM6DSO32",
        "faults": {"fifo_overrun": 2},
        "streams": {"0": {"oldest": 0, "next": 5, "wanted": 0}},
    }
    store.save_state(POD, state, SEEN_US)
    store.assign(POD, "ada", "left", 0)
    told = PodNow(
        POD,
        "left",
        None,
        3900,
        datetime(2025, 11, 26, 12, tzinfo=UTC),
        5,
        {"fifo_overrun": 2},
        "0.1.0",
        "LSM6DSO32",
    )
    assert home.pods() == [told]
    collector.online[POD] = True
    assert home.pods()[0].online is True
