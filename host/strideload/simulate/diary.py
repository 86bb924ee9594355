"""What the season's runner wrote down: a knee that minded the spike and settled, shoes, where they ran, and strength.

Told of the runs as the store has them, so that every answer belongs to its run.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from strideload.load.strength import Exercise
from strideload.load.symptoms import MOMENTS, Felt
from strideload.runner.diary import moment_utc_us
from strideload.runner.records import Records, read
from strideload.runner.runs import RunRecord
from strideload.simulate.season import SPIKE_DAYS_AGO, WEEKS
from strideload.store import Store
from strideload.store.conditions import Worn
from strideload.store.diary import Saying
from strideload.store.ids import new_id

SITE: Final = "knee_front_left"
OLD_SHOES_WEEKS: Final = 6  # of the season were run in the pair before
BEFORE_SPIKE: Final = 2  # runs of which it is known that nothing hurt


class Told(NamedTuple):
    """Answers of one run, 0..10; None: not answered."""

    before: int
    during: int
    at_60_min: int
    next_morning: int | None
    felt: tuple[Felt, ...] = ()


WELL: Final = Told(0, 0, 0, 0)
SPIKE: Final = Told(0, 4, 3, 3, ("aching",))
# The runs after the spike, in order; the last of them waits for its morning.
SETTLING: Final = (Told(2, 2, 2, 2, ("dull",)), Told(1, 2, 1, 1), Told(1, 1, 1, 0), WELL)
LAST: Final = Told(0, 1, 0, None)

# Weekday -> what was trained on it, up to the spike and after it; on no day of running.
STRENGTH_WEEKS: Final = 6
STRENGTH_BEFORE: Final = {4: (Exercise("calves", 3, 15, 5), Exercise("quadriceps", 3, 12, 6))}
STRENGTH_AFTER: Final = {
    0: (Exercise("quadriceps", 3, 10, 6), Exercise("gluteals", 3, 12, 6), Exercise("hamstrings", 2, None, 5)),
    4: (Exercise("gluteals", 3, 12, 7), Exercise("calves", 3, 15, 6)),
}


def keep_diary(store: Store, runner: str, today: date) -> None:
    """Write down what belongs to the season that ended before `today`; its runs are derived already.

    Of a folder that has a diary from another day's demo nothing is changed.
    """
    if store.conditions.shoes(runner):
        return
    records = read(store, runner, today - timedelta(days=7 * WEEKS), today - timedelta(days=1))
    for run, told in _told(records.shown_runs, today):
        _write(store, records, run, told)
    _wear(store, records)
    _train(store, runner, today)


def _told(runs: list[RunRecord], today: date) -> Iterator[tuple[RunRecord, Told]]:
    spike = today - timedelta(days=SPIKE_DAYS_AGO)
    for run in [run for run in runs if run.date < spike][-BEFORE_SPIKE:]:
        yield run, WELL
    after = [run for run in runs if run.date > spike]
    for run in runs:
        if run.date == spike:
            yield run, SPIKE
    for place, run in enumerate(after):
        yield run, LAST if run is after[-1] else SETTLING[min(place, len(SETTLING) - 1)]


def _write(store: Store, records: Records, run: RunRecord, told: Told) -> None:
    for moment in MOMENTS:
        pain = getattr(told, moment)
        if pain is not None:
            felt = told.felt if moment == "during" else ()
            about = moment_utc_us(run, moment, records.zones)
            store.diary.write(
                records.runner, new_id(), 0, Saying(SITE, moment, pain, about, run.start_utc_us, felt)
            )


def _wear(store: Store, records: Records) -> None:
    """Two pairs, one after the other, and a trail on Sundays."""
    changed = records.first + timedelta(weeks=OLD_SHOES_WEEKS)
    old = store.conditions.add_shoe(records.runner, "Blue everyday", records.first)
    new = store.conditions.add_shoe(records.runner, "Grey everyday", changed)
    store.conditions.change_shoe(records.runner, old.id, name=old.name, retired_date=changed)
    usual = Worn(mount="laces", surface="road")
    for run in records.shown_runs[:1]:
        store.conditions.set_usual(records.runner, run.start_utc_us, usual._replace(shoe=old.id))
    for run in records.shown_runs:
        if run.date >= changed:
            store.conditions.set_usual(records.runner, run.start_utc_us, usual._replace(shoe=new.id))
            break
    for run in records.shown_runs:
        if run.date.weekday() == 6:
            store.conditions.set_run(records.runner, run.start_utc_us, Worn(surface="trail"))


def _train(store: Store, runner: str, today: date) -> None:
    """Once a week before the spike, without half of the leg; twice a week and all of it since."""
    for days_ago in range(7 * STRENGTH_WEEKS, 0, -1):
        day = today - timedelta(days=days_ago)
        trained = STRENGTH_BEFORE if days_ago >= SPIKE_DAYS_AGO else STRENGTH_AFTER
        for exercise in trained.get(day.weekday(), ()):
            store.strength.add(runner, new_id(), day, exercise)
