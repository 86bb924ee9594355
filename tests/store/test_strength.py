"""The strength log: an entry sent twice is one, and nobody's but the runner's own."""

from datetime import date

import pytest

from store.conftest import RUNNER
from strideload.load.strength import Exercise
from strideload.store import Store, StoreError
from strideload.store.ids import new_id
from strideload.store.strength import NOTE_LIMIT, NoSuchStrengthEntry, StrengthEntryInvalid

DAY = date(2026, 11, 20)
SQUATS = Exercise("quadriceps", 3, 12, 7)


def test_an_entry_sent_twice_is_one(store: Store) -> None:
    entry = new_id()
    first = store.strength.add(RUNNER, entry, DAY, SQUATS, " slow ")
    assert store.strength.add(RUNNER, entry, DAY, Exercise("calves", 1)) == first
    assert (first.exercise, first.note) == (SQUATS, "slow")
    assert store.strength.everything(RUNNER) == [first]


def test_entries_come_by_date(store: Store) -> None:
    days = (date(2026, 11, 22), date(2026, 11, 1), date(2026, 11, 20))
    for day in days:
        store.strength.add(RUNNER, new_id(), day, SQUATS)
    assert [one.date for one in store.strength.entries(RUNNER, days[1], DAY)] == [days[1], DAY]
    assert [one.date for one in store.strength.everything(RUNNER)] == sorted(days)


def test_what_was_deleted_is_gone_and_comes_back_under_its_id(store: Store) -> None:
    made = store.strength.add(RUNNER, new_id(), DAY, SQUATS, "slow")
    gone = store.strength.delete(RUNNER, made.id)
    assert store.strength.everything(RUNNER) == []
    with pytest.raises(NoSuchStrengthEntry):
        store.strength.delete(RUNNER, made.id)
    back = store.strength.add(RUNNER, gone.id, gone.date, gone.exercise, gone.note)
    assert (back.id, back.date, back.exercise, back.note) == (made.id, DAY, SQUATS, "slow")


def test_another_runners_entry_is_as_if_it_were_not_there(store: Store) -> None:
    store.ensure_runner("you", "You", "Europe/Paris")
    made = store.strength.add(RUNNER, new_id(), DAY, SQUATS)
    with pytest.raises(NoSuchStrengthEntry):
        store.strength.delete("you", made.id)
    with pytest.raises(NoSuchStrengthEntry):
        store.strength.add("you", made.id, DAY, SQUATS)
    assert store.strength.everything("you") == []
    assert store.strength.everything(RUNNER) == [made]


@pytest.mark.parametrize(
    ("entry", "day", "note", "said"),
    [
        ("short", DAY, "", "This form is not whole"),
        (None, date(2026, 11, 23), "", "has not come yet"),
        (None, date(1999, 12, 31), "", "before the year 2000"),
        (None, DAY, "x" * (NOTE_LIMIT + 1), "500 characters"),
        (None, DAY, "two\nlines", "one line"),
    ],
)
def test_wrong_entries_are_refused(store: Store, entry: str | None, day: date, note: str, said: str) -> None:
    with pytest.raises(StrengthEntryInvalid, match=said):
        store.strength.add(RUNNER, entry or new_id(), day, SQUATS, note, today=date(2026, 11, 22))
    assert store.strength.everything(RUNNER) == []


def test_nobody_logs_for_somebody_who_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError):
        store.strength.add("nobody", new_id(), DAY, SQUATS)


def test_an_erased_runners_log_is_gone(store: Store) -> None:
    store.strength.add(RUNNER, new_id(), DAY, SQUATS)
    store.erase_runner(RUNNER)
    assert store.strength.everything(RUNNER) == []
