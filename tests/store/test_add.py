"""Pages in: stored once and verbatim, acknowledged only by what is committed, and nothing lost in silence."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from store.making import LOG, NOW_US, POD, Pod, changed, messages, one_by_one
from strideload.store import Received, Store, adding, engine, ledger, open_store, schema
from strideload.store.intake import CONFLICT, EMPTY, FOREIGN, NOT_WHOLE, TRUNCATED
from strideload_pod import page

KEY = (POD, LOG, page.STREAM_STEPS)
OTHER_POD = "00ff00ff00ff0000"


@pytest.fixture
def pages() -> list[bytes]:
    pod = Pod()
    pod.run(10, 1, strides=400)
    return pod.pages


def kept(store: Store) -> list[bytes]:
    """All pages of the store, in order of their keys."""
    with store.engine.connect() as connection:
        query = sa.select(schema.pages.c.bytes).order_by(*schema.pages.primary_key)
        return list(connection.execute(query).scalars())


def losses(store: Store) -> list[tuple[int, int, int, str]]:
    c = schema.losses.c
    with store.engine.connect() as connection:
        query = sa.select(c.stream, c.first, c["count"], c.cause).order_by(c.stream, c.first)
        return [tuple(row) for row in connection.execute(query)]


def test_pages_are_kept_as_they_came(store: Store, pages: list[bytes]) -> None:
    outcome = store.add(messages(pages))
    assert kept(store) == pages
    assert (outcome.stored, outcome.repeated, outcome.set_aside) == (len(pages), 0, 0)
    assert outcome.wanted == {KEY: len(pages)}
    assert store.wanted(*KEY) == len(pages)


@pytest.mark.parametrize(
    "count",
    [1, 2, engine.ROWS_LIMIT - 1, engine.ROWS_LIMIT, engine.ROWS_LIMIT + 1, 2 * engine.ROWS_LIMIT + 7],
)
def test_a_batch_of_any_size_is_kept_whole(store: Store, count: int) -> None:
    """At, below and above the rows of one statement."""
    pod = Pod()
    pod.steps(0, 16 * count)
    assert store.add(messages(pod.pages)).stored == count
    assert kept(store) == pod.pages


def test_a_page_sent_twice_is_stored_once(store: Store, pages: list[bytes]) -> None:
    """In one message, in another, after the store was opened again: counted, and acknowledged again."""
    twice = store.add(messages(pages + pages, 5))
    assert (twice.stored, twice.repeated) == (len(pages), len(pages))
    with open_store(store.engine.url.render_as_string(hide_password=False)) as later:
        again = later.add(messages(pages))
    assert (again.stored, again.repeated, again.wanted) == (0, len(pages), {KEY: len(pages)})
    assert kept(store) == pages


def test_same_key_with_other_bytes_is_never_a_repeat(store: Store, pages: list[bytes]) -> None:
    other = changed(pages[3], page.HEADER_SIZE + 4, b"\1")
    for batch in ([pages[3], other], [other]):
        outcome = store.add(one_by_one(batch))
        assert (outcome.conflicting, outcome.reasons) == (1, {CONFLICT: 1})
    assert kept(store) == [pages[3]]
    assert store.rejections() == {CONFLICT: 2}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 16))
def test_any_order_ends_the_same(fresh: Callable[[], Path], seed: int, size: int) -> None:
    """Thrice, shuffled, every tenth late, in messages of any size: wanted is always the first that is missing."""
    pod = Pod()
    pod.run(0, 1, strides=300)
    late = pod.pages[::10]
    arrivals = [data for data in pod.pages if data not in late] * 3
    random.Random(seed).shuffle(arrivals)
    with open_store(fresh()) as store:
        seen: set[int] = set()
        for message in messages(arrivals, size):
            wanted = store.add([message]).wanted[KEY]
            seen |= {page.key(message.payload[i : i + 512])[3] for i in range(0, len(message.payload), 512)}
            assert wanted == min(set(range(len(pod.pages) + 1)) - seen)
        assert store.add(messages(late)).wanted == {KEY: len(pod.pages)}
        assert kept(store) == pod.pages


def test_streams_pods_and_logs_are_apart(store: Store) -> None:
    pods = [Pod(), Pod(pod=OTHER_POD), Pod(log=7)]
    for pod in pods:
        pod.steps(1, 40)
    received = [Received(pod.pod, data, NOW_US) for pod in pods for data in pod.pages]
    random.Random(1).shuffle(received)
    wanted = store.add(received).wanted
    assert wanted == {(pod.pod, pod.log, 0): 3 for pod in pods}


def test_an_unknown_version_is_stored_and_acknowledged(store: Store, pages: list[bytes]) -> None:
    newer = [changed(data, 2, b"\x63") for data in pages]
    outcome = store.add(messages(newer))
    assert outcome.wanted == {KEY: len(pages)}
    assert kept(store) == newer
    assert store.derive() == 0


WRONG = [
    ("nothing", lambda data: b"", EMPTY, 0),
    ("one byte", lambda data: data[:1], TRUNCATED, 0),
    ("one byte short", lambda data: data[:-1], TRUNCATED, 0),
    ("one byte more", lambda data: data + b"x", TRUNCATED, 1),
    ("a flipped bit", lambda data: changed(data, 200, bytes([data[200] ^ 4]), sealed=False), NOT_WHOLE, 0),
    ("another magic", lambda data: changed(data, 0, b"XX"), NOT_WHOLE, 0),
    ("zeros", lambda data: bytes(512), NOT_WHOLE, 0),
    ("another pod's page", lambda data: changed(data, 4, b"\0\1\2\3\4\5\6\7"), FOREIGN, 0),
]


@pytest.mark.parametrize(("spoil", "reason", "stored"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_wrong_goes_aside_alone(
    store: Store, pages: list[bytes], spoil, reason: str, stored: int
) -> None:
    """Kept with its reason and counted; the messages around it are stored."""
    outcome = store.add(
        [*one_by_one(pages[:1]), Received(POD, spoil(pages[1]), NOW_US), *one_by_one(pages[2:4])]
    )
    assert outcome.stored == 3 + stored
    assert outcome.reasons == {reason: 1}
    assert store.rejections() == {reason: 1}
    assert outcome.wanted[KEY] == 1 + 3 * stored


def bad(data: bytes) -> bytes:
    return changed(data, 300, bytes([data[300] ^ 1]), sealed=False)


@pytest.mark.parametrize("alone", [False, True], ids=["told by its neighbours", "by its own header"])
def test_a_bad_page_is_asked_for_three_times(store: Store, pages: list[bytes], alone: bool) -> None:
    """Then it is lost and passed over; a good copy that comes after all is stored, and the loss is gone."""
    store.add(messages(pages[:4]))
    message = one_by_one([bad(pages[4])]) if alone else messages([bad(pages[4]), *pages[5:8]])
    expected = [4, 4, 5 if alone else 8]
    for wanted in expected:
        outcome = store.add(message)
        assert outcome.wanted == {KEY: wanted}
    assert outcome.lost == 1
    assert losses(store) == [(0, 4, 1, "corrupt")]
    good = store.add(one_by_one([pages[4]]))
    assert good.stored == 1
    assert losses(store) == []
    assert good.wanted[KEY] == expected[-1]


@pytest.mark.parametrize("alone", [False, True], ids=["told by its neighbours", "by its own header"])
def test_copies_that_come_together_were_asked_for_once(store: Store, pages: list[bytes], alone: bool) -> None:
    """A pod that sends ahead, or a broker that sends again, does not use up the times that a page is asked for."""
    store.add(messages(pages[:4]))
    copies = one_by_one([bad(pages[4])]) if alone else messages([bad(pages[4]), *pages[5:8]])
    for wanted in (4, 4, 5 if alone else 8):
        assert store.add(copies * 5).wanted == {KEY: wanted}


def test_a_bad_page_that_is_not_wanted_yet_costs_nothing(store: Store, pages: list[bytes]) -> None:
    for _ in range(5):
        outcome = store.add(messages([pages[2], bad(pages[3])]))
        assert outcome.wanted == {KEY: 0}
    assert losses(store) == []


def test_a_bad_header_does_not_make_a_stream(store: Store, pages: list[bytes]) -> None:
    """A page that is not whole and stands alone may claim any log: nothing is answered."""
    for _ in range(4):
        assert store.add(one_by_one([changed(pages[0], 12, b"\7\7\7\7", sealed=False)])).wanted == {}
    assert losses(store) == []


def test_what_is_gone_is_recorded_and_passed_over(store: Store) -> None:
    """Only what is not stored is lost: of 0..9 the pages 2 and 3 are here; page 5, found later, is no loss any more."""
    pod = Pod()
    pod.steps(1, 16 * 10)
    pod.gone(0, 10)
    store.add(messages(pod.pages[2:4]))
    outcome = store.add(one_by_one(pod.pages[10:]))
    assert (outcome.lost, outcome.wanted) == (8, {KEY: 11})
    assert losses(store) == [(0, 0, 2, "gone"), (0, 4, 6, "gone")]
    store.add(one_by_one([pod.pages[5]]))
    assert losses(store) == [(0, 0, 2, "gone"), (0, 4, 1, "gone"), (0, 6, 4, "gone")]
    assert store.add(one_by_one(pod.pages[10:])).repeated == 1


def test_gone_of_another_stream(store: Store) -> None:
    """Four thousand million pages of the raw stream are gone: told, acknowledged, and no burden."""
    pod = Pod()
    pod.gone(0, 0xFFFFFFFF, stream=page.STREAM_RAW, cause=page.GONE_CORRUPT)
    outcome = store.add(messages(pod.pages))
    assert outcome.wanted == {KEY: 1, (POD, LOG, page.STREAM_RAW): 0xFFFFFFFF}
    assert losses(store) == [(1, 0, 0xFFFFFFFF, "corrupt")]


SMALL = st.integers(0, 30)
CAUSES = {page.GONE_OVERWRITTEN: "gone", page.GONE_CORRUPT: "corrupt"}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(
            st.tuples(SMALL, st.integers(0, 8), st.sampled_from([None, *CAUSES])), min_size=1, max_size=5
        ),
        max_size=6,
    )
)
def test_losses_are_those_numbers_that_are_gone_and_not_stored(
    fresh: Callable[[], Path], batches: list[list[tuple[int, int, int | None]]]
) -> None:
    """Whatever is declared gone and found again, in any order and together: the table is the set, joined to ranges."""
    told, raw = Pod(), Pod()
    raw.page.fields["stream"] = page.STREAM_RAW
    for _ in range(31):
        raw.write(page.KIND_RAW, 0, (1, 2, 3, 4, 5, 6))
    lost: dict[int, str] = {}
    stored: set[int] = set()
    with open_store(fresh()) as store:
        for batch in batches:
            before = len(told.pages)
            found = [first for first, _, cause in batch if cause is None]
            for number in found:
                stored.add(number)
                lost.pop(number, None)
            for first, count, cause in batch:
                if cause is not None:
                    told.gone(first, count, stream=page.STREAM_RAW, cause=cause)
                    for number in set(range(first, first + count)) - stored - set(lost):
                        lost[number] = CAUSES[cause]
            store.add(one_by_one([*told.pages[before:], *(raw.pages[number] for number in found)]))
            table = losses(store)
            spread = {n: cause for _, first, count, cause in table for n in range(first, first + count)}
            assert spread == lost
            assert sum(count for _, _, count, _ in table) == len(lost)
            ranges = {(first + count, cause) for _, first, count, cause in table}
            assert not ranges & {(first, cause) for _, first, _, cause in table}  # neighbours are joined


def test_one_more_loss_writes_no_other(store: Store) -> None:
    """Of a thousand ranges that are lost, a message that changes one writes that one."""
    pod = Pod()
    for number in range(0, 2000, 2):
        pod.gone(number, 1, stream=page.STREAM_RAW)
    pod.gone(2001, 1, stream=page.STREAM_RAW)
    store.add(messages(pod.pages[:-1]))
    written: list[int] = []

    @sa.event.listens_for(store.engine, "after_cursor_execute")
    def note(_c: object, cursor: Any, statement: str, *_more: object) -> None:
        if " losses " in statement and not statement.startswith("SELECT"):
            written.append(cursor.rowcount)

    store.add(messages(pod.pages[-1:]))
    assert len(losses(store)) == 1001
    assert sum(written) == 1


def test_only_the_streams_used_last_are_kept_in_memory(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that is formatted again and again fills no memory; what was let go of is known from the tables."""
    monkeypatch.setattr(ledger, "ACCOUNTS_LIMIT", 3)
    pods = [Pod(log=log) for log in range(10)]
    book = ledger.Ledger()
    for pod in pods:
        pod.steps(1, 64)
    for part in (slice(0, 2), slice(1, 4)):
        for pod in pods:
            with engine.writing(store.engine) as connection:
                outcome = adding.add(connection, book, messages(pod.pages[part]))
            assert outcome.wanted == {(POD, pod.log, 0): part.stop}
            assert len(book) <= 3
    assert store.page_count() == 40


def test_an_older_copy_of_the_store_wants_its_pages_again(store: Store, pages: list[bytes]) -> None:
    """A page that was deleted behind the ledger's back, as a restored copy lacks it, is wanted and taken again."""
    store.add(messages(pages))
    with store.engine.begin() as connection:
        connection.execute(schema.pages.delete().where(schema.pages.c.number >= 5))
        connection.execute(schema.streams.update().values(wanted=5))
    with open_store(store.engine.url.render_as_string(hide_password=False)) as restored:
        assert restored.wanted(*KEY) == 5
        assert restored.add(messages(pages[5:])).stored == len(pages) - 5
    assert kept(store) == pages


def test_two_processes_may_store_the_same(store: Store, pages: list[bytes]) -> None:
    """A second store object on the same database: whoever comes second notices, and counts repeats."""
    with open_store(store.engine.url.render_as_string(hide_password=False)) as other:
        store.add(messages(pages[:3]))
        other.add(messages(pages[:6]))
        outcome = store.add(messages(pages))
    assert (outcome.stored, outcome.repeated) == (len(pages) - 6, 6)
    assert kept(store) == pages


def test_what_goes_aside_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten megabytes leave 8 KiB and their true length; the same again is counted; past the bound only counted."""
    monkeypatch.setattr("strideload.store.setting_aside.ROWS_LIMIT", 3)
    for _ in range(2):
        store.set_aside("strideload/pod/\udcff\0/pages", bytes(10_000_000), "too large")
    for i in range(9):
        store.set_aside("t", b"%d" % i, "too large")
    c = schema.aside.c
    with store.engine.connect() as connection:
        query = sa.select(sa.func.length(c.bytes), c.size, c["count"]).order_by(c.size.desc(), c["count"])
        rows = [tuple(row) for row in connection.execute(query)]
    assert rows == [(8192, 10_000_000, 2), (1, 1, 1), (1, 1, 1), (0, 0, 7)]
    assert store.rejections() == {"too large": 11}


def test_what_was_cut_before_keeps_its_true_length(store: Store) -> None:
    """Two that begin the same are two; the same again is counted."""
    for size in (9_000, 9_000, 10_000_000):
        store.set_aside("t", bytes(8192), "too large", size=size)
    c = schema.aside.c
    with store.engine.connect() as connection:
        rows = connection.execute(sa.select(sa.func.length(c.bytes), c.size, c["count"]).order_by(c.size))
        assert [tuple(row) for row in rows] == [(8192, 9_000, 2), (8192, 10_000_000, 1)]


def test_pods_and_their_state(store: Store, pages: list[bytes]) -> None:
    store.add(messages(pages))
    store.save_state(POD, {"v": 1, "battery_mv": 3900}, NOW_US + 5)
    store.add(messages(pages))
    (row,) = store.pods()
    assert (row.pod, row.state, row.last_seen_utc_us) == (POD, {"v": 1, "battery_mv": 3900}, NOW_US + 5)
