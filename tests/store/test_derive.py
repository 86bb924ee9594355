"""Sessions and steps: the same from the same pages however they come, and dated as well as the pod knew the time."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from store.conftest import RUNNER
from store.making import LOG, NOW_US, POD, RATE_MHZ, T0_MS, Pod, changed, messages, one_by_one, samples
from strideload.days import days_of
from strideload.load.day import to_json
from strideload.load.steps import STEP, Alive, Session
from strideload.load.zones import date_at
from strideload.protocol import pages as protocol
from strideload.store import Received, Store, derive, deriving, open_store, schema
from strideload.store.database import UNSOUND
from strideload.store.derive import session_id
from strideload_pod import page

EVER = (0, 2**62)
STRIDE_US = round(300 / (RATE_MHZ / 1000) * 1e6)


def derived(store: Store, pages: list[bytes]) -> list[Session]:
    store.add(messages(pages))
    store.derive()
    return store.sessions(RUNNER, *EVER)


def test_a_session(store: Store) -> None:
    """From its start record to its end record, with every step on its time and in its units."""
    pod = Pod()
    pod.run(100, 7, strides=400)
    (session,) = derived(store, pod.pages)
    assert session.session_id == session_id(POD, LOG, 1, 7)
    assert (session.pod, session.foot, session.chip, session.origin) == (
        POD,
        "unknown",
        "LSM6DSO32",
        "sensor",
    )
    assert (session.odr_hz, session.acc_range_g, session.resampled, session.open) == (416, 32, False, False)
    assert abs(session.start_utc_us - (T0_MS + 100_000) * 1000) < 2000
    assert abs(session.end_utc_us - session.start_utc_us - 400 * STRIDE_US) < 3000
    steps = session.steps
    assert steps.dtype == STEP
    assert len(steps) == 400
    assert np.abs(np.diff(steps["ic_utc_us"]) - STRIDE_US).max() <= 3000  # pages begin at a whole sample
    np.testing.assert_allclose(steps["contact_s"], 100 / (RATE_MHZ / 1000), atol=1e-5)
    np.testing.assert_allclose(steps["stride_s"], 300 / (RATE_MHZ / 1000), atol=2e-5)
    assert set(steps["peak_g"].tolist()) == {9.0}
    assert set(steps["rise_g_s"].tolist()) == {120.0}
    assert set(steps["kind"].tolist()) == {page.STEP_KIND_RUN}


def test_unknown_is_not_a_number(store: Store) -> None:
    pod = Pod()
    pod.start(0, 1)
    pod.anchor(0)
    unknown = (
        0,
        page.UNKNOWN_U32,
        page.UNKNOWN_U32,
        page.UNKNOWN_U32,
        page.UNKNOWN_U16,
        0,
        page.STEP_CLIPPED,
        0,
    )
    pod.write(page.KIND_STEPS, 1, unknown)
    (session,) = derived(store, pod.pages)
    (step,) = session.steps
    assert all(np.isnan(step[name]) for name in ("contact_s", "stride_s", "peak_g", "rise_g_s"))
    assert step["flags"] == page.STEP_CLIPPED


def test_a_window_cuts_steps_not_sessions(store: Store) -> None:
    """Half a session's steps lie in each half of it, and none twice."""
    pod = Pod()
    pod.run(0, 1, strides=100)
    (whole,) = derived(store, pod.pages)
    middle = int(whole.steps["ic_utc_us"][50])
    (left,) = store.sessions(RUNNER, 0, middle)
    (right,) = store.sessions(RUNNER, middle, 2**62)
    assert (len(left.steps), len(right.steps)) == (50, 50)
    assert left.start_utc_us == right.start_utc_us
    assert store.sessions(RUNNER, 0, whole.start_utc_us) == []
    assert store.sessions(RUNNER, whole.end_utc_us + 1, 2**62) == []


def test_a_session_that_is_still_running(store: Store) -> None:
    """Without an end record it is open, and grows with what arrives."""
    pod = Pod()
    pod.start(0, 1)
    pod.anchor(0)
    pod.steps(1, 160)
    (session,) = derived(store, pod.pages[:6])
    assert (session.open, len(session.steps)) == (True, 64)
    (session,) = derived(store, pod.pages)
    assert (session.open, len(session.steps)) == (True, 160)
    pod.end(300)
    assert derived(store, pod.pages)[0].open is False
    assert store.derive() == 0


def season() -> list[bytes]:
    """Two boots: anchored, reached through ticks, never dated, faults, gaps, losses, alive records."""
    first, second = Pod(), Pod(boot=2)
    first.alive(5)
    first.run(100, 1)
    first.run(1000, 2, anchored=False)
    first.write(
        page.KIND_GAP, 1100, (samples(1050), 500, page.GAP_OVERRUN, bytes(7)), session=2, fifo_overruns=3
    )
    first.asleep(2000, 39_000)
    first.alive(30_000)
    first.mark(39_500, code=5)
    first.alive(40_000)
    first.gone(3, 4)
    first.start(50_000, 3)
    first.cue(50_010)
    first.cue(50_030, page.CUE_FADED, run=5, share=75)
    first.mark(50_040, source=page.MARK_HOST, sample=page.UNKNOWN_U64)
    first.steps(50_001, 40)
    first.end(50_060)
    second.pages = first.pages
    second.run(10, 4097, anchored=False)
    second.cue(40)
    second.mark(50)
    second.alive(60)
    return first.pages


@pytest.fixture(scope="module")
def undisturbed(fresh: Callable[[], Path]) -> str:
    """The digest of a season that arrived in order, in one go."""
    with open_store(fresh()) as store:
        store.add(messages(season()))
        store.derive()
        return store.derived_digest()


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), turns=st.integers(1, 6))
def test_any_order_and_any_turns_derive_the_same(
    fresh: Callable[[], Path], undisturbed: str, seed: int, turns: int
) -> None:
    """Derived once at the end, after every few pages, or rebuilt: one digest."""
    shuffled = season() * 2
    random.Random(seed).shuffle(shuffled)
    with open_store(fresh()) as store:
        for i in range(turns):
            store.add(one_by_one(shuffled[i::turns]))
            store.derive()
        assert store.derived_digest() == undisturbed
        shares: list[float] = []
        assert store.rebuild(shares.append) == 4
        assert store.derived_digest() == undisturbed
        assert shares[-1] == 1.0


def test_an_anchor_that_comes_later_dates_its_boot(store: Store) -> None:
    """Undated, then reached through ticks; alive records as well. Another boot stays undated."""
    pod, other = Pod(), Pod(boot=2)
    pod.run(1000, 1, anchored=False)
    pod.alive(20)
    other.pages = pod.pages
    other.run(50, 2, anchored=False)
    assert derived(store, pod.pages) == []
    assert [(u.boot, u.session, u.strides) for u in store.undated()] == [(1, 1, 100), (2, 2, 100)]
    assert store.undated()[0].duration_us == pytest.approx(100 * STRIDE_US, abs=3000)
    assert store.alive(RUNNER, *EVER) == []
    pod.page.fields["session"] = 9
    pod.anchor(7200)
    (session,) = [s for s in derived(store, pod.pages) if len(s.steps)]
    assert abs(session.start_utc_us - (T0_MS + 1_000_000) * 1000) < 3000
    assert store.alive(RUNNER, *EVER) == [Alive((T0_MS + 20_000) * 1000, POD, "sensor", True)]
    assert [u.boot for u in store.undated()] == [2]


def test_faults_and_gaps_of_the_session(store: Store) -> None:
    """Counters count since boot: the first session has what they rose by until its end, clipped samples its own."""
    pod = Pod()
    pod.page.fields.update(bus_errors=5, clipped_samples=100)
    pod.start(0, 1)
    pod.anchor(0)
    pod.steps(1, 16, clipped_samples=140)
    pod.write(page.KIND_GAP, 20, (samples(15), samples(2), page.GAP_BUS, bytes(7)), samples_lost=samples(2))
    pod.end(30)
    (session,) = derived(store, pod.pages)
    assert session.faults == {"bus_errors": 5, "clipped_samples": 40, "samples_lost": samples(2)}
    ((start_us, lost_us),) = session.gaps
    assert abs(start_us - (T0_MS + 15_000) * 1000) < 3000
    assert abs(lost_us - 2_000_000) < 3000


def test_what_is_lost_between_sessions_shows_at_the_next(store: Store) -> None:
    """A log that is full in mid-session drops pages until it is synced: the next session has them, not none."""
    pod = Pod()
    pod.start(0, 1)
    pod.anchor(0)
    pod.steps(1, 32)
    pod.page.fields.update(session=0, pages_dropped=300, clipped_samples=70)
    pod.alive(1000)  # written once there is room again
    pod.run(2000, 2)
    pod.run(3000, 3)
    rebooted = Pod(boot=2)
    rebooted.pages = pod.pages
    rebooted.page.fields["bus_errors"] = 2
    rebooted.run(10, 4)
    sessions = derived(store, pod.pages)
    by_number = {s.session_id: s.faults for s in sessions}
    expected = {(1, 1): {}, (1, 2): {"pages_dropped": 300}, (1, 3): {}, (2, 4): {"bus_errors": 2}}
    assert by_number == {session_id(POD, LOG, *key): faults for key, faults in expected.items()}


def test_the_session_before_may_come_late(store: Store) -> None:
    """What rose is counted anew when the end of the session before arrives after all."""
    pod = Pod()
    pod.run(0, 1)
    pod.page.fields["pages_dropped"] = 3
    pod.run(1000, 2)
    second = [data for data in pod.pages if protocol.headers(data)["session"][0] == 2]
    (session,) = derived(store, second)
    assert session.faults == {"pages_dropped": 3}
    first = Pod()
    first.page.fields["pages_dropped"] = 2
    first.run(0, 1)
    before, after = derived(store, first.pages)
    assert (before.faults, after.faults) == ({"pages_dropped": 2}, {"pages_dropped": 1})


def test_a_pod_that_sleeps_loses_nothing(store: Store) -> None:
    """What it slept is no gap of the session in which it says so."""
    pod = Pod()
    pod.start(5000, 1)
    pod.anchor(5000)
    pod.asleep(10, 4990)
    pod.steps(5000, 32)
    pod.write(page.KIND_GAP, 5030, (samples(5029), 400, page.GAP_OVERRUN, bytes(7)), samples_lost=400)
    pod.end(5040)
    (session,) = derived(store, pod.pages)
    assert [round(lost_us / 1e6, 2) for _, lost_us in session.gaps] == [0.96]
    assert session.faults == {"samples_lost": 400}
    assert abs(session.start_utc_us - (T0_MS + 5_000_000) * 1000) < 3000


def test_an_alive_record_of_a_sleeping_pod_makes_its_day_known(store: Store) -> None:
    """Its chip is not read then, and watches for motion; the stretch may be told of later. Awake and unread is not."""
    pod = Pod()
    pod.anchor(0)
    unread = ((1000 * 40_000), page.UNKNOWN_UTC_MS, 0, 900)
    pod.write(page.KIND_ALIVE, 100, unread)
    derived(store, pod.pages)
    assert [one.watching for one in store.alive(RUNNER, *EVER)] == [False]
    pod.asleep(110, 80_000)
    derived(store, pod.pages)
    (alive,) = store.alive(RUNNER, *EVER)
    assert alive.watching
    day = date_at(alive.utc_us, "Europe/London")
    assert [one.known for one in days_of(store, RUNNER, day, day)] == ["alive"]
    pod.write(page.KIND_ALIVE, 80_001, ((1000 * 81_000), page.UNKNOWN_UTC_MS, 0, 900))
    derived(store, pod.pages)
    assert [one.watching for one in store.alive(RUNNER, *EVER)] == [True, False]


def test_marks_lie_where_they_were_made(store: Store) -> None:
    """In a session by its samples, outside by the pod's own word or its ticks; without a date nowhere."""
    pod, undated = Pod(), Pod(boot=2)
    pod.mark(50, code=1)
    pod.mark(60, code=2, utc_ms=T0_MS + 61_000)
    pod.start(100, 1)
    pod.anchor(100)
    pod.mark(130, code=3, utc_ms=T0_MS)
    pod.mark(140, code=4, source=page.MARK_HOST, sample=page.UNKNOWN_U64)
    pod.steps(101, 64)
    pod.anchor(170)
    pod.end(180)
    undated.pages = pod.pages
    undated.mark(10, code=5)
    undated.start(20, 9)
    undated.mark(30, code=6)
    derived(store, pod.pages)
    found = store.marks(RUNNER, *EVER)
    assert [(mark.code, mark.source) for mark in found] == [
        (1, "button"),
        (2, "button"),
        (3, "button"),
        (4, "host"),
    ]
    made_s = [(mark.at_utc_us / 1000 - T0_MS) / 1000 for mark in found]
    assert made_s == pytest.approx([50, 61, 130, 140], abs=0.01)
    assert {(mark.pod, mark.origin) for mark in found} == {(POD, "sensor")}
    assert store.marks(RUNNER, 0, found[2].at_utc_us) == found[:2]
    store.ensure_runner("you", "You", "UTC")
    store.assign(POD, "you", "left", 0)
    assert store.marks(RUNNER, *EVER) == []
    day = date_at(T0_MS * 1000, "Europe/London")
    assert [mark.code for one in days_of(store, "you", day, day) for mark in one.marks] == [1, 2, 3, 4]


def test_everything_that_was_cued_is_in_its_session(store: Store) -> None:
    pod = Pod()
    pod.start(100, 1)
    pod.anchor(100)
    pod.cue(120)
    pod.cue(140, page.CUE_FADED, run=5, share=75)
    nothing_known = (page.UNKNOWN_U64, page.UNKNOWN_U64, page.UNKNOWN_U16, page.UNKNOWN_U16, 9, 0xFF, 0xFF, 0)
    pod.write(page.KIND_CUE, 150, nothing_known)
    pod.cue(160, page.CUE_FAILED)
    pod.steps(101, 64)
    pod.end(180)
    (session,) = derived(store, pod.pages)
    assert [cue[1:] for cue in session.cues] == [
        (17_250, 16_480, "given", 1, 100),
        (17_250, 16_480, "faded", 5, 75),
        (17_250, 16_480, "failed", 1, 100),
    ]
    made_s = [(cue.utc_us / 1000 - T0_MS) / 1000 for cue in session.cues]
    assert made_s == pytest.approx([120, 140, 160], abs=0.01)
    with store.engine.connect() as connection:
        kept = json.loads(connection.execute(sa.select(schema.sessions.c.cues)).scalar_one())
    assert kept[2] == [
        None,
        None,
        None,
        "unknown",
        None,
        None,
    ]  # without a moment it is of no run, and stays stored


@pytest.mark.parametrize("kind", [page.KIND_MARK, page.KIND_CUE])
def test_no_mark_and_no_cue_lies_years_away_from_its_session(store: Store, kind: int) -> None:
    pod = Pod()
    pod.start(100, 1)
    pod.anchor(100)
    pod.steps(101, 64)
    (pod.mark if kind == page.KIND_MARK else pod.cue)(130)
    pod.pages[-1] = changed(pod.pages[-1], page.HEADER_SIZE, (2**47).to_bytes(8, "little"))
    (session,) = derived(store, pod.pages)
    assert session.cues == ()
    assert store.marks(RUNNER, *EVER) == []
    assert store.rejections() == {UNSOUND: 1}


@pytest.mark.parametrize("kind", [page.KIND_ALIVE, page.KIND_MARK])
def test_a_stream_of_samples_has_neither_life_nor_marks(store: Store, kind: int) -> None:
    """A page that lies about its stream shares its number with another one, and stops nothing."""
    pod, raw = Pod(), Pod()
    raw.page.fields["stream"] = page.STREAM_RAW
    for one in (pod, raw):
        one.page.fields["session"] = 0
        (one.alive if kind == page.KIND_ALIVE else one.mark)(10)
        one.anchor(20)
    derived(store, [*pod.pages, *raw.pages])
    assert len(store.alive(RUNNER, *EVER)) + len(store.marks(RUNNER, *EVER)) == 1


def test_pages_lost_within_the_session(store: Store) -> None:
    """Counted when they are declared gone, and no more when one of them turns up after all."""
    pod = Pod()
    pod.run(0, 1, strides=160)
    missing = pod.pages[4:7]
    pod.gone(4, 3)
    (session,) = derived(store, [data for data in pod.pages if data not in missing])
    assert (session.pages_lost, len(session.steps)) == (3, 160 - 48)
    (session,) = derived(store, missing[:1])
    assert (session.pages_lost, len(session.steps)) == (2, 160 - 32)


def test_raw_pages_widen_a_session(store: Store) -> None:
    """A capture has no steps, yet the session lasts as long as it."""
    pod, raw = Pod(), Pod()
    pod.start(0, 1)
    pod.anchor(0)
    raw.page.fields.update(stream=page.STREAM_RAW, session=1)
    for second in range(0, 100, 10):
        raw.write(page.KIND_RAW, second, (1, 2, 3, 4, 5, 6))
    store.add(messages(raw.pages))
    (session,) = derived(store, pod.pages)
    assert abs(session.end_utc_us - session.start_utc_us - 90_000_000) < 3000


LIES: list[tuple[str, int, bytes]] = [
    ("too many records", 18, b"\xff"),
    ("records of another size", 17, b"\x03"),
    ("a kind that no one knows", 3, b"\xee"),
    ("a sample beyond all time", 32, b"\xff" * 8),
    ("a sample of years later", 32, (2**47).to_bytes(8, "little")),
    ("closed years later", 40, (2**47).to_bytes(8, "little")),
    ("closed two hours later", 40, samples(7200).to_bytes(8, "little")),
]


@pytest.mark.parametrize(("offset", "value"), [lie[1:] for lie in LIES], ids=[lie[0] for lie in LIES])
def test_a_page_that_makes_no_sense_is_counted(store: Store, offset: int, value: bytes) -> None:
    """It is whole, so it is stored; its records are left out, shown by name, and the rest of the session stands."""
    pod = Pod()
    pod.run(0, 1, strides=64)
    pages = [*pod.pages[:3], changed(pod.pages[3], offset, value), *pod.pages[4:]]
    (session,) = derived(store, pages)
    assert len(session.steps) == 48
    assert store.rejections() == {UNSOUND: 1}
    assert session.end_utc_us - session.start_utc_us <= 64 * STRIDE_US + 3000


@pytest.mark.parametrize("kind", [page.KIND_SESSION_START, page.KIND_SESSION_END])
def test_no_record_stretches_a_session_over_years(store: Store, kind: int) -> None:
    pod = Pod()
    pod.start(3600 * 24 * 30, 1)
    pod.anchor(3600 * 24 * 30)
    pod.steps(3600 * 24 * 30, 64)
    far = 0 if kind == page.KIND_SESSION_START else 2**47
    pod.write(kind, 3600 * 24 * 30 + 60, (far, 0, page.UNKNOWN_UTC_MS, page.SESSION_QUIET, bytes(7)))
    (session,) = derived(store, pod.pages)
    assert session.end_utc_us - session.start_utc_us <= 64 * STRIDE_US + 3000
    assert store.rejections() == {UNSOUND: 1}


def test_a_lying_page_leaves_the_runners_days_as_they_are(store: Store) -> None:
    """Of an open session: the day after is not known, and the day itself is plain JSON."""
    pod = Pod()
    pod.start(0, 1)
    pod.anchor(0)
    pod.steps(1, 64)
    pod.pages[-1] = changed(pod.pages[-1], 40, (2**47).to_bytes(8, "little"))
    derived(store, pod.pages)
    day = date_at(T0_MS * 1000, "Europe/London")
    found = days_of(store, RUNNER, day, day + timedelta(days=2))
    assert [one.known for one in found] == ["recorded", "unknown", "unknown"]
    assert all(to_json(one) for one in found)
    assert found[0].recorded_s < 60


# name, what the pod says of itself, seconds since it last read its chip, origin and watching of the record
ALIVE: list[tuple[str, dict[str, int], float, tuple[str, bool]]] = [
    ("on watch", {}, 0, ("sensor", True)),
    ("held up by Wi-Fi", {}, 60, ("sensor", True)),
    ("a chip that no longer answers", {"bus_errors": 9}, 61, ("sensor", False)),
    ("a chip that never answered", {"rate_mhz": page.UNKNOWN_U32}, 0, ("sensor", False)),
    ("simulated", {"origin": page.ORIGIN_SIMULATED}, 0, ("simulated", True)),
    ("played back", {"origin": page.ORIGIN_RECORDING}, 0, ("recording", True)),
    ("not said", {"origin": page.UNKNOWN_U8}, 0, ("unknown", True)),
]


@pytest.mark.parametrize(
    ("fields", "unread_s", "expected"), [case[1:] for case in ALIVE], ids=[case[0] for case in ALIVE]
)
def test_an_alive_record_says_whether_anybody_watched(
    store: Store, fields: dict[str, int], unread_s: float, expected: tuple[str, bool]
) -> None:
    pod = Pod()
    pod.page.fields.update(fields)
    record = (round(1000 * (500 + unread_s)), T0_MS, 0, 900)
    pod.write(page.KIND_ALIVE, 500, record)
    derived(store, pod.pages)
    assert store.alive(RUNNER, *EVER) == [Alive(T0_MS * 1000, POD, *expected)]


@pytest.mark.parametrize("sensor", [lambda pod: pod.alive(5, T0_MS - 10**9), lambda pod: pod.run(9e5, 1)])
def test_a_simulated_pod_watches_over_no_runner_with_a_sensor(
    store: Store, sensor: Callable[[Pod], None]
) -> None:
    """In a demo it does, on any day; once a sensor has reported, on none, and another runner's does not matter."""
    simulated, real = Pod("aa" * 8), Pod()
    simulated.page.fields["origin"] = page.ORIGIN_SIMULATED
    simulated.alive(10, T0_MS)
    store.add(messages(simulated.pages, pod="aa" * 8))
    store.derive()
    assert [one.origin for one in store.alive(RUNNER, *EVER)] == ["simulated"]
    sensor(real)
    store.ensure_runner("you", "You", "UTC")
    store.assign(POD, "you", "left", 0)
    derived(store, real.pages)
    assert [one.origin for one in store.alive(RUNNER, *EVER)] == ["simulated"]
    store.assign(POD, RUNNER, "left", 0)
    assert "simulated" not in [one.origin for one in store.alive(RUNNER, *EVER)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(16, 507), st.binary(min_size=1, max_size=9)), max_size=8
    )
)
def test_no_page_stops_derivation(fresh: Callable[[], Path], changes: list[tuple[int, int, bytes]]) -> None:
    """Whole pages with any bytes behind their key: everything is derived, and rebuilt the same."""
    pod = Pod()
    pod.run(0, 1, strides=64)
    pod.page.fields["session"] = 1
    pod.cue(9)
    pod.mark(9)
    pod.page.fields["session"] = 0
    pod.asleep(100, 200)
    pod.alive(150)
    pages = list(pod.pages)
    for index, offset, value in changes:
        if not offset - len(value) < page.NUMBER_OFFSET + 4 < offset + 4 and offset >= page.NUMBER_OFFSET + 4:
            pages[index % len(pages)] = changed(pages[index % len(pages)], offset, value[: 508 - offset])
    with open_store(fresh()) as store:
        store.ensure_runner(RUNNER, "Me", "UTC")
        found = derived(store, pages)
        assert all(np.isfinite(s.steps["ic_utc_us"]).all() for s in found)
        digest = store.derived_digest()
        store.rebuild()
        assert store.derived_digest() == digest


def test_a_version_that_becomes_known_is_decoded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stored when no one could read it; after the upgrade the next derivation does, by itself."""
    pod = Pod()
    pod.run(0, 1)
    assert derived(store, [changed(data, 2, b"\2") for data in pod.pages]) == []
    monkeypatch.setattr(protocol, "KNOWN_VERSIONS", frozenset({1, 2}))
    assert store.derive() == 1
    (session,) = store.sessions(RUNNER, *EVER)
    assert len(session.steps) == 100


def forty_runs() -> list[bytes]:
    pod = Pod()
    for i in range(40):
        pod.run(200 * i, i + 1, strides=32)
        pod.alive(200 * i + 100)
    return pod.pages


def test_an_interrupted_rebuild_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deriving, "SESSIONS_A_TURN", 16)
    store.add(messages(forty_runs()))
    store.derive()
    digest = store.derived_digest()

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.rebuild(stop)
    assert 0 < store.derive() < 40
    assert store.derived_digest() == digest


@pytest.mark.parametrize("version", [derive.DERIVE_VERSION, derive.DERIVE_VERSION + 1], ids=["same", "new"])
def test_a_day_is_there_while_it_is_rebuilt(
    store: Store, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    """Old rows stand until their turn comes: after every turn there are all sessions, steps and alive records."""
    monkeypatch.setattr(deriving, "SESSIONS_A_TURN", 3)
    before = derived(store, forty_runs())
    monkeypatch.setattr(derive, "DERIVE_VERSION", version)
    alive = store.alive(RUNNER, *EVER)
    assert len(alive) == 40
    seen: list[bool] = []

    def look(share: float) -> None:
        now = store.sessions(RUNNER, *EVER)
        seen.append(
            [(s.session_id, len(s.steps)) for s in now] == [(s.session_id, len(s.steps)) for s in before]
            and store.alive(RUNNER, *EVER) == alive
        )

    assert store.rebuild(look) == 40
    assert len(seen) > 10
    assert all(seen)


def test_what_has_no_pages_any_more_goes_with_a_rebuild(store: Store) -> None:
    """As if it had never been there: a session, a boot's alive records, everything."""
    pod, other = Pod(), Pod(boot=2)
    pod.run(0, 1)
    kept = list(pod.pages)
    pod.start(1000, 2)
    pod.mark(1001)
    pod.end(1002)
    other.pages = pod.pages
    other.alive(9, T0_MS)
    other.mark(10)
    store.add(messages(kept))
    store.derive()
    digest = store.derived_digest()
    derived(store, pod.pages)
    assert store.derived_digest() != digest
    drop_pages(store, len(kept))
    store.rebuild()
    assert store.derived_digest() == digest
    drop_pages(store, 0)
    assert store.rebuild() == 0
    assert store.sessions(RUNNER, *EVER) == store.undated() == store.alive(RUNNER, *EVER) == []


def drop_pages(store: Store, first: int) -> None:
    """As a store that was restored from an older copy lacks them."""
    with store.engine.begin() as connection:
        connection.execute(schema.pages.delete().where(schema.pages.c.number >= first))


def count_statements(store: Store, part: str) -> list[str]:
    """Collects the statements with `part` in them from now on."""
    found: list[str] = []

    @sa.event.listens_for(store.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if part in statement:
            found.append(statement)

    return found


def test_what_the_sessions_of_a_boot_share_is_read_once_for_many(store: Store) -> None:
    """Hundreds of sessions of one boot, as a pod that a tram shakes awake makes them."""
    store.add(messages(forty_runs()))
    reads = count_statements(store, schema.TIMED)
    assert store.derive() == 40
    assert len(reads) == 1


def test_a_turn_has_no_more_pages_than_its_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants to store a page waits for one turn only."""
    monkeypatch.setattr(deriving, "PAGES_A_TURN", 12)  # two sessions of six pages
    store.add(messages(forty_runs()))
    reads = count_statements(store, schema.TIMED)
    assert store.derive() == 40
    assert 20 <= len(reads) <= 21


def test_the_anchors_of_a_boot_are_found_without_reading_it(sqlite_only: None, store: Store) -> None:
    """The index of timed pages serves the question for them; else every anchor would cost a sweep over its log."""
    query = f"SELECT bytes FROM pages WHERE pod = 'a' AND log = 1 AND boot = 1 AND {schema.TIMED}"
    with store.engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all())
    assert "pages_timed" in plan


MIXED: list[tuple[str, Callable[[Pod], None], str]] = [
    ("simulated", lambda pod: pod.page.fields.update(origin=page.ORIGIN_SIMULATED), "simulated"),
    ("recording", lambda pod: pod.page.fields.update(origin=page.ORIGIN_RECORDING), "recording"),
    ("not said", lambda pod: pod.page.fields.update(origin=page.UNKNOWN_U8), "unknown"),
]


@pytest.mark.parametrize(("set_origin", "origin"), [m[1:] for m in MIXED], ids=[m[0] for m in MIXED])
def test_origin(store: Store, set_origin: Callable[[Pod], None], origin: str) -> None:
    pod = Pod()
    set_origin(pod)
    pod.run(0, 1)
    assert derived(store, pod.pages)[0].origin == origin


def test_origins_are_never_mixed_in_silence(store: Store) -> None:
    pod = Pod()
    pod.start(0, 1)
    pod.anchor(0)
    pod.steps(1, 16, origin=page.ORIGIN_SIMULATED)
    assert derived(store, pod.pages)[0].origin == "unknown"


def test_two_pods_two_rows_of_the_same_number(store: Store) -> None:
    """The same session number of another pod, log or boot is another session."""
    ids = {session_id(pod, log, boot, 1) for pod in (POD, "00" * 8) for log in (1, 2) for boot in (1, 2)}
    assert len(ids) == 8
    assert all(0 <= id_ < 2**63 for id_ in ids)


def test_resampled_recordings_are_marked(store: Store) -> None:
    pod = Pod()
    pod.page.fields["flags"] = page.FLAG_RESAMPLED
    pod.run(0, 1)
    store.add([Received(POD, data, NOW_US) for data in pod.pages])
    store.derive()
    assert store.sessions(RUNNER, *EVER)[0].resampled is True


def test_deriving_twice_changes_nothing(store: Store) -> None:
    store.add(messages(season()))
    assert store.derive() == 4
    with store.engine.connect() as connection:
        before = connection.execute(sa.select(schema.sessions)).all()
    assert store.derive() == 0
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(schema.sessions)).all() == before


def test_a_sessions_place_is_the_sessions_own_and_its_content_tells_every_change(store: Store) -> None:
    pod = Pod()
    pod.run(0, session=1)
    pod.run(3600, session=2, strides=50)
    store.add(one_by_one(pod.pages[:-3]))
    store.derive()
    before = store.sessions(RUNNER, *EVER)
    places = store.session_places(RUNNER, *EVER)
    assert [(p.start_utc_us, p.end_utc_us, p.foot, p.session_id, p.content) for p in places] == [
        (s.start_utc_us, s.end_utc_us, s.foot, s.session_id, s.content) for s in before
    ]
    store.add(one_by_one(pod.pages[-3:]))
    store.derive()
    after = store.sessions(RUNNER, *EVER)
    assert [s.content == t.content for s, t in zip(before, after, strict=True)] == [True, False]
    assert store.session_places("nobody", *EVER) == []


def test_what_was_derived_before_contents_were_kept_is_derived_anew(store: Store) -> None:
    pod = Pod()
    pod.run(0, session=1)
    store.add(one_by_one(pod.pages))
    store.derive()
    (now,) = store.sessions(RUNNER, *EVER)
    with store.engine.begin() as connection:
        connection.execute(schema.sessions.update().values(content=None, derived_by="2/1"))
        connection.execute(schema.meta.update().where(schema.meta.c.name == "derived_by").values(value="2/1"))
    assert store.sessions(RUNNER, *EVER)[0].content is None
    store.derive()
    assert store.sessions(RUNNER, *EVER)[0].content == now.content is not None
