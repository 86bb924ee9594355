"""What is known of each stream's numbers: stored, lost, erased, wanted. Held in memory, kept in the tables.

The memory is only ever right together with a committed transaction: whoever rolls back calls `forget`.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from strideload.store import engine, kept, schema
from strideload.store.intake import StreamKey
from strideload.store.ranges import Numbers, Ranges

GONE: Final = "gone"  # the pod overwrote it
CORRUPT: Final = "corrupt"  # it cannot be read, on the pod or on its way

BAD_COPIES_LIMIT: Final = 3
# A pod that is formatted again and again brings a log each time. What is forgotten is read from the tables again; only
# how often a bad page came is counted anew.
ACCOUNTS_LIMIT: Final = 256


@dataclass
class Account:
    """One stream. `accounted` has what is stored, lost or erased; `lost` says of what, why."""

    accounted: Ranges = field(default_factory=Ranges)
    lost: dict[str, Ranges] = field(default_factory=lambda: {GONE: Ranges(), CORRUPT: Ranges()})
    erased: Ranges = field(default_factory=Ranges)  # were stored, and must not be again
    kept_wanted: int = -1  # as in the table; -1: not there yet
    changed_losses: Ranges = field(default_factory=Ranges)  # numbers lost or found, not written yet
    bad_number: int = -1  # the wanted number that arrived bad, and how often
    bad_copies: int = 0

    @property
    def wanted(self) -> int:
        """First number neither stored nor lost."""
        return self.accounted.frontier

    def stored(self, numbers: Numbers) -> npt.NDArray[np.bool_]:
        """Which of these are stored, (n,) bool."""
        return self.accounted.has(numbers) & ~self.lost[GONE].has(numbers) & ~self.lost[CORRUPT].has(numbers)

    def store(self, numbers: Numbers) -> None:
        """These, rising, are stored now; what was thought lost is found."""
        for lost in self.lost.values():
            for number in numbers[lost.has(numbers)].tolist():
                lost.remove(number)
                self.changed_losses.add(number, number + 1)
        self.accounted.add_numbers(numbers)

    def lose(self, first: int, end: int, cause: str) -> int:
        """What of [first, end) is not accounted for is lost -> how many pages."""
        missing = self.accounted.missing(first, end)
        for part in missing:
            self.lost[cause].add(*part)
            self.accounted.add(*part)
            self.changed_losses.add(*part)
        return sum(end - first for first, end in missing)

    def count_bad(self, number: int) -> int:
        """The wanted page arrived and was not whole -> pages lost by it: 1 when it was asked for often enough."""
        if number != self.bad_number:
            self.bad_number, self.bad_copies = number, 0
        self.bad_copies += 1
        return self.lose(number, number + 1, CORRUPT) if self.bad_copies >= BAD_COPIES_LIMIT else 0


class Ledger:
    """The accounts of the streams that were touched last, since the store was opened or since `forget`."""

    def __init__(self) -> None:
        self._accounts: dict[StreamKey, Account] = {}  # the one used last is the last

    def forget(self) -> None:
        """Read everything anew when it is next needed."""
        self._accounts.clear()

    def account(self, connection: sa.Connection, key: StreamKey) -> Account:
        """A stream's account, from the tables if it is not in memory."""
        found = self._accounts.pop(key, None) or _read(connection, key)
        self._accounts[key] = found
        return found

    def trim(self) -> None:
        """Let go of the accounts that were not used for longest. All are to be saved before."""
        for key in list(self._accounts)[:-ACCOUNTS_LIMIT]:
            del self._accounts[key]

    def __len__(self) -> int:
        return len(self._accounts)

    def save(self, connection: sa.Connection, key: StreamKey) -> None:
        """Write down what has changed of a stream."""
        account = self._accounts[key]
        if account.wanted != account.kept_wanted:
            row = {**_columns(key), "wanted": account.wanted}
            engine.upsert(connection, schema.streams, [row])
            account.kept_wanted = account.wanted
        if account.changed_losses:
            _write_losses(connection, key, account)
            account.changed_losses = Ranges()


def exists(connection: sa.Connection, key: StreamKey) -> bool:
    """Whether anything was ever stored of this stream."""
    return (
        connection.execute(sa.select(schema.streams.c.wanted).where(of(schema.streams, key))).first()
        is not None
    )


def of(table: sa.Table, key: StreamKey) -> sa.ColumnElement[bool]:
    """The rows of one stream."""
    pod, log, stream = key
    return sa.and_(table.c.pod == pod, table.c.log == log, table.c.stream == stream)


def _columns(key: StreamKey) -> dict[str, str | int]:
    return dict(zip(("pod", "log", "stream"), key, strict=True))


def _read(connection: sa.Connection, key: StreamKey) -> Account:
    streams, pages, losses = schema.streams, schema.pages, schema.losses
    account = Account()
    wanted = connection.execute(sa.select(streams.c.wanted).where(of(streams, key))).scalar()
    if wanted is None:
        return account
    account.kept_wanted = wanted
    account.accounted.add(0, wanted)
    beyond = (
        sa.select(pages.c.number).where(of(pages, key), pages.c.number >= wanted).order_by(pages.c.number)
    )
    for number in connection.execute(beyond).scalars():
        account.accounted.add(number, number + 1)
    for first, count, cause in connection.execute(
        sa.select(losses.c.first, losses.c["count"], losses.c.cause).where(of(losses, key))
    ):
        account.lost[cause].add(first, first + count)
        account.accounted.add(first, first + count)
    erasures = kept.erasures
    for first, count in connection.execute(
        sa.select(erasures.c.first, erasures.c["count"]).where(of(erasures, key))
    ):
        account.erased.add(first, first + count)
        account.accounted.add(first, first + count)
    return account


def _write_losses(connection: sa.Connection, key: StreamKey, account: Account) -> None:
    """The rows around what has changed anew; the sessions that it lies in are to be derived again.

    A row is a range that neighbours are joined to, so that a change reaches the rows that touch it and no others.
    """
    spans = schema.spans
    rows: dict[int, dict[str, Any]] = {}
    for first, end in account.changed_losses:
        _delete_touching(connection, key, first, end)
        for cause, lost in account.lost.items():
            for low, high in lost.touching(first, end):
                rows[low] = {**_columns(key), "first": low, "count": high - low, "cause": cause}
        touched = sa.and_(of(spans, key), spans.c.first < end, spans.c.last >= first)
        connection.execute(spans.update().values(dirty=True).where(touched))
    if rows:
        connection.execute(schema.losses.insert(), list(rows.values()))


def _delete_touching(connection: sa.Connection, key: StreamKey, first: int, end: int) -> None:
    """Delete the rows of losses that overlap [first, end) or lie next to it.

    Rows do not overlap, so of those that begin before it only the last can reach it: the key finds it at once.
    """
    losses = schema.losses
    before = sa.select(sa.func.max(losses.c.first)).where(of(losses, key), losses.c.first < first)
    reaches = sa.and_(losses.c.first == before.scalar_subquery(), losses.c.first + losses.c["count"] >= first)
    for touching in (losses.c.first.between(first, end), reaches):
        connection.execute(losses.delete().where(of(losses, key), touching))
