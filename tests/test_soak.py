"""An hour of running with faults of every kind: what the detector saw is in the store, once, and every loss is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from strideload_pod.page import GAP_BUS, GAP_OVERRUN, GAP_STALL
from strideload_pod.pod import PAGE_CLOSES_MS
from support.soak import KINDS, Soak, seeded

HOURS = 1.0
FAULTS = 60


@pytest.fixture(scope="module")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    folder: Path = tmp_path_factory.mktemp("soak")
    soak = Soak(folder, HOURS, odr_hz=104, gyro_dps=0, faults=seeded(FAULTS, HOURS, seed=4))
    try:
        yield soak.live()
    finally:
        soak.close()


def test_every_kind_of_fault_was_injected(soak: Soak) -> None:
    assert soak.injected.total() == FAULTS
    assert set(soak.injected) == set(KINDS)


def test_every_step_that_the_detector_saw_is_stored_once_but_for_the_last_seconds_before_a_cut(
    soak: Soak,
) -> None:
    stored = soak.stored_contacts()
    seen_in_all = sum(map(len, soak.seen.values()))
    assert seen_in_all > 3600 * HOURS * 1.2
    lost = 0
    for boot, seen in soak.seen.items():
        contacts = stored.get(boot, [])
        assert len(contacts) == len(set(contacts))
        assert set(contacts) <= set(seen)
        missing = set(seen) - set(contacts)
        lost += len(missing)
        for contact in missing:
            assert boot in soak.cuts_s, "lost without a power cut"
            assert soak.cuts_s[boot] - seen[contact] <= PAGE_CLOSES_MS / 1000
    assert lost < 20 * len(soak.cuts_s)


def test_what_is_derived_has_every_stored_step(soak: Soak) -> None:
    store = soak.home.store
    store.derive()
    derived = sum(len(session.steps) for session in store.sessions("me", 0, 2**60))
    derived += sum(undated.strides for undated in store.undated())
    assert derived == sum(map(len, soak.stored_contacts().values()))


def test_the_pods_counters_are_what_was_injected(soak: Soak) -> None:
    for name, injected in soak.expected.items():
        assert soak.counted[name] == injected, name


def test_every_loss_of_samples_is_a_gap_and_the_gaps_add_up(soak: Soak) -> None:
    gaps = soak.stored_gaps()
    causes = gaps["cause"].tolist()
    assert int(gaps["lost"].sum()) == soak.counted["samples_lost"]
    assert causes.count(GAP_OVERRUN) == soak.counted["fifo_overruns"]
    assert causes.count(GAP_STALL) == soak.counted["fifo_stalls"] + soak.counted["register_errors"]
    assert set(causes) <= {GAP_OVERRUN, GAP_STALL, GAP_BUS}


def test_every_page_is_stored_or_declared_gone_and_gone_is_only_what_a_cut_tore(soak: Soak) -> None:
    assert soak.home.store.rejections() == {}
    log = soak.board.pod.log
    stored = set(soak.stored()["number"].tolist())
    gone = set(range(log.next(0))) - stored
    assert soak.home.store.wanted(soak.board.uid.hex(), log.id, 0) == log.next(0)
    assert len(gone) <= len(soak.cuts_s)
    assert all(not log.read(0, number, bytearray(512)) for number in gone)
