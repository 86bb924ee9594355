"""A runner's shoes with what each has been through, and what is usual since when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from strideload import days
from strideload.load.shoes import Mileage, ShoeAssigned, mileage
from strideload.load.zones import EARLIEST, date_at, day_bounds
from strideload.runner import records
from strideload.store import Store
from strideload.store.conditions import Shoe, ShoeInvalid, Usual, Worn

EVER = 2**62  # later than any moment


@dataclass(frozen=True)
class ShoeRecord:
    """One pair. `worn`: something was recorded or noted in it."""

    shoe: Shoe
    mileage: Mileage
    worn: bool


@dataclass(frozen=True)
class Shoes:
    """All pairs in the order in which they were new. `unassigned`: the load of no known pair."""

    today: date
    pairs: list[ShoeRecord]
    unassigned: Mileage | None
    usual: list[Usual]  # in order of time
    now: Worn  # what is usual today


def read(store: Store, runner: str, now: datetime | None = None) -> Shoes:
    """The store's errors."""
    moment = now or datetime.now(UTC)
    today = days.today(store, runner, moment)
    shoes = store.conditions.shoes(runner)
    usual = store.conditions.usual(runner)
    zone_of = days.zoning(store, runner)
    dates = [date_at(one.from_utc_us, zone_of(date_at(one.from_utc_us, "UTC"))) for one in usual]
    assigned = [ShoeAssigned(on, one.worn.shoe) for on, one in zip(dates, usual, strict=True)]
    noted = {worn.shoe for _, worn in store.conditions.of_all_runs(runner)}
    found = _mileage(store, runner, shoes, assigned, today, moment)
    return Shoes(
        today=today,
        pairs=[
            ShoeRecord(shoe, found[shoe.id], bool(found[shoe.id].runs) or shoe.id in noted) for shoe in shoes
        ],
        unassigned=found.get(None),
        usual=usual,
        now=usual_on(store, runner, today),
    )


def delete(store: Store, runner: str, shoe: str, now: datetime | None = None) -> None:
    """Delete a pair for good that was never worn. ShoeInvalid; the store's errors."""
    if any(one.worn for one in read(store, runner, now).pairs if one.shoe.id == shoe):
        raise ShoeInvalid("This pair was worn, so it stays: retire it instead.")
    store.conditions.delete_shoe(runner, shoe)


def usual_on(store: Store, runner: str, day: date) -> Worn:
    """What is usual as a date begins, where the runner is then."""
    begins = day_bounds(day, days.zoning(store, runner))[0]
    held = [one.worn for one in store.conditions.usual(runner) if one.from_utc_us <= begins]
    return held[-1] if held else Worn()


def set_usual(store: Store, runner: str, from_date: date, worn: Worn) -> None:
    """What is usual from the beginning of a date on, where the runner is then. ShoeInvalid and the store's errors."""
    store.conditions.set_usual(runner, day_bounds(from_date, days.zoning(store, runner))[0], worn)


def _mileage(
    store: Store,
    runner: str,
    shoes: list[Shoe],
    assigned: list[ShoeAssigned],
    today: date,
    now: datetime,
) -> dict[str | None, Mileage]:
    """Of each pair, also of one that was never worn; under None what belongs to no pair."""
    every = [*assigned, *(ShoeAssigned(EARLIEST, shoe.id) for shoe in shoes)]
    if not shoes:
        return {}
    first = _first_recorded(store, runner, today)
    found = records.read(store, runner, first, today, now, diary=False)
    runs = [run.figures for run in found.shown_runs]
    shown = [day for day in found.known_days if first <= day.date <= today]
    unworn = mileage([], every)
    return {one.shoe: one for one in [*unworn, *mileage(runs, assigned, shown)]}


def _first_recorded(store: Store, runner: str, today: date) -> date:
    """The date of the first session, today where there is none."""
    places = store.session_places(runner, 0, EVER)
    return min((date_at(one.start_utc_us, "UTC") for one in places[:1]), default=today)
