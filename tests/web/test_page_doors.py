"""What the page is handed of pods and of collecting: from a real store, and a collector that was told things."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.making import LOG, POD, Pod, one_by_one
from strideload.collect.address import Address
from strideload.collect.collector import COLLECTOR_ERROR, NO_ROOM, Collector, Seen
from strideload.page_doors import CollectorLive
from strideload.protocol.messages import Live
from strideload.protocol.pod_settings import CueTarget
from strideload.store import Store, open_store

NOW_US = time.time_ns() // 1000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.sqlite") as opened:
        yield opened


@pytest.fixture
def collector(store: Store) -> Collector:
    """Not started: what it heard is put into it by hand."""
    return Collector(store, Address("127.0.0.1", 1))


@pytest.fixture
def live(store: Store, collector: Collector) -> CollectorLive:
    return CollectorLive(store, collector)


def says(store: Store, pages: int, **more: Any) -> None:
    """The pod tells its state: so many pages written, none of which it knows to be stored."""
    streams = {"0": {"oldest": 0, "next": pages, "wanted": 0}}
    state = {"v": 1, "log": f"{LOG:08x}", "origin": "sensor", "streams": streams} | more
    store.save_state(POD, state, NOW_US)


def test_what_has_come_since_the_pod_spoke_is_no_longer_to_come(store: Store, live: CollectorLive) -> None:
    """A pod that has sent all says nothing more."""
    pod = Pod()
    pod.run(0, session=1)
    says(store, len(pod.pages))
    assert live.health()["pages_waiting"] == len(pod.pages)
    store.add(one_by_one(pod.pages[:3]))
    assert live.health()["pages_waiting"] == len(pod.pages) - 3
    store.add(one_by_one(pod.pages[3:]))
    assert live.health()["pages_waiting"] == 0
    pod.alive(200)
    store.add(one_by_one(pod.pages[-1:]))
    assert live.health()["pages_waiting"] == 0


def test_of_a_pod_that_tells_no_streams_nothing_is_to_come(store: Store, live: CollectorLive) -> None:
    assert live.health()["pages_waiting"] is None
    store.save_state(POD, {"v": 1, "log": "00000001", "origin": "sensor"}, NOW_US)
    assert live.health()["pages_waiting"] == 0


@pytest.mark.parametrize("origin", [{"origin": "recording"}, {"origin": None}])
def test_a_replay_is_no_pod_that_could_be_worn(
    store: Store, collector: Collector, live: CollectorLive, origin: dict[str, str | None]
) -> None:
    says(store, 18, **origin)
    collector.online[POD] = False
    assert live.pods() == []
    assert live.health()["pages_waiting"] is None


def test_a_recording_that_is_played_live_is_shown(
    store: Store, collector: Collector, live: CollectorLive
) -> None:
    says(store, 18, origin="recording")
    collector.live[POD] = Seen(Live(1, cadence_spm=170.0), NOW_US)
    assert [(pod["origin"], pod["cadence_spm"]) for pod in live.pods()] == [("recording", 170.0)]


def test_what_a_pod_says_of_itself_reaches_the_page(store: Store, live: CollectorLive) -> None:
    says(store, 0, recording=False, free_pages=0, battery_mv=3410, faults={"pages_dropped": 7})
    (pod,) = live.pods()
    assert (pod["recording"], pod["free_pages"], pod["battery_mv"]) == (False, 0, 3410)
    assert pod["faults"] == {"pages_dropped": 7}


def test_what_a_pod_is_to_have_and_has_reaches_the_page(store: Store, live: CollectorLive) -> None:
    says(store, 0)
    assert live.pods()[0]["settings"] is None
    store.change_settings(POD, raw=True, cue=CueTarget(17_250))
    said = {"raw": True, "raw_free_pages": 3, "raw_dropped": 1, "rest_mg": 2000, "why_not": "flash"}
    says(store, 0, settings=1, cue={"target_cspm": 17_250, "run": 2}, **said)
    (pod,) = live.pods()
    assert {name: pod[name] for name in said} == said
    assert pod["cue"] == {"target_cspm": 17_250, "run": 2}
    assert pod["settings"] is not None
    assert (pod["settings"]["version"], pod["settings"]["status"]) == (1, "confirmed")


def test_a_clock_that_was_set_back_makes_no_pod_live(
    store: Store, collector: Collector, live: CollectorLive
) -> None:
    says(store, 0)
    collector.live[POD] = Seen(Live(1), time.time_ns() // 1000)
    (pod,) = live.pods()
    assert pod["age_s"] is not None
    assert pod["age_s"] >= 0
    collector.live[POD] = Seen(Live(1), time.time_ns() // 1000 + 3600 * 10**6)
    assert live.pods()[0]["age_s"] is None


class Refusing(Collector):
    """A collector with a past."""

    @property
    def counters(self) -> dict[str, int]:
        return {"stored": 40, "topic is no pod's": 1, NO_ROOM: 3, COLLECTOR_ERROR: 2}


def test_what_the_collector_refused_stands_beside_what_was_set_aside(store: Store) -> None:
    store.set_aside("nobody/knows", b"?", "topic is no pod's")
    collector = Refusing(store, Address("127.0.0.1", 1))
    health = CollectorLive(store, collector).health()
    assert health["rejections"] == {"topic is no pod's": 1, NO_ROOM: 3, COLLECTOR_ERROR: 2}
    assert health["counters"] == collector.counters


def test_a_collector_that_refused_nothing_says_so(live: CollectorLive) -> None:
    assert live.health()["rejections"] == {}
