"""A runner's records as plain JSON, the same for programs (API) and to take along (export)."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from strideload.load.plain import instants, plain
from strideload.load.zones import date_at
from strideload.runner.runs import RunRecord
from strideload.store.activities import Activity
from strideload.store.conditions import Usual
from strideload.store.diary import Entry
from strideload.store.strength import StrengthEntry

ZoneOf = Callable[[date], str]
# The run of a symptom that is of one, while nobody knows when that was.
UNDATED: Final = "undated"


def run_json(run: RunRecord) -> dict[str, Any]:
    return {
        "id": run.start_utc_us,
        "date": run.date,
        "zone": run.zone,
        **_span(run.start_utc_us, run.end_utc_us, run.zone),
        "origin": run.origin,
        "is_run": run.is_run,
        "is_open": run.is_open,
        "figures": plain(run.run, run.zone),
        "distance_m": run.distance_m,
        "ascent_m": run.ascent_m,
        "activities": list(run.activities),
        "pods": list(run.pods),
        "worn": run.worn._asdict(),
    }


def symptom_json(entry: Entry, zone_of: ZoneOf) -> dict[str, Any]:
    said = entry.saying
    about_utc, about_local = at(said.about_utc_us, zone_of)
    return {
        "id": entry.id,
        "version": entry.version,
        "site": said.site,
        "moment": said.moment,
        "pain": said.pain,
        "run": UNDATED if said.run_undated else said.run_utc_us,
        "about_utc": about_utc,
        "about_local": about_local,
        "felt": list(said.felt),
        "signs": list(said.signs),
        "note": said.note,
        "retracted": entry.retracted,
        "written_utc": instants(entry.written_utc_us, "UTC")[0],
    }


def strength_json(entry: StrengthEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "date": entry.date,
        **vars(entry.exercise),
        "note": entry.note,
        "written_utc": instants(entry.written_utc_us, "UTC")[0],
    }


def usual_json(one: Usual, zone_of: ZoneOf) -> dict[str, Any]:
    from_utc, from_local = at(one.from_utc_us, zone_of)
    return {
        "id": one.from_utc_us,
        "from_utc": from_utc,
        "from_local": from_local,
        **one.worn._asdict(),
    }


def activity_json(one: Activity, zone_of: ZoneOf) -> dict[str, Any]:
    zone = zone_of(date_at(one.start_utc_us, "UTC"))
    return {
        "id": one.content,
        "name": one.name,
        **_span(one.start_utc_us, one.end_utc_us, zone),
        "distance_m": one.distance_m,
        "ascent_m": one.ascent_m,
        "descent_m": one.descent_m,
        "has_track": one.has_track,
    }


def at(utc_us: int, zone_of: ZoneOf) -> tuple[str, str]:
    """An instant by UTC and on the runner's clock."""
    return instants(utc_us, zone_of(date_at(utc_us, "UTC")))


def _span(start_utc_us: int, end_utc_us: int, zone: str) -> dict[str, str]:
    start_utc, start_local = instants(start_utc_us, zone)
    end_utc, end_local = instants(end_utc_us, zone)
    return {"start_utc": start_utc, "start_local": start_local, "end_utc": end_utc, "end_local": end_local}
