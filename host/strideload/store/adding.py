"""Messages into the tables: one transaction, and nothing is decoded but what the bookkeeping needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from strideload.protocol import pages as protocol
from strideload.protocol import topics
from strideload.store import engine, schema, setting_aside
from strideload.store.errors import StoreOutdated
from strideload.store.intake import (
    CONFLICT,
    BadPage,
    Indices,
    Intake,
    Outcome,
    Received,
    Reject,
    StreamKey,
    sort_out,
)
from strideload.store.ledger import CORRUPT, GONE, Ledger, exists, of
from strideload.store.ranges import Numbers
from strideload.store.setting_aside import Aside
from strideload_pod import page

NUMBERS_END: Final = 2**32
# Far below the 32 766 parameters that a statement may have in SQLite.
LOOK_UP_LIMIT: Final = 500

LOSS: Final = {page.GONE_OVERWRITTEN: GONE, page.GONE_CORRUPT: CORRUPT}


@dataclass
class _Batch:
    """What one `add` works on."""

    connection: sa.Connection
    ledger: Ledger
    intake: Intake
    outcome: Outcome
    rejects: list[Reject]
    gone: list[tuple[StreamKey, protocol.Array]] = field(
        default_factory=list[tuple[StreamKey, protocol.Array]]
    )


def add(connection: sa.Connection, ledger: Ledger, received: Sequence[Received]) -> Outcome:
    """Store what these messages bring, on a writing connection. StoreOutdated: the ledger is."""
    intake = sort_out(received)
    outcome = Outcome()
    batch = _Batch(connection, ledger, intake, outcome, intake.rejects)
    for key, at in intake.streams:
        _add_stream(batch, key, at)
        outcome.wanted[key] = 0
    for key, pages in batch.gone:
        _lose_gone(batch, key, pages)
    for bad in _each_once(intake.bad):
        _count_bad(batch, bad)
    for key in outcome.wanted:
        ledger.save(connection, key)
        outcome.wanted[key] = ledger.account(connection, key).wanted
    ledger.trim()
    _set_aside(batch)
    _note_pods(connection, received)
    return outcome


def _add_stream(batch: _Batch, key: StreamKey, at: Indices) -> None:
    """Good pages of one stream, in order of arrival; `at`: their places in the intake."""
    account = batch.ledger.account(batch.connection, key)
    numbers = batch.intake.pages["number"][at].astype(np.int64)
    if account.erased:
        erased = account.erased.has(numbers)
        batch.outcome.erased += int(erased.sum())
        at, numbers = at[~erased], numbers[~erased]
        if not len(at):
            return
    if numbers[0] < account.accounted.end or not (np.diff(numbers) > 0).all():
        fresh = _sift(batch, key, at, numbers)
        at, numbers = at[fresh], numbers[fresh]
    if not len(at):
        return
    known = _insert(batch, key, at, numbers)
    account.store(numbers)
    batch.outcome.stored += len(at)
    batch.outcome.pods[key[0]] = batch.outcome.pods.get(key[0], 0) + len(at)
    at, numbers = at[known], numbers[known]
    pages = batch.intake.pages
    kinds, boots = pages["kind"][at], pages["boot"][at]
    _note_spans(batch.connection, key, boots, pages["session"][at], numbers)
    for boot in np.unique(boots[kinds == page.KIND_ANCHOR]).tolist():
        _note_anchor(batch.connection, key, boot)
    gone = pages[at[kinds == page.KIND_GONE]]
    if len(gone):
        batch.gone.append((key, gone[protocol.sound(gone)]))


def _sift(batch: _Batch, key: StreamKey, at: Indices, numbers: Numbers) -> Indices:
    """Tell new pages from repeats and conflicts -> places in `at` of the new ones, in order of numbers."""
    intake, outcome = batch.intake, batch.outcome
    stored = batch.ledger.account(batch.connection, key).stored(numbers)
    firsts = np.unique(numbers, return_index=True)[1]
    fresh = firsts[~stored[firsts]]
    copies = {int(numbers[i]): intake.bytes_of(int(at[i])) for i in fresh.tolist()}
    known = np.unique(numbers[stored]).tolist()
    copies.update(_stored_bytes(batch.connection, key, known))
    if not copies.keys() >= set(known):
        raise StoreOutdated(
            f"pages of pod {key[0]} that were stored are there no more"
        )  # erased by another process
    for i in np.setdiff1d(np.arange(len(at)), fresh).tolist():
        payload = intake.bytes_of(int(at[i]))
        if payload == copies[int(numbers[i])]:
            outcome.repeated += 1
        else:
            outcome.conflicting += 1
            batch.rejects.append(Reject(CONFLICT, key[0], payload, int(intake.received_utc_us[at[i]])))
    return fresh


def _stored_bytes(connection: sa.Connection, key: StreamKey, numbers: list[int]) -> dict[int, bytes]:
    pages = schema.pages
    found: dict[int, bytes] = {}
    for low in range(0, len(numbers), LOOK_UP_LIMIT):
        some = pages.c.number.in_(numbers[low : low + LOOK_UP_LIMIT])
        query = sa.select(pages.c.number, pages.c.bytes).where(of(pages, key), some)
        found.update((number, data) for number, data in connection.execute(query))
    return found


def _insert(batch: _Batch, key: StreamKey, at: Indices, numbers: Numbers) -> npt.NDArray[np.bool_]:
    """Insert new pages -> which of them are of a known version, (n,)."""
    pages, data = batch.intake.pages, batch.intake.data
    known = protocol.known(pages)[at]
    fields: list[list[Any]] = [pages[name][at].tolist() for name in ("kind", "session", "boot")]
    for i in np.flatnonzero(~known).tolist():  # there these bytes may mean anything
        for column in fields:
            column[i] = None
    rows = zip(
        repeat(key[0], len(at)),
        repeat(key[1], len(at)),
        repeat(key[2], len(at)),
        numbers.tolist(),
        pages["version"][at].tolist(),
        *fields,
        batch.intake.received_utc_us[at].tolist(),
        [data[first : first + page.PAGE_SIZE] for first in (at * page.PAGE_SIZE).tolist()],
        strict=True,
    )
    engine.insert(batch.connection, schema.pages, list(rows))
    return known


def _note_spans(
    connection: sa.Connection,
    key: StreamKey,
    boots: protocol.Array,
    sessions: protocol.Array,
    numbers: Numbers,
) -> None:
    """Widen the spans of these pages' sessions, and mark them for derivation."""
    pod, log, stream = key
    both = boots.astype(np.uint64) << np.uint64(32) | sessions
    rows = [
        {
            "pod": pod,
            "log": log,
            "stream": stream,
            "boot": boot_session >> 32,
            "session": boot_session & 0xFFFFFFFF,
            "first": int(numbers[both == boot_session].min()),
            "last": int(numbers[both == boot_session].max()),
            "dirty": True,
        }
        for boot_session in np.unique(both).tolist()
    ]
    engine.upsert(connection, schema.spans, rows, {"first": "min", "last": "max"})


def _note_anchor(connection: sa.Connection, key: StreamKey, boot: int) -> None:
    """An anchor re-dates what of its boot has none of its own: sessions reached by ticks, or not at all."""
    spans, sessions = schema.spans.c, schema.sessions.c
    pod, log, _ = key
    leaning = sa.select(sessions.session).where(
        sessions.pod == pod,
        sessions.log == log,
        sessions.boot == boot,
        sessions.clock.in_(("ticks", "none", "placed")),
    )
    of_boot = sa.and_(spans.pod == pod, spans.log == log, spans.boot == boot)
    touched = sa.or_(spans.session == 0, spans.session.in_(leaning))
    connection.execute(schema.spans.update().values(dirty=True).where(of_boot, touched))


def _lose_gone(batch: _Batch, key: StreamKey, pages: protocol.Array) -> None:
    """What the pod says is no longer there is lost, as far as it is not stored."""
    for record in protocol.records(pages, page.KIND_GONE)[1].tolist():
        stream, cause, _, first, count = record
        target = (key[0], key[1], stream)
        account = batch.ledger.account(batch.connection, target)
        end = min(first + count, NUMBERS_END)
        batch.outcome.lost += account.lose(first, end, LOSS.get(cause, GONE))
        batch.outcome.wanted[target] = 0


def _each_once(bad: Sequence[BadPage]) -> Iterable[BadPage]:
    """Copies that came together were asked for once; of these, one that its neighbours tell is believed."""
    return {(b.stream, b.number): b for b in sorted(bad, key=lambda b: b.neighbours)}.values()


def _count_bad(batch: _Batch, bad: BadPage) -> None:
    """A page that is not whole is asked for again, a few times; then it is lost, and we go on."""
    if not bad.neighbours and not exists(batch.connection, bad.stream):
        return  # its header may say anything
    account = batch.ledger.account(batch.connection, bad.stream)
    if bad.number == account.wanted:
        batch.outcome.lost += account.count_bad(bad.number)
        batch.outcome.wanted[bad.stream] = 0


def _set_aside(batch: _Batch) -> None:
    reasons = batch.outcome.reasons
    for reject in batch.rejects:
        reasons[reject.reason] = reasons.get(reject.reason, 0) + 1
    batch.outcome.set_aside = len(batch.rejects)
    setting_aside.put(
        batch.connection,
        (Aside(r.reason, topics.of_pod(r.pod, "pages"), r.payload, r.received_utc_us) for r in batch.rejects),
    )


def _note_pods(connection: sa.Connection, received: Sequence[Received]) -> None:
    seen: dict[str, int] = {}
    for r in received:
        seen[r.topic_pod] = max(seen.get(r.topic_pod, schema.NEVER_UTC_US), _seen_utc_us(r))
    rows = [{"pod": pod, "last_seen_utc_us": utc_us} for pod, utc_us in seen.items()]
    engine.upsert(connection, schema.pods, rows, {"last_seen_utc_us": "max"})


def _seen_utc_us(received: Received) -> int:
    return received.received_utc_us if received.heard else schema.NEVER_UTC_US
