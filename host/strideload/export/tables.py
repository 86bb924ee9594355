"""The tables of an export, made row by row, so that years of records lie in memory nowhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from math import isfinite
from typing import Any, Final

from strideload import days
from strideload.days import zoning
from strideload.load.day import Day, to_json
from strideload.load.plain import instants, plain
from strideload.load.steps import STEP, Session, SessionPlace
from strideload.load.zones import EARLIEST, EPOCH, LATEST, date_at
from strideload.runner.as_json import (
    ZoneOf,
    activity_json,
    at,
    run_json,
    strength_json,
    symptom_json,
    usual_json,
)
from strideload.runner.runs import runs_of
from strideload.store import Store
from strideload_pod import page

Row = dict[str, Any]

FOREVER_US: Final = (0, 2**62)
DAYS_AT_ONCE: Final = timedelta(days=28)
ONE_DAY: Final = timedelta(days=1)
KINDS: Final = {
    page.STEP_KIND_RUN: "run",
    page.STEP_KIND_WALK: "walk",
    page.STEP_KIND_UNCERTAIN: "uncertain",
}
STEP_COLUMNS: Final = (*(STEP.names or ())[:-2], "kind", "clipped", "peak_unreliable")


@dataclass(frozen=True)
class Table:
    """`columns` of the CSV: names in a row, with a dot into what lies in it. The JSON document has whole rows."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True)
class StepsOf:
    """The contacts of one session; each row has STEP_COLUMNS."""

    about: Row
    date: date
    rows: Iterator[tuple[Any, ...]]


class Export:
    """What is a runner's in a store. `now` with a zone: log-ins, tokens and links that ended before are left out."""

    def __init__(self, store: Store, runner: str, now: datetime) -> None:
        self._store = store
        self.runner = runner
        self._zone_of: ZoneOf = zoning(store, runner)
        self._today = days.today(store, runner, now)
        self.made_utc_us = (now.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)

    def tables(self) -> list[Table]:
        """All but the steps."""
        return [
            Table("account", (*_ACCOUNT, "password_set_utc"), self._account),
            Table("zones", ("from_date", "zone"), self._zones),
            Table("assignments", ("pod", "from_utc", "from_local", "foot"), self._assignments),
            Table("notes", ("date", "what"), self._notes),
            Table("days", _DAYS, self._days),
            Table("runs", _RUNS, self._runs),
            Table("sessions", _SESSIONS, self._sessions),
            Table("marks", ("at_utc", "at_local", "pod", "source", "code", "origin"), self._marks),
            Table("cues", _CUES, self._cues),
            Table("symptoms", _SYMPTOMS, self._symptoms),
            Table("strength", _STRENGTH, self._strength),
            Table("plans", ("set_utc", "set_by", "settings"), self._plans),
            Table("shoes", ("id", "name", "from_date", "retired_date"), self._shoes),
            Table("usual_conditions", ("from_utc", "from_local", "shoe", "mount", "surface"), self._usual),
            Table("run_conditions", ("run", "shoe", "mount", "surface"), self._run_conditions),
            Table("activities", _ACTIVITIES, self._activities),
            Table("tracks", ("activity", "utc_us", "distance_m"), self._tracks),
            Table("log_ins", ("made_utc", "seen_utc", "expires_utc"), self._log_ins),
            Table("tokens", ("name", "scopes", "made_utc", "expires_utc", "used_utc"), self._tokens),
            Table("links", ("name", "first", "last", "made_utc", "expires_utc"), self._links),
        ]

    def steps(self) -> Iterator[StepsOf]:
        """Of each dated session, in order of time."""
        for place in self._places():
            session = self._session(place)
            if session is not None:
                zone = self._zone_of(date_at(session.start_utc_us, "UTC"))
                about = {
                    "session_id": f"{session.session_id:016x}",
                    "pod": session.pod,
                    "foot": session.foot,
                    "start_utc": instants(session.start_utc_us, zone)[0],
                    "start_local": instants(session.start_utc_us, zone)[1],
                }
                yield StepsOf(about, date_at(session.start_utc_us, zone), _contacts(session))

    def _places(self) -> list[SessionPlace]:
        return self._store.session_places(self.runner, *FOREVER_US)

    def _session(self, place: SessionPlace) -> Session | None:
        """None: it went meanwhile."""
        near = self._store.sessions(self.runner, place.start_utc_us, place.end_utc_us + 1)
        return next((one for one in near if one.session_id == place.session_id), None)

    @cached_property
    def _spans(self) -> list[tuple[date, date]]:
        """The dates of which anything may be known, as stretches of neighbours of no more than are read at once.

        What was said of a day that has not come makes no day of it.
        """
        moments = [(place.start_utc_us, place.end_utc_us) for place in self._places()]
        moments += [(one.utc_us, one.utc_us) for one in self._store.alive(self.runner, *FOREVER_US)]
        dates = set(self._store.notes(self.runner, EARLIEST, self._today))
        for start, end in moments:
            # Where the runner was, it may have been the date before or after that of UTC.
            first, last = date_at(start, "UTC") - ONE_DAY, date_at(end, "UTC") + ONE_DAY
            dates.update(first + n * ONE_DAY for n in range((last - first).days + 1))
        stretches: list[tuple[date, date]] = []
        for day in sorted(day for day in dates if EARLIEST <= day <= LATEST):
            if stretches and day - stretches[-1][1] == ONE_DAY and day - stretches[-1][0] < DAYS_AT_ONCE:
                stretches[-1] = stretches[-1][0], day
            else:
                stretches.append((day, day))
        return stretches

    def _known_days(self) -> Iterator[Day]:
        for first, last in self._spans:
            found = days.days_of(self._store, self.runner, first, last)
            yield from (day for day in found if day.known != "unknown")

    def _account(self) -> Iterator[Row]:
        found = self._store.accounts.find(self.runner)
        if found is not None:
            said = {name: getattr(found, name) for name in _ACCOUNT}
            yield {**said, "password_set_utc": _utc(found.password_set_utc_us)}

    def _zones(self) -> Iterator[Row]:
        yield from ({"from_date": since, "zone": zone} for since, zone in self._store.zones(self.runner))

    def _assignments(self) -> Iterator[Row]:
        for pod in self._store.assigned_pods():
            for one in self._store.assignments(pod):
                if one.runner == self.runner:
                    yield {"pod": pod, **self._moment("from", one.from_utc_us), "foot": one.foot}

    def _notes(self) -> Iterator[Row]:
        found = self._store.notes(self.runner, EARLIEST, LATEST)
        yield from ({"date": on, "what": what} for on, what in found.items())

    def _days(self) -> Iterator[Row]:
        yield from map(to_json, self._known_days())

    def _sessions(self) -> Iterator[Row]:
        for day in self._known_days():
            yield from ({"date": day.date, **plain(one, day.zone)} for one in day.sessions)

    def _marks(self) -> Iterator[Row]:
        for mark in self._store.marks(self.runner, *FOREVER_US):
            yield plain(mark, self._zone_of(date_at(mark.at_utc_us, "UTC")))

    def _cues(self) -> Iterator[Row]:
        for place in self._places():
            session = self._session(place)
            for cue in session.cues if session is not None else ():
                yield {
                    **self._moment("at", cue.utc_us),
                    "session_id": f"{place.session_id:016x}",
                    "target_spm": _spm(cue.target_cspm),
                    "cadence_spm": _spm(cue.cadence_cspm),
                    "outcome": cue.outcome,
                    "programme_run": cue.run,
                    "share_percent": cue.share_percent,
                }

    def _runs(self) -> Iterator[Row]:
        for first, last in self._spans:
            yield from map(run_json, runs_of(self._store, self.runner, first, last))

    def _symptoms(self) -> Iterator[Row]:
        yield from (symptom_json(one, self._zone_of) for one in self._store.diary.everything(self.runner))

    def _strength(self) -> Iterator[Row]:
        yield from map(strength_json, self._store.strength.everything(self.runner))

    def _plans(self) -> Iterator[Row]:
        for one in self._store.plans.history(self.runner):
            yield {"set_utc": _utc(one.set_utc_us), "set_by": one.set_by, "settings": dict(one.settings)}

    def _shoes(self) -> Iterator[Row]:
        yield from map(vars, self._store.conditions.shoes(self.runner))

    def _usual(self) -> Iterator[Row]:
        yield from (usual_json(one, self._zone_of) for one in self._store.conditions.usual(self.runner))

    def _run_conditions(self) -> Iterator[Row]:
        for run, worn in self._store.conditions.of_all_runs(self.runner):
            yield {"run": run, **worn._asdict()}

    def _activities(self) -> Iterator[Row]:
        yield from (activity_json(one, self._zone_of) for one in self._store.activities.all(self.runner))

    def _tracks(self) -> Iterator[Row]:
        for one in self._store.activities.all(self.runner):
            for point in self._store.activities.track_of(self.runner, one.content):
                yield {
                    "activity": one.content,
                    "utc_us": int(point["utc_us"]),
                    "distance_m": int(point["distance_mm"]) / 1000,
                }

    def _log_ins(self) -> Iterator[Row]:
        for one in self._store.keys.logins_of(self.runner, self.made_utc_us):
            yield {
                "made_utc": _utc(one.made_utc_us),
                "seen_utc": _utc(one.seen_utc_us),
                "expires_utc": _utc(one.expires_utc_us),
            }

    def _tokens(self) -> Iterator[Row]:
        for one in self._store.keys.tokens_of(self.runner, self.made_utc_us):
            yield {
                "name": one.name,
                "scopes": sorted(one.scopes),
                "made_utc": _utc(one.made_utc_us),
                "expires_utc": _utc(one.expires_utc_us),
                "used_utc": _utc(one.used_utc_us),
            }

    def _links(self) -> Iterator[Row]:
        for one in self._store.keys.shares_of(self.runner, self.made_utc_us):
            yield {
                "name": one.name,
                "first": one.first,
                "last": one.last,
                "made_utc": _utc(one.made_utc_us),
                "expires_utc": _utc(one.expires_utc_us),
            }

    def _moment(self, stem: str, utc_us: int) -> Row:
        utc, local = at(utc_us, self._zone_of)
        return {f"{stem}_utc": utc, f"{stem}_local": local}


_ACCOUNT: Final = ("runner", "name", "login", "keeper", "units", "publish_day", "publish_symptoms")
_SPAN: Final = ("start_utc", "start_local", "end_utc", "end_local")
_DAYS: Final = (
    *("date", "zone", *_SPAN, "known", "reason", "note", "origins", "recorded_s", "running_s", "walking_s"),
    *("steps", "steps_counted", "steps_estimated", "steps_basis", "longest_run_s"),
    *(
        "together.strides",
        "together.impact_sum_g",
        "together.impact_weighted",
        "together.bone_stimulus_sqrt_g",
    ),
    *("together.running.cadence_spm", "together.running.contact_s", "together.running.flight_s"),
    *("together.running.duty_factor", "together.running.peak_g", "together.running.peak_p95_g"),
    *("together.running.rise_g_s", "together.clipped_share", "together.unreliable_share"),
    *("asymmetry.contact_s.asymmetry_percent", "asymmetry.peak_g.asymmetry_percent"),
    *("gaps", "gap_s", "pages_lost", "strides_set_aside"),
)
_RUNS: Final = (
    *(
        "id",
        "date",
        "zone",
        *_SPAN,
        "origin",
        "is_run",
        "is_open",
        "distance_m",
        "ascent_m",
        "activities",
        "pods",
    ),
    *("worn.shoe", "worn.mount", "worn.surface"),
    *("figures.duration_s", "figures.recorded_s", "figures.running_s", "figures.walking_s"),
    *("figures.longest_bout_s", "figures.strides", "figures.steps", "figures.steps_estimated"),
    *("figures.cadence_spm", "figures.impact_sum_g"),
)
_SESSIONS: Final = (
    *("date", "session_id", "pod", "foot", *_SPAN, "recorded_s", "strides", "chip", "odr_hz", "acc_range_g"),
    *("origin", "resampled", "open", "gaps", "gap_s", "pages_lost"),
)
_CUES: Final = (
    *("at_utc", "at_local", "session_id", "target_spm", "cadence_spm", "outcome", "programme_run"),
    "share_percent",
)
_SYMPTOMS: Final = (
    *("id", "version", "site", "moment", "pain", "run", "about_utc", "about_local", "felt", "signs", "note"),
    *("retracted", "written_utc"),
)
_STRENGTH: Final = ("id", "date", "group", "sets", "repetitions", "effort", "note", "written_utc")
_ACTIVITIES: Final = ("id", "name", *_SPAN, "distance_m", "ascent_m", "descent_m", "has_track")


def _contacts(session: Session) -> Iterator[tuple[Any, ...]]:
    for row in session.steps:
        *measured, kind, flags = row.tolist()
        yield (
            *(value if isfinite(value) else None for value in measured),
            KINDS.get(kind, "uncertain"),
            bool(flags & page.STEP_CLIPPED),
            bool(flags & page.STEP_PEAK_UNRELIABLE),
        )


def _spm(cspm: int | None) -> float | None:
    return None if cspm is None else cspm / 100


def _utc(utc_us: int | None) -> str | None:
    return None if utc_us is None else instants(utc_us, "UTC")[0]
