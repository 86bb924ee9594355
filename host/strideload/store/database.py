"""The store: one object that the rest of the host talks to."""

import json
import secrets
import time
from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Final, Self

import sqlalchemy as sa

from strideload.load.steps import Alive, Mark, Session, SessionPlace
from strideload.store import (
    adding,
    deriving,
    engine,
    erasing,
    migrate,
    people,
    placing,
    reading,
    schema,
    setting_aside,
    traces,
    wanting,
)
from strideload.store.accounts import Accounts
from strideload.store.activities import Activities
from strideload.store.conditions import Conditions
from strideload.store.derive import derived_by
from strideload.store.diary import Diary
from strideload.store.erasing import Erased
from strideload.store.errors import StoreError, StoreOutdated
from strideload.store.intake import Outcome, Received
from strideload.store.keys import Keys
from strideload.store.ledger import Ledger
from strideload.store.people import Assignment, Wearing
from strideload.store.plans import Plans
from strideload.store.reading import PodSession, Undated
from strideload.store.setting_aside import Aside
from strideload.store.strength import Strength
from strideload.store.wanting import Wanted

UNSOUND: Final = "records that do not fit their page"


@dataclass(frozen=True)
class PodRow:
    """A pod that was heard of, its last `state` as it came and when it was heard itself (None: not yet)."""

    pod: str
    state: dict[str, Any] | None
    last_seen_utc_us: int | None


@dataclass(frozen=True)
class Replay:
    """A recording that was played: its content, when it was said to begin, and the log that it became."""

    content: str
    start_utc_us: int
    pod: str
    log: int


def open_store(url_or_path: str | Path) -> "Store":
    """Open the store of a database URL or an SQLite file; what is missing is made. StoreError.

    Tables of an older version are brought up to date.
    """
    url = str(url_or_path)
    if "://" not in url:
        path = Path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        url = str(sa.URL.create("sqlite", database=str(path)))
    found = engine.make_engine(url)
    try:
        with engine.writing(found) as connection:
            migrate.migrate(connection)
            store_id = _store_id(connection)
            log_due = traces.due(connection)
    except BaseException:
        found.dispose()
        raise
    return Store(found, store_id, log_due)


def _store_id(connection: sa.Connection) -> str:
    """The store's own id, 32 hex digits, drawn when it is made."""
    meta = schema.meta
    found = connection.execute(sa.select(meta.c.value).where(meta.c.name == "store_id")).scalar()
    if found is None:
        found = secrets.token_hex(16)
        rows = [{"name": "store_id", "value": found}, {"name": "derived_by", "value": derived_by()}]
        connection.execute(meta.insert(), rows)
    return found


class Store:
    """Pages, what is derived from them, and what the user said. Every method is one transaction, unless it says more.

    Any thread may call any method. Errors: StoreError and its children; then nothing of that call was stored.
    """

    def __init__(self, engine_: sa.Engine, store_id: str, log_due: str | None = None) -> None:
        self.engine = engine_
        self.store_id = store_id
        self._changes = engine.Changes(engine_)
        self._traces = traces.Traces(engine_, log_due)
        self._ledger = Ledger()
        self._turn = RLock()  # writers of this process wait here, rather than in SQLite's polling
        turns = self._reading, self._writing, self._erasing
        self.accounts = Accounts(*turns)
        self.keys = Keys(*turns)
        self.diary = Diary(*turns)
        self.plans = Plans(*turns)
        self.conditions = Conditions(*turns)
        self.activities = Activities(*turns)
        self.strength = Strength(*turns)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._traces.retry()
        self._changes.close()
        self.engine.dispose()

    def version(self) -> Hashable:
        """Another one than any before, once anything was committed to the store, by whomever.

        Asked for before anything is read, it says as long as it is the same that a reader would find the same again:
        what is remembered of a store is remembered by it.
        """
        return self._changes.version()

    # Collecting

    def add(self, received: Sequence[Received]) -> Outcome:
        """Store the pages of these messages, exactly as they came. StoreFull, StoreBusy, StoreError."""
        with self._turn:
            try:
                return self._add(received)
            except StoreOutdated:
                return self._add(received)

    def wanted(self, pod: str, log: int, stream: int) -> int:
        """The first page of a stream that is neither stored nor known to be lost."""
        with self._reading() as connection:
            streams = schema.streams.c
            query = sa.select(streams.wanted).where(
                streams.pod == pod, streams.log == log, streams.stream == stream
            )
            return connection.execute(query).scalar() or 0

    def page_count(self, pod: str | None = None, log: int | None = None) -> int:
        """Pages that are stored: all, or those of a pod's log."""
        pages = schema.pages.c
        query = sa.select(sa.func.count()).select_from(schema.pages)
        if pod is not None:
            query = query.where(pages.pod == pod, pages.log == log)
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    def set_aside(
        self,
        topic: str,
        payload: bytes,
        reason: str,
        received_utc_us: int | None = None,
        *,
        size: int | None = None,
    ) -> None:
        """Keep a payload that is no page, cut to a bound, and count it under its reason.

        `size`: its true length in bytes, where `payload` is only its beginning.
        """
        item = Aside(reason, topic, payload, received_utc_us or _now_utc_us(), size)
        with self._writing() as connection:
            setting_aside.put(connection, [item])

    def rejections(self) -> dict[str, int]:
        """How often something was not stored or could not be read, by reason."""
        with self._reading() as connection:
            found = setting_aside.counts(connection)
            unsound = connection.execute(sa.select(sa.func.sum(schema.sessions.c.pages_unsound))).scalar()
        return {**found, UNSOUND: int(unsound)} if unsound else found

    def save_state(self, pod: str, state: dict[str, Any], heard_utc_us: int | None) -> bool:
        """Keep a pod's last `state`. False: without its cue, which is forgotten, for its runner was erased.

        `heard_utc_us` None: it was kept for us, and nobody knows when the pod said it.
        """
        with self._writing() as connection:
            forgotten = wanting.tells_of_forgotten_cue(connection, pod, state)
            kept = {name: value for name, value in state.items() if name != "cue"} if forgotten else state
            seen_utc_us = schema.NEVER_UTC_US if heard_utc_us is None else heard_utc_us
            row = {"pod": pod, "state": json.dumps(kept), "last_seen_utc_us": seen_utc_us}
            engine.upsert(connection, schema.pods, [row], {"last_seen_utc_us": "max"})
        return not forgotten

    def pods(self) -> list[PodRow]:
        """All pods that were ever heard of, in order of their ids."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(schema.pods).order_by(schema.pods.c.pod)).all()
        return [
            PodRow(pod, json.loads(state) if state else None, None if seen == schema.NEVER_UTC_US else seen)
            for pod, state, seen in rows
        ]

    def last_page_utc_us(self, pod: str) -> int | None:
        """When a page of a pod last came; None: none has."""
        with self._reading() as connection:
            return reading.last_page_utc_us(connection, pod)

    # Deriving

    def derive(self) -> int:
        """Derive the sessions that have changed since last time -> how many. Several transactions.

        All of them, if what is there was derived by another version.
        """
        self._traces.look()
        self._traces.retry()
        with self._reading() as connection:
            current = deriving.is_current(connection)
        return self._derive_due(lambda _: None) if current else self.rebuild()

    def rebuild(self, progress: Callable[[float], None] = lambda _: None) -> int:
        """Derive everything anew -> how many sessions; `progress` is told the share done, 0..1.

        Several transactions: what is there stays until it is replaced. Interrupted, the next `derive` goes on.
        """
        with self._writing() as connection:
            deriving.begin_anew(connection)
        return self._derive_due(progress)

    def due(self) -> int:
        """How many sessions have changed and are not derived yet."""
        with self._reading() as connection:
            return deriving.due(connection)

    def derived_digest(self) -> str:
        """A hash over all derived rows: the same pages give the same, in whatever order they came."""
        with self._reading() as connection:
            return deriving.digest(connection)

    # What the day is made of

    def sessions(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[Session]:
        """A runner's dated sessions that overlap [start, end), with the steps that fall in it.

        Whose a session is, and of which foot, tells the assignment in force at its start; a pod that no one was given
        is the first runner's, foot unknown.
        """
        with self._reading() as connection:
            return reading.sessions_between(connection, runner, start_utc_us, end_utc_us)

    def session_places(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[SessionPlace]:
        """Where the sessions of `sessions` lie, by the same rules; no steps are read."""
        with self._reading() as connection:
            return reading.places_between(connection, runner, start_utc_us, end_utc_us)

    def starts_of(self, session_ids: Iterable[int]) -> list[int]:
        """When those of these sessions began that have a time, whoever's they are, in order."""
        with self._reading() as connection:
            return reading.starts_of(connection, session_ids)

    def alive(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[Alive]:
        """What a runner's pods wrote of being alive within [start, end), in order."""
        with self._reading() as connection:
            return reading.alive_between(connection, runner, start_utc_us, end_utc_us)

    def marks(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[Mark]:
        """The dated marks of a runner's pods within [start, end), in order."""
        with self._reading() as connection:
            return reading.marks_between(connection, runner, start_utc_us, end_utc_us)

    def undated(self) -> list[Undated]:
        """Sessions whose boot never learned the time, those that were placed by hand too."""
        with self._reading() as connection:
            return reading.undated(connection)

    def place(self, session_id: int, start_utc_us: int, runner: str | None = None) -> None:
        """A runner says when an undated session began. It dates the other sessions of its boot as well.

        `runner`: whose all of them are to be by it; None: anybody's. StoreError: its pod dates it, or it, or another
        of its boot, cannot have been then.
        """
        with self._writing() as connection:
            placing.place(connection, session_id, start_utc_us, _now_utc_us(), runner)

    def take_back_place(self, session_id: int) -> None:
        """Undo `place`."""
        with self._writing() as connection:
            placing.take_back(connection, session_id)

    def last_sessions_of(self, pod: str, limit: int) -> list[PodSession]:
        """A pod's newest sessions, the newest first."""
        with self._reading() as connection:
            return reading.last_sessions_of(connection, pod, limit)

    def size_bytes(self) -> int:
        """What the database takes; of SQLite without the log beside it, which is taken up at the latest at the end."""
        with self._reading() as connection:
            return engine.size_bytes(connection)

    def check(self) -> None:
        """Look through an SQLite file for damage. StoreError says what was found first."""
        if self.engine.dialect.name == "sqlite":
            with self._reading() as connection:
                found = connection.execute(sa.text("PRAGMA quick_check(1)")).scalar_one()
            if found != "ok":
                raise StoreError(f"the store's file is damaged: {found}")

    # What pods are to have

    def wanted_settings(self) -> list[Wanted]:
        """The newest settings of each pod that has any."""
        with self._reading() as connection:
            return wanting.newest(connection)

    def settings_history(self, pod: str) -> list[Wanted]:
        """All settings that a pod was ever to have, in order of versions."""
        with self._reading() as connection:
            return wanting.history(connection, pod)

    def change_settings(self, pod: str, **changes: Any) -> Wanted:
        """Change some of a pod's settings -> what holds then. StoreError: no such pod. MessageError: no pod can."""
        with self._writing() as connection:
            return wanting.change(connection, pod, changes, _now_utc_us())

    def ask_for_mark(self, pod: str, code: int) -> Wanted:
        """Have a pod write a mark as soon as it hears of it. Errors as `change_settings`."""
        with self._writing() as connection:
            return wanting.mark(connection, pod, code, _now_utc_us())

    def end_others_cues(self) -> None:
        """End the cues of pods that changed hands since, as by an assignment whose time has come."""
        with self._reading() as connection:
            if not wanting.cued_for_others(connection, _now_utc_us()):
                return
        with self._writing() as connection:
            now_utc_us = _now_utc_us()
            for pod in wanting.cued_for_others(connection, now_utc_us):
                wanting.end_cue(connection, pod, now_utc_us)

    # What the user says

    def runners(self) -> list[str]:
        """The ids of all runners, the first one first."""
        with self._reading() as connection:
            return people.ids(connection)

    def runner_names(self) -> dict[str, str]:
        """runner -> the name to show, the first one first."""
        with self._reading() as connection:
            return people.names(connection)

    def ensure_runner(self, runner: str, name: str, zone: str) -> None:
        """Make a runner who is not there yet, at home in `zone`. The first one has the pods that no one was given."""
        with self._writing() as connection:
            people.ensure_runner(connection, runner, name, zone)

    def assign(self, pod: str, runner: str, foot: str, from_utc_us: int) -> None:
        """From then on the pod is on that runner's `left`, `right` or `unknown` foot.

        Where another runner wears it now than before, its cue ends.
        """
        with self._writing() as connection, _handing_over(connection, pod):
            people.assign(connection, pod, runner, foot, from_utc_us)

    def set_foot(self, pod: str, runner: str, foot: str, from_utc_us: int) -> None:
        """A runner who wears a pod then says on which foot. StoreError: somebody else wears it then."""
        with self._writing() as connection:
            people.set_foot(connection, pod, runner, foot, from_utc_us)

    def assignments(self, pod: str) -> list[Assignment]:
        """Who wore a pod, on which foot and since when, in order of time."""
        with self._reading() as connection:
            return people.assignments_of(connection, pod)

    def unassign(self, pod: str, from_utc_us: int) -> None:
        """Take an assignment back: what held before it goes on. A cue ends as in `assign`."""
        with self._writing() as connection, _handing_over(connection, pod):
            people.unassign(connection, pod, from_utc_us)

    def assigned_pods(self) -> list[str]:
        """All pods that were ever given to somebody, in order of their ids."""
        with self._reading() as connection:
            return people.assigned_pods(connection)

    def wearing(self, pod: str, utc_us: int) -> Wearing:
        """Whose and which foot a pod is on at that moment."""
        with self._reading() as connection:
            return people.wearers(connection).at(pod, utc_us)

    def set_zone(self, runner: str, from_date: date, zone: str) -> None:
        """From that date on the runner's days are those of an IANA time zone."""
        with self._writing() as connection:
            people.set_zone(connection, runner, from_date, zone)

    def unset_zone(self, runner: str, from_date: date) -> None:
        """Take a time zone back: the one before it goes on. StoreError: it is the first."""
        with self._writing() as connection:
            people.unset_zone(connection, runner, from_date)

    def zone_of(self, runner: str, day: date) -> str:
        """The time zone in force on a date; UTC for a runner that is not known."""
        with self._reading() as connection:
            return people.zone_of(connection, runner, day)

    def zones(self, runner: str) -> list[tuple[date, str]]:
        """A runner's time zones, each with the date from which it holds, in order; [] of one that is not known."""
        with self._reading() as connection:
            return people.zones_of(connection, runner)

    def note_day(self, runner: str, day: date, what: str | None) -> None:
        """The runner says that a day was `rest` or `ran_without` the pod; None takes it back."""
        self.note_days(runner, [day], what)

    def note_days(self, runner: str, days: Iterable[date], what: str | None) -> None:
        """The same of several days: of all of them or, with an error, of none."""
        with self._writing() as connection:
            for day in days:
                people.note_day(connection, runner, day, what)

    def notes(self, runner: str, first_date: date, last_date: date) -> dict[date, str]:
        """What the runner said of the days first..last, both included."""
        with self._reading() as connection:
            return people.notes(connection, runner, first_date, last_date)

    def erase_runner(self, runner: str) -> Erased:
        """Erase all of a runner for good; what a pod sends again of it stays away. StoreError: no such runner.

        The only runner of a house begins anew under the same id.
        """
        with self._erasing() as connection:
            return erasing.erase(connection, runner, _now_utc_us())

    # Replays

    def remember_replay(self, content: str, start_utc_us: int, pod: str, log: int) -> None:
        """Note that a recording of this content was played as beginning then."""
        row = {"content": content, "start_utc_us": start_utc_us, "pod": pod, "log": log}
        with self._writing() as connection:
            engine.upsert(connection, schema.replays, [row])

    def find_replay(self, content: str, start_utc_us: int | None = None) -> Replay | None:
        """The replay of this content with that start; without a start, the one that begins last."""
        replays = schema.replays.c
        query = (
            sa.select(schema.replays).where(replays.content == content).order_by(replays.start_utc_us.desc())
        )
        if start_utc_us is not None:
            query = query.where(replays.start_utc_us == start_utc_us)
        with self._reading() as connection:
            row = connection.execute(query.limit(1)).first()
        return None if row is None else Replay(*row)

    def _add(self, received: Sequence[Received]) -> Outcome:
        try:
            with engine.writing(self.engine) as connection:
                return adding.add(connection, self._ledger, received)
        except BaseException:
            self._ledger.forget()  # it may hold what was rolled back
            raise

    def _derive_due(self, progress: Callable[[float], None]) -> int:
        with self._reading() as connection:
            total = deriving.due(connection)
            if not total and not deriving.is_rebuilding(connection):
                return 0
        done: list[int] = []
        while turn := self._derive_turn():
            done += turn
            progress(min(1.0, len(done) / max(1, total)))
        self._purge_late()
        return sum(session != 0 for session in done)

    def _purge_late(self) -> None:
        with self._reading() as connection:
            if not erasing.is_late(connection):
                return
        with self._erasing() as connection:
            erasing.purge_late(connection, _now_utc_us())

    def _derive_turn(self) -> list[int]:
        with self._writing() as connection:
            return deriving.derive_some(connection)

    @contextmanager
    def _reading(self) -> Generator[sa.Connection]:
        with engine.reading(self.engine) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Generator[sa.Connection]:
        with self._turn, engine.writing(self.engine) as connection:
            yield connection
        self._traces.retry()

    @contextmanager
    def _erasing(self) -> Generator[sa.Connection]:
        with self._turn, engine.writing(self.engine) as connection:
            self._ledger.forget()
            yield connection
            self._ledger.forget()
        self._traces.wipe()  # others write while it waits


@contextmanager
def _handing_over(connection: sa.Connection, pod: str) -> Generator[None]:
    """A cue is made of its runner's own cadence: it does not go with the pod to another."""
    now_utc_us = _now_utc_us()
    before = people.wearers(connection).at(pod, now_utc_us).runner
    yield
    if people.wearers(connection).at(pod, now_utc_us).runner != before:
        wanting.end_cue(connection, pod, now_utc_us)


def _now_utc_us() -> int:
    return time.time_ns() // 1000
